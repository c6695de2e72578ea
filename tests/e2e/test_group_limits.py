"""Groups that are too many, too new, too large or too talkative: errors that say so, and counters."""

import struct

from clients import create_topic
from metrics import scrape
from raw import array, exchange, frame, text
from test_metrics import commit
from wire import Wire

MB = 1 << 20


def refused(node, limit: str) -> float:
    return scrape(node).get("tidegate_group_requests_refused_total", limit=limit)


def test_groups_in_memory_have_a_limit(make_node):
    node = make_node("limits.groups=3")
    create_topic(node, "t")
    with Wire(node) as wire:
        assert [commit(wire, f"g{i}", "t", i) for i in range(5)] == [0, 0, 0, 15, 15]
        assert commit(wire, "g1", "t", 7) == 0
    found = scrape(node)
    assert found.get("tidegate_group_requests_refused_total", limit="limits.groups") == 2
    assert found.get("tidegate_limit_used", name="limits.groups") == 3


def test_groups_that_a_client_creates_have_a_limit_and_groups_that_exist_have_not(make_node):
    node = make_node("limits.new_groups_per_second=1", "kafka.group.initial.rebalance.delay.ms=0")
    create_topic(node, "t")
    with Wire(node) as wire:
        errors = [commit(wire, f"g{i}", "t", i) for i in range(30)]
        stored = errors.count(0)
        assert errors[:10] == [0] * 10 and 14 in errors and stored <= 15
        answer = wire.call("JoinGroup", 3, group_id="new", session_timeout_ms=10000, rebalance_timeout_ms=10000, member_id="",
                           protocol_type="consumer", protocols=[{"name": "range", "metadata": b""}])
        assert answer.error_code == 14 and 0 < answer.throttle_time_ms <= 1000
        row = {"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": ""}
        answer = wire.call("OffsetCommit", 6, group_id="new", generation_id_or_member_epoch=-1, member_id="",
                           topics=[{"name": "t", "partitions": [row]}])
        assert answer.topics[0].partitions[0].error_code == 14 and 0 < answer.throttle_time_ms <= 1000
        refused = scrape(node).get("tidegate_group_requests_refused_total", limit="limits.new_groups_per_second")
        assert refused == 32 - stored
    node.restart()
    with Wire(node) as wire:
        for _ in range(3):
            assert [commit(wire, f"g{i}", "t", i) for i in range(30) if errors[i] == 0] == [0] * stored
    assert scrape(node).get("tidegate_group_requests_refused_total", limit="limits.new_groups_per_second") == 0


def test_a_member_that_says_too_much_for_an_entry_is_refused_and_others_join_without_it(make_node):
    node = make_node("kafka.group.initial.rebalance.delay.ms=0")

    def join(size: int) -> int:
        said = array([text(b"range") + struct.pack(">i", size) + bytes(size)])
        head = text(b"g") + struct.pack(">ii", 6000, 6000) + text(b"") + text(b"consumer")
        return struct.unpack(">h", exchange(node, frame(11, 1, head + said), seconds=30)[8:10])[0]

    assert (join(5 * MB), join(4 * MB), join(100)) == (81, 81, 0)
    assert refused(node, "limits.group_metadata_bytes") == 2
    lines = [line for line in node.log.read_text().splitlines() if "its group would be too large" in line]
    assert len(lines) == 1, lines  # one a minute
    assert "group=g" in lines[0] and "limit=limits.group_metadata_bytes" in lines[0]
    assert 5 * MB < int(lines[0].split("bytes=")[1].split()[0]) < 5 * MB + 1000


def test_assignments_too_large_for_an_entry_are_an_error_and_smaller_ones_are_taken_in_the_next_round(make_node):
    node = make_node("kafka.group.initial.rebalance.delay.ms=0")
    with Wire(node) as wire:
        def join(member: str):
            return wire.call("JoinGroup", 3, group_id="g", session_timeout_ms=10000, rebalance_timeout_ms=10000,
                             member_id=member, protocol_type="consumer",
                             protocols=[{"name": "range", "metadata": b""}])  # fmt: skip

        def sync(member: str, generation: int, size: int) -> int:
            return wire.call("SyncGroup", 2, group_id="g", generation_id=generation, member_id=member,
                             assignments=[{"member_id": member, "assignment": bytes(size)}]).error_code  # fmt: skip

        first = join("")
        member, generation = first.member_id, first.generation_id
        assert sync(member, generation, 4 * MB) == -1
        assert sync(member, generation, 1) == 27
        again = join(member)
        assert (again.error_code, again.generation_id) == (0, generation + 1)
        assert sync(member, generation + 1, 4 * MB - 272 * 1024) == 0  # 256 KiB are left for topics
    assert refused(node, "group_entry_bytes") == 1
    assert node.log.read_text().count("limit=group_entry_bytes") == 1


class Members:
    """Groups of one member each, over one connection."""

    def __init__(self, wire: Wire):
        self.wire = wire
        self.of = {}  # group -> its member and generation

    def join(self, group: str, size: int):
        answer = self.wire.call("JoinGroup", 3, group_id=group, session_timeout_ms=30000, rebalance_timeout_ms=30000,
                                member_id=self.of.get(group, {}).get("member_id", ""), protocol_type="consumer",
                                protocols=[{"name": "range", "metadata": bytes(size)}])  # fmt: skip
        if answer.error_code == 0:
            self.of[group] = {"member_id": answer.member_id, "generation_id": answer.generation_id}
        return answer

    def sync(self, group: str) -> int:
        rows = [{"member_id": self.of[group]["member_id"], "assignment": b"a"}]
        return self.wire.call("SyncGroup", 2, group_id=group, **self.of[group], assignments=rows).error_code

    def goes_on(self, group: str, offset: int) -> bool:
        who = self.of[group]
        row = {"partition_index": 0, "committed_offset": offset, "committed_leader_epoch": -1, "committed_metadata": ""}
        beat = self.wire.call("Heartbeat", 2, group_id=group, **who)
        answer = self.wire.call("OffsetCommit", 6, group_id=group, member_id=who["member_id"],
                                generation_id_or_member_epoch=who["generation_id"],
                                topics=[{"name": "t", "partitions": [row]}])  # fmt: skip
        return (beat.error_code, answer.topics[0].partitions[0].error_code) == (0, 0)

    def position(self, group: str) -> int:
        answer = self.wire.call("OffsetFetch", 5, group_id=group, topics=[{"name": "t", "partition_indexes": [0]}])
        assert answer.topics[0].partitions[0].error_code == 0, answer
        return answer.topics[0].partitions[0].committed_offset


def test_groups_that_are_too_large_together_get_no_more_members_until_one_leaves(make_node):
    node = make_node("limits.node_group_bytes=2097152", "kafka.group.initial.rebalance.delay.ms=0")
    create_topic(node, "t")
    large = 900 * 1024  # 248 KiB are left by two
    with Wire(node) as wire:
        members = Members(wire)
        for group in ("a", "b"):
            assert (members.join(group, large).error_code, members.sync(group)) == (0, 0)
        later = members.join("c", large)
        assert (later.error_code, later.throttle_time_ms) == (14, 1000)
        assert members.join("a", 2 * large).error_code == 14
        assert refused(node, "limits.node_group_bytes") == 2
        assert 2 * large < scrape(node).get("tidegate_limit_used", name="limits.node_group_bytes") < 2 * MB
        assert members.goes_on("a", 1) and members.goes_on("b", 2)
        assert (members.join("d", 1000).error_code, members.sync("d")) == (0, 0)
        assert (members.join("a", large).error_code, members.sync("a")) == (0, 0)  # says what it said
        assert wire.call("LeaveGroup", 2, group_id="b", member_id=members.of.pop("b")["member_id"]).error_code == 0
        assert (members.join("c", large).error_code, members.sync("c")) == (0, 0)
        assert members.goes_on("c", 3) and refused(node, "limits.node_group_bytes") == 2
    node.settings = ("limits.node_group_bytes=1048576", *node.settings[1:])
    node.restart()
    with Wire(node) as wire:
        members.wire = wire
        assert [members.position(group) for group in "abc"] == [1, 2, 3]  # loaded all the same
        assert scrape(node).get("tidegate_limit_used", name="limits.node_group_bytes") > 2 * large
        assert members.goes_on("a", 4) and members.goes_on("c", 5)
        assert members.join("e", 10).error_code == 14


def test_a_group_that_is_full_or_too_slow_or_too_talkative_is_told(make_node):
    node = make_node("kafka.group.max.size=1", "kafka.offset.metadata.max.bytes=10")
    create_topic(node, "t")
    with Wire(node) as wire:
        def join(session: int) -> int:
            return wire.call("JoinGroup", 3, group_id="g", session_timeout_ms=session, rebalance_timeout_ms=10000,
                             member_id="", protocol_type="consumer",
                             protocols=[{"name": "range", "metadata": b""}]).error_code  # fmt: skip

        assert (join(5999), join(1_800_001)) == (26, 26)
        assert (join(6000), join(6000)) == (0, 81)
        row = {"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": "m" * 11}
        answer = wire.call("OffsetCommit", 8, group_id="other", generation_id_or_member_epoch=-1, member_id="",
                           group_instance_id=None, topics=[{"name": "t", "partitions": [row]}])
        assert answer.topics[0].partitions[0].error_code == 12
    errors = scrape(node)
    for api, error, count in (("JoinGroup", "INVALID_SESSION_TIMEOUT", 2), ("JoinGroup", "GROUP_MAX_SIZE_REACHED", 1),
                              ("OffsetCommit", "OFFSET_METADATA_TOO_LARGE", 1)):  # fmt: skip
        assert errors.get("tidegate_request_errors_total", api=api, error=error) == count
