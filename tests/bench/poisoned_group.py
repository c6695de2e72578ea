"""What ten thousand groups notice of one that crashes with every request: the p99 of their commits, with and without it."""

import multiprocessing
import pathlib
import statistics
import threading
import time
import urllib.request

from conftest import e2e
from metrics import scrape
from wire import Wire, encode, message_class

GROUPS, RATE, PER_ROUND, ROUNDS = 10_000, 1000, 5000, 10
NOT_AVAILABLE = 15


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


class Poison(multiprocessing.Process):
    """Asks a hundred times a second; once a second an operator ends the quarantine. A process: it must not slow down the
    one that measures."""

    def __init__(self, node):
        super().__init__()
        self.node = node
        self.stopping = multiprocessing.Event()
        self.count = multiprocessing.Value("i", 0)
        self.frame = commit_frame("poisoned", 1)

    def run(self) -> None:
        with Wire(self.node) as wire:
            while not self.stopping.wait(0.01):
                wire.socket.sendall(self.frame)
                assert error_of(wire.receive_frame()) == NOT_AVAILABLE
                self.count.value += 1
                if self.count.value % 100 == 0:
                    self.release()

    def release(self) -> None:
        wanted = urllib.request.Request(f"http://127.0.0.1:{self.node.admin_port}/release?group=poisoned", method="POST",
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
    alone, beside, asked = [], [], 0
    with Wire(node, 60) as wire:
        paced(wire, frames, 5 * RATE)  # all of them are there
        for i in range(ROUNDS):
            part = (frames * 2)[i * PER_ROUND % GROUPS :][:PER_ROUND]
            if i % 2 == 0:
                alone.append(paced(wire, part, RATE))
                continue
            poison = Poison(node)
            poison.start()
            beside.append(paced(wire, part, RATE))
            poison.stopping.set()
            poison.join()
            assert poison.exitcode == 0 and poison.count.value > 100, "the poisoned group's client ended"
            asked += poison.count.value
    crashes = scrape(node).get("tidegate_actor_crashes_total", kind="coordinator")
    without, with_it = statistics.median(alone), statistics.median(beside)
    return {"groups": GROUPS, "commits_per_s": RATE, "p99_ms": round(1000 * without, 2),
            "p99_beside_ms": round(1000 * with_it, 2), "ratio": round(with_it / without, 3), "asked": asked,
            "crashes": crashes}  # fmt: skip
