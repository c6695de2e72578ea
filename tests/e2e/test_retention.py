"""Records that go: by DeleteRecords, and by retention.ms and retention.bytes with groups that lag behind."""

import time

import pytest
from clients import admin, committed, consumer, create_topic, produce, read
from confluent_kafka import OFFSET_END, KafkaError, KafkaException, TopicPartition
from conftest import Node
from wire import Wire
from wire import produce as produce_batch

SOON = "kafka.log.retention.check.interval.ms=200"


def bounds(node, topic: str) -> tuple[int, int]:
    c = consumer(node, "bounds")
    try:
        return c.get_watermark_offsets(TopicPartition(topic, 0), timeout=20)
    finally:
        c.close()


def wait_for_start(node, topic: str, start: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while (found := bounds(node, topic)[0]) != start:
        assert found < start and time.monotonic() < deadline, f"the log starts at {found}\n{node.tail()}"
        time.sleep(0.1)


def delete_records(node, topic: str, offset: int) -> int:
    """The new log start."""
    client = admin(node)  # its futures die with it
    (future,) = client.delete_records([TopicPartition(topic, 0, offset)], request_timeout=20).values()
    return future.result(20).low_watermark


def commit(node, group: str, topic: str, offset: int) -> None:
    c = consumer(node, group)
    try:
        c.commit(offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)
    finally:
        c.close()


def resumed(node, group: str, topic: str, count: int, **settings) -> list[tuple[int, bytes]]:
    """What the group reads next."""
    c = consumer(node, group, **settings)
    try:
        c.subscribe([topic])
        return [(m.offset(), m.value()) for m in read(c, count)]
    finally:
        c.close()


def numbers(first: int, end: int) -> list[bytes]:
    return [b"%d" % i for i in range(first, end)]


def rows(first: int, end: int) -> list[tuple[int, bytes]]:
    return [(i, b"%d" % i) for i in range(first, end)]


def test_deleted_records_are_gone_for_good(node):
    create_topic(node, "t")
    assert produce(node, "t", numbers(0, 100)) == list(range(100))
    commit(node, "behind", "t", 10)
    commit(node, "ahead", "t", 60)
    assert delete_records(node, "t", 40) == 40
    assert delete_records(node, "t", 20) == 40
    with pytest.raises(KafkaException) as failure:
        delete_records(node, "t", 101)
    assert failure.value.args[0].code() == KafkaError.OFFSET_OUT_OF_RANGE
    for _ in range(2):
        assert bounds(node, "t") == (40, 100)
        assert resumed(node, "fresh", "t", 60) == rows(40, 100)
        assert resumed(node, "ahead", "t", 40, **{"auto.offset.reset": "error"}) == rows(60, 100)
        assert committed(node, "behind", "t") == 10
        with pytest.raises(AssertionError, match="_AUTO_OFFSET_RESET|out of range"):
            resumed(node, "behind", "t", 1, **{"auto.offset.reset": "error"})
        node.restart()
    assert resumed(node, "behind", "t", 60) == rows(40, 100)  # earliest
    assert delete_records(node, "t", OFFSET_END) == 100
    assert bounds(node, "t") == (100, 100)
    assert produce(node, "t", numbers(100, 101)) == [100]
    assert resumed(node, "fresh", "t", 1) == rows(100, 101)


@pytest.fixture
def soon_node(make_node) -> Node:
    return make_node(SOON)


def test_a_group_that_lags_keeps_its_records_and_nobody_else_does(soon_node):
    node = soon_node
    old = {"retention.ms": "1000"}
    create_topic(node, "held", **old)
    create_topic(node, "open", **old, **{"retention.protect.groups": "false"})
    for topic in ("held", "open"):
        assert produce(node, topic, numbers(0, 100)) == list(range(100))
        commit(node, "lags", topic, 40)
    node.restart()  # a new leader begins a new file
    for topic in ("held", "open"):
        assert produce(node, topic, numbers(100, 200)) == list(range(100, 200))
    wait_for_start(node, "open", 200)
    node.restart()
    assert bounds(node, "held") == (0, 200)
    # The position survived and what it points to too: exact resume without reset.
    assert resumed(node, "lags", "held", 160, **{"auto.offset.reset": "error"}) == rows(40, 200)
    with pytest.raises(AssertionError, match="_AUTO_OFFSET_RESET|out of range"):
        resumed(node, "lags", "open", 1, **{"auto.offset.reset": "error"})
    commit(node, "lags", "held", 199)
    wait_for_start(node, "held", 100)  # the second file has one record that it has not read
    assert bounds(node, "held") == (100, 200)
    commit(node, "lags", "held", 200)
    wait_for_start(node, "held", 200)
    trims = [line for line in node.log.read_text().splitlines() if "log was trimmed" in line]
    assert any("topic=held" in t and "from=0 to=100 segments=1" in t and "reason=retention.ms" in t for t in trims), trims
    assert produce(node, "held", numbers(200, 210)) == list(range(200, 210))
    assert resumed(node, "lags", "held", 10, **{"auto.offset.reset": "error"}) == rows(200, 210)


def test_the_size_limit_deletes_the_oldest_files(soon_node):
    node = soon_node
    create_topic(node, "t", **{"retention.bytes": "20000"})
    create_topic(node, "for-ever")
    for first in range(0, 500, 100):
        for topic in ("t", "for-ever"):
            with Wire(node) as wire:  # one batch
                assert produce_batch(wire, topic, *(b"%0100d" % i for i in range(first, first + 100))) == first
        node.restart()  # a new leader begins a new file
    wait_for_start(node, "t", 300)  # two files of about 11 kB each are at least as large
    assert bounds(node, "t") == (300, 500)
    assert bounds(node, "for-ever") == (0, 500)
