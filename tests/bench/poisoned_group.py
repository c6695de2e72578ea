"""What ten thousand groups notice of one that crashes with every request: the p99 of their commits without it, beside a
healthy group that is asked as often (what its client alone costs), and beside it."""

import multiprocessing
import pathlib
import statistics
import threading
import time
import urllib.request

from conftest import e2e
from metrics import scrape
from wire import Wire, encode, message_class

GROUPS, RATE, PER_ROUND, ROUNDS = 10_000, 1000, 5000, 5
NOT_AVAILABLE = 15
POISONED, HEALTHY = "poisoned", "healthy"


def commit_frame(group: str, correlation: int) -> bytes:
    row = {"partition_index": 0, "committed_offset": 1, "committed_metadata": "", "committed_leader_epoch": -1}
    return encode("OffsetCommit", 7, {"group_id": group, "generation_id_or_member_epoch": -1, "member_id": "",
                                      "group_instance_id": None,
                                      "topics": [{"name": "many", "partitions": [row]}]}, correlation)  # fmt: skip


def error_of(frame: bytes) -> int:
    answer = message_class("OffsetCommitResponse").decode(frame, version=7, header=True)
    return answer.topics[0].partitions[0].error_code


def paced(wire: Wire, frames: list[bytes], rate: float) -> float:
    """Sends at a fixed rate; the p99 of the answers' times in seconds. An error in an answer is raised."""
    sent: list[float] = []
    took: list[float] = []
    answers: list[bytes] = []

    def receive() -> None:
        for i in range(len(frames)):
            answers.append(wire.receive_frame())
            took.append(time.perf_counter() - sent[i])

    reader = threading.Thread(target=receive)
    reader.start()
    begin = time.perf_counter()
    for i, frame in enumerate(frames):
        wait = begin + i / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        sent.append(time.perf_counter())
        wire.socket.sendall(frame)
    reader.join()
    assert len(answers) == len(frames) and {error_of(a) for a in answers} == {0}
    return sorted(took)[len(took) * 99 // 100]


class Neighbour(multiprocessing.Process):
    """A group that is asked a hundred times a second; once a second an operator ends its quarantine, if it gets into one.
    A process: it must not slow down the one that measures."""

    def __init__(self, node, group: str):
        super().__init__()
        self.node = node
        self.group = group
        self.stopping = multiprocessing.Event()
        self.count = multiprocessing.Value("i", 0)
        self.frame = commit_frame(group, 1)
        self.expected = NOT_AVAILABLE if group == POISONED else 0

    def run(self) -> None:
        with Wire(self.node) as wire:
            while not self.stopping.wait(0.01):
                wire.socket.sendall(self.frame)
                assert error_of(wire.receive_frame()) == self.expected
                self.count.value += 1
                if self.expected and self.count.value % 100 == 0:
                    self.release()

    def release(self) -> None:
        path = f"/release?group={self.group}"
        wanted = urllib.request.Request(f"http://127.0.0.1:{self.node.admin_port}{path}", method="POST",
                                        headers={"Tidegate-Admin": "rows"})  # fmt: skip
        with urllib.request.urlopen(wanted, timeout=10) as answer:
            assert answer.status == 200


def run(node, create) -> dict:
    if b"TIDEGATE_FAULT" not in pathlib.Path(e2e.BINARY).read_bytes():
        return {"skipped": "needs fault points: TIDEGATE_BINARY=build/test/tidegate"}
    node.kill()
    node.start(fault="coordinator.input.poisoned:throw:*")
    create()
    frames = [commit_frame(f"healthy-{i}", i + 1) for i in range(GROUPS)]
    found: dict[str | None, list[float]] = {None: [], HEALTHY: [], POISONED: []}
    asked = dict.fromkeys((HEALTHY, POISONED), 0)
    with Wire(node, 60) as wire:
        paced(wire, frames, 5 * RATE)  # all of them are there
        for i in range(ROUNDS):
            part = (frames * 2)[i * PER_ROUND % GROUPS :][:PER_ROUND]
            for group in found:
                if not group:
                    found[group].append(paced(wire, part, RATE))
                    continue
                neighbour = Neighbour(node, group)
                neighbour.start()
                found[group].append(paced(wire, part, RATE))
                neighbour.stopping.set()
                neighbour.join()
                assert neighbour.exitcode == 0 and neighbour.count.value > 100, "the neighbour's client ended"
                asked[group] += neighbour.count.value
    crashes = scrape(node).get("tidegate_actor_crashes_total", kind="coordinator")
    alone, healthy, poisoned = (statistics.median(found[group]) for group in (None, HEALTHY, POISONED))
    return {"groups": GROUPS, "commits_per_s": RATE, "p99_ms": round(1000 * alone, 3),
            "p99_beside_a_healthy_one_ms": round(1000 * healthy, 3), "p99_beside_ms": round(1000 * poisoned, 3),
            "ratio": round(poisoned / healthy, 3), "ratio_to_none": round(poisoned / alone, 3), "asked": asked,
            "crashes": crashes}  # fmt: skip
