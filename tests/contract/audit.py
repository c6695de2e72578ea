"""Compares everything that lies in the directory of a topic with formats.py, byte by byte."""

import calendar
import re
import struct
import time
import uuid
from dataclasses import dataclass

import formats
from native import Filer
from store import SECOND, Volumes

SEGMENT = re.compile(r"\d{4}(-\d\d){5}\.\d{20}")


@dataclass(frozen=True)
class Audit:
    """What the segments of one partition hold."""

    files: int
    messages: int
    next_offset: int


def audit_topic(filer: Filer, topic: str) -> tuple[uuid.UUID, int, int]:
    """(topic id, creation second, partitions), after a check that the three entries of a topic agree."""
    directory = formats.topic_directory(topic)
    entry = filer.lookup(f"{directory}/tidegate.topic").content
    topic_id = uuid.UUID(bytes=entry[2:18])
    created, partitions, span = struct.unpack(">qii", entry[18:34])
    assert entry.startswith(formats.topic_entry(topic, topic_id, created, partitions, span, {})[:-4])
    assert filer.lookup(f"{directory}/topic.conf") is not None
    record = filer.lookup(f"/topics/.tidegate/names/{formats.escape(topic)}").content
    transaction = uuid.UUID(bytes=record[26:42])
    assert record == formats.name_record(1, topic_id, created, transaction, topic)
    return topic_id, created, partitions


def audit_partition(filer: Filer, volumes: Volumes, topic: str, index: int) -> Audit:
    topic_id, created, _ = audit_topic(filer, topic)
    directory = formats.partition_directory(topic, created, index)
    files = [e for e in filer.entries(directory) if SEGMENT.fullmatch(e.name)]
    messages = next_offset = last_ts_ns = 0
    for entry in files:
        seen = []
        for parsed, stored in read_segment(filer, volumes, entry):
            batch = parsed.data[formats.FRAME_BYTES :]
            found = formats.decode_message(parsed.data)
            assert stored == formats.log_entry(topic_id, index, parsed.ts_ns, messages, batch), entry.name
            assert found.base_offset == next_offset, f"{entry.name}: {found.base_offset} after {next_offset}"
            assert parsed.ts_ns >= last_ts_ns + 2, "messages are at least 2 ns apart (design §6.1)"
            messages, next_offset, last_ts_ns = messages + 1, found.next_offset, parsed.ts_ns
            seen.append((parsed, found, struct.unpack(">q", batch[35:43])[0], struct.unpack(">i", batch[12:16])[0]))
        first, last = seen[0], seen[-1]
        name_second = calendar.timegm(time.strptime(entry.name[:19], "%Y-%m-%d-%H-%M-%S"))
        assert name_second >= last_ts_ns // SECOND, "a name is never older than a message inside (design §6.3)"
        assert entry.name == formats.segment_name(name_second, first[1].base_offset)
        wanted = formats.segment_attributes(
            first[1].base_offset, last[1].next_offset, first[0].ts_ns, last_ts_ns, max(s[2] for s in seen), last[3],
            topic_id, index, first[0].offset, last[0].offset, entry.attributes.file_size,
        )  # fmt: skip
        assert dict(entry.extended) == wanted, entry.name
    return Audit(len(files), messages, next_offset)


def read_segment(filer: Filer, volumes: Volumes, entry) -> list[tuple]:
    """(LogEntry, its bytes with the length in front) of every message, read chunk by chunk."""
    assert not entry.content and entry.attributes.file_size == sum(c.size for c in entry.chunks)
    body, out = b"", []
    for chunk in entry.chunks:
        assert chunk.offset == len(body), f"{entry.name}: a hole in the chunk list"
        status, _, part = volumes.get(chunk.file_id)
        assert status == 200 and len(part) == chunk.size
        body += part
    while body:
        (size,) = struct.unpack(">I", body[:4])
        parsed = filer.new("LogEntry")
        parsed.ParseFromString(body[4 : 4 + size])
        out.append((parsed, body[: 4 + size]))
        body = body[4 + size :]
    return out
