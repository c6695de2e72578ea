"""
Writes topics, segments and positions straight to a real SeaweedFS, as tidegate's engine does: chunks to volume servers,
entries through ObjectTransaction. One writer, no fences: what needs a fence puts it itself.
"""

import base64
import hashlib
import http.client
import time
import uuid
from dataclasses import dataclass

import formats
from native import Filer
from security import Identity

SECOND = 10**9
CHUNK_BYTES = 64 * 1024  # about; the master sets aside 1 MiB for each id when nothing is said


class Volumes:
    """Chunks on volume servers over HTTP or HTTPS, by computed ids: volume, key in hex, cookie."""

    def __init__(self, filer: Filer, fsync: bool = False, https: Identity | None = None):
        self.filer = filer
        self.context = https.context() if https else None
        self.query = "?fsync=true" if fsync else ""
        self.stock: list[tuple[str, str]] = []
        self.connections: dict[str, http.client.HTTPConnection] = {}

    def request(self, url: str, method: str, target: str, body: bytes = b"", headers=None):
        """(status, headers, body). One retry on a connection that the server has closed meanwhile."""
        for attempt in (1, 2):
            connection = self.connections.setdefault(url, self.connect(url))
            try:
                connection.request(method, target, body or None, headers or {})
                reply = connection.getresponse()
                return reply.status, reply.headers, reply.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                del self.connections[url]
                if attempt == 2:
                    raise

    def connect(self, url: str) -> http.client.HTTPConnection:
        if self.context:
            return http.client.HTTPSConnection(url, timeout=20, context=self.context)
        return http.client.HTTPConnection(url, timeout=20)

    def take_id(self) -> tuple[str, str]:
        """(server, id). The next of a hundred that one AssignVolume gave."""
        if not self.stock:
            reply = self.filer.assign(100, expected_data_size=CHUNK_BYTES)
            ids = [computed_id(reply.file_id, i) for i in range(reply.count)]
            self.stock = [(reply.location.url, file_id) for file_id in reversed(ids)]
        return self.stock.pop()

    def post(self, url: str, file_id: str, body: bytes, **headers: str):
        """With a Content-MD5 the server checks the bytes and repeats it; without one it answers none."""
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        headers = {"Content-Type": "application/octet-stream", "Content-MD5": md5, **headers}
        return self.request(url, "POST", f"/{file_id}{self.query}", body, headers)

    def upload(self, body: bytes, offset: int = 0):
        """A FileChunk for `body`, which starts at `offset` of its file."""
        url, file_id = self.take_id()
        status, headers, text = self.post(url, file_id, body)
        assert status == 201, f"POST of chunk {file_id}: {status} {text!r}"
        return self.filer.new(
            "FileChunk",
            file_id=file_id,
            offset=offset,
            size=len(body),
            modified_ts_ns=time.time_ns(),
            e_tag=headers["Content-MD5"],
        )

    def location(self, file_id: str) -> str:
        volume = file_id.split(",")[0]
        reply = self.filer.call("LookupVolume", volume_ids=[volume])
        return reply.locations_map[volume].locations[0].url

    def get(self, file_id: str):
        """(status, headers, body)."""
        return self.request(self.location(file_id), "GET", f"/{file_id}")


def computed_id(file_id: str, index: int) -> str:
    """The id of the index-th chunk of one AssignVolume: key + index, same cookie."""
    volume, rest = file_id.split(",")
    key = f"{int(rest[:-8], 16) + index:x}"
    return f"{volume},{'0' * (len(key) % 2)}{key}{rest[-8:]}"


@dataclass(frozen=True)
class Message:
    """One SMQ message of ours: one Kafka batch."""

    ts_ns: int
    base_offset: int
    number: int
    value: bytes  # LogEntry.data: frame and batch
    stored: bytes  # framed LogEntry


class Partition:
    """The leader of one partition of a topic of ours."""

    def __init__(
        self,
        filer: Filer,
        volumes: Volumes,
        topic: str,
        topic_id: uuid.UUID,
        created: int,
        index: int,
        span: int = formats.SPAN_SECONDS,
    ):
        self.filer, self.volumes = filer, volumes
        self.topic, self.topic_id, self.created, self.index, self.span = topic, topic_id, created, index, span
        self.directory = formats.partition_directory(topic, created, index)
        self.messages: list[Message] = []
        self.next_offset = 0
        self.epoch = 1
        self.name = ""
        self.name_second = -1
        self.in_file: list[Message] = []
        self.chunks: list = []

    def make(self, ts_ns: int, count: int = 1) -> Message:
        """The next message: a batch of `count` records."""
        values = [f"record-{self.next_offset + i}".encode() for i in range(count)]
        at_ms = ts_ns // 1_000_000
        batch = formats.batch(self.next_offset, self.epoch, count, at_ms, at_ms, formats.records(values))
        number = len(self.messages)
        stored = formats.log_entry(self.topic_id, self.index, ts_ns, number, batch)
        value = formats.frame(self.topic_id, self.index, ts_ns, batch) + batch
        message = Message(ts_ns, self.next_offset, number, value, stored)
        self.messages.append(message)
        self.next_offset += count
        return message

    def append(self, stamps, count: int = 1, new_file: bool = False, name_second: int | None = None) -> list[Message]:
        """One chunk with one message for each of `stamps`. `name_second`: overrides the rule for a new file."""
        made = [self.make(ts_ns, count) for ts_ns in stamps]
        if new_file or not self.name or made[-1].ts_ns // SECOND > self.name_second:
            rule = formats.name_second_for(made[0].ts_ns, self.span, self.name_second)
            self.name_second = rule if name_second is None else name_second
            self.name = formats.segment_name(self.name_second, made[0].base_offset)
            self.in_file, self.chunks = [], []
        offset = sum(c.size for c in self.chunks)
        self.chunks.append(self.volumes.upload(b"".join(m.stored for m in made), offset))
        self.in_file += made
        reply = self.filer.transact([self.segment_put()], lock_key=self.path)
        assert not reply.error and not reply.error_code, f"PUT of a segment: {reply}"
        return made

    @property
    def path(self) -> str:
        return f"{self.directory}/{self.name}"

    def segment_put(self):
        """PUT of the open file's entry as it stands."""
        first, last = self.in_file[0], self.in_file[-1]
        attributes = formats.segment_attributes(
            first.base_offset,
            self.next_offset,
            first.ts_ns,
            last.ts_ns,
            last.ts_ns // 1_000_000,
            self.epoch,
            self.topic_id,
            self.index,
            first.number,
            last.number,
            sum(c.size for c in self.chunks),
        )
        return self.filer.put(self.path, chunks=self.chunks, extended=attributes)

    def checkpoint(self) -> None:
        """SMQ's own `checkpoint.offset`: the last message number."""
        number = (len(self.messages) - 1).to_bytes(8, "big", signed=True)
        reply = self.filer.create(f"{self.directory}/checkpoint.offset", number)
        assert not reply.error, reply

    # Positions.

    def position_path(self, group: str) -> str:
        return formats.position_path(self.directory, group)

    def position_put(self, group: str, value: int, offset: int = -1, **extended):
        """PUT of a position entry as tidegate writes it: native content, exact attribute."""
        attribute = formats.position_attribute(value, offset, self.epoch, self.topic_id, uuid.UUID(int=1), 1)
        content = formats.position_json(value, time.time_ns() // 1_000_000)
        return self.filer.put(self.position_path(group), content, extended={"tg.pos": attribute, **extended})

    def commit(self, group: str, value: int, offset: int = -1, **extended) -> None:
        put = self.position_put(group, value, offset, **extended)
        reply = self.filer.transact([put], lock_key="/topics/.tidegate/contract")
        assert not reply.error and not reply.error_code, reply

    def write_position(self, group: str, content: bytes) -> None:
        """Any content at the place of a position."""
        reply = self.filer.create(self.position_path(group), content)
        assert not reply.error, reply


class Topic:
    """Created as tidegate creates it: [tidegate.topic, topic.conf, names/<topic>], if there is no such name yet."""

    def __init__(
        self,
        filer: Filer,
        name: str,
        partitions: int = 1,
        created: int | None = None,
        leader: str = "",
        span: int = formats.SPAN_SECONDS,
    ):
        self.filer, self.name = filer, name
        self.id = uuid.uuid4()
        self.created = created or int(time.time())
        volumes = Volumes(filer)
        self.partitions = [Partition(filer, volumes, name, self.id, self.created, i, span) for i in range(partitions)]
        directory = formats.topic_directory(name)
        guard = f"/topics/.tidegate/names/{formats.escape(name)}"
        entry = formats.topic_entry(name, self.id, self.created, partitions, span, {})
        record = formats.name_record(1, self.id, self.created, uuid.uuid4(), name)
        reply = filer.transact(
            [
                filer.put(f"{directory}/tidegate.topic", entry),
                filer.put(f"{directory}/topic.conf", formats.topic_conf(partitions, self.created, leader)),
                filer.put(guard, record),
            ],
            lock_key=guard,
            condition=filer.condition("IF_NOT_EXISTS"),
            condition_key=guard,
        )
        assert not reply.error and not reply.error_code, f"creation of {name}: {reply}"

    def __getitem__(self, index: int) -> Partition:
        return self.partitions[index]
