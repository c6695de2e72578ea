"""A small file system that is filled until records are refused, and what makes the node take them again by itself."""

import os
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from clients import admin, committed, consumer, create_topic, read
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource
from conftest import Node
from metrics import scrape, scrape_until
from wire import Wire, batch

MB = 1 << 20
DISK_FULL = 56  # KAFKA_STORAGE_ERROR
LARGE = batch(os.urandom(900_000))  # nothing makes it shorter


@pytest.fixture
def small_disk(tmp_path):
    """A node whose data directory is a file system of 128 MiB in memory."""
    data = tmp_path / "data"
    data.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(data)], capture_output=True, text=True)
    assert mounted.returncode == 0, f"this test mounts a tmpfs, which needs root: {mounted.stderr}"
    node = Node(tmp_path, "smq.volume_bytes=8388608", "kafka.log.retention.check.interval.ms=200")
    try:
        yield node.start()
    finally:
        if node.process.poll() is None:
            node.kill()
        subprocess.run(["umount", str(data)], check=True)


def free_bytes(node) -> int:
    found = os.statvfs(node.directory / "data")
    return found.f_bavail * found.f_frsize


def produce_once(node, topic: str) -> int:
    """The error of one batch."""
    with Wire(node) as wire:
        answer = wire.call("Produce", 9, acks=-1, timeout_ms=10000, transactional_id=None, topic_data=[
            {"name": topic, "partition_data": [{"index": 0, "records": LARGE}]}])
        return answer.responses[0].partition_responses[0].error_code


def fill(node, topic: str) -> int:
    """How many batches were stored until one was refused."""
    for count in range(1000):
        if (error := produce_once(node, topic)) != 0:
            assert error == DISK_FULL and free_bytes(node) < 40 * MB
            return count
    raise AssertionError("the disk does not get full")


def wait_until_taken(node, topic: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while (error := produce_once(node, topic)) != 0:
        assert error == DISK_FULL and time.monotonic() < deadline, f"error {error}, {free_bytes(node)} free\n{node.tail()}"
        time.sleep(0.1)


def commit(node, group: str, topic: str, offset: int) -> None:
    c = consumer(node, group)
    try:
        c.commit(offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)
    finally:
        c.close()


def delete_topic(node, topic: str) -> None:
    client = admin(node)
    client.delete_topics([topic], operation_timeout=20)[topic].result(20)


def test_a_node_starts_and_serves_reads_on_a_disk_that_somebody_else_filled(small_disk):
    node = small_disk
    for topic in ("kept", "other"):
        create_topic(node, topic)
        assert produce_once(node, topic) == 0
    commit(node, "reader", "kept", 1)
    node.kill()
    with open(node.directory / "data" / "foreign", "wb") as foreign:
        os.posix_fallocate(foreign.fileno(), 0, free_bytes(node) - 11 * MB)
    node.start()
    assert free_bytes(node) < 12 * MB
    assert produce_once(node, "kept") == DISK_FULL
    assert committed(node, "reader", "kept") == 1
    c = consumer(node, "fresh")
    try:
        c.assign([TopicPartition("kept", 0, 0)])  # a group would have to be stored
        assert [m.offset() for m in read(c, 1)] == [0]
    finally:
        c.close()
    delete_topic(node, "other")
    assert produce_once(node, "other") != 0
    os.unlink(node.directory / "data" / "foreign")
    wait_until_taken(node, "kept")


def test_readers_commit_and_whatever_frees_space_lets_records_in_again(small_disk):
    node = small_disk
    for topic in ("bulk", "kept"):
        create_topic(node, topic)
    assert produce_once(node, "kept") == 0
    assert fill(node, "bulk") > 40
    # Whoever reads goes on: many commits, each of which takes a little of the reserve.
    with Wire(node) as wire:
        for offset in range(2000):
            row = {"partition_index": 0, "committed_offset": offset % 50, "committed_leader_epoch": -1,
                   "committed_metadata": "m" * 4000}  # fmt: skip
            answer = wire.call("OffsetCommit", 8, group_id="reader", generation_id_or_member_epoch=-1, member_id="",
                               group_instance_id=None, topics=[{"name": "bulk", "partitions": [row]}])  # fmt: skip
            assert answer.topics[0].partitions[0].error_code == 0, offset
    assert committed(node, "reader", "bulk") == 49
    full = scrape(node)
    assert full.get("tidegate_appends_refused_total") >= 1
    assert full.get("tidegate_disk_free_bytes") < full.get("tidegate_disk_reserve_bytes")
    assert full.get("tidegate_healthy") == 0
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/health", timeout=5)
    assert refused.value.code == 503 and b"disk full" in refused.value.read()
    delete_topic(node, "bulk")
    wait_until_taken(node, "kept")
    assert scrape_until(node, lambda s: s.get("tidegate_healthy") == 1, 10)

    create_topic(node, "bulk")
    count = fill(node, "bulk")
    assert count > 40
    client = admin(node)
    (deleted,) = client.delete_records([TopicPartition("bulk", 0, count)], request_timeout=20).values()
    assert deleted.result(20).low_watermark == count
    wait_until_taken(node, "kept")

    assert fill(node, "bulk") > 40
    node.restart()  # a start needs a little room, too
    assert produce_once(node, "kept") == DISK_FULL
    limit = ConfigEntry("retention.bytes", "20000000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, "bulk", incremental_configs=[limit])
    client = admin(node)
    client.incremental_alter_configs([resource])[resource].result(20)
    wait_until_taken(node, "kept")

    c = consumer(node, "fresh")
    try:
        c.subscribe(["kept"])
        assert [m.offset() for m in read(c, 4)] == [0, 1, 2, 3]
    finally:
        c.close()


class Filler:
    """A file of somebody else on the same disk."""

    def __init__(self, node):
        self.node = node
        self.path = node.directory / "data" / "filler"

    def leave(self, wanted: int) -> None:
        with open(self.path, "ab", buffering=0) as out:
            while (left := free_bytes(self.node) - wanted) > 0:
                try:
                    out.write(bytes(min(MB, left)))
                except OSError as full:
                    assert full.errno == 28 and wanted == 0
                    return


def test_a_disk_that_others_filled_is_waited_for(small_disk):
    node = small_disk
    create_topic(node, "t")
    for _ in range(10):
        assert produce_once(node, "t") == 0
    filler = Filler(node)
    for attempt in range(10):  # so that the index is written when nothing is free
        create_topic(node, "dead")
        for _ in range(10):
            assert produce_once(node, "dead") == 0
        filler.leave(17 * MB)
        delete_topic(node, "dead")
        filler.leave(0)
        deadline = time.monotonic() + 3
        while "the index waits: disk full" not in node.log.read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        if "the index waits: disk full" in node.log.read_text():
            break
        filler.path.unlink()
        wait_until_taken(node, "t")
    assert "the index waits: disk full" in node.log.read_text(), "the index is always written too early"
    for _ in range(3):
        assert produce_once(node, "t") == DISK_FULL
        time.sleep(1)  # it tries again, in vain
    filler.path.unlink()
    wait_until_taken(node, "t")
    c = consumer(node, "fresh")
    try:
        c.subscribe(["t"])
        assert [m.offset() for m in read(c, 11)][:11] == list(range(11))
    finally:
        c.close()
    assert node.stop() == 0
