"""The promise: a group that was away gets exactly the next record, whatever was killed in between."""

import random
import threading

import pytest
from clients import admin, committed, consumer, create_topic, produce, read
from confluent_kafka import Producer, TopicPartition

NO_RESET = {"auto.offset.reset": "error"}


def values(first: int, count: int) -> list[bytes]:
    return [f"record-{i}".encode() for i in range(first, first + count)]


def test_the_thirty_day_scenario(node):
    create_topic(node, "orders")
    produce(node, "orders", values(0, 1001))
    c = consumer(node, "billing")
    c.subscribe(["orders"])
    seen = read(c, 1001)
    assert [m.offset() for m in seen] == list(range(1001))
    c.commit(message=seen[-1], asynchronous=False)
    c.close()

    produce(node, "orders", values(1001, 2000))
    node.restart()
    produce(node, "orders", values(3001, 2000))
    node.restart()

    assert committed(node, "billing", "orders") == 1001
    c = consumer(node, "billing", **NO_RESET)
    c.subscribe(["orders"])
    seen = read(c, 4000)
    assert [m.offset() for m in seen] == list(range(1001, 5001))
    assert [m.value() for m in seen] == values(1001, 4000)
    c.close()


def test_kill_at_random_moments_loses_nothing_and_repeats_nothing(node):
    """50 times kill -9 while a producer runs; every acknowledged record is there once, at the offset that was acknowledged."""
    create_topic(node, "stream")
    rng = random.Random(20261124)
    acknowledged: dict[int, bytes] = {}
    failed: set[bytes] = set()
    lock = threading.Lock()
    stop = threading.Event()

    def delivered(error, message):
        with lock:
            if error:
                failed.add(message.value())
            else:
                assert message.offset() not in acknowledged, "one offset was acknowledged twice"
                acknowledged[message.offset()] = message.value()

    def run():
        producer = Producer({
            "bootstrap.servers": node.address, "enable.idempotence": True, "linger.ms": 1,
            "message.timeout.ms": 60000, "reconnect.backoff.max.ms": 100, "retry.backoff.ms": 20,
        })
        number = 0
        while not stop.is_set():
            producer.produce("stream", value=f"v{number}".encode(), partition=0, on_delivery=delivered)
            number += 1
            producer.poll(0.001)
        assert producer.flush(60) == 0

    thread = threading.Thread(target=run)
    thread.start()
    position = -1
    for cycle in range(50):
        stop.wait(rng.uniform(0.02, 0.3))
        if cycle % 5 == 4:
            offset = max(acknowledged, default=0)
            c = consumer(node, "walker")
            c.commit(offsets=[TopicPartition("stream", 0, offset)], asynchronous=False)
            c.close()
            position = offset
        node.restart()
        if position >= 0:
            assert committed(node, "walker", "stream") == position
    stop.set()
    thread.join(90)
    assert not thread.is_alive()

    c = consumer(node, "reader")
    c.assign([TopicPartition("stream", 0, 0)])
    _, high = c.get_watermark_offsets(TopicPartition("stream", 0), timeout=20)
    stored = {m.offset(): m.value() for m in read(c, high, seconds=60)}
    c.close()
    assert sorted(stored) == list(range(high)), "offsets are not contiguous"
    for offset, value in acknowledged.items():
        assert stored[offset] == value
    assert len(set(stored.values())) == len(stored), "a record is there twice"
    assert set(stored.values()) <= set(acknowledged.values()) | failed
    assert len(acknowledged) > 100


def test_a_hundred_groups_keep_their_positions(node):
    create_topic(node, "wide", partitions=3)
    for p in range(3):
        produce(node, "wide", values(0, 50), partition=p)
    expected = {}
    for g in range(100):
        c = consumer(node, f"group-{g}")
        offsets = [TopicPartition("wide", p, (7 * g + 11 * p) % 50) for p in range(3)]
        c.commit(offsets=offsets, asynchronous=False)
        expected[g] = [o.offset for o in offsets]
        c.close()
    node.restart()
    for g in range(100):
        c = consumer(node, f"group-{g}")
        assert [t.offset for t in c.committed([TopicPartition("wide", p) for p in range(3)], timeout=20)] == expected[g]
        c.close()


def test_a_recreated_topic_starts_clean(node):
    create_topic(node, "again")
    produce(node, "again", values(0, 10))
    c = consumer(node, "g")
    c.commit(offsets=[TopicPartition("again", 0, 7)], asynchronous=False)
    c.close()
    client = admin(node)
    for future in client.delete_topics(["again"]).values():
        future.result(20)
    create_topic(node, "again")
    node.restart()
    assert committed(node, "g", "again") == -1001, "a position of the deleted topic came back"
    assert produce(node, "again", [b"first"]) == [0]


@pytest.mark.parametrize("cycles", [3])
def test_members_keep_their_generation_over_a_kill(node, cycles):
    create_topic(node, "live", partitions=2)
    revoked = []
    c = consumer(node, "steady", **{"session.timeout.ms": 30000, "heartbeat.interval.ms": 500})
    c.subscribe(["live"], on_revoke=lambda _, parts: revoked.append(parts))
    produce(node, "live", values(0, 10))
    read(c, 10)
    for cycle in range(cycles):
        node.restart()
        produce(node, "live", values(10 * (cycle + 1), 10))
        seen = read(c, 10)
        c.commit(message=seen[-1], asynchronous=False)
    assert not revoked, "a restart of the gateway caused a rebalance"
    c.close()
