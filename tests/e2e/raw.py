"""Requests byte by byte, for what no client library would send."""

import socket
import struct


def exchange(node, payload: bytes, seconds: float = 5) -> bytes:
    """What the server says before it closes, or within `seconds`."""
    with socket.create_connection(("127.0.0.1", node.port), timeout=seconds) as s:
        s.sendall(payload)
        data = b""
        try:
            while chunk := s.recv(65536):
                data += chunk
                if len(data) >= 4 and len(data) >= 4 + struct.unpack(">i", data[:4])[0]:
                    return data
        except (TimeoutError, ConnectionResetError):
            return data if data else b"reset"
        return data


def frame(api: int, version: int, body: bytes = b"", client: bytes = b"x", tagged: bytes = b"") -> bytes:
    head = struct.pack(">hhi", api, version, 7) + struct.pack(">h", len(client)) + client + tagged
    return struct.pack(">i", len(head) + len(body)) + head + body


def text(value: bytes) -> bytes:
    return struct.pack(">h", len(value)) + value


def array(items) -> bytes:
    items = list(items)
    return struct.pack(">i", len(items)) + b"".join(items)
