"""Months of retention in fast motion: much goes through a topic that keeps little, next to one that keeps all of its few records."""

import os
import pathlib
import statistics
import threading
import time

from clients import create_topic
from confluent_kafka import Producer
from metrics import scrape
from wire import Wire, produce

MB = 1_000_000
SETTINGS = ("smq.volume_bytes=8388608", "kafka.log.retention.check.interval.ms=500")
FILE_BYTES = 64 << 20  # retention deletes whole files
VOLUME_BYTES = 8 << 20


def disk_bytes(directory: pathlib.Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:
                pass  # deleted meanwhile
    return total


class Samples(threading.Thread):
    """Disk, memory and the time of one small acknowledged record, until told to stop."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.over = node, threading.Event()
        self.disk: list[int] = []
        self.memory: list[tuple[float, float]] = []  # bytes written so far, resident bytes
        self.acks: list[float] = []
        self.failure: BaseException | None = None
        self.written = 0

    def run(self) -> None:
        try:
            with Wire(self.node, 60) as wire:
                while not self.over.wait(0.02):
                    began = time.perf_counter()
                    produce(wire, "kept", b"k" * 100)
                    self.acks.append(time.perf_counter() - began)
                    if len(self.acks) % 10 == 0:
                        self.disk.append(disk_bytes(self.node.directory / "data"))
                        resident = scrape(self.node).get("process_resident_memory_bytes")
                        self.memory.append((self.written, resident))
        except BaseException as failure:  # the caller raises it
            self.failure = failure


def slope(points: list[tuple[float, float]]) -> float:
    return statistics.linear_regression(*zip(*points)).slope


def p(values: list[float], part: float) -> float:
    return round(1000 * sorted(values)[int(part * (len(values) - 1))], 2)


def run(node, total: int, kept: int) -> dict:
    """Bytes; `kept` is the topic's retention.bytes."""
    create_topic(node, "through", **{"retention.bytes": kept})
    create_topic(node, "kept")
    samples = Samples(node)
    samples.start()
    failed = []
    producer = Producer({"bootstrap.servers": node.address, "acks": "all", "queue.buffering.max.kbytes": 32_768,
                         "message.timeout.ms": 60_000, "log_level": 2})  # fmt: skip

    def delivered(error, message) -> None:
        failed.append(error) if error else setattr(samples, "written", samples.written + len(message.value()))

    record = os.urandom(10_000)
    began = time.perf_counter()
    for _ in range(total // len(record)):
        while True:
            try:
                producer.produce("through", record, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.01)
        producer.poll(0)
    assert producer.flush(120) == 0 and not failed, failed[:3]
    took = time.perf_counter() - began
    bound = 2 * (kept + FILE_BYTES) + 8 * VOLUME_BYTES
    while (rest := disk_bytes(node.directory / "data")) > bound and time.perf_counter() - began < took + 30:
        time.sleep(0.2)
    samples.over.set()
    samples.join(60)
    if samples.failure:
        raise samples.failure
    third = len(samples.acks) // 3
    after = scrape(node)
    return {
        "megabytes": total // MB, "kept_megabytes": kept // MB, "seconds": round(took, 1), "megabytes_per_s": round(total / took / MB),
        "disk_peak_megabytes": max(samples.disk) // MB, "disk_end_megabytes": rest // MB, "disk_bound_megabytes": bound // MB,
        "disk_is_bounded": rest <= bound,
        "vacuum_copied_megabytes": int(after.get("tidegate_vacuum_copied_bytes_total")) // MB,
        "vacuum_freed_megabytes": int(after.get("tidegate_vacuum_freed_bytes_total")) // MB,
        "rss_end_megabytes": int(samples.memory[-1][1]) // MB,
        "rss_slope_megabytes_per_gigabyte": round(1000 * slope(samples.memory[len(samples.memory) // 2:]), 1),
        "ack_ms_first_third": {"p50": p(samples.acks[:third], 0.5), "p99": p(samples.acks[:third], 0.99)},
        "ack_ms_last_third": {"p50": p(samples.acks[-third:], 0.5), "p99": p(samples.acks[-third:], 0.99)},
    }  # fmt: skip
