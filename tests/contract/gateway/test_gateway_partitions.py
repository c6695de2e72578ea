"""CreatePartitions on a real SeaweedMQ: old data and positions stay, native programs see the new partitions."""

from clients import admin, committed, create_topic, produce, read
from clients import consumer as kafka_consumer
from confluent_kafka.admin import NewPartitions
from formats import ring_range, topic_directory
from turns import all_batches, commit, native_peek
from weed import wait_for

BROKER_CACHE = 60  # seconds; a broker looks at topic.conf again after 30


def grow(node, topic: str, count: int) -> None:
    client = admin(node)
    client.create_partitions([NewPartitions(topic, count)])[topic].result(20)


def native_ranges(weed, topic: str) -> list[tuple[int, int]]:
    return [(a.partition.range_start, a.partition.range_stop) for a in weed.broker.assignments(topic)]


def values(weed, topic: str, end: int, partition: int) -> int:
    """How many records a native subscriber reads from the start."""
    return sum(b.next_offset - b.base_offset for b in all_batches(weed, topic, end, partition))


def test_added_partitions_are_native_ones_and_nothing_moves(weed, gateway):
    topic = "partitions-grow"
    create_topic(gateway, topic, 2)
    for partition in range(2):
        produce(gateway, topic, [b"%d" % i for i in range(30)], partition)
    commit(gateway, topic, "stays", 30, partition=1)
    assert native_ranges(weed, topic) == [ring_range(0), ring_range(1)]  # the broker knows the topic from now on
    before = weed.filer.names(topic_directory(topic))
    grow(gateway, topic, 130)  # beyond the smallest ring
    conf = weed.filer.lookup(f"{topic_directory(topic)}/topic.conf").content
    version = next(n for n in before if n.startswith("v"))
    assert weed.filer.names(topic_directory(topic)) == before, "a new version directory: old data would be lost"
    assert version and conf.count(b'"rangeStart"') == 130
    for partition in (1, 2, 129):
        produce(gateway, topic, [b"new %d" % i for i in range(20)], partition)
    gateway.restart()  # nothing of it is only in memory
    wait_for("the broker to see the new partitions", lambda: len(native_ranges(weed, topic)) == 130, BROKER_CACHE)
    assert native_ranges(weed, topic) == [ring_range(i) for i in range(130)]
    assert [values(weed, topic, end, p) for p, end in ((0, 30), (1, 50), (2, 20), (129, 20))] == [30, 50, 20, 20]
    listed = weed.shell("mq.topic.list")
    assert f'name:"{topic}"' in listed
    start, stop = ring_range(129)
    described = weed.shell(f"mq.topic.describe -namespace kafka -topic {topic}")
    assert f"range_start:{start}" in described and f"range_stop:{stop}" in described


def test_positions_stay_in_both_worlds(weed, gateway):
    topic = "partitions-positions"
    create_topic(gateway, topic, 1)
    for call in range(3):
        produce(gateway, topic, [b"%d" % (10 * call + i) for i in range(10)])
    c = kafka_consumer(gateway, "both")
    c.subscribe([topic])
    offsets = [m.offset() for m in read(c, 30)]
    c.commit(asynchronous=False)
    c.close()
    assert offsets == list(range(30))
    grow(gateway, topic, 3)
    produce(gateway, topic, [b"next"])
    produce(gateway, topic, [b"first of the last"], partition=2)
    gateway.restart()
    assert committed(gateway, "both", topic, 0) == 30
    commit(gateway, topic, "both", 1, partition=2)
    assert committed(gateway, "both", topic, 2) == 1
    got = native_peek(weed, topic, "both")
    assert got is not None and got.base_offset == 30
