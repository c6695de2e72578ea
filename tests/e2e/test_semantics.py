"""What Kafka's clients rely on beyond the layout of messages, one test each, over raw connections."""

import struct
import time
import uuid

import pytest
from clients import create_topic
from conftest import Node
from wire import Wire, batch, encode, produce, topic_id

ANY_EPOCH = {"current_leader_epoch": -1}


@pytest.fixture(scope="module")
def quick_node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node"), "kafka.group.initial.rebalance.delay.ms=0").start()
    yield node
    node.kill()


@pytest.fixture
def wire(quick_node):
    with Wire(quick_node) as connected:
        yield connected


@pytest.fixture
def topic(quick_node) -> str:
    name = f"s-{uuid.uuid4().hex[:12]}"
    create_topic(quick_node, name, partitions=2)
    return name


def join(wire: Wire, group: str, version: int = 5, member: str = "", instance=None):
    return wire.call("JoinGroup", version, group_id=group, session_timeout_ms=10000, rebalance_timeout_ms=10000,
                     member_id=member, group_instance_id=instance, protocol_type="consumer",
                     protocols=[{"name": "range", "metadata": b"meta"}])


def sync(wire: Wire, group: str, joined, assignment: bytes = b"all", instance=None):
    shares = [{"member_id": joined.member_id, "assignment": assignment}] if joined.leader == joined.member_id else []
    return wire.call("SyncGroup", 3, group_id=group, generation_id=joined.generation_id, member_id=joined.member_id,
                     group_instance_id=instance, assignments=shares)


def commit(wire: Wire, group: str, topic: str, offset: int, *, version: int = 6, member: str = "", generation: int = -1,
           metadata: str = "", epoch: int = -1, partition: int = 0) -> int:
    row = {"partition_index": partition, "committed_offset": offset, "committed_leader_epoch": epoch,
           "committed_metadata": metadata}
    answer = wire.call("OffsetCommit", version, group_id=group, generation_id_or_member_epoch=generation,
                       member_id=member, topics=[{"name": topic, "partitions": [row]}])
    return answer.topics[0].partitions[0].error_code


def position(wire: Wire, group: str, topic: str, partition: int = 0):
    answer = wire.call("OffsetFetch", 5, group_id=group, topics=[{"name": topic, "partition_indexes": [partition]}])
    return answer.topics[0].partitions[0]


def fetch_fields(topic: str, *rows: tuple[int, int], wait: int = 0, least: int = 0) -> dict:
    partitions = [{"partition": p, "fetch_offset": o, "partition_max_bytes": 1 << 20, **ANY_EPOCH} for p, o in rows]
    return dict(max_wait_ms=wait, min_bytes=least, max_bytes=1 << 20, isolation_level=0, session_id=0, session_epoch=-1,
                topics=[{"topic": topic, "partitions": partitions}], forgotten_topics_data=[], rack_id="")


def test_01_an_unknown_version_of_api_versions_is_answered_with_version_0_and_the_next_request_too(quick_node):
    with Wire(quick_node) as wire:
        asked = encode("ApiVersions", 4, dict(client_software_name="x", client_software_version="1"), correlation=5)
        wire.socket.sendall(asked[:6] + struct.pack(">h", 99) + asked[8:])
        wire.send("ApiVersions", 3, client_software_name="x", client_software_version="1")
        frame = wire.receive_frame()
        correlation, error, count = struct.unpack(">ihi", frame[:10])
        rows = [struct.unpack(">hhh", frame[10 + 6 * i:16 + 6 * i]) for i in range(count)]
        assert (correlation, error) == (5, 35) and (18, 0, 4) in rows and len(frame) == 10 + 6 * count
        answer = wire.receive()  # its header has no tagged fields although its body is flexible
        assert answer.error_code == 0 and len(answer.api_keys) == count


def test_02_every_requested_partition_is_answered_once_whatever_is_wrong_with_it(wire, topic):
    rows = [(0, 0), (1, 0), (7, 0)]
    found = wire.call("Fetch", 11, **fetch_fields(topic, *rows)).responses
    assert sorted((p.partition_index, p.error_code) for p in found[0].partitions) == [(0, 0), (1, 0), (7, 3)]
    asked = [{"partition_index": p, "timestamp": -1, **ANY_EPOCH} for p, _ in rows]
    both = [{"name": topic, "partitions": asked}, {"name": topic + "-absent", "partitions": asked}]
    answer = wire.call("ListOffsets", 5, replica_id=-1, isolation_level=0, topics=both)
    errors = {t.name: sorted((p.partition_index, p.error_code) for p in t.partitions) for t in answer.topics}
    assert errors == {topic: [(0, 0), (1, 0), (7, 3)], topic + "-absent": [(0, 3), (1, 3), (7, 3)]}
    both = [{"name": n, "partition_indexes": [0, 1, 7]} for n in (topic, topic + "-absent")]
    answer = wire.call("OffsetFetch", 5, group_id="every", topics=both)
    found = {t.name: sorted((p.partition_index, p.error_code, p.committed_offset) for p in t.partitions) for t in answer.topics}
    assert found == {n: [(0, 0, -1), (1, 0, -1), (7, 0, -1)] for n in (topic, topic + "-absent")}
    row = {"committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": ""}
    both = [{"name": n, "partitions": [{"partition_index": p, **row} for p in (0, 1, 7)]} for n in (topic, topic + "-absent")]
    answer = wire.call("OffsetCommit", 6, group_id="every", generation_id_or_member_epoch=-1, member_id="", topics=both)
    errors = {t.name: sorted((p.partition_index, p.error_code) for p in t.partitions) for t in answer.topics}
    assert errors == {topic: [(0, 0), (1, 0), (7, 3)], topic + "-absent": [(0, 3), (1, 3), (7, 3)]}


def test_02b_a_partition_that_is_asked_twice_is_answered_and_unknown_topic_ids_too(wire, topic):
    answer = wire.call("OffsetFetch", 5, group_id="twice", topics=[{"name": topic, "partition_indexes": [0, 0]}])
    assert {p.partition_index for t in answer.topics for p in t.partitions} == {0}
    nobody = uuid.UUID(int=77)
    fields = fetch_fields(topic, (0, 0))
    fields["topics"][0]["topic_id"] = nobody
    answer = wire.call("Fetch", 13, **fields)
    assert [(t.topic_id, p.error_code) for t in answer.responses for p in t.partitions] == [(nobody, 100)]
    asked = [{"group_id": "twice", "member_id": None, "member_epoch": -1,
              "topics": [{"topic_id": nobody, "partition_indexes": [0, 1]}]}]
    answer = wire.call("OffsetFetch", 10, groups=asked, require_stable=False)
    rows = [(t.topic_id, p.partition_index, p.error_code) for t in answer.groups[0].topics for p in t.partitions]
    assert rows == [(nobody, 0, 100), (nobody, 1, 100)]


def test_03_no_position_is_minus_one_without_an_error(wire, topic):
    found = position(wire, "nobody", topic)
    assert (found.error_code, found.committed_offset, found.committed_leader_epoch, found.metadata) == (0, -1, -1, "")


def test_03b_damaged_storage_is_an_error_and_never_minus_one(make_node):
    node = make_node()
    create_topic(node, "hurt")
    with Wire(node) as wire:
        assert commit(wire, "g", "hurt", 5) == 0
        produce(wire, "hurt", b"unmistakable" * 50)
    node.stop()
    for volume in (node.directory / "data" / "volumes").iterdir():
        data = volume.read_bytes()
        at = data.find(b"unmistakable" * 3)
        if at >= 0:
            volume.write_bytes(data[:at] + b"X" + data[at + 1:])
            break
    else:
        raise AssertionError("the record is in no volume")
    node.start()
    with Wire(node) as wire:
        found = wire.call("Fetch", 11, **fetch_fields("hurt", (0, 0))).responses[0].partitions[0]
        assert found.error_code == 56 and not found.records  # KAFKA_STORAGE_ERROR
        assert position(wire, "g", "hurt").committed_offset == 5


def test_04_node_ids_and_addresses_agree_and_stay_over_restarts(make_node):
    node = make_node()
    seen = set()
    for _ in range(2):
        with Wire(node) as wire:
            metadata = wire.call("Metadata", 9, topics=None)
            broker = metadata.brokers[0]
            found = wire.call("FindCoordinator", 2, key="g", key_type=0)
            batched = wire.call("FindCoordinator", 4, key_type=0, coordinator_keys=["g"]).coordinators[0]
            addresses = {(b.node_id, b.host, b.port) for b in (broker, found, batched)}
            seen |= addresses | {metadata.cluster_id, metadata.controller_id}
        node.restart()
    assert seen == {(1, "127.0.0.1", node.port), metadata.cluster_id, 1}


def test_05_a_member_id_is_required_from_version_4_but_not_of_static_members(wire):
    assert join(wire, "dynamic-3", version=3).error_code == 0
    first = join(wire, "dynamic-4", version=4)
    assert first.error_code == 79 and first.member_id
    assert join(wire, "dynamic-4", version=4, member=first.member_id).error_code == 0
    assert join(wire, "static", instance="one").error_code == 0


def test_05b_a_static_member_comes_back_with_a_new_id_and_the_same_assignment_and_its_twin_is_fenced(wire, topic):
    first = join(wire, "twins", instance="one")
    assert sync(wire, "twins", first, b"mine", instance="one").assignment == b"mine"
    second = join(wire, "twins", instance="one")
    assert (second.error_code, second.generation_id) == (0, first.generation_id)
    assert second.member_id != first.member_id
    answer = wire.call("SyncGroup", 3, group_id="twins", generation_id=second.generation_id, member_id=second.member_id,
                       group_instance_id="one", assignments=[])
    assert (answer.error_code, answer.assignment) == (0, b"mine")
    beat = dict(group_id="twins", generation_id=first.generation_id, group_instance_id="one")
    assert wire.call("Heartbeat", 3, member_id=first.member_id, **beat).error_code == 82  # FENCED_INSTANCE_ID
    assert wire.call("Heartbeat", 3, member_id=second.member_id, **beat).error_code == 0
    row = {"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": ""}
    answer = wire.call("OffsetCommit", 7, group_id="twins", generation_id_or_member_epoch=first.generation_id,
                       member_id=first.member_id, group_instance_id="one", topics=[{"name": topic, "partitions": [row]}])
    assert answer.topics[0].partitions[0].error_code == 82


def test_05c_a_replaced_static_member_survives_a_crash(make_node):
    node = make_node("kafka.group.initial.rebalance.delay.ms=0")
    with Wire(node) as wire:
        first = join(wire, "twins", instance="one")
        sync(wire, "twins", first, b"mine", instance="one")
        second = join(wire, "twins", instance="one")
    node.restart()
    with Wire(node) as wire:
        beat = dict(group_id="twins", generation_id=second.generation_id, group_instance_id="one")
        assert wire.call("Heartbeat", 3, member_id=second.member_id, **beat).error_code == 0
        assert wire.call("Heartbeat", 3, member_id=first.member_id, **beat).error_code == 82


def test_06_a_commit_without_a_member_is_taken_only_while_the_group_has_none(wire, topic):
    assert commit(wire, "simple", topic, 3) == 0
    joined = join(wire, "simple", version=3)
    sync(wire, "simple", joined)
    assert commit(wire, "simple", topic, 4) == 25  # UNKNOWN_MEMBER_ID
    assert commit(wire, "simple", topic, 5, member=joined.member_id, generation=joined.generation_id) == 0
    assert commit(wire, "simple", topic, 6, member=joined.member_id, generation=joined.generation_id + 1) == 22
    assert position(wire, "simple", topic).committed_offset == 5
    wire.call("LeaveGroup", 1, group_id="simple", member_id=joined.member_id)
    assert commit(wire, "simple", topic, 7) == 0
    assert position(wire, "simple", topic).committed_offset == 7


def test_07_metadata_comes_back_up_to_its_limit_and_a_longer_one_hurts_only_its_partition(wire, topic):
    text = "ä" + "x" * 4094
    assert commit(wire, "meta", topic, 1, metadata=text) == 0
    assert position(wire, "meta", topic).metadata == text
    row = {"committed_offset": 2, "committed_leader_epoch": -1}
    rows = [{"partition_index": 0, "committed_metadata": "x" * 4097, **row}, {"partition_index": 1, "committed_metadata": "ok", **row}]
    answer = wire.call("OffsetCommit", 6, group_id="meta", generation_id_or_member_epoch=-1, member_id="",
                       topics=[{"name": topic, "partitions": rows}])
    assert sorted((p.partition_index, p.error_code) for p in answer.topics[0].partitions) == [(0, 12), (1, 0)]
    assert position(wire, "meta", topic).committed_offset == 1
    assert position(wire, "meta", topic, 1).metadata == "ok"


def test_08_the_leader_epoch_of_a_commit_comes_back(wire, topic):
    assert commit(wire, "epochs", topic, 1, epoch=41) == 0
    assert position(wire, "epochs", topic).committed_leader_epoch == 41
    assert commit(wire, "epochs", topic, 1, version=5) == 0  # before version 6 there is none to send
    assert position(wire, "epochs", topic).committed_leader_epoch == -1


def test_09_out_of_range_comes_with_the_true_bounds(wire, topic):
    produce(wire, topic, b"a", b"b", b"c")
    for offset in (4, 1000, -1):
        found = wire.call("Fetch", 11, **fetch_fields(topic, (0, offset))).responses[0].partitions[0]
        assert (found.error_code, found.log_start_offset, found.high_watermark) == (1, 0, 3), offset
    found = wire.call("Fetch", 11, **fetch_fields(topic, (0, 3))).responses[0].partitions[0]
    assert (found.error_code, found.high_watermark) == (0, 3)


def test_10_groups_are_filtered_by_state_and_type_and_unknown_ones_are_dead(wire, topic):
    assert commit(wire, "filter-empty", topic, 1) == 0
    joined = join(wire, "filter-stable", version=3)
    sync(wire, "filter-stable", joined)

    def listed(**filters) -> set[str]:
        answer = wire.call("ListGroups", 5, **{"states_filter": [], "types_filter": [], **filters})
        assert answer.error_code == 0
        return {g.group_id for g in answer.groups if g.group_id.startswith("filter-")}

    assert listed() == {"filter-empty", "filter-stable"}
    assert listed(states_filter=["Empty"]) == {"filter-empty"}
    assert listed(states_filter=["stable"]) == {"filter-stable"}  # the case does not matter
    assert listed(states_filter=["Dead", "PreparingRebalance"]) == set()
    assert listed(types_filter=["classic"]) == {"filter-empty", "filter-stable"}
    assert listed(types_filter=["consumer"]) == set()
    for version, expected in ((5, (0, "Dead")), (6, (69, "Dead"))):
        found = wire.call("DescribeGroups", version, groups=["never-seen"], include_authorized_operations=False).groups[0]
        assert (found.error_code, found.group_state) == expected


def test_11_a_long_poll_waits_its_time_wakes_at_once_and_costs_nothing(make_node):
    node = make_node()
    create_topic(node, "quiet")
    with Wire(node) as reader, Wire(node) as writer:
        fields = fetch_fields("quiet", (0, 0), wait=3000, least=1)
        reader.call("Fetch", 11, **fetch_fields("quiet", (0, 0)))  # the partition is loaded
        before, start = cpu_seconds(node), time.monotonic()
        found = reader.call("Fetch", 11, **fields).responses[0].partitions[0]
        waited, used = time.monotonic() - start, cpu_seconds(node) - before
        assert not found.records and 2.9 <= waited < 10
        assert used <= 0.1, f"{used} s of CPU in an empty wait of {waited} s"
        reader.send("Fetch", 11, **{**fields, "max_wait_ms": 15000})
        start = time.monotonic()
        produce(writer, "quiet", b"x")
        found = reader.receive().responses[0].partitions[0]
        assert found.records and time.monotonic() - start < 10
        start = time.monotonic()  # min_bytes above what is there: the whole wait, then what is there
        found = reader.call("Fetch", 11, **{**fields, "max_wait_ms": 1000, "min_bytes": 1 << 19}).responses[0].partitions[0]
        assert found.records and time.monotonic() - start >= 0.9


def cpu_seconds(node) -> float:
    fields = open(f"/proc/{node.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_12_unknown_tagged_fields_are_skipped_and_null_is_not_empty(wire, topic):
    tagged = b"\x01" + b"\x63" + b"\x05" + b"hello"  # one field with tag 99
    head = struct.pack(">hhi", 3, 12, 9) + struct.pack(">h", 1) + b"x" + tagged
    body = b"\x02" + b"\0" * 16 + bytes([len(topic) + 1]) + topic.encode() + tagged + b"\0" + b"\0" + tagged
    wire.socket.sendall(struct.pack(">i", len(head + body)) + head + body)
    frame = wire.receive_frame()
    assert struct.unpack(">i", frame[:4])[0] == 9 and topic.encode() in frame
    assert len(wire.call("Metadata", 9, topics=None).topics) >= 1  # null: all topics
    assert wire.call("Metadata", 9, topics=[]).topics == []  # empty: none
    assert commit(wire, "nulls", topic, 1) == 0
    everything = wire.call("OffsetFetch", 7, group_id="nulls", topics=None, require_stable=True)
    assert [(t.name, [p.partition_index for p in t.partitions]) for t in everything.topics] == [(topic, [0])]
    assert wire.call("OffsetFetch", 7, group_id="nulls", topics=[], require_stable=True).topics == []

    def configs(keys):
        resource = {"resource_type": 2, "resource_name": topic, "configuration_keys": keys}
        return wire.call("DescribeConfigs", 4, include_synonyms=False, include_documentation=False,
                         resources=[resource]).results[0].configs

    assert configs(None) == configs([]) != []  # here Kafka takes them for the same


def test_transactions_are_refused_before_anything_is_written(wire, topic):
    answer = wire.call("Produce", 8, transactional_id="tx", acks=-1, timeout_ms=1000, topic_data=[
        {"name": topic, "partition_data": [{"index": 0, "records": batch(b"x", producer=(5, 0, 0), transactional=True)}]}])
    assert answer.responses[0].partition_responses[0].error_code != 0
    answer = wire.call("InitProducerId", 4, transactional_id="tx", transaction_timeout_ms=1000, producer_id=-1, producer_epoch=-1)
    assert answer.error_code == 53
    assert wire.call("FindCoordinator", 3, key="tx", key_type=1).error_code == 53
    assert wire.call("FindCoordinator", 6, key_type=2, coordinator_keys=["share"]).coordinators[0].error_code == 42
    found = wire.call("Fetch", 11, **fetch_fields(topic, (0, 0))).responses[0].partitions[0]
    assert found.high_watermark == 0 and topic_id(wire, topic)


def test_the_length_of_metadata_is_counted_in_characters(wire, topic):
    assert commit(wire, "long", topic, 1, metadata="é" * 4096) == 0
    assert commit(wire, "long", topic, 1, metadata="é" * 4097) == 12


def test_a_timestamp_too_far_ahead_or_behind_is_refused(quick_node, wire, topic):
    def produced(timestamp: int, topic: str = topic) -> int:
        data = [{"name": topic, "partition_data": [{"index": 0, "records": batch(b"x", timestamp=timestamp)}]}]
        answer = wire.call("Produce", 8, transactional_id=None, acks=-1, timeout_ms=10000, topic_data=data)
        return answer.responses[0].partition_responses[0].error_code

    now = int(time.time() * 1000)
    assert produced(now + 1_800_000) == 0
    for far in (now + 2 * 3_600_000, now * 1000, (1 << 63) - 1):
        assert produced(far) == 32, far
    create_topic(quick_node, f"{topic}-young", **{"message.timestamp.before.max.ms": "60000"})
    assert [produced(t, f"{topic}-young") for t in (now - 120_000, now - 30_000, -1)] == [32, 0, 0]
