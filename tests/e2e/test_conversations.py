"""Whole conversations of rough clients, from a seed: nobody else may notice. TIDEGATE_FUZZ_SEED repeats one,
TIDEGATE_FUZZ_SECONDS (30) lets it run longer. The requests repeat exactly, when the node reads and answers does not."""

import collections
import os
import random
import socket
import struct
import threading
import time
import urllib.request

import pytest
from hostile_words import Words
from test_every_version import join_fields
from wire import Wire, batch, produce, read_all

SEED = int(os.environ.get("TIDEGATE_FUZZ_SEED") or random.randrange(2**32))
SECONDS = float(os.environ.get("TIDEGATE_FUZZ_SECONDS") or 30)
CONNECTIONS = 8
MOST_MEMORY = 512 << 20


class Rough:
    """One connection of a rough client: writes in pieces, reads when it likes, goes without a word."""

    def __init__(self, node, words: Words):
        self.words = words
        self.socket = socket.create_connection(("127.0.0.1", node.port), timeout=10)
        self.socket.setblocking(False)
        self.out = bytearray()
        self.inbox = bytearray()
        self.waiting = {}  # correlation → what was asked, of requests as they should be
        self.next = 1
        self.damage = words.random.choice([0, 0.02, 0.4])  # a damaged request mostly ends the conversation

    def write_down(self) -> None:
        if self.words.random.random() < 0.9:
            self.next += 1  # else the id is used twice
        frame, sent = self.words.request(self.next, self.damage)
        if sent:
            self.waiting[self.next] = sent
        self.out += frame

    def step(self) -> int:
        """Sends a piece, takes what came; the number of answers that could be read. ConnectionError: the node closed it."""
        piece = self.words.random.choice([1, 7, 100, 10000, 10000])
        try:
            if self.out:
                del self.out[: self.socket.send(self.out[:piece])]
            data = self.socket.recv(1 << 18)
            if not data:
                raise ConnectionError
            self.inbox += data
        except BlockingIOError:
            pass
        answered = 0
        while len(self.inbox) >= 4 and len(self.inbox) >= 4 + (size := struct.unpack(">i", self.inbox[:4])[0]):
            frame = bytes(self.inbox[4 : 4 + size])
            del self.inbox[: 4 + size]
            answered += self.understand(frame)
        return answered

    def understand(self, frame: bytes) -> bool:
        sent = self.waiting.pop(struct.unpack(">i", frame[:4])[0], None)
        if sent is None:
            return False
        try:
            self.words.learn(sent, sent.read(frame))
        except Exception:  # whatever the decoder makes of it
            return False  # another request of the same id was answered
        return True

    def leave(self) -> None:
        if self.words.random.random() < 0.5:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
        self.socket.close()


class Good(threading.Thread):
    """A client that does everything right, once each: any error of any answer is a failure."""

    def __init__(self, node):
        super().__init__()
        self.node = node
        self.stop = threading.Event()
        self.written = []
        self.slowest = 0.0
        self.error = None

    def run(self) -> None:
        try:
            with Wire(self.node) as wire:
                self.work(wire)
        except BaseException as error:  # of the thread: told by the test
            self.error = error

    def work(self, wire: Wire) -> None:
        wire.call("Metadata", 4, topics=[{"name": "good"}], allow_auto_topic_creation=True)
        joined = wire.call("JoinGroup", 3, **join_fields("good"))
        assert joined.error_code == 0, joined
        me = {"group_id": "good", "generation_id": joined.generation_id, "member_id": joined.member_id}
        synced = wire.call("SyncGroup", 0, **me, assignments=[{"member_id": joined.member_id, "assignment": b"all"}])
        assert synced.error_code == 0, synced
        while not self.stop.wait(0.02):
            began = time.monotonic()
            values = [b"%d" % (len(self.written) + i) for i in range(3)]
            assert produce(wire, "good", *values) == len(self.written)
            self.written += values
            assert wire.call("Heartbeat", 0, **me).error_code == 0
            self.commit(wire, joined)
            found = read_all(wire, "good", offset=max(0, len(self.written) - 9))
            assert found == dict(list(enumerate(self.written))[-9:])
            self.slowest = max(self.slowest, time.monotonic() - began)

    def commit(self, wire: Wire, joined) -> None:
        row = {"partition_index": 0, "committed_offset": len(self.written), "committed_leader_epoch": -1,
               "committed_metadata": ""}
        answer = wire.call("OffsetCommit", 5, group_id="good", generation_id_or_member_epoch=joined.generation_id,
                           member_id=joined.member_id, topics=[{"name": "good", "partitions": [row]}])
        assert answer.topics[0].partitions[0].error_code == 0, answer
        assert committed(wire) == len(self.written)


def committed(wire: Wire) -> int:
    answer = wire.call("OffsetFetch", 5, group_id="good", topics=[{"name": "good", "partition_indexes": [0]}])
    row = answer.topics[0].partitions[0]
    assert row.error_code == 0, answer
    return row.committed_offset


def memory(node) -> int:
    """Resident bytes."""
    with open(f"/proc/{node.process.pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def talk(node, words: Words) -> collections.Counter:
    """Rough clients for SECONDS; what happened, counted."""
    seen = collections.Counter()
    clients = [Rough(node, words) for _ in range(CONNECTIONS)]
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        at = words.random.randrange(CONNECTIONS)
        client = clients[at]
        if len(client.out) < 2000:
            client.write_down()
            seen["requests"] += 1
        try:
            for at, one in enumerate(clients):
                seen["answers"] += one.step()
            if words.random.random() < 0.002:
                raise TimeoutError
        except (ConnectionError, TimeoutError) as why:
            seen["left" if isinstance(why, TimeoutError) else "closed"] += 1
            clients[at].leave()
            clients[at] = Rough(node, words)
    for client in clients:
        client.leave()
    return seen


def test_nobody_notices_the_conversations_of_rough_clients(make_node):
    print(f"TIDEGATE_FUZZ_SEED={SEED}")
    node = make_node("kafka.group.initial.rebalance.delay.ms=0", "limits.connections_per_second=1000000")
    good = Good(node)
    good.start()
    try:
        seen = talk(node, Words(SEED))
    finally:
        good.stop.set()
        good.join(60)
    assert good.error is None, f"seed {SEED}: {good.error!r}"
    print(f"{dict(seen)}, {len(good.written)} good records, slowest round {good.slowest:.2f} s, {memory(node) >> 20} MiB")
    assert seen["requests"] > 10 * SECONDS and seen["answers"] > 5 * SECONDS and len(good.written) > SECONDS
    assert node.process.poll() is None
    assert memory(node) < MOST_MEMORY
    with urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/health", timeout=10) as answer:
        assert answer.read().startswith(b"ok")
    loud = [line for line in node.log.read_text(errors="replace").splitlines() if " error " in line or " critical " in line]
    assert not loud, loud[:5]
    node.restart()
    with Wire(node) as wire:
        assert read_all(wire, "good") == dict(enumerate(good.written))
        assert committed(wire) == len(good.written)
