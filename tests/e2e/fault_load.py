"""Clients that keep working while a node dies and comes back, and remember what they were told."""

import threading
import time
from collections import Counter

from confluent_kafka import Producer
from wire import Wire, batch, produce, read_all

TRY_AGAIN = {7, 14, 15, 16, 22, 25, 27, 56, 79}  # what a group may answer around a crash
LIMIT = 60  # seconds; more is "stuck"


def compare(stored: dict[int, bytes], acknowledged: dict[int, bytes], doubtful: set[bytes]) -> dict[str, list]:
    """
    What is wrong with the records of one producer, whose values are v0, v1 …; empty when nothing is. `doubtful`: sent
    and not acknowledged; they may be there, once.
    """
    values = [v for _, v in sorted(stored.items())]
    numbers = [int(v[1:]) for v in values if v[1:].isdigit()]
    wrong = {
        "lost": [(o, v) for o, v in acknowledged.items() if stored.get(o) != v],
        "twice": [v for v, count in Counter(values).items() if count > 1],
        "holes": sorted(set(range(max(stored, default=-1) + 1)) - set(stored)),
        "strange": sorted(set(values) - set(acknowledged.values()) - doubtful),
        "disordered": [(a, b) for a, b in zip(numbers, numbers[1:]) if a > b],
    }
    return {kind: which for kind, which in wrong.items() if which}


class Worker:
    """Runs `step` again and again in a thread of its own. Between steps nothing is on its way."""

    def __init__(self, node):
        self.node = node
        self.wire = None
        self.between_steps = threading.Lock()
        self.stopping = threading.Event()
        self.failure = None
        self.done = 0  # acknowledged pieces of work
        self.marked, self.acknowledged_after = 0.0, None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.stopping.is_set():
            with self.between_steps:
                try:
                    self.wire = self.wire or Wire(self.node, seconds=LIMIT)
                    self.step()
                except (ConnectionError, TimeoutError):
                    self.wire = None
                except BaseException as failure:  # shown by the test that waits
                    self.failure = failure
                    return
            time.sleep(0.02 if self.wire is None else 0)

    def mark(self) -> None:
        """`acknowledged_after`: seconds from now until something that begins later is acknowledged."""
        self.marked, self.acknowledged_after = time.monotonic(), None

    def acknowledge(self, began: float) -> None:
        self.done += 1
        if began >= self.marked and self.acknowledged_after is None:
            self.acknowledged_after = time.monotonic() - self.marked

    def wait_for(self, more: int) -> None:
        wanted, deadline = self.done + more, time.monotonic() + LIMIT
        while self.done < wanted:
            assert time.monotonic() < deadline, f"{type(self).__name__} is stuck at {self.done}\n{self.node.tail()}"
            if self.failure:
                raise self.failure
            time.sleep(0.01)

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(LIMIT)
        assert not self.thread.is_alive()
        if self.failure:
            raise self.failure


class Records(Worker):
    """An idempotent producer; every record has a value of its own."""

    def __init__(self, node, topic: str):
        self.topic = topic
        self.acknowledged: dict[int, bytes] = {}
        self.failed: set[bytes] = set()
        self.sent = 0
        self.producer = Producer({
            "bootstrap.servers": node.address, "enable.idempotence": True, "linger.ms": 1, "message.timeout.ms": 60000,
            "reconnect.backoff.max.ms": 100, "retry.backoff.ms": 20, "retry.backoff.max.ms": 100, "log_level": 0,
        })
        super().__init__(node)

    def step(self) -> None:
        began = time.monotonic()
        self.producer.produce(self.topic, value=f"v{self.sent}".encode(), partition=0,
                              on_delivery=lambda error, message: self._delivered(error, message, began))
        self.sent += 1
        self.producer.poll(0.002)

    def _delivered(self, error, message, began: float) -> None:
        if error:
            self.failed.add(message.value())
            return
        assert message.offset() not in self.acknowledged, "one offset was acknowledged twice"
        self.acknowledged[message.offset()] = message.value()
        self.acknowledge(began)

    def differences(self) -> dict[str, list]:
        assert self.producer.flush(LIMIT) == 0
        with Wire(self.node) as wire:
            return compare(read_all(wire, self.topic), self.acknowledged, self.failed)

    def check(self) -> None:
        """Acknowledged records are there at their offsets, nothing is there twice, offsets have no holes."""
        assert self.differences() == {}


class PlainRecords(Worker):
    """A producer without sequences and without retries."""

    ERRORS = {6, 7, 56}  # what a partition may answer around a crash

    def __init__(self, node, topic: str, size: int = 0):
        self.topic = topic
        self.size = size  # of every value, at least
        self.acknowledged: dict[int, bytes] = {}
        self.failed: set[bytes] = set()
        self.sent = 0
        super().__init__(node)

    def step(self) -> None:
        began = time.monotonic()
        values = [f"v{self.sent + i}".encode().ljust(self.size) for i in range(1 + self.sent % 5)]
        self.sent += len(values)
        self.failed.update(values)  # until an answer says otherwise
        answer = self.wire.call("Produce", 9, acks=-1, timeout_ms=10000, transactional_id=None, topic_data=[
            {"name": self.topic, "partition_data": [{"index": 0, "records": batch(*values)}]}])
        found = answer.responses[0].partition_responses[0]
        if found.error_code:
            assert found.error_code in self.ERRORS, answer
            return
        for offset, value in enumerate(values, found.base_offset):
            assert offset not in self.acknowledged, "one offset was acknowledged twice"
            self.acknowledged[offset] = value
        self.failed.difference_update(values)
        self.acknowledge(began)

    def differences(self) -> dict[str, list]:
        with self.between_steps, Wire(self.node) as wire:
            return compare(read_all(wire, self.topic), self.acknowledged, self.failed)


class Commits(Worker):
    """A member that joins, commits, leaves, and joins again."""

    def __init__(self, node, topic: str, partitions: int = 1, metadata: str = "", group: str = "steady"):
        self.topic, self.partitions, self.metadata, self.group = topic, partitions, metadata, group
        self.member, self.generation, self.lowest_generation = "", -1, 1
        self.attempted = {-1}  # what the position may be
        self.number = 0
        super().__init__(node)

    def step(self) -> None:
        if self.generation < 0:
            self._join()
        elif self.number % 8 == 7:
            self.number += 1
            self._leave()
        else:
            self._commit()

    def _join(self) -> None:
        answer = self.wire.call("JoinGroup", 5, group_id=self.group, session_timeout_ms=6000, rebalance_timeout_ms=2000,
                                member_id=self.member, group_instance_id=None, protocol_type="consumer",
                                protocols=[{"name": "range", "metadata": b""}])
        if self._failed(answer.error_code):
            self.member = answer.member_id if answer.error_code == 79 else "" if answer.error_code == 25 else self.member
            return
        # A round that was not completed may be told again to a member that did not hear of it.
        assert answer.generation_id >= self.lowest_generation, "a generation was used again"
        self.member, self.lowest_generation = answer.member_id, answer.generation_id
        answer = self.wire.call("SyncGroup", 3, group_id=self.group, generation_id=answer.generation_id,
                                member_id=self.member, group_instance_id=None,
                                assignments=[{"member_id": self.member, "assignment": b"all"}])
        if not self._failed(answer.error_code):
            assert answer.assignment == b"all"
            self.generation, self.lowest_generation = self.lowest_generation, self.lowest_generation + 1

    def _commit(self) -> None:
        began = time.monotonic()
        self.number += 1
        self.attempted.add(self.number)
        rows = [{"partition_index": p, "committed_offset": self.number, "committed_leader_epoch": -1,
                 "committed_metadata": self.metadata} for p in range(self.partitions)]
        answer = self.wire.call("OffsetCommit", 7, group_id=self.group, generation_id_or_member_epoch=self.generation,
                                member_id=self.member, group_instance_id=None,
                                topics=[{"name": self.topic, "partitions": rows}])
        errors = {p.error_code for p in answer.topics[0].partitions}
        assert len(errors) == 1, answer
        if not self._failed(errors.pop()):
            self.attempted = {self.number}
            self.acknowledge(began)

    def _leave(self) -> None:
        answer = self.wire.call("LeaveGroup", 2, group_id=self.group, member_id=self.member)
        if not self._failed(answer.error_code):
            self.member, self.generation = "", -1

    def _failed(self, error: int) -> bool:
        assert error == 0 or error in TRY_AGAIN, error
        if error:
            self.generation = -1
        return error != 0

    def check(self) -> None:
        """The position is the last that was acknowledged, or one whose answer never came; the same in every partition."""
        with self.between_steps, Wire(self.node) as wire:
            rows = self._positions(wire)
            assert len(rows) == self.partitions and len(set(rows)) == 1, rows
            assert set(rows) <= self.attempted, f"{rows} is none of {self.attempted}"
            self.attempted = set(rows)

    def _positions(self, wire: Wire) -> list[int]:
        deadline = time.monotonic() + LIMIT
        while True:
            wanted = [{"name": self.topic, "partition_indexes": list(range(self.partitions))}]
            answer = wire.call("OffsetFetch", 5, group_id=self.group, topics=wanted)
            errors = {answer.error_code, *(p.error_code for t in answer.topics for p in t.partitions)}
            if errors == {0}:
                return [p.committed_offset for p in answer.topics[0].partitions]
            assert errors <= TRY_AGAIN | {0} and time.monotonic() < deadline, answer


class Trims(Worker):
    """Writes into a topic of its own and deletes its oldest records."""

    ERRORS = {5, 6, 7, 56}  # what a partition may answer around a crash

    def __init__(self, node, topic: str):
        self.topic = topic
        self.low, self.attempted = 0, 0  # the log start is one of them or between
        super().__init__(node)

    def step(self) -> None:
        began = time.monotonic()
        rows = [{"index": 0, "records": batch(b"a", b"b", b"c")}]
        answer = self.wire.call("Produce", 9, acks=-1, timeout_ms=10000, transactional_id=None,
                                topic_data=[{"name": self.topic, "partition_data": rows}])
        error = answer.responses[0].partition_responses[0].error_code
        assert error == 0 or error in self.ERRORS, answer
        latest = self._bound(self.wire, -1)
        if latest is None or latest == self.attempted:
            return
        wanted = self.attempted = (self.attempted + latest + 1) // 2
        rows = [{"partition_index": 0, "offset": wanted}]
        answer = self.wire.call("DeleteRecords", 2, timeout_ms=10000, topics=[{"name": self.topic, "partitions": rows}])
        found = answer.topics[0].partitions[0]
        if found.error_code:
            assert found.error_code in self.ERRORS, answer
            return
        assert found.low_watermark == wanted, answer
        self.low = wanted
        self.acknowledge(began)

    def _bound(self, wire: Wire, timestamp: int) -> int | None:
        rows = [{"partition_index": 0, "timestamp": timestamp, "current_leader_epoch": -1}]
        answer = wire.call("ListOffsets", 5, replica_id=-1, isolation_level=0,
                           topics=[{"name": self.topic, "partitions": rows}])
        found = answer.topics[0].partitions[0]
        assert found.error_code == 0 or found.error_code in self.ERRORS, answer
        return None if found.error_code else found.offset

    def check(self) -> None:
        """The log starts where the last acknowledged trim put it, or a later one, and is whole from there."""
        with self.between_steps, Wire(self.node) as wire:
            deadline = time.monotonic() + LIMIT
            while (start := self._bound(wire, -2)) is None:
                assert time.monotonic() < deadline, self.node.tail()
                time.sleep(0.05)
            assert self.low <= start <= self.attempted
            end = self._bound(wire, -1)
            assert sorted(read_all(wire, self.topic, offset=start)) == list(range(start, end))


class Topics(Worker):
    """Creates a topic, writes a record into it, deletes it, and goes on with the next name."""

    def __init__(self, node):
        self.exists, self.in_doubt = False, False
        super().__init__(node)

    def step(self) -> None:
        name = f"short-{self.done}"
        doubtful, self.in_doubt = self.in_doubt, True  # until an answer says otherwise
        if self.exists:
            answer = self.wire.call("DeleteTopics", 5, topic_names=[name], timeout_ms=10000).responses[0]
        else:
            new = {"name": name, "num_partitions": 2, "replication_factor": 1, "assignments": [], "configs": []}
            answer = self.wire.call("CreateTopics", 5, topics=[new], timeout_ms=10000, validate_only=False).topics[0]
        repeated = 3 if self.exists else 36  # UNKNOWN_TOPIC_OR_PARTITION, TOPIC_ALREADY_EXISTS
        assert answer.error_code in ({0, 7, repeated} if doubtful else {0, 7}), answer
        if answer.error_code == 7:
            return
        self.in_doubt = False
        if not self.exists:
            self.exists = True
            produce(self.wire, name, b"first")
            return
        self.exists = False
        self.done += 1
        found = self.wire.call("Metadata", 4, topics=[{"name": name}], allow_auto_topic_creation=False).topics[0]
        assert found.error_code == 3, found

    def check(self) -> None:
        """Nothing of a deleted topic is left; a topic that was deleted comes back empty."""
        with self.between_steps, Wire(self.node) as wire:
            listed = {t.name for t in wire.call("Metadata", 1, topics=None).topics}
        left = {n for n in listed if n.startswith("short-")}
        assert left <= {f"short-{self.done}"}, left


class Changes(Worker):
    """Gives a topic other configs and now and then one more partition, into which it writes."""

    UNDECIDED = 7  # REQUEST_TIMED_OUT

    def __init__(self, node, topic: str):
        self.topic = topic
        self.partitions, self.retention = {1}, {"-1"}  # what they may be
        super().__init__(node)

    def step(self) -> None:
        if self.done % 8 == 0:
            self._grow()
        else:
            self._alter()
        time.sleep(0.01)  # not thousands of partitions

    def _grow(self) -> None:
        began, is_repeated = time.monotonic(), len(self.partitions) > 1  # asking again decides
        wanted = max(self.partitions) + (0 if is_repeated else 1)
        self.partitions.add(wanted)
        asked = [{"name": self.topic, "count": wanted, "assignments": None}]
        answer = self.wire.call("CreatePartitions", 3, topics=asked, timeout_ms=10000, validate_only=False)
        error = answer.results[0].error_code
        assert error in ({0, 7, 37} if is_repeated else {0, 7}), answer  # 37: INVALID_PARTITIONS, it has them already
        if error == self.UNDECIDED:
            return
        self.partitions = {wanted}
        produce(self.wire, self.topic, b"first", partition=wanted - 1)
        self.acknowledge(began)

    def _alter(self) -> None:
        began, wanted = time.monotonic(), str(1_000_000_000 + self.done)
        self.retention.add(wanted)
        config = {"name": "retention.ms", "config_operation": 0, "value": wanted}
        resource = {"resource_type": 2, "resource_name": self.topic, "configs": [config]}
        answer = self.wire.call("IncrementalAlterConfigs", 1, resources=[resource], validate_only=False)
        assert answer.responses[0].error_code in (0, self.UNDECIDED), answer
        if answer.responses[0].error_code == 0:
            self.retention = {wanted}
            self.acknowledge(began)

    def check(self) -> None:
        """The topic is as it was acknowledged, or as in a request whose answer never came."""
        with self.between_steps, Wire(self.node) as wire:
            topic = wire.call("Metadata", 4, topics=[{"name": self.topic}], allow_auto_topic_creation=False).topics[0]
            resource = {"resource_type": 2, "resource_name": self.topic, "configuration_keys": ["retention.ms"]}
            configs = wire.call("DescribeConfigs", 1, resources=[resource], include_synonyms=False).results[0].configs
            assert len(topic.partitions) in self.partitions, f"{len(topic.partitions)} is none of {self.partitions}"
            assert configs[0].value in self.retention, f"{configs[0].value} is none of {self.retention}"
