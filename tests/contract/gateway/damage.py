"""Ways to harm what lies in the filer, as other programs, bad disks and slips of the hand do, and to put it right."""

import calendar
import copy
import time
from collections.abc import Callable

from formats import segment_name
from native import Filer
from store import Volumes

Change = Callable[[bytes, dict[str, bytes], list], tuple[bytes, dict[str, bytes], list]]


class Saved:
    """An entry as it was, with the bytes of its chunks: a later put of it needs new chunks when the old ones are gone."""

    def __init__(self, filer: Filer, path: str):
        self.filer, self.path = filer, path
        entry = filer.lookup(path)
        assert entry is not None and not entry.is_directory, path
        self.content, self.extended, self.chunks = entry.content, dict(entry.extended), list(entry.chunks)
        volumes = Volumes(filer)
        self.bodies = [volumes.get(c.file_id)[2] for c in self.chunks]

    def write(self, content: bytes, extended: dict[str, bytes], chunks=()) -> None:
        reply = self.filer.create(self.path, content, extended=extended, chunks=chunks)
        assert not reply.error, reply

    def change(self, by: Change) -> None:
        self.write(*by(self.content, dict(self.extended), copy.deepcopy(self.chunks)))

    def become_directory(self) -> None:
        self.remove()
        reply = self.filer.create(f"{self.path}/inside", b"a file of another program")
        assert not reply.error, reply

    def remove(self) -> None:
        reply = self.filer.delete(self.path, recursive=True)
        assert not reply.error, reply

    def restore(self) -> None:
        found = self.filer.lookup(self.path)
        if found is not None and found.is_directory:
            self.remove()
        volumes, chunks = Volumes(self.filer), []
        for old, body in zip(self.chunks, self.bodies, strict=True):
            chunks.append(volumes.upload(body, old.offset))
        self.write(self.content, self.extended, chunks)


# What becomes of one entry: content, attributes, chunks.


def content_is(wanted: bytes) -> Change:
    return lambda content, extended, chunks: (wanted, extended, chunks)


def content_cut(by: int) -> Change:
    return lambda content, extended, chunks: (content[:-by], extended, chunks)


def attribute_is(name: str, wanted: bytes) -> Change:
    return lambda content, extended, chunks: (content, {**extended, name: wanted}, chunks)


def attribute_cut(name: str, by: int) -> Change:
    return lambda content, extended, chunks: (content, {**extended, name: extended[name][:-by]}, chunks)


def attribute_flipped(name: str, at: int) -> Change:
    def flip(content, extended, chunks):
        harmed = bytearray(extended[name])
        harmed[at] ^= 0x40
        return content, {**extended, name: bytes(harmed)}, chunks

    return flip


def attribute_gone(*names: str) -> Change:
    return lambda content, extended, chunks: (
        content,
        {name: value for name, value in extended.items() if name not in names},
        chunks,
    )


def chunks_gone(content, extended, chunks):
    return content, extended, []


def hole_in_chunks(content, extended, chunks):
    chunks[0].offset += 1
    return content, extended, chunks


def copy_under_later_name(saved: Saved) -> str:
    """The same records once more, as a file of the next second. Returns its path."""
    directory, _, name = saved.path.rpartition("/")
    second = calendar.timegm(time.strptime(name[:19], "%Y-%m-%d-%H-%M-%S")) + 1
    path = f"{directory}/{segment_name(second, int(name[20:]))}"
    volumes = Volumes(saved.filer)
    chunks = [volumes.upload(body, c.offset) for c, body in zip(saved.chunks, saved.bodies, strict=True)]
    reply = saved.filer.create(path, extended=saved.extended, chunks=chunks)
    assert not reply.error, reply
    return path
