"""Compressed batches that become very large: refused, or checked where they hold up nobody else."""

import contextlib
import gzip
import select
import struct

import pytest
from clients import create_topic, produce
from confluent_kafka import Producer
from kafka.record.util import calc_crc32c
from metrics import scrape
from test_hostile_requests import memory
from test_limits import put
from wire import Wire, batch

MB = 1 << 20


def gzip_batch(value: bytes) -> bytes:
    """The batch of one record, compressed; wire.batch makes no compressed ones."""
    plain = batch(value)
    head, records = plain[:61], gzip.compress(plain[61:])
    head = head[:8] + struct.pack(">i", 49 + len(records)) + head[12:21] + struct.pack(">h", 1) + head[23:]
    return head[:17] + struct.pack(">I", calc_crc32c(head[21:] + records)) + head[21:] + records


def send_batch(wire: Wire, topic: str, partition: int, records: bytes) -> None:
    wire.send("Produce", 9, acks=-1, timeout_ms=60000, transactional_id=None,
              topic_data=[{"name": topic, "partition_data": [{"index": partition, "records": records}]}])


def receive_error(wire: Wire) -> int:
    return wire.receive().responses[0].partition_responses[0].error_code


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_bomb_is_refused_and_costs_no_memory(shared_node, codec):
    size = memory(shared_node, "VmRSS")
    producer = Producer({"bootstrap.servers": shared_node.address, "compression.type": codec, "acks": "all",
                         "message.max.bytes": 1_000_000_000, "message.timeout.ms": 20_000})
    outcomes = []
    producer.produce("bombs", bytes(160 * MB), on_delivery=lambda error, _: outcomes.append(error and error.name()))
    assert producer.flush(60) == 0
    assert outcomes == ["MSG_SIZE_TOO_LARGE"]
    assert memory(shared_node, "VmHWM") - size < 64 * MB
    assert produce(shared_node, "bombs", [b"x"]) != []


def test_batches_that_take_long_to_decompress_hold_up_nobody_else(node):
    """Eight of them, some two seconds together: acks of others come all the while."""
    create_topic(node, "bombs", partitions=8)
    create_topic(node, "t")
    bomb = gzip_batch(bytes(120 * MB))
    rows = [{"index": i, "records": bomb} for i in range(8)]
    with Wire(node, 60) as attacker, Wire(node) as wire:
        attacker.send("Produce", 9, acks=-1, timeout_ms=60000, transactional_id=None,
                      topic_data=[{"name": "bombs", "partition_data": rows}])
        acks = 0
        while not select.select([attacker.socket], [], [], 0)[0]:
            assert put(wire, "t", b"x") == acks
            acks += 1
        assert {p.error_code for p in attacker.receive().responses[0].partition_responses} == {0}
        assert acks > 10  # one or two, where the threads of the connections decompress them


def test_a_flood_of_such_batches_costs_another_client_one_of_them(make_node):
    """They are checked one behind the other: in the order in which they came, the other client's would be the last."""
    node = make_node("limits.worker_threads=2")  # one thread for such batches
    create_topic(node, "bombs", partitions=16)
    create_topic(node, "t")
    bomb, large = gzip_batch(bytes(120 * MB)), gzip_batch(bytes(8 * MB))
    with contextlib.ExitStack() as stack:
        attackers = [stack.enter_context(Wire(node, 60)) for _ in range(16)]
        other = stack.enter_context(Wire(node, 60, host="127.0.0.2"))
        sockets = [wire.socket for wire in attackers]
        for i, wire in enumerate(attackers):
            send_batch(wire, "bombs", i, bomb)
        answered_before = len(select.select(sockets, [], [], 60)[0])
        assert answered_before
        send_batch(other, "t", 0, large)
        assert receive_error(other) == 0
        assert len(select.select(sockets, [], [], 0)[0]) - answered_before < 8  # the one that was being checked, and the next
        assert [receive_error(wire) for wire in attackers] == [0] * 16


def test_what_a_compressed_batch_may_hold_is_a_setting(make_node):
    node = make_node("limits.decompressed_bytes=100000")
    create_topic(node, "t")
    with Wire(node) as wire:
        for size, error in ((90_000, 0), (110_000, 10)):
            send_batch(wire, "t", 0, gzip_batch(bytes(size)))
            assert receive_error(wire) == error
    seen = scrape(node)
    assert seen.get("tidegate_batches_refused_total", error="MESSAGE_TOO_LARGE") == 1
    assert seen.get("tidegate_limit_hits_total", limit="limits.decompressed_bytes") == 1
