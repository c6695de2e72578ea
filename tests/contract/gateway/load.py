"""
Producers and committers that never repeat themselves: every attempt has a value of its own, so that what is stored in
the end tells what became of each.
"""

import itertools
import threading
import time
from dataclasses import dataclass, field

import wire
from wire import Wire

STORAGE_ERROR = 56  # the only answer that says: nothing of it is stored, and nothing ever will be


@dataclass
class Attempts:
    """What one writer was answered. `doubtful`: any other error, or no answer."""

    stored: dict[int, int] = field(default_factory=dict)  # number → offset; of commits: → 0
    refused: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)

    def note(self, number: int, error: int | None, offset: int = 0) -> None:
        if error == 0:
            self.stored[number] = offset
        elif error == STORAGE_ERROR:
            self.refused.add(number)
        else:
            self.doubtful.add(number)


class Load:
    """One producer per partition and one committer per group, each at full speed over a connection of its own."""

    def __init__(self, topic: str, partitions: int, groups: list[str]):
        self.topic, self.partitions, self.groups = topic, partitions, groups
        self.records = [Attempts() for _ in range(partitions)]
        self.commits = {group: Attempts() for group in groups}
        self.numbers = itertools.count(1)  # grows over all writers, nodes and rounds
        self.lock = threading.Lock()
        self.threads: list[threading.Thread] = []
        self.stopping = threading.Event()

    # Writing.

    def start(self, node) -> None:
        """Until stop(), or until the node has ended."""
        self.stopping.clear()
        steps = [self.producer(p) for p in range(self.partitions)] + [self.committer(g) for g in self.groups]
        self.threads = [threading.Thread(target=self.run, args=(node, step), daemon=True) for step in steps]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.join()

    def join(self, seconds: float = 60) -> None:
        for thread in self.threads:
            thread.join(seconds)
            assert not thread.is_alive(), "a writer was not answered"

    def run(self, node, step) -> None:
        while not self.stopping.is_set() and node.process.poll() is None:
            try:
                with Wire(node, seconds=40) as connection:
                    while not self.stopping.is_set():
                        step(connection)
            except OSError:
                time.sleep(0.01)

    def next_number(self) -> int:
        with self.lock:
            return next(self.numbers)

    def producer(self, partition: int):
        def step(connection: Wire) -> None:
            number, error, offset = self.next_number(), None, 0
            data = [{"index": partition, "records": wire.batch(b"%d" % number)}]
            try:
                answer = connection.call("Produce", 9, acks=-1, timeout_ms=10000, transactional_id=None,
                                         topic_data=[{"name": self.topic, "partition_data": data}])  # fmt: skip
                found = answer.responses[0].partition_responses[0]
                error, offset = found.error_code, found.base_offset
            finally:
                self.records[partition].note(number, error, offset)

        return step

    def committer(self, group: str):
        def step(connection: Wire) -> None:
            number, error = self.next_number(), None
            row = {"partition_index": 0, "committed_offset": number, "committed_leader_epoch": -1,
                   "commit_timestamp": -1, "committed_metadata": ""}  # fmt: skip
            try:
                answer = connection.call("OffsetCommit", 7, group_id=group, generation_id_or_member_epoch=-1,
                                         member_id="", group_instance_id=None,
                                         topics=[{"name": self.topic, "partitions": [row]}])  # fmt: skip
                error = answer.topics[0].partitions[0].error_code
            finally:
                self.commits[group].note(number, error)

        return step

    def acknowledged(self) -> int:
        return sum(len(a.stored) for a in [*self.records, *self.commits.values()])

    def counts(self) -> str:
        def total(of: str, attempts) -> str:
            stored, refused, doubtful = (sum(len(getattr(a, f)) for a in attempts) for f in
                                         ("stored", "refused", "doubtful"))  # fmt: skip
            return f"{of}: {stored} stored, {refused} refused, {doubtful} in doubt"

        return total("records", self.records) + "; " + total("commits", self.commits.values())

    # Checking.

    def seen(self, node) -> tuple[list[dict[int, int]], dict[str, int]]:
        """Offset → number of every partition, and the position of every group, as `node` answers them."""
        with Wire(node) as connection:
            found = [wire.read_all(connection, self.topic, p) for p in range(self.partitions)]
            positions = {group: self.position(connection, group) for group in self.groups}
        return [{o: int(v) for o, v in one.items()} for one in found], positions

    def position(self, connection: Wire, group: str) -> int:
        wanted = [{"name": self.topic, "partition_indexes": [0]}]
        answer = connection.call("OffsetFetch", 5, group_id=group, topics=wanted)
        (found,) = answer.topics[0].partitions
        assert answer.error_code == found.error_code == 0, answer
        return found.committed_offset

    def check(self, node):
        """Everything is as it was answered. Returns what seen() says."""
        found, positions = self.seen(node)
        for partition, stored in enumerate(found):
            attempts, numbers = self.records[partition], list(stored.values())
            assert numbers == sorted(set(numbers)), f"partition {partition}: a record twice, or out of order"
            wrong = {n: o for n, o in attempts.stored.items() if stored.get(o) != n}
            assert not wrong, f"partition {partition}: acknowledged at these offsets, and not there: {wrong}"
            strangers = set(numbers) - attempts.stored.keys() - attempts.doubtful
            assert not strangers, f"partition {partition}: stored, but answered as not stored: {strangers}"
        for group, position in positions.items():
            attempts = self.commits[group]
            assert position >= max(attempts.stored, default=-1), f"{group}: an acknowledged commit is lost"
            known = attempts.stored.keys() | attempts.doubtful | {-1}
            assert position in known, f"{group}: {position} was answered as not stored, or never committed"
        return found, positions
