"""A node at its limits stops reading, refuses or closes, says so in its metrics, stays small, and serves the others."""

import concurrent.futures
import os
import random
import select
import socket
import struct
import threading
import time

from clients import create_topic
from metrics import Difference, scrape, scrape_until
from raw import array, exchange, frame, text
from test_hostile_requests import fetch_request, memory
from test_metrics import commit
from wire import Wire, batch, read_all

MANY = ("kafka.max.connections.per.ip=100000", "limits.connections_per_second=1000000")
MB = 1 << 20


def connect(node, seconds: float = 20) -> socket.socket:
    return socket.create_connection(("127.0.0.1", node.port), timeout=seconds)


def reset(s: socket.socket) -> None:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def open_files(node) -> int:
    return len(os.listdir(f"/proc/{node.process.pid}/fd"))


def settled(node):
    """Nobody is connected any more, and nothing is left of those who were."""
    return scrape_until(node, lambda s: s.get("tidegate_connections") == s.get("tidegate_requests_in_flight") == s.get(
        "tidegate_actors", kind="connection") == 0)


def send_until_stuck(s: socket.socket, data: bytes) -> int:
    """What the node takes before it stops reading for a second."""
    s.setblocking(False)
    sent = 0
    while sent < len(data) and select.select([], [s], [], 1)[1]:
        sent += s.send(data[sent : sent + 4 * MB])
    s.settimeout(20)
    return sent


class Steady:
    """A client that produces and reads its records back, all the time, and must never see an error."""

    def __init__(self, node, topic: str):
        self.node, self.topic, self.done, self.failed = node, topic, 0, None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self) -> "Steady":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stopping.set()
        self.thread.join()
        assert self.failed is None, self.failed

    def run(self) -> None:
        try:
            with Wire(self.node) as wire:
                while not self.stopping.is_set():
                    offset = put(wire, self.topic, b"%d" % self.done)
                    assert read_all(wire, self.topic, offset=offset) == {offset: b"%d" % self.done}
                    self.done += 1
        except Exception as failure:  # noqa: BLE001 - it is raised by the test
            self.failed = failure

    def goes_on(self, count: int = 5, seconds: float = 20) -> None:
        aim, deadline = self.done + count, time.monotonic() + seconds
        while self.done < aim:
            assert self.failed is None, self.failed
            assert time.monotonic() < deadline, f"the steady client stands still:\n{self.node.tail()}"
            time.sleep(0.01)


def put(wire: Wire, topic: str, *values: bytes) -> int:
    answer = wire.call("Produce", 9, acks=-1, timeout_ms=20000, transactional_id=None, topic_data=[
        {"name": topic, "partition_data": [{"index": 0, "records": batch(*values)}]}])
    found = answer.responses[0].partition_responses[0]
    assert found.error_code == 0, answer
    return found.base_offset


def test_ten_thousand_connections_that_come_and_go_leave_nothing(make_node):
    node = make_node(*MANY)
    create_topic(node, "steady")
    before = settled(node)
    files = open_files(node)
    sizes = []
    with Steady(node, "steady") as steady:
        for wave in range(20):
            open_ones = [connect(node) for _ in range(500)]
            for i, s in enumerate(open_ones):
                if i % 4 == 1:
                    s.sendall(frame(18, 0))
                elif i % 4 == 2:
                    s.sendall(frame(18, 0)[:7])
            for s in open_ones:
                reset(s) if random.random() < 0.5 else s.close()
            if wave in (4, 19):
                scrape_until(node, lambda s: s.get("tidegate_connections") <= 1)
                sizes.append(memory(node, "VmRSS"))
        steady.goes_on()
    after = settled(node)
    assert Difference(before, after)("tidegate_connections_accepted_total") > 5000  # others were gone before they were taken
    assert open_files(node) <= files + 2  # data files come and go
    assert sizes[1] - sizes[0] < 24 * MB


def test_a_thousand_slow_clients_do_not_disturb_a_good_one(make_node):
    node = make_node(*MANY, "limits.frame_grace_ms=3000")
    create_topic(node, "good")
    before = scrape(node)
    size = memory(node, "VmRSS")
    slow = [connect(node) for _ in range(1000)]
    whole = frame(18, 0, client=b"slow" * 100)
    with Steady(node, "good") as steady:
        for at in range(6):
            for s in slow:
                s.sendall(whole[at : at + 1])
            steady.goes_on()
        found = scrape_until(node, lambda s: Difference(before, s)(
            "tidegate_connections_closed_total", limit="limits.frame_bytes_per_second") == 1000)
        steady.goes_on()
    assert memory(node, "VmRSS") - size < 64 * MB
    assert found.get("tidegate_invariant_violations_total", what="actor_exception") == 0
    for s in slow:
        s.close()


def test_a_flood_of_requests_without_reading_is_not_read_to_its_end(make_node):
    """10^6 requests: the node stops reading; what was answered is there, whole and in order, when the client reads."""
    node = make_node("limits.unsent_bytes=16777216")
    create_topic(node, "good")
    size = memory(node, "VmRSS")
    before = scrape(node)
    one = frame(18, 0)
    flood = one * 1_000_000
    with connect(node) as s, Steady(node, "good") as steady:
        sent = send_until_stuck(s, flood)
        assert sent < len(flood)
        change = Difference(before, scrape(node))
        assert change("tidegate_connection_pauses_total", limit="limits.unsent_bytes") > 0
        assert memory(node, "VmRSS") - size < 96 * MB
        steady.goes_on()
        requests = -(-sent // len(one))
        with s.makefile("rb") as answers, concurrent.futures.ThreadPoolExecutor() as pool:
            rest = pool.submit(s.sendall, flood[sent : requests * len(one)])  # of the last one
            for _ in range(requests):
                length, correlation, error = struct.unpack(">iih", answers.read(10))
                assert (correlation, error) == (7, 0)
                assert len(answers.read(length - 6)) == length - 6
            rest.result()


def test_a_client_that_reads_nothing_gets_only_as_many_answers_as_may_wait(make_node):
    """All requests were read at once: they are begun as the client takes the answers to those before."""
    node = make_node("limits.unsent_bytes=1048576")
    create_topic(node, "wide", 10000)
    one, count = frame(3, 1, b"\xff\xff\xff\xff"), 100
    with connect(node) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.sendall(one * count)
        scrape_until(node, lambda n: n.get("tidegate_unsent_bytes") > MB)
        time.sleep(1)
        assert scrape(node).get("tidegate_unsent_bytes") < 2 * MB
        assert commit(Wire(node), "g", "wide", 1) == 0
        with s.makefile("rb") as answers:
            for _ in range(count):
                (length,) = struct.unpack(">i", answers.read(4))
                assert length > 200_000 and len(answers.read(length)) == length
    settled(node)


def test_many_small_requests_that_wait_are_not_read_to_their_end(make_node):
    """Pipelined joins of groups that wait for their first rebalance."""
    node = make_node("limits.requests_in_flight=10", "kafka.group.initial.rebalance.delay.ms=3000")
    before = scrape(node)
    member = struct.pack(">ii", 10000, 10000) + text(b"") + text(b"consumer") + array([text(b"range") + struct.pack(">i", 0)])
    with connect(node) as s:
        s.sendall(b"".join(frame(11, 1, text(b"g%d" % i) + member) for i in range(50)))
        scrape_until(node, lambda s: s.get("tidegate_requests_in_flight") == 10)
        change = Difference(before, scrape(node))
        assert change("tidegate_connection_pauses_total", limit="limits.requests_in_flight") == 1
        assert change("tidegate_requests_total", api="JoinGroup") == 10


def large_produce(topic: bytes, size: int) -> bytes:
    records = batch(bytes(size))
    body = struct.pack(">hhi", -1, -1, 30000)
    return frame(0, 3, body + array([text(topic) + array([struct.pack(">ii", 0, len(records)) + records])]))


def test_large_requests_of_very_many_clients_wait_for_each_other_and_all_get_through(make_node):
    node = make_node(*MANY, f"limits.node_bytes_in_flight={32 * MB}", f"kafka.message.max.bytes={16 * MB}")
    create_topic(node, "large")
    create_topic(node, "good")
    size = memory(node, "VmRSS")
    request = large_produce(b"large", 8 * MB)
    half = len(request) // 2
    before = scrape(node)
    clients = [connect(node, 60) for _ in range(60)]

    halves = threading.Event()

    def send(s: socket.socket) -> int:
        s.sendall(request[:half])
        halves.wait(60)
        s.sendall(request[half:])
        answer = s.recv(1000)
        return struct.unpack(">h", answer[4 + 4 + 4 + 2 + 5 + 4 + 4 :][:2])[0]

    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool, Steady(node, "good") as steady:
        sent = [pool.submit(send, s) for s in clients]
        scrape_until(node, lambda s: s.get("tidegate_connections_waiting") > 0)
        steady.goes_on()
        halves.set()
        assert [each.result(60) for each in sent] == [0] * len(clients)
        steady.goes_on()
    change = Difference(before, scrape(node))
    assert change("tidegate_connection_pauses_total", limit="limits.node_bytes_in_flight") > 0
    assert change("tidegate_connections_closed_total", limit="limits.node_bytes_in_flight") == 0
    assert memory(node, "VmHWM") - size < 32 * MB + 160 * MB
    for s in clients:
        s.close()
    found = scrape_until(node, lambda s: s.get("tidegate_limit_used", name="limits.node_bytes_in_flight") == 0)
    assert found.get("tidegate_connections_waiting") == 0


def test_a_full_node_still_takes_joins_heartbeats_and_commits(make_node):
    """Its budget is held by large joins that wait for a rebalance."""
    node = make_node(f"limits.node_bytes_in_flight={1 * MB}", "kafka.group.initial.rebalance.delay.ms=4000")
    create_topic(node, "t")
    metadata = struct.pack(">i", 2 * MB) + bytes(2 * MB)
    join = struct.pack(">ii", 10000, 10000) + text(b"") + text(b"consumer") + array([text(b"range") + metadata])
    with connect(node) as s, Wire(node) as wire:
        s.sendall(frame(11, 1, text(b"large") + join))
        scrape_until(node, lambda s: s.get("tidegate_limit_used", name="limits.node_bytes_in_flight") > MB)
        assert commit(wire, "small", "t", 1) == 0
        assert put(wire, "t", b"x") == 0
        assert exchange(node, frame(12, 0, text(b"large") + struct.pack(">i", 1) + text(b"nobody")))[8:10] == b"\0\x19"
        assert scrape(node).get("tidegate_limit_used", name="limits.node_bytes_in_flight") > MB
        assert struct.unpack(">h", s.recv(1000)[8:10]) == (0,)


def test_a_large_fetch_does_not_wait_for_weeks(node):
    create_topic(node, "t")
    request = fetch_request(b"t", [(0, 0, MB)] * 10_000, wait_ms=2**31 - 1)
    start = time.monotonic()
    assert exchange(node, request, seconds=30)[4:8] == struct.pack(">i", 7)
    assert 9 < time.monotonic() - start < 25


def test_small_batches_do_not_keep_large_requests_in_memory(make_node):
    """What is kept of a request for consumers is its good batch, not the rest of it."""
    node = make_node(f"kafka.message.max.bytes={16 * MB}")
    create_topic(node, "t", partitions=2)
    record = b"s" * 100_000  # smaller ones are copied where they are kept
    small, broken = batch(record), bytearray(batch(bytes(8 * MB)))
    broken[-1] ^= 1
    body = struct.pack(">hhi", -1, -1, 30000)
    rows = [struct.pack(">ii", i, len(records)) + bytes(records) for i, records in enumerate((small, broken))]
    request = frame(0, 3, body + array([text(b"t") + array(rows)]))
    sizes = []
    for i in range(40):
        assert exchange(node, request)[4:8] == struct.pack(">i", 7)
        if i in (4, 39):
            sizes.append(memory(node, "VmRSS"))
    assert sizes[1] - sizes[0] < 48 * MB
    with Wire(node) as wire:
        assert set(read_all(wire, "t").values()) == {record}


def test_every_reason_to_close_a_connection_is_counted(make_node):
    node = make_node("limits.first_byte_timeout_ms=300", "limits.frame_grace_ms=300", "limits.drain_timeout_ms=300",
                     "kafka.connections.max.idle.ms=1000", "kafka.group.initial.rebalance.delay.ms=60000")  # fmt: skip
    member = struct.pack(">ii", 10000, 10000) + text(b"") + text(b"consumer") + array([text(b"range") + struct.pack(">i", 0)])
    before = settled(node)
    silent, idle, slow, drained = (connect(node) for _ in range(4))
    idle.sendall(frame(18, 0))
    slow.sendall(frame(18, 0)[:7])
    drained.sendall(frame(11, 1, text(b"g") + member))
    drained.shutdown(socket.SHUT_WR)
    for s in (silent, slow, drained):
        assert s.recv(1) == b""
    while idle.recv(65536):
        pass
    change = Difference(before, scrape(node))
    for limit in ("limits.first_byte_timeout_ms", "kafka.connections.max.idle.ms", "limits.frame_bytes_per_second",
                  "limits.drain_timeout_ms"):  # fmt: skip
        assert change("tidegate_connections_closed_total", limit=limit) == 1, limit


def test_every_reason_to_reject_a_connection_is_counted(make_node):
    node = make_node("kafka.max.connections=3", "kafka.max.connections.per.ip=3", "limits.connections_per_second=1")
    before = settled(node)
    kept = [connect(node) for _ in range(3)]
    scrape_until(node, lambda s: s.get("tidegate_connections") == 3)
    with connect(node) as refused:
        assert refused.recv(1) == b""
    for s in kept:
        s.close()
    settled(node)
    for _ in range(15):  # ten at once, and one per second
        exchange(node, frame(18, 0))
    change = Difference(before, scrape(node))
    assert change("tidegate_connections_rejected_total", limit="kafka.max.connections") == 1
    assert change("tidegate_connections_rejected_total", limit="limits.connections_per_second") > 0
