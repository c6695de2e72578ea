"""KIP-227: incremental fetch sessions, and what a client gets when every slot is taken."""

import socket
import struct

from clients import create_topic, produce
from test_bad_input import frame


def receive(s: socket.socket) -> bytes:
    def exactly(count: int) -> bytes:
        data = b""
        while len(data) < count:
            chunk = s.recv(count - len(data))
            assert chunk, "the connection was closed"
            data += chunk
        return data

    return exactly(struct.unpack(">i", exactly(4))[0])


def full_fetch(s: socket.socket, topic: bytes) -> tuple[int, int]:
    """Asks for a session with one partition (Fetch v7); the error and the session id of the answer."""
    body = struct.pack(">iiiibii", -1, 0, 1, 1 << 20, 0, 0, 0)  # replica, wait, least, most, isolation, session 0, epoch 0
    body += struct.pack(">ih", 1, len(topic)) + topic + struct.pack(">iiqqi", 1, 0, 0, -1, 1 << 20) + struct.pack(">i", 0)
    s.sendall(frame(1, 7, body))
    _, _, error, session = struct.unpack(">iihi", receive(s)[:14])
    return error, session


def test_a_client_without_a_slot_goes_on_without_a_session(make_node):
    node = make_node("kafka.max.incremental.fetch.session.cache.slots=1")
    create_topic(node, "t")
    produce(node, "t", [b"x"])
    with socket.create_connection(("127.0.0.1", node.port)) as first:
        error, session = full_fetch(first, b"t")
        assert error == 0 and session > 0
        with socket.create_connection(("127.0.0.1", node.port)) as second:
            assert full_fetch(second, b"t") == (0, 0)
        assert full_fetch(first, b"t")[1] > 0, "a client may start its own session again"
