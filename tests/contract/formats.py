"""
The formats of design §6 and §10 once more, so that what native programs are shown is what tidegate stores.
test_formats.py compares every one of them with the golden bytes of the C++ tests. No I/O here.
"""

import hashlib
import json
import struct
import time
import uuid
from dataclasses import dataclass

FRAME_BYTES = 40
COVERED_BATCH_BYTES = 21
SLOTS_PER_PARTITION = 32
RING = 4096
SPAN_SECONDS = 600
_CRC32C = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (0x82F63B78 if _byte & 1 else 0)
    _CRC32C.append(_byte)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def varint(value: int) -> bytes:
    """Protobuf's; negative numbers are sign-extended to 64 bits."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value: int) -> bytes:
    return varint(value << 1 ^ value >> 63)


def text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


# Kafka's record batch.


def records(values, timestamp_delta: int = 0) -> bytes:
    out = b""
    for delta, value in enumerate(values):
        body = b"\0" + zigzag(timestamp_delta) + zigzag(delta) + zigzag(-1) + zigzag(len(value)) + value + zigzag(0)
        out += zigzag(len(body)) + body
    return out


def batch(base_offset: int, epoch: int, count: int, first_timestamp: int, max_timestamp: int, body: bytes) -> bytes:
    rest = struct.pack(">hiqqqhii", 0, count - 1, first_timestamp, max_timestamp, -1, -1, -1, count) + body
    head = struct.pack(">qiib", base_offset, len(rest) + 9, epoch, 2)
    return head + struct.pack(">I", crc32c(rest)) + rest


@dataclass(frozen=True)
class Batch:
    """What one SMQ message of ours holds, as a native program may decode it."""

    base_offset: int
    next_offset: int
    values: tuple[bytes, ...]


def decode_message(value: bytes) -> Batch:
    """Of `DataMessage.value`: frame and an uncompressed batch. Fails on anything else."""
    assert value[:8] == b"TGB1\1\1\0\0", f"not a frame of ours: {value[:8]!r}"
    (stored_crc,) = struct.unpack(">I", value[36:40])
    assert stored_crc == crc32c(value[:36] + value[40:61]), "the CRC of the frame is wrong"
    stored = value[FRAME_BYTES:]
    base_offset, length, _, magic, crc, attributes, last_delta = struct.unpack(">qiibIhi", stored[:27])
    assert magic == 2 and length + 12 == len(stored) and crc == crc32c(stored[21:]) and attributes & 7 == 0
    (count,) = struct.unpack(">i", stored[57:61])
    values, at = [], 61
    for _ in range(count):
        size, at = read_zigzag(stored, at)
        end, at = at + size, at + 1
        for _ in range(2):  # timestamp and offset deltas
            _, at = read_zigzag(stored, at)
        for _ in range(2):  # key and value
            size, at = read_zigzag(stored, at)
            body, at = stored[at : at + max(size, 0)], at + max(size, 0)
        values.append(body)
        at = end
    assert at == len(stored) and last_delta + 1 == count
    return Batch(base_offset, base_offset + count, tuple(values))


def read_zigzag(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value, shift = value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return value >> 1 ^ -(value & 1), at


# Messages (smq/segments/frame.hpp, log_entry.cpp).


def frame(topic_id: uuid.UUID, partition: int, ts_ns: int, stored_batch: bytes) -> bytes:
    head = b"TGB1" + bytes([1, 1, 0, 0]) + topic_id.bytes + struct.pack(">iq", partition, ts_ns)
    return head + struct.pack(">I", crc32c(head + stored_batch[:COVERED_BATCH_BYTES]))


def message_key(base_offset: int, epoch: int) -> bytes:
    return struct.pack(">qi", base_offset, epoch)


def key_hash(key: bytes) -> int:
    """SMQ's: the first four bytes of the MD5, signed."""
    return struct.unpack(">i", hashlib.md5(key).digest()[:4])[0]


def log_entry(topic_id: uuid.UUID, partition: int, ts_ns: int, number: int, stored_batch: bytes) -> bytes:
    """`[4-byte length][LogEntry]`. Base offset and epoch of the key are the batch's own."""
    base_offset, _, epoch = struct.unpack(">qii", stored_batch[:16])
    key = message_key(base_offset, epoch)
    data = frame(topic_id, partition, ts_ns, stored_batch) + stored_batch
    message = b"\x08" + varint(ts_ns) + b"\x10" + varint(key_hash(key)) + b"\x1a" + varint(len(data)) + data
    message += b"\x22" + varint(len(key)) + key + (b"\x28" + varint(number) if number else b"")
    return struct.pack(">I", len(message)) + message


# Segments and partition entries (smq/segments/segment_name.cpp, segment_attributes.cpp, partition_entry.cpp).


def utc(second: int) -> str:
    return time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime(second))


def segment_name(second: int, base_offset: int) -> str:
    return f"{utc(second)}.{base_offset:020d}"


def name_second_for(first_ts_ns: int, span: int, newest: int) -> int:
    return max((first_ts_ns // 10**9 // span + 1) * span - 1, newest)


def segment_attributes(
    base_offset,
    next_offset,
    first_ts_ns,
    last_ts_ns,
    max_timestamp,
    epoch,
    topic_id,
    partition,
    first_number,
    last_number,
    size_bytes,
) -> dict[str, bytes]:
    own = struct.pack(">bqqqqqi", 2, base_offset, next_offset, first_ts_ns, last_ts_ns, max_timestamp, epoch)
    own += topic_id.bytes + struct.pack(">iQ", partition, size_bytes)
    first, last = struct.pack(">q", first_number), struct.pack(">q", last_number)
    return {
        "buffer_start": first,
        "offset_min": first,
        "offset_max": last,
        "tg.seg": own + struct.pack(">I", crc32c(own + first + last)),
    }


def partition_entry(
    topic_id,
    partition,
    log_start,
    next_offset,
    next_number,
    last_ts_ns,
    epochs=(),
    gaps=(),
    snapshot_offset=-1,
    snapshot=b"",
    marks=(),
) -> bytes:
    out = b"\2" + topic_id.bytes + struct.pack(">iqqqq", partition, log_start, next_offset, next_number, last_ts_ns)
    out += struct.pack(">I", len(epochs)) + b"".join(struct.pack(">iq", *e) for e in epochs)
    out += struct.pack(">I", len(gaps)) + b"".join(struct.pack(">qqi", *g) for g in gaps)
    out += struct.pack(">qI", snapshot_offset, len(snapshot)) + snapshot
    out += struct.pack(">H", len(marks)) + b"".join(struct.pack(">qq", *m) for m in marks)
    return out + struct.pack(">I", crc32c(out))


# Positions (smq/positions).


def position_json(value: int, committed_at_ms: int, metadata: str = "") -> bytes:
    fields = {"type": "offset", "value": value, "offset_type": "EXACT_OFFSET", "committed_at": committed_at_ms}
    return json.dumps({**fields, "metadata": metadata}, separators=(",", ":"), ensure_ascii=False).encode()


def position_attribute(value, offset, epoch, topic_id, incarnation, seq, metadata: bytes = b"") -> bytes:
    head = b"\2" + struct.pack(">qqi", value, offset, epoch) + topic_id.bytes + incarnation.bytes
    head += struct.pack(">Q", seq) + text(metadata)
    return head + struct.pack(">I", crc32c(head))


# Names and topics (smq/names.cpp, smq/topics/topic_info.cpp).


def escape(name: str) -> str:
    plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    out = ""
    for i, byte in enumerate(name.encode()):
        out += chr(byte) if byte in plain or (byte == ord(".") and i > 0) else f"%{byte:02X}"
    return out or "%"


def topic_directory(topic: str) -> str:
    return f"/topics/kafka/{escape(topic)}"


def ring_range(partition: int) -> tuple[int, int]:
    return partition * SLOTS_PER_PARTITION, partition * SLOTS_PER_PARTITION + SLOTS_PER_PARTITION - 1


def partition_directory(topic: str, created: int, partition: int) -> str:
    start, stop = ring_range(partition)
    return f"{topic_directory(topic)}/v{utc(created)}/{start:04d}-{stop:04d}"


def position_path(directory: str, group: str) -> str:
    """For group names of up to 180 escaped bytes; longer ones are hashed, which no native program can see."""
    return f"{directory}/consumers/{native_group(group)}.offset"


def native_group(group: str) -> str:
    return f"kafka-cg-{escape(group)}"


def ring_size(partitions: int) -> int:
    return max(RING, -(-partitions * SLOTS_PER_PARTITION // RING) * RING)


def topic_conf(partitions: int, created: int, leader: str = "") -> bytes:
    assignments = []
    for index in range(partitions):
        start, stop = ring_range(index)
        partition = {"ringSize": ring_size(partitions), "rangeStart": start, "rangeStop": stop}
        partition["unixTimeNs"] = str(created * 10**9)
        assignments.append({"partition": partition, "leaderBroker": leader, "followerBroker": ""})
    conf = {"brokerPartitionAssignments": assignments, "retention": None, "messageRecordType": None}
    return json.dumps({**conf, "keyColumns": [], "schemaFormat": ""}, indent=2).encode()


def topic_entry(topic: str, topic_id, created: int, partitions: int, span: int, configs: dict[str, str]) -> bytes:
    out = b"\1\1" + topic_id.bytes + struct.pack(">qii", created, partitions, span) + text(topic.encode())
    out += struct.pack(">I", len(configs))
    return out + b"".join(text(k.encode()) + text(v.encode()) for k, v in sorted(configs.items()))


def name_record(state: int, topic_id, created: int, transaction_id, topic: str) -> bytes:
    """`state`: 1 live, 2 deleting, 3 gone."""
    head = bytes([1, state]) + topic_id.bytes + struct.pack(">q", created) + transaction_id.bytes
    return head + text(topic.encode())
