"""From the start of the process to its first acknowledged record: with many groups and topics, and with nothing."""

import pathlib
import statistics
import subprocess
import time

from conftest import e2e
from fill import commit_groups, create_topics, produce_to_all, topic_name
from process_use import verdict
from wire import Wire, produce

GROUPS, TOPICS, STARTS = 100_000, 1000, 7
STORM = ("--groups", "1000", "--partitions", "100", "--connections", "32", "--seconds", "4")
MOST_MS = 250


def connect(node) -> Wire:
    """As soon as it accepts."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return Wire(node, 60)
        except ConnectionRefusedError:
            assert node.process.poll() is None and time.monotonic() < deadline, node.tail()
            time.sleep(0.001)


def first_ack(node, topic: str) -> tuple[float, float]:
    """Milliseconds to an accepted connection, and to an acknowledged record."""
    began = time.perf_counter()
    node.launch()
    with connect(node) as wire:
        ready = time.perf_counter() - began
        produce(wire, topic, b"x")
        return 1000 * ready, 1000 * (time.perf_counter() - began)


def starts(node, end, topic: str) -> dict:
    both = []
    for _ in range(STARTS):
        end()
        both.append(first_ack(node, topic))
    return {"ready_ms": round(statistics.median(b[0] for b in both), 1),
            "first_ack_ms": round(statistics.median(b[1] for b in both), 1),
            "worst_ms": round(max(b[1] for b in both), 1)}  # fmt: skip


def starts_of_nothing(directory: pathlib.Path) -> dict:
    """Each with a data directory that is not there; the record makes its topic."""
    nodes = []
    for i in range(STARTS):
        nodes.append(directory / f"empty-{i}")
        nodes[-1].mkdir()
    of = [e2e.Node(d) for d in nodes]
    acks = []
    for node in of:
        began = time.perf_counter()
        node.launch()
        try:
            with connect(node) as wire:
                wire.call("Metadata", 7, topics=[{"name": "first"}], allow_auto_topic_creation=True)
                produce(wire, "first", b"x")
            acks.append(1000 * (time.perf_counter() - began))
        finally:
            node.kill()
    return {"first_ack_ms": round(statistics.median(acks), 1), "worst_ms": round(max(acks), 1)}


def start_behind_storm(node, topic: str) -> float:
    """Milliseconds to an acknowledged record when it was killed amid commits of 100 000 positions, again and again."""
    with subprocess.Popen([e2e.BINARY, "bench", "commit", "--bootstrap", node.address, "--topic", "storm", *STORM],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as storm:  # fmt: skip
        time.sleep(3)
        assert storm.poll() is None, "commits were refused"
        node.kill()
        storm.kill()
    return first_ack(node, topic)[1]


def run(bench) -> dict:
    node = bench.node
    empty = starts_of_nothing(node.directory)
    names = [topic_name(i) for i in range(TOPICS)]
    create_topics(node, names)
    commit_groups(node, GROUPS, TOPICS)
    killed = starts(node, node.kill, names[-1])
    stopped = starts(node, lambda: node.stop(20), names[-1])
    storms = [start_behind_storm(node, names[-1]) for _ in range(STARTS)]
    node.restart()
    with Wire(node, 60) as wire:
        began = time.perf_counter()
        produce_to_all(wire, names)
        to_all = 1000 * (time.perf_counter() - began)
    # The first start behind the writes replays them: the median hides it.
    slowest = max(killed["worst_ms"], empty["first_ack_ms"], stopped["first_ack_ms"])
    return {"groups": GROUPS, "topics": TOPICS, "after_kill": killed, "after_stop": stopped, "empty": empty,
            "behind_storm": {"first_ack_ms": round(statistics.median(storms), 1), "worst_ms": round(max(storms), 1)},
            "first_record_to_all_topics_ms": round(to_all, 1),
            **verdict(f"each first_ack_ms, and the worst after a kill ≤ {MOST_MS}", slowest <= MOST_MS)}  # fmt: skip
