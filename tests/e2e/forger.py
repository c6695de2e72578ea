"""A node whose answers are changed on their way: what a client notices of that."""

import socket
import struct
import threading

import pytest
from clients import produce


class Forger:
    """Forwards connections to a node and puts `new` in the place of `old`, of the same length, in what the node sends."""

    def __init__(self, port: int):
        self.port, self.old, self.new, self.done = port, b"", b"", 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            node = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self.requests, args=(client, node), daemon=True).start()
            threading.Thread(target=self.answers, args=(node, client), daemon=True).start()

    @staticmethod
    def requests(client, node) -> None:
        try:
            while data := client.recv(65536):
                node.sendall(data)
            node.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def answers(self, node, client) -> None:
        source = node.makefile("rb")
        try:
            while len(length := source.read(4)) == 4:
                frame = source.read(struct.unpack(">i", length)[0])
                if self.old and self.old in frame:
                    self.done += 1
                    frame = frame.replace(self.old, self.new)
                client.sendall(length + frame)
            client.close()
        except OSError:
            pass


@pytest.fixture
def forged(make_node):
    """A node that clients reach through a forger only, with ten batches of one record in topic t."""
    forger = Forger(0)
    node = make_node(f"advertised.listener={forger.address}")
    forger.port = node.port
    for i in range(10):
        produce(node, "t", [b"value-%d" % i])
    node.port = int(forger.address.rpartition(":")[2])
    yield node, forger
    forger.listener.close()
