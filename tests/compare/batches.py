"""Record batches as Kafka stores them: compressed by hand, changed in single fields, and read back."""

import functools
import gzip
import hashlib
import struct

from kafka.record.util import calc_crc32c
from wire import batch

HEAD = 61  # bytes in front of the records
FIELDS = {
    "base_offset": (0, ">q"), "length": (8, ">i"), "leader_epoch": (12, ">i"), "magic": (16, ">b"), "crc": (17, ">I"),
    "attributes": (21, ">h"), "last_offset_delta": (23, ">i"), "first_timestamp": (27, ">q"),
    "max_timestamp": (35, ">q"), "producer_id": (43, ">q"), "producer_epoch": (51, ">h"), "base_sequence": (53, ">i"),
    "count": (57, ">i"),
}  # fmt: skip
NEXT_TO_LENGTH = 12
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
LOG_APPEND_TIME, TRANSACTIONAL, CONTROL = 0x8, 0x10, 0x20


def changed(whole: bytes, records: bytes | None = None, **fields: int) -> bytes:
    """The batch with other fields, and with records of its own; length and CRC fit, unless they are named."""
    out = bytearray(whole if records is None else whole[:HEAD] + records)
    for name, value in {"length": len(out) - NEXT_TO_LENGTH, **fields}.items():
        place, form = FIELDS[name]
        struct.pack_into(form, out, place, value)
    if "crc" not in fields:
        struct.pack_into(">I", out, 17, calc_crc32c(bytes(out[21:])))
    return bytes(out)


def field_of(whole: bytes, name: str) -> int:
    place, form = FIELDS[name]
    return struct.unpack_from(form, whole, place)[0]


def compressed(whole: bytes, codec: int) -> bytes:
    """Frames without compression inside, but for gzip: no package is needed."""
    pack = {GZIP: lambda data: gzip.compress(data, mtime=0), SNAPPY: snappy, LZ4: lz4, ZSTD: zstd}[codec]
    return changed(whole, pack(whole[HEAD:]), attributes=field_of(whole, "attributes") | codec)


def snappy(data: bytes) -> bytes:
    """One literal, in the frame of xerial's Java library."""
    assert len(data) < 1 << 16
    length = bytes([len(data) & 0x7F | 0x80, len(data) >> 7 & 0x7F | 0x80, len(data) >> 14])
    block = length + bytes([61 << 2]) + struct.pack("<H", len(data) - 1) + data
    return b"\x82SNAPPY\0" + struct.pack(">iii", 1, 1, len(block)) + block


def lz4(data: bytes) -> bytes:
    """One stored block of at most 64 KiB."""
    return b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", 1 << 31 | len(data)) + data + bytes(4)


def zstd(data: bytes) -> bytes:
    """One raw block of a single segment."""
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data)) + struct.pack("<I", 1 | len(data) << 3)[:3] + data


def at_times(*timestamps: int, **more) -> bytes:
    """A batch with one record for each timestamp."""
    from kafka.record.default_records import DefaultRecordBatchBuilder

    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 20)
    for i, timestamp in enumerate(timestamps):
        builder.append(i, timestamp, None, b"at %d" % timestamp, [])
    return changed(bytes(builder.build()), **more)


@functools.cache
def of_size(size: int) -> bytes:
    """A batch of exactly so many bytes."""
    like = next(n for n in range(size - HEAD, 0, -1) if HEAD + size_of_record(n) == size)
    return batch(bytes(like))


def size_of_record(value: int) -> int:
    """Without a key, of a value of so many bytes."""
    body = 5 + size_of_varint(value) + value
    return size_of_varint(body) + body


def size_of_varint(number: int) -> int:
    return (2 * number).bit_length() // 7 + ((2 * number).bit_length() % 7 > 0)


def read(data: bytes) -> list:
    """What a fetch answer carries: the head of every batch and a hash of its records; what is no batch is a rest."""
    found = []
    while data:
        size = field_of(data, "length") + NEXT_TO_LENGTH if len(data) >= HEAD else HEAD
        if not HEAD <= size <= len(data):
            return [*found, {"rest": len(data)}]
        head = {name: field_of(data, name) for name in FIELDS}
        found.append({**head, "records": hashlib.sha256(data[HEAD:size]).hexdigest()[:12]})
        data = data[size:]
    return found
