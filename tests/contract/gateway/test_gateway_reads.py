"""Design §6.3: native programs read everything that Kafka producers wrote, and find our topics (smq.md B.7)."""

import pytest
from clients import consumer, create_topic, produce, read
from confluent_kafka import TopicPartition
from formats import decode_message, escape
from turns import all_batches

COUNT = 500


def values(topic: str, partition: int) -> list[bytes]:
    return [f"{topic}-{partition}-{i}".encode() * (1 + i % 50) for i in range(COUNT)]


@pytest.mark.parametrize(("topic", "partitions"), [("orders", 1), ("dots.and-dashes_", 3), (".veiled", 2)])
def test_everything_is_read_natively(weed, gateway, topic, partitions):
    create_topic(gateway, topic, partitions)
    for partition in range(partitions):
        produce(gateway, topic, values(topic, partition), partition)
    gateway.restart()
    for partition in range(partitions):
        produce(gateway, topic, values(topic, partition), partition)
        expected = values(topic, partition) * 2
        batches = all_batches(weed, topic, len(expected), partition)
        assert [v for b in batches for v in b.values] == expected, f"RESET_TO_EARLIEST of partition {partition}"
        assert [b.base_offset for b in batches] == [0, *(b.next_offset for b in batches[:-1])]

        native = weed.broker.partition(escape(topic), partition)
        for start in (0, 1, len(batches) // 2, len(batches) - 1):
            reply = weed.broker.fetch(escape(topic), native, start)
            assert [decode_message(m.value) for m in reply.messages] == batches[start:], f"FetchMessage at {start}"


def test_topics_are_listed(weed, gateway):
    create_topic(gateway, "listed", 3)
    assert ("kafka", "listed") in weed.broker.topics()
    assert 'name:"listed"' in weed.shell("mq.topic.list")
    assert "range_stop:95" in weed.shell("mq.topic.describe -namespace kafka -topic listed")
    assert "tidegate" not in weed.shell("mq.topic.list")


def test_a_native_publisher_is_not_served(weed, gateway):
    """README, "Said plainly": files that are not tidegate's are not served, and nothing of ours suffers."""
    create_topic(gateway, "foreign")
    produce(gateway, "foreign", values("foreign", 0))
    partition = weed.broker.partition("foreign")
    weed.broker.publish(
        "foreign", partition, [(1_900_000_000_000_000_000 + i, b"k%d" % i, b"native") for i in range(5)]
    )
    gateway.restart()
    produce(gateway, "foreign", values("foreign", 0))
    c = consumer(gateway, "reader")
    c.assign([TopicPartition("foreign", 0, 0)])
    assert [m.value() for m in read(c, 2 * COUNT)] == values("foreign", 0) * 2
    assert c.poll(1) is None, "more records than Kafka producers wrote"
    c.close()
