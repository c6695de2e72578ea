"""Produce: what is in a record batch, good and bad."""

import time

import batches as made
from batches import CONTROL, HEAD, LOG_APPEND_TIME, TRANSACTIONAL, at_times, changed, compressed, of_size
from fields import fetch, list_offsets, produce, row
from registry import case
from talk import Talk, Topic
from wire import batch

CODECS = [made.GZIP, made.SNAPPY, made.LZ4, made.ZSTD]
HOUR_MS = 3600 * 1000
NOW_MS = int(time.time() * 1000)
LARGEST = 1048588  # message.max.bytes


def back(s: Talk, t: Topic, partition: int = 0) -> None:
    """What a consumer gets."""
    s.ask("Fetch", 12, **fetch((t, [row(0, partition)])))


def send(s: Talk, v: int, t: Topic, *all_batches: bytes) -> None:
    """Each to a partition of its own, so that none depends on what became of another; and what a consumer gets."""
    for partition, one in enumerate(all_batches):
        s.ask("Produce", v, **produce(t, one, partition=partition))
        back(s, t, partition)


@case("Produce", since=3)
def every_codec(s: Talk, v: int):
    send(s, v, s.topic(partitions=4), *[compressed(batch(b"a", b"b" * 100, b""), codec) for codec in CODECS])


@case("Produce", since=3)
def codecs_that_nobody_knows(s: Talk, v: int):
    send(s, v, s.topic(partitions=3), *[changed(batch(b"a"), attributes=codec) for codec in (5, 6, 7)])


@case("Produce", since=3)
def compressed_records_that_are_broken(s: Talk, v: int):
    plain = batch(b"a", b"b" * 100)
    broken = [changed(plain, b"no such thing", attributes=codec) for codec in CODECS]
    empty = [changed(plain, b"", attributes=codec) for codec in CODECS]
    cut = [changed(whole, whole[HEAD:-5]) for whole in (compressed(plain, codec) for codec in CODECS)]
    send(s, v, s.topic(partitions=12), *broken, *empty, *cut)


@case("Produce", since=3)
def compressed_records_with_more_behind(s: Talk, v: int):
    plain = batch(b"a", b"b" * 100)
    more = [changed(whole, whole[HEAD:] + b"more") for whole in (compressed(plain, codec) for codec in CODECS)]
    inside = [compressed(changed(plain, plain[HEAD:] + b"more"), codec) for codec in CODECS]
    send(s, v, s.topic(partitions=8), *more, *inside)


@case("Produce", since=3)
def checksums_and_lengths(s: Talk, v: int):
    whole = batch(b"a", b"b")
    size = len(whole) - made.NEXT_TO_LENGTH
    lengths = [changed(whole, length=length) for length in (0, -1, 48, size - 1, size + 1, 2**31 - 1)]
    pieces = [whole[:5], whole[:16], whole[:17], whole[:HEAD], whole[:-1], whole + b"x", whole + bytes(100)]
    send(s, v, s.topic(partitions=14), changed(whole, crc=1), *lengths, *pieces)


@case("Produce", since=3)
def magic_numbers(s: Talk, v: int):
    send(s, v, s.topic(partitions=5), *[changed(batch(b"a"), magic=magic) for magic in (0, 1, 3, -1, 127)])


@case("Produce", since=3)
def counts_and_offsets(s: Talk, v: int):
    whole = batch(b"a", b"b", b"c")
    counts = [changed(whole, count=count) for count in (0, -1, 2, 4, 2**31 - 1)]
    last = [changed(whole, last_offset_delta=delta) for delta in (0, 1, 3, -1, 2**31 - 1)]
    base = [changed(whole, base_offset=offset) for offset in (5, -1, 2**63 - 1)]
    send(s, v, s.topic(partitions=13), *counts, *last, *base)


@case("Produce", since=3)
def compressed_counts_and_offsets(s: Talk, v: int):
    whole = compressed(batch(b"a", b"b", b"c"), made.GZIP)
    counts = [changed(whole, count=count) for count in (0, -1, 2, 4)]
    last = [changed(whole, last_offset_delta=delta) for delta in (0, 1, 3)]
    send(s, v, s.topic(partitions=8), *counts, *last, changed(whole, base_offset=5))


@case("Produce", since=3)
def no_records(s: Talk, v: int):
    none = changed(batch(b"a"), b"", count=0, last_offset_delta=-1)
    zero = changed(batch(b"a"), b"", count=0, last_offset_delta=0)
    one = changed(batch(b"a"), b"", count=1, last_offset_delta=0)
    send(s, v, s.topic(partitions=3), none, zero, one)


@case("Produce", since=3)
def records_that_are_broken(s: Talk, v: int):
    whole = batch(b"a", b"bbbb")
    records = whole[HEAD:]
    wrong = [bytes([1]) + records[1:], bytes([254]) + records[1:], records[:3] + b"\x7f" + records[4:], records[:-1],
             records + b"x", records[:4] + b"\xff" + records[5:], b"\x80" * 11, records[:7] + b"\x7e" + records[8:],
             records[1:], bytes(len(records))]  # fmt: skip
    send(s, v, s.topic(partitions=10), *[changed(whole, one) for one in wrong])


@case("Produce", since=3)
def two_batches(s: Talk, v: int):
    send(s, v, s.topic(partitions=2), batch(b"a") + batch(b"b"), compressed(batch(b"a"), made.GZIP) + batch(b"b"))


@case("Produce", since=3)
def attributes(s: Talk, v: int):
    whole = batch(b"a")
    flags = [LOG_APPEND_TIME, TRANSACTIONAL, CONTROL, CONTROL | TRANSACTIONAL, 0x40, 0x80, -(2**15)]
    send(s, v, s.topic(partitions=7), *[changed(whole, attributes=flag) for flag in flags])


@case("Produce", since=3)
def leader_epochs_of_batches(s: Talk, v: int):
    send(s, v, s.topic(partitions=3), *[changed(batch(b"a"), leader_epoch=epoch) for epoch in (-1, 5, 2**31 - 1)])


@case("Produce", since=3)
def records_at_times(s: Talk, v: int):
    sent = [at_times(1, 2, 3), at_times(3, 1, 2), at_times(0), at_times(-1), at_times(-5), at_times(NOW_MS),
            at_times(NOW_MS + HOUR_MS // 2)]  # fmt: skip
    send(s, v, s.topic("times", partitions=len(sent)), *sent)


@case("Produce", since=3)
def records_from_the_future(s: Talk, v: int):
    far = 4_102_444_800_000  # the year 2100
    t = s.topic(partitions=4)
    for partition, times in enumerate([(far,), (1, far, 2, far + 1), (2**63 - 1,), (far, 5)]):
        s.ask("Produce", v, **produce(t, at_times(*times), partition=partition))
        s.ask("ListOffsets", 5, **list_offsets(t, -1, partitions=[partition]))


@case("Produce", since=3)
def records_too_old_for_their_topic(s: Talk, v: int):
    t = s.topic(message_timestamp_before_max_ms="3600000")
    s.ask("Produce", v, **produce(t, at_times(1)))
    s.ask("Produce", v, **produce(t, at_times(NOW_MS)))


@case("Produce", since=3)
def wrong_times_in_the_head(s: Talk, v: int):
    whole = at_times(1000, 2000)
    later = [changed(whole, max_timestamp=t) for t in (5000, 1, -1)]
    first = [changed(whole, first_timestamp=t) for t in (500, -1, -1000)]
    send(s, v, s.topic(partitions=6), *later, *first)


@case("Produce", since=3)
def compressed_wrong_times_in_the_head(s: Talk, v: int):
    whole = compressed(at_times(1000, 2000), made.GZIP)
    send(s, v, s.topic(partitions=3), *[changed(whole, max_timestamp=t) for t in (5000, 1, -1)])


@case("Produce", since=3)
def by_the_clock_of_the_node(s: Talk, v: int):
    t = s.topic(partitions=3, message_timestamp_type="LogAppendTime")
    s.ask("Produce", v, **produce(t, at_times(1, 2)))
    s.ask("Produce", v, **produce(t, at_times(4_102_444_800_000), partition=1))
    s.ask("Produce", v, **produce(t, changed(at_times(1), attributes=LOG_APPEND_TIME), partition=2))
    s.ask("ListOffsets", 5, **list_offsets(t, -1, partitions=[0, 1, 2]))


@case("Produce", since=3)
def large_batches(s: Talk, v: int):
    t = s.topic(partitions=3)
    for partition, size in enumerate((LARGEST, LARGEST + 1, LARGEST + 100_000)):
        s.ask("Produce", v, **produce(t, of_size(size), partition=partition))
        s.ask("ListOffsets", 5, **list_offsets(t, -1, partitions=[partition]))


@case("Produce", since=3)
def batches_larger_than_their_topic_allows(s: Talk, v: int):
    t = s.topic(partitions=2, max_message_bytes="200")
    s.ask("Produce", v, **produce(t, of_size(200)))
    s.ask("Produce", v, **produce(t, of_size(201), partition=1))
    s.ask("Produce", v, **produce(t, compressed(batch(bytes(1000)), made.GZIP), partition=1))


@case("Produce", since=3)
def keys_and_headers(s: Talk, v: int):
    from kafka.record.default_records import DefaultRecordBatchBuilder

    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 20)
    builder.append(0, 1, b"key", b"value", [("h", b"1"), ("h", None), ("", b"")])
    builder.append(1, 2, b"", None, [])
    builder.append(2, 2, None, None, [])
    send(s, v, s.topic(), bytes(builder.build()))
