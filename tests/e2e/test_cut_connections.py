"""Connections that are cut in the middle of a frame: nothing is lost, doubled or reordered."""

import collections
import time

import pytest
from chaos_proxy import ChaosProxy
from clients import consumer, create_topic, produce
from confluent_kafka import Producer, TopicPartition
from wire import Wire, read_all

CUTS = 60
LIMIT = 60  # seconds
PATIENT = {"reconnect.backoff.ms": 1, "reconnect.backoff.max.ms": 20, "retry.backoff.ms": 5, "retry.backoff.max.ms": 20,
           "socket.timeout.ms": 10000, "log_level": 0}


@pytest.fixture
def proxied(make_node):
    """A node that clients reach through the proxy only; `node.port` itself is for checks."""
    proxies = []

    def make(**limits):
        proxy = ChaosProxy(20261125, **limits)
        proxies.append(proxy)
        node = make_node(f"advertised.listener={proxy.address}", "kafka.group.initial.rebalance.delay.ms=0")
        proxy.target_port = node.port
        return node, proxy

    yield make
    for proxy in proxies:
        proxy.stop()


def test_an_idempotent_producer_loses_doubles_and_reorders_nothing(proxied):
    node, proxy = proxied(most=3000)
    create_topic(node, "cut", partitions=3)
    acknowledged, failed = {p: {} for p in range(3)}, []

    def delivered(error, message):
        if error:
            failed.append((error, message.value()))
        else:
            assert message.offset() not in acknowledged[message.partition()], "one offset was acknowledged twice"
            acknowledged[message.partition()][message.offset()] = message.value()

    producer = Producer({"bootstrap.servers": proxy.address, "enable.idempotence": True, "linger.ms": 1,
                         "message.timeout.ms": 60000, "batch.num.messages": 10, **PATIENT})
    proxy.cutting = True
    sent = collections.Counter()
    deadline = time.monotonic() + LIMIT
    while proxy.cuts < CUTS:
        assert time.monotonic() < deadline, f"{proxy.cuts} cuts"
        if len(producer) < 200:
            partition = sum(sent.values()) % 3
            producer.produce("cut", value=f"{partition}-{sent[partition]}".encode(), partition=partition, on_delivery=delivered)
            sent[partition] += 1
        producer.poll(0.002)
    proxy.cutting = False
    assert producer.flush(LIMIT) == 0
    assert not failed, failed[:3]
    for partition in range(3):
        with Wire(node) as wire:
            stored = read_all(wire, "cut", partition)
        assert [stored[o] for o in range(len(stored))] == [f"{partition}-{i}".encode() for i in range(sent[partition])]
        assert acknowledged[partition] == stored
    assert sum(sent.values()) > CUTS


def test_a_consumer_skips_and_repeats_nothing(proxied):
    node, proxy = proxied(most=16000)
    create_topic(node, "cut", partitions=2)
    count = 2500
    for p in range(2):
        produce(node, "cut", [f"{p}-{i}".encode() * 10 for i in range(count)], partition=p)
    c = consumer(proxy, "unused", **PATIENT, **{
        "fetch.message.max.bytes": 4000, "fetch.max.bytes": 4000, "max.partition.fetch.bytes": 4000, "message.max.bytes": 4000,
        "fetch.queue.backoff.ms": 5, "fetch.error.backoff.ms": 5,
        "check.crcs": True})
    proxy.cutting = True
    c.assign([TopicPartition("cut", p, 0) for p in range(2)])
    seen = {0: [], 1: []}
    deadline = time.monotonic() + 2 * LIMIT
    while sum(map(len, seen.values())) < 2 * count:
        assert time.monotonic() < deadline, f"{ {p: len(s) for p, s in seen.items()} } records, {proxy.cuts} cuts"
        if proxy.cuts >= CUTS // 2:  # librdkafka needs a second after each
            proxy.cutting = False
        for message in c.consume(500, timeout=0.1):
            if message.error():
                assert message.error().retriable() or message.error().code() < 0, message.error()
                continue
            seen[message.partition()].append((message.offset(), message.value()))
    c.close()
    for p in range(2):
        assert seen[p] == [(i, f"{p}-{i}".encode() * 10) for i in range(count)]
    assert proxy.cuts >= CUTS // 2


def test_commits_through_cut_connections_are_kept_once_acknowledged(proxied):
    """After an acknowledged commit the position is that one, or a later one whose answer was cut off."""
    node, proxy = proxied(fewest=100, most=1500)
    create_topic(node, "cut")
    c = consumer(proxy, "walker", **PATIENT)
    proxy.cutting = True
    acknowledged, number = 0, 0
    deadline = time.monotonic() + LIMIT
    with Wire(node) as wire:
        while proxy.cuts < CUTS:
            assert time.monotonic() < deadline, f"{proxy.cuts} cuts, {number} commits"
            number += 1
            try:
                c.commit(offsets=[TopicPartition("cut", 0, number)], asynchronous=False)
                acknowledged = number
            except Exception as failure:  # noqa: BLE001 - whatever the client makes of a cut connection
                assert failure.args[0].retriable() or failure.args[0].code() < 0, failure
            answer = wire.call("OffsetFetch", 5, group_id="walker", topics=[{"name": "cut", "partition_indexes": [0]}])
            found = answer.topics[0].partitions[0]
            assert found.error_code == 0
            assert acknowledged <= max(found.committed_offset, 0) <= number
    c.close()
    assert acknowledged > 0
