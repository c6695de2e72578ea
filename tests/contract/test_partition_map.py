"""Design §6.2: brokers adopt topic.conf with our ring ranges as it is, and never find our own entries (smq.md A.7)."""

import time

import formats
import grpc
import pytest
from store import SECOND

START = 1_790_003_000 * SECOND


def ranges(assignments) -> list[tuple]:
    return [
        (a.partition.ring_size, a.partition.range_start, a.partition.range_stop, a.partition.unix_time_ns)
        for a in assignments
    ]


def expected_ranges(topic, partitions: int) -> list[tuple]:
    ring = formats.ring_size(partitions)
    return [(ring, *formats.ring_range(i), topic.created * SECOND) for i in range(partitions)]


@pytest.mark.parametrize("partitions", [1, 4, 128, 129, 300])
def test_our_ranges_are_adopted(weed, make_topic, partitions):
    topic = make_topic(partitions)
    assignments = weed.broker.assignments(topic.name)
    assert ranges(assignments) == expected_ranges(topic, partitions), (
        f"smq.md A.7, design §6.2: LookupTopicBrokers changed the ranges of {partitions} partitions"
    )
    leaders = {a.leader_broker for a in assignments}
    assert leaders == {weed.broker_address}, f"smq.md A.7: the empty leaders became {leaders}"


@pytest.mark.parametrize("partitions", [4, 300])
def test_the_last_partition_works(weed, make_topic, partitions):
    """Reading ours and publishing natively, at ring ranges that SeaweedMQ itself would never make."""
    topic = make_topic(partitions)
    last = topic[partitions - 1]
    last.append([START + i for i in range(20)], count=2)
    partition = weed.broker.partition(topic.name, partitions - 1)
    with weed.broker.subscribe(topic.name, partition, "RESET_TO_EARLIEST") as s:
        assert [m.ts_ns for m in s.read(20)] == [m.ts_ns for m in last.messages]
    empty = weed.broker.partition(topic.name, 1)
    assert weed.broker.publish(topic.name, empty, [(START, b"k", b"v")]) == [0]
    files = [n for n in weed.filer.names(topic[1].directory) if n.startswith("20")]
    assert len(files) == 1, f"smq.md A.7: a native record of partition 1 is not in {topic[1].directory}: {files}"


def test_a_dead_leader_is_replaced(weed, make_topic):
    topic = make_topic(2, leader="127.0.0.1:1")
    assert {a.leader_broker for a in weed.broker.assignments(topic.name)} == {weed.broker_address}


@pytest.mark.parametrize("name", ["plain", "with.dots", "_under", ".hidden", "a" * 249])
def test_topics_are_known_to_brokers_and_shell(weed, make_topic, name):
    name = name + "-" if len(name) < 200 else name
    topic = make_topic(2, name=name)
    stored = formats.escape(name)
    topic[0].append([START])
    assert ("kafka", stored) in weed.broker.topics(), "smq.md A.7: ListTopics does not show our topic"
    assert weed.broker.call("TopicExists", topic={"namespace": "kafka", "name": stored}).exists
    conf = weed.broker.call("GetTopicConfiguration", topic={"namespace": "kafka", "name": stored})
    assert conf.partition_count == 2 and conf.created_at_ns // SECOND >= topic.created - 1
    assert ranges(sorted(conf.broker_partition_assignments, key=lambda a: a.partition.range_start)) == expected_ranges(
        topic, 2
    )
    listed = weed.shell("mq.topic.list")
    assert f'name:"{stored}"' in listed, f"smq.md A.7: `weed shell` does not list our topic:\n{listed}"
    described = weed.shell(f"mq.topic.describe -namespace kafka -topic {stored}")
    assert "range_stop:31" in described, f"smq.md A.7: mq.topic.describe shows other ranges:\n{described}"


def test_our_own_entries_are_no_topics(weed, filer, make_topic):
    """Design §10: listings of brokers and shell ignore /topics/.tidegate."""
    topic = make_topic()
    for name in ("probe", "probes/00/0", "groups/probe"):
        assert not filer.create(f"/topics/.tidegate/{name}", b"x").error
    assert topic.name in filer.names("/topics/.tidegate/names")
    assert not [t for t in weed.broker.topics() if "tidegate" in t[0] + t[1]], "ListTopics shows /topics/.tidegate"
    assert "tidegate" not in weed.shell("mq.topic.list")


def test_configure_with_the_same_count_keeps_our_ranges(weed, make_topic):
    topic = make_topic(3)
    before = weed.filer.names(formats.topic_directory(topic.name))
    weed.broker.configure("kafka", topic.name, 3)
    assert ranges(weed.broker.assignments(topic.name)) == expected_ranges(topic, 3), "smq.md A.7: ConfigureTopic"
    assert weed.filer.names(formats.topic_directory(topic.name)) == before, (
        "ConfigureTopic made a new version directory"
    )


def test_a_second_creation_changes_nothing(weed, make_topic):
    topic = make_topic(1)
    before = weed.filer.lookup(f"{formats.topic_directory(topic.name)}/topic.conf")
    with pytest.raises(AssertionError, match="precondition failed"):
        make_topic(5, name=topic.name)
    assert weed.filer.lookup(f"{formats.topic_directory(topic.name)}/topic.conf") == before


def test_the_version_directory_is_the_second_that_we_wrote(weed, make_topic):
    """Paths are known before a broker has seen the topic: also for a second in the past."""
    topic = make_topic(1, created=int(time.time()) - 86_400)
    partition = weed.broker.partition(topic.name)
    weed.broker.publish(topic.name, partition, [(START, b"k", b"v")])
    versions = [n for n in weed.filer.names(formats.topic_directory(topic.name)) if n.startswith("v")]
    assert versions == [f"v{formats.utc(topic.created)}"], f"smq.md A.7: version directories {versions}"


def test_an_unknown_topic_is_an_error(weed):
    with pytest.raises(grpc.RpcError) as raised:
        weed.broker.assignments("nobody-made-this")
    assert "no entry is found in filer store" in raised.value.details()
