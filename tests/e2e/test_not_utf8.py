"""Strings that are no UTF-8, as older clients send them in Latin-1: Kafka decodes them as Java does, and so do we."""

import struct

import pytest
from conftest import Node
from raw import array, exchange, frame, text

CAFE = b"caf\xe9"
REPLACED = "caf\ufffd".encode()
METADATA = b"\x00\xe9\xff"  # bytes stay what they are


@pytest.fixture(scope="module")
def quick_node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node"), "kafka.group.initial.rebalance.delay.ms=0").start()
    yield node
    node.kill()


class Answer:
    """Takes fields off the body of an answer in an old version."""

    def __init__(self, data: bytes):
        assert data[4:8] == struct.pack(">i", 7), data
        self.left = data[8:]

    def take(self, size: int) -> bytes:
        assert size <= len(self.left)
        taken, self.left = self.left[:size], self.left[size:]
        return taken

    def int16(self) -> int:
        return struct.unpack(">h", self.take(2))[0]

    def int32(self) -> int:
        return struct.unpack(">i", self.take(4))[0]

    def text(self) -> bytes:
        return self.take(self.int16())

    def bytes(self) -> bytes:
        return self.take(self.int32())

    def end(self) -> None:
        assert self.left == b""


def ask(node, api: int, version: int, body: bytes, client: bytes = b"x") -> Answer:
    return Answer(exchange(node, frame(api, version, body, client=client), seconds=20))


def nullable(value: bytes | None) -> bytes:
    return b"\xff\xff" if value is None else text(value)


def as_java(value: bytes) -> bytes:
    """What a client in Java sends after it has read `value`; for our names Python replaces the same bytes."""
    return value.decode(errors="replace").encode()


def join(node, group: bytes, client: bytes = b"x", instance: bytes | None = None) -> dict:
    """JoinGroup v3, or v5 for a static member: no member id is required first."""
    version = 3 if instance is None else 5
    body = text(group) + struct.pack(">ii", 30000, 30000) + text(b"")
    body += nullable(instance) if version == 5 else b""
    body += text(b"consumer") + array([text(CAFE) + struct.pack(">i", len(METADATA)) + METADATA])
    answer = ask(node, 11, version, body, client)
    answer.int32()  # throttle time
    found = {"error": answer.int16(), "generation": answer.int32(), "protocol": answer.text(), "leader": answer.text(),
             "member": answer.text(), "members": []}  # fmt: skip
    for _ in range(answer.int32()):
        member = answer.text()
        size = answer.int16() if version == 5 else -1
        found["members"].append((member, answer.take(size) if size >= 0 else None, answer.bytes()))
    answer.end()
    return found


def sync(node, group: bytes, joined: dict, shares: dict[bytes, bytes]) -> tuple[int, bytes]:
    """SyncGroup v1: error and assignment."""
    given = array(text(m) + struct.pack(">i", len(s)) + s for m, s in shares.items())
    answer = ask(node, 14, 1, text(group) + struct.pack(">i", joined["generation"]) + text(joined["member"]) + given)
    answer.int32()
    found = answer.int16(), answer.bytes()
    answer.end()
    return found


def groups(node) -> list[bytes]:
    """ListGroups v1."""
    answer = ask(node, 16, 1, b"")
    answer.int32()
    assert answer.int16() == 0
    found = []
    for _ in range(answer.int32()):
        found.append(answer.text())
        answer.text()
    answer.end()
    return found


def test_a_member_whose_client_id_is_no_utf8_gets_the_assignment_that_a_leader_in_java_sends(quick_node):
    joined = join(quick_node, b"client", client=CAFE)
    assert joined["error"] == 0 and joined["leader"] == joined["member"]
    assert joined["member"].startswith(REPLACED + b"-") and as_java(joined["member"]) == joined["member"]
    assert (joined["protocol"], joined["members"]) == (REPLACED, [(joined["member"], None, METADATA)])
    shares = {as_java(member): b"all of it \xe9" for member, _, _ in joined["members"]}
    assert sync(quick_node, b"client", joined, shares) == (0, b"all of it \xe9")
    beat = text(b"client") + struct.pack(">i", joined["generation"]) + text(as_java(joined["member"]))
    answer = ask(quick_node, 12, 1, beat)
    assert (answer.int32(), answer.int16()) == (0, 0)


def test_a_static_member_is_named_as_java_reads_its_instance_id(quick_node):
    joined = join(quick_node, b"static", instance=CAFE)
    assert joined["error"] == 0 and joined["member"].startswith(REPLACED + b"-")
    assert joined["members"] == [(joined["member"], REPLACED, METADATA)]
    shares = {as_java(joined["member"]): b"all"}
    assert sync(quick_node, b"static", joined, shares) == (0, b"all")


def test_a_group_whose_id_is_no_utf8_is_listed_as_utf8_and_found_by_either_spelling(quick_node):
    joined = join(quick_node, b"group " + CAFE)
    assert joined["error"] == 0
    assert sync(quick_node, b"group " + CAFE, joined, {joined["member"]: b"all"}) == (0, b"all")
    listed = groups(quick_node)
    assert b"group " + REPLACED in listed and all(as_java(name) == name for name in listed)
    for name in (b"group " + CAFE, b"group " + REPLACED):
        answer = ask(quick_node, 15, 0, array([text(name)]))  # DescribeGroups
        assert (answer.int32(), answer.int16(), answer.text(), answer.text()) == (1, 0, b"group " + REPLACED, b"Stable")


def test_a_client_id_that_is_too_long_once_it_is_utf8_ends_its_connection_only(quick_node):
    assert exchange(quick_node, frame(18, 0, client=b"\xe9" * 10923)) in (b"", b"reset")
    assert ask(quick_node, 18, 0, b"", client=b"\xe9" * 10922).int16() == 0


def test_a_client_id_too_long_for_a_member_id_is_left_out_of_it(quick_node):
    joined = join(quick_node, b"long", client=b"x" * 32767)
    assert joined["error"] == 0 and len(joined["member"]) == 37 and joined["member"].startswith(b"-")
    assert sync(quick_node, b"long", joined, {joined["member"]: b"all"}) == (0, b"all")
