"""Requests that are well-formed and mean harm: the node answers or refuses them, stays small, and serves the others."""

import socket
import struct

from clients import create_topic, produce
from metrics import scrape
from raw import array, exchange, frame, text

LONG = b"n" * 32767


def create_request(*names: bytes) -> bytes:
    topic = lambda name: text(name) + struct.pack(">ih", 1, 1) + array([]) + array([])
    return frame(19, 2, array(topic(n) for n in names) + struct.pack(">i?", 10000, False))


def test_an_error_message_longer_than_a_kafka_string_does_not_end_the_topic_registry(node):
    # The answer is put together by whoever answers last: here the topic registry, which everybody needs.
    answer = exchange(node, create_request(b"fine", LONG))
    assert answer[4:8] == struct.pack(">i", 7)
    assert produce(node, "another", [b"x"]) == [0]


def test_a_group_name_that_fills_a_kafka_string_is_described(node):
    name = b"g" * 32760
    compact = b"\xf9\xff\x01" + name
    answer = exchange(node, frame(15, 6, b"\x02" + compact + b"\x00\x00", tagged=b"\x00"))
    assert answer[4:8] == struct.pack(">i", 7)
    assert b"\x00\x45" in answer[:20]  # group_id_not_found


def fetch_request(topic: bytes, partitions, wait_ms: int = 0, least: int = 1, most: int = 1 << 30) -> bytes:
    """Fetch v4; `partitions` are (index, offset, most bytes)."""
    body = struct.pack(">iiiib", -1, wait_ms, least, most, 0)
    return frame(1, 4, body + array([text(topic) + array(struct.pack(">iqi", *p) for p in partitions)]))


def memory(node, what: str) -> int:
    """Bytes: VmRSS or VmHWM."""
    for line in open(f"/proc/{node.process.pid}/status"):
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise AssertionError(what)


def test_metadata_names_a_repeated_topic_once(node):
    create_topic(node, "large", 10000)
    before = memory(node, "VmHWM")
    answer = exchange(node, frame(3, 1, array([text(b"large")] * 100)), seconds=20)
    brokers, = struct.unpack(">i", answer[8:12])
    assert brokers == 1
    assert len(answer) < 500_000
    assert memory(node, "VmHWM") - before < 32 << 20


def test_a_request_that_closes_the_connection_waits_for_its_turn(node):
    create_topic(node, "t")
    parked = fetch_request(b"t", [(0, 0, 1 << 20)], wait_ms=400)
    answer = exchange(node, parked + frame(99, 99))
    assert answer[4:8] == struct.pack(">i", 7)


def test_a_partition_that_is_named_twice_in_list_offsets_is_refused(node):
    create_topic(node, "t")
    produce(node, "t", [b"x"])
    twice = array([text(b"t") + array([struct.pack(">iq", 0, 0)] * 2)])
    answer = exchange(node, frame(2, 1, struct.pack(">i", -1) + twice))
    errors = [struct.unpack(">ih", answer[at : at + 6]) for at in (19, 41)]
    assert errors == [(0, 42), (0, 42)]


def test_a_fetch_that_was_answered_leaves_nothing_behind(node):
    """A client asks for a wait of weeks and is served soon: nothing of the request may stay for the weeks."""
    create_topic(node, "t")
    before = 0
    for i in range(20):
        with socket.create_connection(("127.0.0.1", node.port), timeout=20) as s:
            s.sendall(fetch_request(b"t", [(0, i, 1 << 20)] * 60000, wait_ms=2**31 - 1))
            s.sendall(frame(3, 1, array([text(b"t")])))  # its answer comes behind the fetch's
            produce(node, "t", [b"x"])
            assert s.recv(4)
        if i == 4:
            before = memory(node, "VmRSS")
    assert memory(node, "VmRSS") - before < 24 << 20


def test_more_elements_than_allowed_close_the_connection(make_node):
    node = make_node("limits.elements_per_request=1000")
    names = [text(b"t%d" % i) for i in range(1001)]
    assert exchange(node, frame(42, 0, array(names[:1000])))[4:8] == struct.pack(">i", 7)
    assert exchange(node, frame(42, 0, array(names))) in (b"", b"reset")
    assert scrape(node).get("tidegate_limit_hits_total", limit="limits.elements_per_request") == 1


def test_nobody_fetches_as_a_broker(node):
    fetch_of = lambda replica: frame(1, 4, struct.pack(">iiiib", replica, 0, 0, 1000, 0) + array([]))
    assert exchange(node, fetch_of(-1))[8:] == struct.pack(">ii", 0, 0)
    assert exchange(node, fetch_of(2)) in (b"", b"reset")
    assert scrape(node).get("tidegate_requests_refused_total", reason="replica") == 1


def test_many_fetches_that_nobody_reads_stay_within_the_limit_and_others_go_on(make_node):
    """Answers of 100 pipelined fetches wait in memory until their client reads; another client is served meanwhile."""
    node = make_node("limits.fetch_bytes_in_flight=33554432")
    create_topic(node, "big")
    value = bytes(900_000)
    produce(node, "big", [value] * 60, **{"message.max.bytes": 1_000_000, "compression.type": "none"})
    before = memory(node, "VmRSS")
    with socket.create_connection(("127.0.0.1", node.port)) as greedy:
        greedy.sendall(fetch_request(b"big", [(0, 0, 1 << 30)]) * 100)
        assert greedy.recv(1)
        answer = exchange(node, fetch_request(b"big", [(0, 5, 1 << 30)]), seconds=20)
        assert len(answer) > 900_000
        assert memory(node, "VmRSS") - before < 160 << 20
    assert scrape(node).get("tidegate_limit_hits_total", limit="limits.fetch_bytes_in_flight") > 0


def test_a_group_name_that_is_empty_is_refused(node):
    assert exchange(node, frame(12, 0, text(b"") + struct.pack(">i", 1) + text(b"m")))[8:10] == struct.pack(">h", 24)


def test_deleting_a_topic_twice_in_one_request_is_refused(node):
    create_topic(node, "t")
    answer = exchange(node, frame(20, 1, array([text(b"t"), text(b"t")]) + struct.pack(">i", 5000)))
    assert answer[12:] == struct.pack(">i", 2) + (text(b"t") + struct.pack(">h", 42)) * 2


def test_validate_only_tells_that_the_topic_exists(node):
    create_topic(node, "t")
    topic = text(b"t") + struct.pack(">ih", 1, 1) + array([]) + array([])
    answer = exchange(node, frame(19, 2, array([topic]) + struct.pack(">i?", 5000, True)))
    assert answer[16 : 16 + 5] == text(b"t") + struct.pack(">h", 36)


def test_a_manual_assignment_to_a_node_that_does_not_exist_is_refused(node):
    assignment = array([struct.pack(">i", 0) + array([struct.pack(">i", 99)])])
    topic = text(b"t") + struct.pack(">ih", -1, -1) + assignment + array([])
    answer = exchange(node, frame(19, 2, array([topic]) + struct.pack(">i?", 5000, False)))
    assert answer[16 : 16 + 5] == text(b"t") + struct.pack(">h", 39)


def session_request(session: int, epoch: int, indexes, forgotten=()) -> bytes:
    """Fetch v7 of partitions of a topic that nobody has."""
    body = struct.pack(">iiiibii", -1, 0, 1, 1 << 20, 0, session, epoch)
    body += array([text(b"none") + array(struct.pack(">iqqi", i, 0, -1, 1 << 20) for i in indexes)])
    return frame(1, 7, body + array([text(b"none") + array(struct.pack(">i", i) for i in forgotten)]))


def ask(s: socket.socket, request: bytes) -> bytes:
    s.sendall(request)
    answer = b""
    while len(answer) < 4 or len(answer) < 4 + struct.unpack(">i", answer[:4])[0]:
        chunk = s.recv(1 << 20)
        assert chunk, "the connection was closed"
        answer += chunk
    return answer


def test_a_fetch_session_that_grows_too_large_is_gone(node):
    with socket.create_connection(("127.0.0.1", node.port), timeout=20) as s:
        first = ask(s, session_request(0, 0, range(90000)))
        error, session = struct.unpack(">hi", first[12:18])
        assert error == 0 and session > 0
        assert struct.unpack(">h", ask(s, session_request(session, 1, range(90000, 100001)))[12:14]) == (42,)
        assert struct.unpack(">h", ask(s, session_request(session, 1, []))[12:14]) == (70,)


def test_a_session_forgets_many_partitions_at_once(node):
    with socket.create_connection(("127.0.0.1", node.port), timeout=20) as s:
        first = ask(s, session_request(0, 0, range(50000)))
        session, = struct.unpack(">i", first[14:18])
        rest = ask(s, session_request(session, 1, [], range(49999)))
        assert rest[18:] == array([text(b"none") + array([struct.pack(">ihqqqii", 49999, 3, -1, -1, -1, 0, 0)])])
