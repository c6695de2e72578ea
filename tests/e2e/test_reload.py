"""SIGHUP: a running node reads its configuration again."""

import signal
import socket
import threading
import time
import urllib.request

import pytest
from clients import consumer, create_topic, read
from conftest import Node
from confluent_kafka import Producer
from metrics import scrape, scrape_until
from operator_words import document
from wire import Wire

READ = 'event="the configuration was read again"'
WRONG = 'event="the configuration is wrong, nothing was changed"'
NEEDS_RESTART = 'event="a setting changed that needs a restart"'


class Reloaded:
    """A node with a file of its own."""

    def __init__(self, directory):
        self.file = directory / "tidegate.toml"
        self.write("")
        self.node = Node(directory, "kafka.fetch.max.bytes=2048", flags=("--config", str(self.file)))
        self.node.start()

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def lines(self, event: str) -> list[str]:
        return [line for line in self.node.log.read_text().splitlines() if event in line]

    def reload(self, text: str, event: str = READ) -> str:
        """Writes the file, sends the signal; the line that says what became of it."""
        self.write(text)
        before = len(self.lines(event))
        self.node.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while len(found := self.lines(event)) == before:
            assert time.monotonic() < deadline and self.node.process.poll() is None, self.node.tail()
            time.sleep(0.02)
        return found[-1]


@pytest.fixture
def reloaded(tmp_path):
    made = Reloaded(tmp_path)
    yield made
    made.node.kill()


def is_refused(node) -> bool:
    with socket.create_connection(("127.0.0.1", node.port), timeout=5) as s:
        s.settimeout(1)
        try:
            return s.recv(1) == b""
        except TimeoutError:
            return False


def metadata_error(wire: Wire, metadata: str) -> int:
    row = {"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": metadata}
    answer = wire.call("OffsetCommit", 6, group_id="g", generation_id_or_member_epoch=-1, member_id="",
                       topics=[{"name": "t", "partitions": [row]}])
    return answer.topics[0].partitions[0].error_code


def partitions_of_new_topic(wire: Wire, name: str) -> int:
    wanted = {"name": name, "num_partitions": -1, "replication_factor": -1, "assignments": [], "configs": []}
    answer = wire.call("CreateTopics", 5, topics=[wanted], timeout_ms=10000, validate_only=False)
    assert answer.topics[0].error_code == 0, answer
    return answer.topics[0].num_partitions


def test_limits_change_for_who_is_connected_and_for_who_comes(reloaded):
    node = reloaded.node
    create_topic(node, "t")
    scrape_until(node, lambda s: s.get("tidegate_connections") == 0)
    with Wire(node) as wire:
        assert metadata_error(wire, "m" * 100) == 0
        assert partitions_of_new_topic(wire, "before") == 1
        changed = reloaded.reload('[kafka]\n"max.connections" = 1\n"offset.metadata.max.bytes" = 10\n'
                                  '"num.partitions" = 3\n[log]\nlevel = "debug"\n')
        assert "changed=" in changed and "kafka.max.connections" in changed
        assert is_refused(node)
        assert metadata_error(wire, "m" * 100) == 12  # OFFSET_METADATA_TOO_LARGE
        assert partitions_of_new_topic(wire, "after") == 3
        found = scrape(node)
        assert found.get("tidegate_limit", name="kafka.max.connections") == 1
        assert found.get("tidegate_limit", name="kafka.fetch.max.bytes") == 2048, "--set goes on overriding the file"
        reloaded.reload('[kafka]\n"max.connections" = 2\n')
        assert not is_refused(node)
        assert metadata_error(wire, "m" * 100) == 0, "what the file does not say any more is the default again"
    reloaded.reload('[kafka]\n"connections.max.idle.ms" = 1000\n')
    with Wire(node) as wire:
        wire.call("ApiVersions", 0)
        with pytest.raises(ConnectionError):
            wire.receive_frame()


def test_what_needs_a_restart_is_named_and_stays(reloaded):
    reloaded.reload('listen = "127.0.0.1:1"\n[limits]\nworker_threads = 7\ntail_bytes = 4096\n[smq]\ndurability = "os"\n'
                    'jwt_read_key = "hidden"\n[kafka]\n"group.max.size" = 5\n')
    names = [line.rsplit("setting=", 1)[1] for line in reloaded.lines(NEEDS_RESTART)]
    # --listen overrides the file, as it did at the start
    assert names == ["limits.worker_threads", "limits.tail_bytes", "smq.durability", "smq.jwt_read_key"]
    assert all(" warning " in line for line in reloaded.lines(NEEDS_RESTART))
    assert "hidden" not in reloaded.node.log.read_text()
    found = scrape(reloaded.node)
    assert found.get("tidegate_limit", name="limits.tail_bytes") == 268435456
    assert found.get("tidegate_limit", name="kafka.group.max.size") == 5


@pytest.mark.parametrize("broken", ['[kafka]\n"max.connections" = 1\n"num.partitons" = 3\n',
                                    '[kafka]\n"max.connections" = 0\n', '[kafka\n',
                                    '[kafka]\n"max.connections" = 1\n"message.max.bytes" = 200000000\n'])
def test_a_broken_file_changes_nothing(reloaded, broken):
    with Wire(reloaded.node) as wire:
        wire.call("ApiVersions", 0)
        line = reloaded.reload(broken, WRONG)
        assert " error " in line and "problems=" in line and len(reloaded.lines(WRONG)) == 1
        assert not is_refused(reloaded.node)
        assert not reloaded.lines(READ) and not reloaded.lines(NEEDS_RESTART)
    reloaded.file.unlink()
    reloaded.node.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while len(reloaded.lines(WRONG)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with urllib.request.urlopen(f"http://127.0.0.1:{reloaded.node.admin_port}/health", timeout=5) as answer:
        assert answer.status == 200


def write_old(node, topic: str) -> None:
    """A record of 1970."""
    producer = Producer({"bootstrap.servers": node.address})
    producer.produce(topic, b"x", timestamp=1)
    assert producer.flush(20) == 0


def log_start(wire: Wire, topic: str) -> int:
    wanted = {"partition_index": 0, "timestamp": -2, "current_leader_epoch": -1}
    answer = wire.call("ListOffsets", 5, replica_id=-1, isolation_level=0,
                       topics=[{"name": topic, "partitions": [wanted]}])
    return answer.topics[0].partitions[0].offset


def wait_for_start(node, topic: str, offset: int) -> None:
    deadline = time.monotonic() + 25  # the first look is 30 s after the start, unless the interval is shorter
    with Wire(node) as wire:
        while log_start(wire, topic) != offset:
            assert time.monotonic() < deadline, node.tail()
            time.sleep(0.2)


def test_old_records_go_by_the_new_interval(reloaded):
    create_topic(reloaded.node, "old", **{"retention.ms": 1})
    write_old(reloaded.node, "old")
    reloaded.reload('[kafka]\n"log.retention.check.interval.ms" = 100\n')
    wait_for_start(reloaded.node, "old", 1)


def test_the_retention_of_the_node_is_that_of_topics_that_do_not_say(reloaded):
    node = reloaded.node
    for topic, configs in (("silent", {}), ("kept", {"retention.ms": "-1"})):
        create_topic(node, topic, **configs)
        write_old(node, topic)

    def starts_after_a_sweep(number: int) -> list[int]:
        """A topic before these is trimmed, and then one behind them: in between they were looked at."""
        for probe in (f"a{number}", f"z{number}"):
            create_topic(node, probe, **{"retention.ms": "1"})
            write_old(node, probe)
            wait_for_start(node, probe, 1)
        with Wire(node) as wire:
            return [log_start(wire, "silent"), log_start(wire, "kept")]

    def shown(topic: str) -> dict[str, str]:
        return document(node, "topics", "describe", topic)["topics"][0]["configs"]

    often = '[kafka]\n"log.retention.check.interval.ms" = 100\n'
    reloaded.reload(often)
    assert starts_after_a_sweep(1) == [0, 0] and shown("silent") == {}, "for ever"
    changed = reloaded.reload(often + '"log.retention.ms" = 1000\n')
    assert "kafka.log.retention.ms" in changed
    wait_for_start(node, "silent", 1)
    assert starts_after_a_sweep(2) == [1, 0]
    assert (shown("silent"), shown("kept")) == ({"retention.ms": "1000"}, {"retention.ms": "-1"})
    reloaded.reload(often)
    write_old(node, "silent")
    assert starts_after_a_sweep(3) == [1, 0] and shown("silent") == {}
    assert reloaded.reload('[kafka]\n"log.retention.ms" = 0\n', WRONG)


def test_clients_in_flight_see_no_error(reloaded):
    node = reloaded.node
    create_topic(node, "busy")
    errors, delivered = [], []
    stop = threading.Event()
    producer = Producer({"bootstrap.servers": node.address, "linger.ms": 1, "retries": 0, "error_cb": errors.append})

    def run() -> None:
        while not stop.is_set():
            producer.produce("busy", b"v", on_delivery=lambda e, _: (errors if e else delivered).append(e))
            producer.poll(0.0005)

    reader = consumer(node, "busy-group", error_cb=errors.append)
    reader.subscribe(["busy"])
    thread = threading.Thread(target=run)
    thread.start()
    try:
        read(reader, 10)
        for i in range(30):
            reloaded.reload(f'[kafka]\n"max.connections" = {100 + i}\n"group.max.size" = {100 + i}\n'
                            f'"fetch.max.bytes" = {100000 + i}\n[limits]\nrequests_in_flight = {10 + i}\n')
            for message in read(reader, 5):
                assert message.error() is None
            reader.commit(asynchronous=False)
    finally:
        stop.set()
        thread.join()
    assert producer.flush(20) == 0
    reader.close()
    assert not errors and len(delivered) > 150
