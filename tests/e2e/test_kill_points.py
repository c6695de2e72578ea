"""A node dies at every named moment of its work: what it acknowledged is there, nothing is there twice."""

import pathlib
import random
import signal
import time

import pytest
from clients import create_topic
from conftest import BINARY, Node
from fault_load import Changes, Commits, PlainRecords, Records, Topics, Trims
from metrics import scrape_until
from wire import Wire, produce, read_all

RECORDS = [
    "partition.append.before_chunk", "partition.append.before_write", "partition.append.before_apply",
    "partition.append.before_answer",
    "embedded.window.taken", "embedded.window.appended", "embedded.window.synced", "embedded.window.indexed",
]
TRIMS = ["partition.trim.before_write", "partition.trim.before_apply", "partition.trim.before_answer"]
GROUPS = [
    "coordinator.commit.before_write", "coordinator.commit.before_apply", "coordinator.commit.before_answer",
    "coordinator.group.before_write", "coordinator.group.before_apply",
]
VACUUM = ["embedded.vacuum.read", "embedded.vacuum.copied", "embedded.vacuum.removed"]
TOPICS = [
    "topics.create.before_write", "topics.create.before_answer", "topics.delete.before_mark",
    "topics.delete.before_release", "topics.delete.before_finish", "topics.delete.before_answer",
]
CONNECTIONS = ["connection.request.before_dispatch"]
CHANGES = ["topics.change.before_write", "topics.change.before_publish", "topics.change.before_answer"]
STARTS = ["node.start.fence_taken", "node.start.own_fence_written", "node.start.before_view", "node.start.view_written"]
LAST_PASS = {**dict.fromkeys(RECORDS, 40), **dict.fromkeys(GROUPS + TRIMS, 12), **dict.fromkeys(TOPICS, 3),
             **dict.fromkeys(CHANGES, 10)}
# Points that only an actor with a registry above it passes: it is started again.
THROWS = [p for p in RECORDS + GROUPS + TRIMS if not p.startswith("embedded.")]


@pytest.fixture
def node(tmp_path):
    assert b"TIDEGATE_FAULT" in pathlib.Path(BINARY).read_bytes(), f"{BINARY} has no fault points: tools/build test tidegate"
    started = Node(tmp_path, "kafka.group.initial.rebalance.delay.ms=0").start()
    yield started
    if started.process.poll() is None:
        started.kill()


@pytest.fixture
def loads(node, request):
    """Records and commits for every point; topics come and go, and old records go, where they matter."""
    create_topic(node, "stream")
    running = [Records(node, "stream"), Commits(node, "stream")]
    if request.node.callspec.params["point"] in TOPICS:
        running.append(Topics(node))
    if request.node.callspec.params["point"] in TRIMS:
        create_topic(node, "trimmed")
        running.append(Trims(node, "trimmed"))
    if request.node.callspec.params["point"] in CHANGES:
        running.append(Changes(node, "stream"))
    yield running
    for load in running:
        load.stopping.set()


def passes_of(point: str) -> list[int]:
    rng = random.Random(point)
    return [1, *sorted(rng.sample(range(2, LAST_PASS[point] + 1), 2))]


def dies_by(node, fault: str, code: int = -signal.SIGKILL) -> None:
    """Ends the node without warning and starts it again with a fault, which ends it too."""
    if node.process.poll() is None:
        node.kill()
    node.launch(fault)
    assert node.process.wait(30) == code, node.tail()


def check(loads) -> None:
    for load in loads[1:]:
        load.check()


def finish(loads) -> None:
    for load in loads:
        load.wait_for(3 if isinstance(load, Topics) else 10)
        load.stop()
    for load in loads:
        load.check()


@pytest.mark.parametrize("point", RECORDS + GROUPS + TOPICS + TRIMS + CHANGES)
def test_a_kill_at_this_point_loses_and_repeats_nothing(node, loads, point):
    for load in loads:
        load.wait_for(1)
    for n in passes_of(point):
        dies_by(node, f"{point}:kill:{n}")
        node.start()
        check(loads)
    finish(loads)


def with_a_deletion_cut_off(tmp_path, *settings: str) -> Node:
    """A node that began to delete `stream`, was killed, and is started again."""
    node = Node(tmp_path, *settings).start(fault="topics.delete.before_finish:kill:1")
    create_topic(node, "stream")
    with Wire(node) as wire:
        assert produce(wire, "stream", b"old") == 0
        with pytest.raises(ConnectionError):
            wire.call("DeleteTopics", 5, topic_names=["stream"], timeout_ms=10000)
    assert node.process.wait(30) == -signal.SIGKILL, node.tail()
    return node.start()


def create_again(node) -> int:
    new = {"name": "stream", "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}
    with Wire(node) as wire:
        return wire.call("CreateTopics", 5, topics=[new], timeout_ms=10000, validate_only=False).topics[0].error_code


def soon(node, condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, node.tail()
        time.sleep(0.1)


def check_it_is_new(node) -> None:
    with Wire(node) as wire:
        assert produce(wire, "stream", b"new") == 0
        assert read_all(wire, "stream") == {0: b"new"}
    node.kill()


def test_a_deletion_that_a_kill_cut_off_is_finished_when_the_topic_is_created_again(tmp_path):
    node = with_a_deletion_cut_off(tmp_path)
    assert create_again(node) == 36  # TOPIC_ALREADY_EXISTS
    soon(node, lambda: create_again(node) == 0)
    check_it_is_new(node)


def test_a_deletion_that_a_kill_cut_off_is_finished_although_nobody_asks(tmp_path):
    node = with_a_deletion_cut_off(tmp_path, "kafka.log.retention.check.interval.ms=200")
    soon(node, lambda: "a deletion that was begun earlier is finished" in node.log.read_text())
    assert create_again(node) == 0
    check_it_is_new(node)


@pytest.mark.parametrize("point", STARTS)
def test_a_kill_during_the_start_loses_and_repeats_nothing(node, loads, point):
    loads[0].wait_for(10)
    for _ in range(3):
        dies_by(node, f"{point}:kill:1")
    node.start()
    check(loads)
    finish(loads)


@pytest.mark.parametrize("point", ["embedded.checkpoint.begun", "embedded.checkpoint.written", "embedded.checkpoint.done"])
def test_a_kill_at_a_checkpoint_loses_no_position(node, point):
    create_topic(node, "wide", partitions=50)
    load = Commits(node, "wide", partitions=50, metadata="m" * 4000)
    load.wait_for(1)
    for _ in range(2):
        dies_by(node, f"{point}:kill:1")
        node.start()
        load.check()
    finish([load])


@pytest.mark.parametrize("point", VACUUM)
def test_a_kill_during_a_vacuum_loses_and_repeats_nothing(tmp_path, point):
    node = Node(tmp_path, "smq.volume_bytes=1048576", "kafka.log.retention.check.interval.ms=200").start()
    create_topic(node, "stream")
    records = Records(node, "stream")  # few bytes in every volume, which stay
    create_topic(node, "short", **{"retention.bytes": 1})
    load = PlainRecords(node, "short", size=200_000)
    for n in (1, 2):
        node.kill()
        node.launch(f"{point}:kill:{n}")
        assert node.process.wait(60) == -signal.SIGKILL, node.tail()
        node.start()
    load.stop()
    finish([records])
    node.kill()


@pytest.mark.parametrize("point", THROWS)
def test_an_actor_that_throws_at_this_point_is_started_again(node, loads, point):
    node.kill()
    passes = passes_of(point)
    node.start(fault=",".join(f"{point}:throw:{n}" for n in passes))
    crashed = "offset actor crashed" if point.startswith("partition.") else "coordinator crashed"
    while (crashes := node.log.read_text().count(crashed)) < len(passes):
        for load in loads:
            load.wait_for(1)
    assert crashes == len(passes)
    check(loads)
    finish(loads)


@pytest.mark.parametrize("point", ["topics.create.before_write", "topics.delete.before_finish", *CHANGES])
def test_a_registry_that_throws_is_started_again(node, loads, point):
    node.kill()
    node.start(fault=f"{point}:throw:1")
    while "supervised actor ended" not in node.log.read_text():
        for load in loads:
            load.wait_for(1)
    assert node.process.poll() is None
    for load in loads:
        load.wait_for(1)  # until it is back, who asks for the list of all topics is disconnected
    check(loads)
    finish(loads)


@pytest.mark.parametrize("point", ["topics.create.before_write"])
def test_a_registry_that_keeps_throwing_ends_the_process(node, loads, point):
    dies_by(node, ",".join(f"{point}:throw:{n}" for n in range(1, 20)), code=1)
    node.start()
    check(loads)
    finish(loads)


def test_a_connection_that_throws_ends_alone_and_is_counted(node):
    create_topic(node, "stream")
    node.kill()
    node.start(fault=f"{CONNECTIONS[0]}:throw:3")
    with Wire(node) as first, Wire(node) as second:
        assert produce(first, "stream", b"x") == 0
        assert produce(second, "stream", b"x") == 1
        with pytest.raises(ConnectionError):
            produce(first, "stream", b"x")
        assert produce(second, "stream", b"x") == 2
    found = scrape_until(node, lambda s: s.get("tidegate_connections") == 0)
    assert found.get("tidegate_actor_crashes_total", kind="connection") == 1
    assert found.get("tidegate_invariant_violations_total", what="actor_exception") == 1


def commit(wire: Wire, group: str, offset: int) -> int:
    row = {"partition_index": 0, "committed_offset": offset, "committed_leader_epoch": -1, "committed_metadata": ""}
    answer = wire.call("OffsetCommit", 6, group_id=group, generation_id_or_member_epoch=-1, member_id="",
                       topics=[{"name": "stream", "partitions": [row]}])
    return answer.topics[0].partitions[0].error_code


def test_a_group_that_keeps_crashing_stays_down_and_its_neighbours_notice_nothing(node):
    create_topic(node, "stream")
    six_crashes = ",".join(f"coordinator.commit.before_write:throw:{n}" for n in range(1, 7))
    node.kill()
    node.start(fault=six_crashes)
    with Wire(node) as wire:
        def crash() -> None:
            assert commit(wire, "sick", 1) == 15  # COORDINATOR_NOT_AVAILABLE, at once

        node.until_quarantined(crash)
        for offset in range(20):
            assert commit(wire, "sick", 1) == 15
            assert commit(wire, "healthy", offset) == 0
            produce(wire, "stream", b"x")
