"""Garbage on the socket: an error code or a closed connection, and nobody else notices."""

import struct
import threading

import pytest
from clients import produce
from raw import exchange, frame


@pytest.mark.parametrize("first", [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00"])
def test_an_impossible_length_closes_the_connection(shared_node, first):
    assert exchange(shared_node, first) in (b"", b"reset")
    assert produce(shared_node, "still-alive", [b"x"])


def test_an_unknown_api_version_is_answered_as_kafka_does(shared_node):
    answer = exchange(shared_node, frame(18, 99, b"\x00" * 8))
    correlation, error, count = struct.unpack(">ihi", answer[4:14])
    assert (correlation, error) == (7, 35)
    keys = [struct.unpack(">hhh", answer[14 + 6 * i : 20 + 6 * i]) for i in range(count)]
    assert (18, 0, 4) in keys


@pytest.mark.parametrize("api,version", [(0, 99), (3, 99), (999, 0), (-1, 0), (1, -1)])
def test_unknown_keys_and_versions_close_the_connection(shared_node, api, version):
    assert exchange(shared_node, frame(api, version, b"\x00" * 16)) in (b"", b"reset")
    assert produce(shared_node, "still-alive", [b"x"])


@pytest.mark.parametrize("api,version,body", [
    (3, 1, b"\x7f\xff\xff\xff"),
    (3, 1, b"\x00\x00\x00\x01\x7f\xff"),
    (8, 2, b"\xff\xff"),
    (1, 4, b"\x00" * 9),
    (11, 0, b"\x00\x01g" + b"\x00\x00\x17\x70" + b"\xff\xff"),
])
def test_a_body_that_does_not_parse_closes_the_connection(shared_node, api, version, body):
    assert exchange(shared_node, frame(api, version, body)) in (b"", b"reset")
    assert produce(shared_node, "still-alive", [b"x"])


def test_a_corrupt_batch_is_refused_and_the_connection_lives(shared_node):
    produce(shared_node, "crc", [b"x"])
    batch = struct.pack(">qiibIhiqqqhii", 0, 49 + 7, -1, 2, 0xDEADBEEF, 0, 0, 1, 1, -1, -1, -1, 1) + b"\x0c\x00\x00\x00\x01\x02x"[:7]
    body = struct.pack(">hhi", -1, -1, 1000) + struct.pack(">i", 1) + struct.pack(">h", 3) + b"crc"
    body += struct.pack(">i", 1) + struct.pack(">ii", 0, len(batch)) + batch
    answer = exchange(shared_node, frame(0, 3, body))
    # length 4, correlation 4, topics 4, name 2 + 3, partitions 4, index 4
    error = struct.unpack(">h", answer[25:27])[0]
    assert error == 2


def test_many_broken_connections_do_not_disturb_a_good_one(shared_node):
    def spoil():
        for _ in range(20):
            exchange(shared_node, b"\xff\xff\xff\xff" * 3, seconds=2)

    threads = [threading.Thread(target=spoil) for _ in range(4)]
    for t in threads:
        t.start()
    assert produce(shared_node, "good", [f"{i}".encode() for i in range(200)]) == list(range(200))
    for t in threads:
        t.join()
