"""Frames that are no requests as they should be: what is closed, and what is answered."""

import struct

import fields
from raw import array, frame, text
from registry import case
from talk import NOBODYS_ID, Talk, Topic
from wire import encode

FLEXIBLE_HEAD = b"\x00"
SOFTWARE = b"\x02x\x021\x00"


def ask(s: Talk, what: str, request: bytes, reads: tuple[str, int] | None = None) -> None:
    """On a connection of its own. `reads`: API and version of the answer, if there is one."""
    s.lines[0].send_bytes(what, request, reads)


@case("ApiVersions", since=4)
def versions_that_nobody_knows(s: Talk, v: int):
    for version in (5, 6, 99, 32767, -1):
        ask(s, f"ApiVersions {version}", frame(18, version, b""), ("ApiVersions", 0))
        ask(s, f"ApiVersions {version}", frame(18, version, SOFTWARE, tagged=FLEXIBLE_HEAD), ("ApiVersions", 0))
    for key, version in ((0, 14), (1, 3), (1, 19), (3, 14), (3, -1), (8, 11), (9, 11), (11, 10), (22, 99)):
        ask(s, f"key {key} version {version}", frame(key, version))
    for key in (4, 5, 99, -1, 32767):
        ask(s, f"key {key}", frame(key, 0))


@case("ApiVersions", since=4)
def headers(s: Talk, v: int):
    ask(s, "no client id", struct.pack(">ihhih", 10, 18, 0, 7, -1), ("ApiVersions", 0))
    ask(s, "no bytes", struct.pack(">i", 0))
    ask(s, "a short head", struct.pack(">ih", 2, 18))
    ask(s, "a negative length", struct.pack(">i", -1))
    ask(s, "a very large length", struct.pack(">i", 2**31 - 1))
    ask(s, "a client id that is not there", struct.pack(">ihhih", 10, 18, 0, 7, 50))
    ask(s, "a client id without UTF-8", frame(18, 0, client=b"\xff\xfe"), ("ApiVersions", 0))
    ask(s, "bytes behind", frame(18, 0, b"more"), ("ApiVersions", 0))
    ask(s, "an unknown tag in the head", frame(18, 3, SOFTWARE, tagged=b"\x01\x63\x02ab"), ("ApiVersions", 3))
    ask(s, "tags of no length", frame(18, 3, SOFTWARE, tagged=b"\x05"))


@case("Metadata")
def lengths_of_arrays(s: Talk, v: int):
    """Of the topics, in the first bytes of the body."""
    old = [struct.pack(">i", count) for count in (-1, -2, 1, 100, 2**31 - 1)]
    new = [b"\x00", b"\x02", b"\x65", b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x7f", b"\x80\x80\x80\x80\x80\x01"]
    is_new = v >= 9
    for count in new if is_new else old:
        ask(s, f"Metadata {v}", frame(3, v, count, tagged=FLEXIBLE_HEAD if is_new else b""), ("Metadata", v))


def without_last_bytes(request: bytes, count: int) -> bytes:
    return struct.pack(">i", len(request) - 4 - count) + request[4:-count]


def usual(t: Topic, group: str) -> dict[str, dict]:
    """A request of every API that changes nothing."""
    return {
        "Produce": fields.produce(t, b"x"), "Fetch": fields.fetch((t, [fields.row()])),
        "ListOffsets": fields.list_offsets(t, -1), "Metadata": fields.metadata(t.name),
        "OffsetCommit": fields.commit(group, (t, [fields.position()])),
        "OffsetFetch": fields.offset_fetch(fields.positions_of(group, (t, [0]))),
        "FindCoordinator": {"key": group, "key_type": 0, "coordinator_keys": [group]},
        "JoinGroup": fields.join(group, "nobody"),
        "Heartbeat": {"group_id": group, "generation_id": 1, "member_id": "m"},
        "LeaveGroup": fields.leave(group, "m"),
        "SyncGroup": {"group_id": group, "generation_id": 1, "member_id": "m", "protocol_type": "consumer",
                      "protocol_name": "range", "assignments": [{"member_id": "m", "assignment": b"a"}]},
        "DescribeGroups": {"groups": [group]}, "SaslHandshake": {"mechanism": "PLAIN"},
        "ApiVersions": {"client_software_name": "a", "client_software_version": "1"},
        "CreateTopics": fields.create(fields.new(t.name, partitions=0)), "DeleteTopics": fields.delete(t.name),
        "DeleteRecords": fields.delete_records(t, (0, 0)),
        "InitProducerId": {"transactional_id": None, "transaction_timeout_ms": 1, "producer_id": -1,
                           "producer_epoch": 0},
        "OffsetForLeaderEpoch": fields.epochs(t, 0), "DescribeConfigs": fields.describe_configs((2, t.name)),
        "AlterConfigs": fields.without_operations(fields.alter((2, t.name, [("a", "b")]))),
        "DescribeLogDirs": {"topics": [{"topic": t.name, "partitions": [0]}]},
        "CreatePartitions": fields.create_partitions(fields.grow(t.name, 2)),
        "DeleteGroups": {"groups_names": [group]},
        "IncrementalAlterConfigs": fields.alter((2, t.name, [("a", "b")])),
        "OffsetDelete": fields.offset_delete(group, (t, [0])),
        "ListConfigResources": {"resource_types": [64]},
    }  # fmt: skip


def register_cut_and_padded(api: str) -> None:
    @case(api)
    def cut_and_padded(s: Talk, v: int):
        """The last byte is missing, or there are four too many, which Kafka ignores."""
        request = encode(api, v, usual(s.nothing(), s.name("g"))[api])
        ask(s, f"{api} {v} cut", without_last_bytes(request, 1), (api, v))
        ask(s, f"{api} {v} padded", struct.pack(">i", len(request)) + request[4:] + bytes(4), (api, v))


for name in usual(Topic("t", NOBODYS_ID), "g"):
    register_cut_and_padded(name)


@case("DeleteGroups", before=2)
def names_that_are_no_utf8(s: Talk, v: int):
    surrogate, emoji, five_bytes = b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xf8\x88\x80\x80\x80"
    for name in (b"\xff", b"\xc3(", surrogate, emoji, five_bytes, b"a\x00b", b"\xc0\x80"):
        ask(s, "DeleteGroups", frame(42, v, array([text(name)])), ("DeleteGroups", v))
        ask(s, "DescribeGroups", frame(15, 0, array([text(name)])), ("DescribeGroups", 0))


@case("Heartbeat", before=4)
def strings_of_no_length(s: Talk, v: int):
    tail = struct.pack(">i", 1) + text(b"m") + (struct.pack(">h", -1) if v >= 3 else b"")
    for length in (-1, -2, 5000, -32768):
        ask(s, f"Heartbeat {v}", frame(12, v, struct.pack(">h", length) + tail), ("Heartbeat", v))
