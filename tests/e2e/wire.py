"""Kafka's protocol by hand: one request, one answer, no retries. The message classes are those of kafka-python."""

import itertools
import socket
import struct
import types

import kafka.protocol.admin as admin_api
import kafka.protocol.consumer as consumer_api
import kafka.protocol.metadata as metadata_api
import kafka.protocol.producer as producer_api
import kafka.protocol.sasl as sasl_api
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords

MODULES = (admin_api, consumer_api, metadata_api, producer_api, sasl_api)


def message_class(name: str):
    return next(getattr(m, name) for m in MODULES if hasattr(m, name))


def _filled(struct_field, value: dict) -> dict:
    """Dictionaries in arrays become objects that have every field of their struct."""
    for field in struct_field._fields:
        if field.is_struct_array() and value.get(field.name) is not None:
            value = {**value, field.name: [_object(field, one) for one in value[field.name]]}
    return value


def _object(field, value: dict):
    defaults = {f.name: f.default for f in field._fields}
    assert value.keys() <= defaults.keys(), f"{field.name} has no {value.keys() - defaults.keys()}"
    return types.SimpleNamespace(tags=None, unknown_tags=None, **{**defaults, **_filled(field, value)})


def encode(api: str, version: int, fields: dict, correlation: int = 1) -> bytes:
    """A whole request frame."""
    cls = message_class(api + "Request")
    request = cls(version=version, **_filled(cls._struct, fields))
    request.with_header(correlation_id=correlation, client_id="wire")
    return bytes(request.encode(header=True, framed=True))


class Wire:
    """One connection. A closed connection is a ConnectionError, an answer that does not come a TimeoutError."""

    def __init__(self, node, seconds: float = 20, host: str = ""):
        """`host`: another client's than usual; all of 127.0.0.0/8 is this machine."""
        source = (host, 0) if host else None
        self.socket = socket.create_connection(("127.0.0.1", node.port), timeout=seconds, source_address=source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlations = itertools.count(1)
        self.sent = []  # (correlation, class of the answer, version), in order

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, api: str, version: int, **fields) -> None:
        correlation = next(self.correlations)
        self.sent.append((correlation, message_class(api + "Response"), version))
        self.socket.sendall(encode(api, version, fields, correlation))

    def receive(self):
        """The answer to the oldest request that has none yet."""
        correlation, cls, version = self.sent.pop(0)
        frame = self.receive_frame()
        assert struct.unpack(">i", frame[:4])[0] == correlation, "answers came in another order than requests"
        return cls.decode(frame, version=version, header=True)

    def call(self, api: str, version: int, **fields):
        self.send(api, version, **fields)
        return self.receive()

    def receive_frame(self) -> bytes:
        return self._exactly(struct.unpack(">i", self._exactly(4))[0])

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                raise ConnectionError("the node closed the connection")
            data += chunk
        return data


def batch(*values: bytes, timestamp: int = 1_700_000_000_000, producer=(-1, -1, -1), transactional: bool = False) -> bytes:
    """A record batch without compression; `producer` = id, epoch, first sequence."""
    builder = DefaultRecordBatchBuilder(2, 0, transactional, *producer, 1 << 20)
    for i, value in enumerate(values):
        builder.append(i, timestamp, None, value, [])
    return bytes(builder.build())


def topic_id(wire: Wire, name: str):
    """The id of a topic, by Metadata v12."""
    answer = wire.call("Metadata", 12, topics=[{"name": name, "topic_id": None}], allow_auto_topic_creation=False)
    assert answer.topics[0].error_code == 0, answer
    return answer.topics[0].topic_id


def produce(wire: Wire, topic: str, *values: bytes, partition: int = 0) -> int:
    """The base offset that was acknowledged."""
    answer = wire.call("Produce", 9, acks=-1, timeout_ms=10000, transactional_id=None, topic_data=[
        {"name": topic, "partition_data": [{"index": partition, "records": batch(*values)}]}])
    found = answer.responses[0].partition_responses[0]
    assert found.error_code == 0, answer
    return found.base_offset


def read_all(wire: Wire, topic: str, partition: int = 0, offset: int = 0) -> dict[int, bytes]:
    """Every record from `offset` to the high watermark: offset → value."""
    found = {}
    while True:
        wanted = {"partition": partition, "fetch_offset": offset, "partition_max_bytes": 1 << 20, "current_leader_epoch": -1}
        answer = wire.call("Fetch", 12, max_wait_ms=0, min_bytes=0, max_bytes=8 << 20, isolation_level=0, session_id=0,
                           session_epoch=-1, topics=[{"topic": topic, "partitions": [wanted]}], forgotten_topics_data=[],
                           rack_id="")
        rows = answer.responses[0].partitions[0]
        assert rows.error_code == 0, answer
        for record in _records(bytes(rows.records or b"")):
            assert record.offset not in found
            if record.offset >= offset:
                found[record.offset] = record.value
        if offset == rows.high_watermark:
            return found
        offset = max(found, default=offset - 1) + 1


def _records(data: bytes):
    batches = MemoryRecords(data)
    while (one := batches.next_batch()) is not None:
        yield from one
