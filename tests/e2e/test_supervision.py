"""A group that crashes whenever it is asked, among very many that do not; and how an operator lets one go."""

import json
import pathlib
import subprocess
import threading
import urllib.error
import urllib.request

import pytest
from clients import create_topic
from conftest import BINARY, Node
from metrics import scrape
from wire import Wire, produce

NOT_AVAILABLE = 15  # COORDINATOR_NOT_AVAILABLE


@pytest.fixture
def node(tmp_path):
    assert b"TIDEGATE_FAULT" in pathlib.Path(BINARY).read_bytes(), f"{BINARY} has no fault points: tools/build test tidegate"
    made = Node(tmp_path)
    yield made
    if made.process and made.process.poll() is None:
        made.kill()


def send_commit(wire: Wire, group: str, offset: int) -> None:
    row = {"partition_index": 0, "committed_offset": offset, "committed_leader_epoch": -1, "committed_metadata": ""}
    wire.send("OffsetCommit", 6, group_id=group, generation_id_or_member_epoch=-1, member_id="",
              topics=[{"name": "stream", "partitions": [row]}])


def commit(wire: Wire, group: str, offset: int) -> int:
    send_commit(wire, group, offset)
    return wire.receive().topics[0].partitions[0].error_code


def until_quarantined(node, wire: Wire, group: str) -> None:
    def crash() -> None:
        assert commit(wire, group, 1) == NOT_AVAILABLE

    node.until_quarantined(crash)


def release(node, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "release", "--admin", f"127.0.0.1:{node.admin_port}", *words], capture_output=True,
                          text=True, timeout=30)


def test_an_operator_releases_a_group_from_quarantine(node):
    group = "naïve group/%&?"
    node.start(fault=",".join(f"coordinator.input.{group}:throw:{n}" for n in range(1, 7)))
    create_topic(node, "stream")
    with Wire(node) as wire:
        done = release(node, "--group", group)
        assert (done.returncode, done.stdout) == (0, f"group {group}: nothing was in quarantine\n")
        until_quarantined(node, wire, group)
        assert commit(wire, group, 1) == NOT_AVAILABLE
        done = release(node, "--group", group)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"group {group}: released from quarantine\n", "")
        assert commit(wire, group, 1) == 0
    assert 'event="released from quarantine"' in node.log.read_text()
    done = release(node, "--group", group, "--json")
    assert json.loads(done.stdout) == {"released": 0}


def test_an_operator_releases_partitions_from_quarantine(node):
    node.start(fault=",".join(f"partition.append.before_chunk:throw:{n}" for n in range(1, 7)))
    create_topic(node, "stream", partitions=2)
    with Wire(node) as wire:
        def crash() -> None:
            with pytest.raises(AssertionError):
                produce(wire, "stream", b"x", partition=1)

        node.until_quarantined(crash)
        assert "topic=stream partition=1" in node.log.read_text()
        assert release(node, "--topic", "stream", "--partition", "0").stdout == "topic stream: nothing was in quarantine\n"
        with pytest.raises(AssertionError):
            produce(wire, "stream", b"x", partition=1)
        assert release(node, "--topic", "stream").stdout == "topic stream: released from quarantine (partitions: 1)\n"
        assert produce(wire, "stream", b"x", partition=1) == 0
    done = release(node, "--topic", "nothing")
    assert (done.returncode, done.stdout) == (1, "") and "no such topic" in done.stderr


def test_only_an_operator_can_release(node):
    node.start()
    url = f"http://127.0.0.1:{node.admin_port}/release?group=g"
    for headers in ({}, {"Tidegate-Admin": "x", "Origin": "http://evil.example"}):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(urllib.request.Request(url, method="POST", headers=headers), timeout=10)
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(url, timeout=10)
    wanted = urllib.request.Request(url, method="POST", headers={"Tidegate-Admin": "x"})
    with urllib.request.urlopen(wanted, timeout=10) as answer:
        assert json.load(answer) == {"released": 0}
    node.kill()
    done = release(node, "--group", "g")
    assert (done.returncode, done.stdout) == (1, "") and "refused" in done.stderr


class Poisoned(threading.Thread):
    """Asks a group that crashes with every request, a hundred times a second, and releases it again and again."""

    def __init__(self, node):
        super().__init__()
        self.node = node
        self.stopping = threading.Event()
        self.answers: list[int] = []

    def run(self) -> None:
        with Wire(self.node) as wire:
            while not self.stopping.wait(0.01):
                self.answers.append(commit(wire, "poisoned", 1))
                if len(self.answers) % 50 == 0:
                    assert release(self.node, "--group", "poisoned").returncode == 0


def test_ten_thousand_groups_notice_nothing_of_one_that_crashes_with_every_request(node):
    node.start(fault="coordinator.input.poisoned:throw:*")
    create_topic(node, "stream")
    groups = [f"healthy-{i}" for i in range(10_000)]
    poisoned = Poisoned(node)
    poisoned.start()
    errors = set()
    try:
        with Wire(node, 60) as wire:
            for offset in (1, 2):
                for i, group in enumerate(groups):
                    send_commit(wire, group, offset)
                    if i >= 64:
                        errors.add(wire.receive().topics[0].partitions[0].error_code)
                while wire.sent:
                    errors.add(wire.receive().topics[0].partitions[0].error_code)
            while len(poisoned.answers) < 500:
                assert poisoned.is_alive(), "the poisoned group's client ended"
                errors.add(commit(wire, groups[len(poisoned.answers)], 2))
            for group in groups[::100]:
                answer = wire.call("OffsetFetch", 5, group_id=group, topics=[{"name": "stream", "partition_indexes": [0]}])
                assert answer.topics[0].partitions[0].committed_offset == 2
    finally:
        poisoned.stopping.set()
        poisoned.join()
    assert errors == {0}
    assert set(poisoned.answers) == {NOT_AVAILABLE}
    found = scrape(node)
    crashes = found.get("tidegate_actor_crashes_total", kind="coordinator")
    assert crashes >= 12 and found.get("tidegate_actor_quarantines_total", kind="coordinator") >= 2
    assert found.get("tidegate_invariant_violations_total", what="actor_exception") == crashes
