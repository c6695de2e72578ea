"""Groups whose members join, leave and die while records come in."""

import json
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time
import uuid

import pytest
from clients import consumer, create_topic, read
from conftest import Node
from confluent_kafka import KafkaError, Producer
from wire import Wire

PARTITIONS = 8
LIMIT = 60  # seconds until "stuck"
PROGRAM = pathlib.Path(__file__).parent / "group_member.py"


class Member:
    """A process of group_member.py and what it said."""

    def __init__(self, node, group: str, topic: str, client: str, assignor: str):
        self.owns: list[int] = []
        self.reads: list[tuple[int, int]] = []
        self.process = subprocess.Popen([sys.executable, str(PROGRAM), node.address, group, topic, client, assignor],
                                        stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            said = json.loads(line)
            self.owns = said.get("owns", self.owns)
            self.reads += [tuple(r) for r in said.get("read", [])]

    def end(self, how: int) -> None:
        self.process.send_signal(how)
        self.process.wait(LIMIT)
        self.thread.join(LIMIT)


class Traffic:
    """Numbered records to all partitions until it is stopped."""

    def __init__(self, node, topic: str):
        self.sent = [0] * PARTITIONS
        self.errors = []
        self.topic = topic
        self.producer = Producer({"bootstrap.servers": node.address, "enable.idempotence": True, "linger.ms": 2})
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.stopping.is_set():
            for p in range(PARTITIONS):
                self.producer.produce(self.topic, value=b"%d" % self.sent[p], partition=p,
                                      on_delivery=lambda error, _: error and self.errors.append(error))
                self.sent[p] += 1
            self.producer.poll(0.02)

    def stop(self) -> list[int]:
        self.stopping.set()
        self.thread.join(LIMIT)
        assert self.producer.flush(LIMIT) == 0 and not self.errors, self.errors[:3]
        return self.sent


@pytest.fixture(scope="module")
def quick_node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node"), "kafka.group.initial.rebalance.delay.ms=200").start()
    yield node
    node.kill()


@pytest.fixture
def topic(quick_node) -> str:
    name = f"g-{uuid.uuid4().hex[:12]}"
    create_topic(quick_node, name, partitions=PARTITIONS)
    return name


def wait_until(what: str, holds, seconds: float = LIMIT) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not after {seconds} s: {what}"
        time.sleep(0.05)


def positions(node, group: str, topic: str) -> list[int]:
    with Wire(node) as wire:
        asked = [{"name": topic, "partition_indexes": list(range(PARTITIONS))}]
        rows = wire.call("OffsetFetch", 5, group_id=group, topics=asked).topics[0].partitions
    assert {r.error_code for r in rows} == {0}
    return [r.committed_offset for r in rows]


def all_owned_once(members) -> bool:
    return sorted(p for m in members for p in m.owns) == list(range(PARTITIONS))


@pytest.mark.parametrize("count,clients,assignor", [
    (1, ["confluent"], "range"), (3, ["confluent", "python"], "roundrobin"), (8, ["confluent", "confluent", "confluent", "python"], "range"),
])
def test_members_join_leave_and_die_and_every_record_is_read(quick_node, topic, count, clients, assignor):
    rng = random.Random(count)
    group = "group-" + topic

    def start(i: int) -> Member:
        return Member(quick_node, group, topic, clients[i % len(clients)], assignor)

    traffic = Traffic(quick_node, topic)
    members = [start(i) for i in range(count)]
    gone = []
    try:
        wait_until("every partition has one owner", lambda: all_owned_once(members))
        for how in (signal.SIGTERM, signal.SIGKILL):
            leaver = members.pop(rng.randrange(len(members)))
            leaver.end(how)
            gone.append(leaver)
            members.append(start(len(gone)))
            wait_until("every partition has one owner again", lambda: all_owned_once(members))
        sent = traffic.stop()
        wait_until("positions are at the end", lambda: positions(quick_node, group, topic) == sent)
        wait_until("the last owners", lambda: all_owned_once(members))
    finally:
        for member in members:
            member.end(signal.SIGTERM if sys.exc_info()[0] is None else signal.SIGKILL)
    read_at_all = {r for m in members + gone for r in m.reads}
    assert read_at_all == {(p, o) for p in range(PARTITIONS) for o in range(sent[p])}


def test_the_assignments_of_a_generation_are_what_the_leader_gave_and_disjoint(quick_node):
    """By hand: five members and ten rounds, in which one of them leaves or comes back (G1, G2, G3)."""
    group, names = f"raw-{uuid.uuid4().hex[:8]}", range(5)
    wires = {n: Wire(quick_node) for n in names}
    ids = dict.fromkeys(names, "")
    generations, inside = [], set(names)
    for round_number in range(10):
        if round_number % 2:
            leaver = round_number % 5
            wires[leaver].call("LeaveGroup", 2, group_id=group, member_id=ids[leaver])
            ids[leaver] = ""
            inside = set(names) - {leaver}
        else:
            inside = set(names)
        joined = join_round(wires, ids, group, inside, generations[-1] if generations else -1)
        assert len({(a.generation_id, a.leader, a.protocol_name) for a in joined.values()}) == 1
        generations.append(joined[min(inside)].generation_id)
        leader = next(n for n in inside if joined[n].leader == joined[n].member_id)
        assert {m.member_id for m in joined[leader].members} == {ids[n] for n in inside}
        assert all(not joined[n].members for n in inside - {leader})
        shares = {ids[n]: b"share of %d in %d" % (n, round_number) for n in inside}
        for n in inside:
            given = [{"member_id": m, "assignment": s} for m, s in shares.items()] if n == leader else []
            wires[n].send("SyncGroup", 3, group_id=group, generation_id=generations[-1], member_id=ids[n],
                          group_instance_id=None, assignments=given)
        got = {n: wires[n].receive() for n in inside}
        assert {n: (a.error_code, a.assignment) for n, a in got.items()} == {n: (0, shares[ids[n]]) for n in inside}
    assert generations == sorted(set(generations)), generations
    for wire in wires.values():
        wire.close()


def join_round(wires, ids, group: str, inside, generation: int) -> dict:
    """Newcomers join; who is in already hears of the rebalance by its heartbeat, and joins again."""
    fields = dict(group_id=group, session_timeout_ms=30000, rebalance_timeout_ms=30000, group_instance_id=None,
                  protocol_type="consumer", protocols=[{"name": "range", "metadata": b""}])
    newcomers = [n for n in inside if not ids[n]]
    for n in newcomers:
        answer = wires[n].call("JoinGroup", 5, member_id="", **fields)
        assert answer.error_code == 79
        ids[n] = answer.member_id
    for n in newcomers:
        wires[n].send("JoinGroup", 5, member_id=ids[n], **fields)
    for n in inside - set(newcomers):
        beat = dict(group_id=group, generation_id=generation, member_id=ids[n], group_instance_id=None)
        wait_until("a rebalance", lambda: wires[n].call("Heartbeat", 3, **beat).error_code == 27)
        wires[n].send("JoinGroup", 5, member_id=ids[n], **fields)
    joined = {n: wires[n].receive() for n in inside}
    assert all(a.error_code == 0 for a in joined.values()), joined
    return joined


def test_a_static_member_that_restarts_in_time_causes_no_rebalance_and_fences_its_twin(quick_node, topic):
    group = "static-" + topic
    settings = {"session.timeout.ms": 30000, "heartbeat.interval.ms": 300}
    revoked = []
    other = consumer(quick_node, group, **settings, **{"group.instance.id": "other"})
    other.subscribe([topic], on_revoke=lambda _, p: revoked.append(p))
    first = consumer(quick_node, group, **settings, **{"group.instance.id": "mine"})
    first.subscribe([topic])

    def shared() -> bool:
        first.poll(0.05)
        other.poll(0.05)
        return len(first.assignment()) == len(other.assignment()) == PARTITIONS // 2

    wait_until("both have a share", shared)
    share, before = sorted(t.partition for t in first.assignment()), len(revoked)
    twin = consumer(quick_node, group, **settings, **{"group.instance.id": "mine"})  # `first` is alive
    twin.subscribe([topic])
    errors = []

    def fenced() -> bool:
        twin.poll(0.05)
        other.poll(0.05)
        message = first.poll(0.05)
        if message is not None and message.error():
            errors.append(message.error().code())
        return KafkaError.FENCED_INSTANCE_ID in errors or KafkaError._FATAL in errors

    wait_until("the first is fenced", fenced)
    wait_until("the twin has the share", lambda: twin.poll(0.05) is None and other.poll(0.05) is None and
               sorted(t.partition for t in twin.assignment()) == share)
    assert len(revoked) == before, "a rebalance"
    first.close()
    for c in (twin, other):
        c.close()


def test_a_closed_socket_is_not_the_end_of_a_member(quick_node, topic):
    """A member whose connection breaks keeps its place until its session times out."""
    group = "socket-" + topic
    fields = dict(group_id=group, session_timeout_ms=6000, rebalance_timeout_ms=6000, group_instance_id=None,
                  protocol_type="consumer", protocols=[{"name": "range", "metadata": b""}])
    with Wire(quick_node) as wire:
        member = wire.call("JoinGroup", 5, member_id="", **fields).member_id
        joined = wire.call("JoinGroup", 5, member_id=member, **fields)
        wire.call("SyncGroup", 3, group_id=group, generation_id=joined.generation_id, member_id=member,
                  group_instance_id=None, assignments=[{"member_id": member, "assignment": b"all"}])
    with Wire(quick_node) as wire:
        beat = dict(group_id=group, generation_id=joined.generation_id, member_id=member, group_instance_id=None)
        assert wire.call("Heartbeat", 3, **beat).error_code == 0
        start = time.monotonic()
        state = lambda: wire.call("DescribeGroups", 5, groups=[group], include_authorized_operations=False).groups[0].group_state
        assert state() == "Stable"
        wait_until("the session times out", lambda: state() == "Empty", seconds=20)
        assert time.monotonic() - start > 5
        assert wire.call("Heartbeat", 3, **beat).error_code == 25


def test_a_group_of_one_reads_on_where_the_killed_member_stopped(quick_node, topic):
    """The dead member holds its partitions until its session ends; then the next one goes on at the position."""
    traffic = Traffic(quick_node, topic)
    group = "takeover-" + topic
    member = Member(quick_node, group, topic, "confluent", "range")
    wait_until("some records are committed", lambda: min(positions(quick_node, group, topic)) > 10)
    member.end(signal.SIGKILL)
    sent = traffic.stop()
    before = positions(quick_node, group, topic)
    c = consumer(quick_node, group, **{"auto.offset.reset": "error"})
    c.subscribe([topic])
    found = sorted((m.partition(), m.offset()) for m in read(c, sum(sent) - sum(before)))
    c.close()
    assert found == [(p, o) for p in range(PARTITIONS) for o in range(before[p], sent[p])]
