"""What the tests of `tidegate bench` look at."""

import struct

from clients import admin, consumer
from confluent_kafka import TopicPartition
from wire import Wire

TIMES = {"p50", "p99", "p999", "max"}


def ordered(times: dict) -> bool:
    return set(times) == TIMES and 0 < times["p50"] <= times["p99"] <= times["p999"] <= times["max"]


def records_in(node, topic: str, partition: int = 0) -> int:
    c = consumer(node, "watermarks")
    try:
        return c.get_watermark_offsets(TopicPartition(topic, partition), timeout=20)[1]
    finally:
        c.close()


def delete_records(node, topic: str, below: int) -> None:
    client = admin(node)  # its futures die with it
    for future in client.delete_records([TopicPartition(topic, 0, below)]).values():
        future.result(20)


def batches_in(node, topic: str, partition: int = 0) -> list[bytes]:
    asked = {"partition": partition, "current_leader_epoch": -1, "fetch_offset": 0, "log_start_offset": -1,
             "partition_max_bytes": 1 << 25}
    with Wire(node) as wire:
        answer = wire.call("Fetch", 11, max_wait_ms=0, min_bytes=0, max_bytes=1 << 25, isolation_level=0, session_id=0,
                           session_epoch=-1, topics=[{"topic": topic, "partitions": [asked]}], forgotten_topics_data=[],
                           rack_id="")
    records, found = bytes(answer.responses[0].partitions[0].records), []
    while records:
        length, = struct.unpack(">i", records[8:12])
        found.append(records[:12 + length])
        records = records[12 + length:]
    return found
