"""Fetch without sessions."""

import batches
from fields import delete_records, fetch, produce, row
from registry import case
from talk import Talk, Topic
from wire import batch

BIG = 3000


def fill(s: Talk, t: Topic) -> None:
    """Partition 0: batches at 0–1, 2, 3–5; 1: none; 2: three of 3 kB; 3: five records, of which three were deleted."""
    s.put(t, b"a", b"b")
    s.put_batch(t, batches.compressed(batch(b"c"), batches.GZIP))
    s.put(t, b"d", b"e", b"f")
    for _ in range(3):
        s.put(t, b"x" * BIG, partition=2)
    s.put(t, b"1", b"2", b"3", b"4", b"5", partition=3)
    gone = s.quietly("DeleteRecords", 1, **delete_records(t, (3, 3)))
    assert gone.topics[0].partitions[0].error_code == 0, gone


def log(s: Talk) -> Topic:
    return s.shared("log", partitions=4, fill=fill)


@case("Fetch")
def from_every_offset(s: Talk, v: int):
    t = log(s)
    for offset in (0, 1, 2, 3, 4, 6):
        s.ask("Fetch", v, **fetch((t, [row(offset)])))


@case("Fetch")
def out_of_range(s: Talk, v: int):
    t = log(s)
    for offset in (7, -1, -2, 2**63 - 1, -(2**63)):
        s.ask("Fetch", v, **fetch((t, [row(offset)])))
    for offset in (0, 2, 3, 4, 5, 6):
        s.ask("Fetch", v, **fetch((t, [row(offset, 3)])))
    s.ask("Fetch", v, **fetch((t, [row(1, 1)])))


@case("Fetch")
def many_partitions(s: Talk, v: int):
    t = log(s)
    s.ask("Fetch", v, **fetch((t, [row(partition=p) for p in range(4)])))
    s.ask("Fetch", v, **fetch((t, [row(partition=p) for p in (3, 1, 0, 9)]), (s.nothing(), [row(), row(partition=1)])))
    s.ask("Fetch", v, **fetch((t, [row(), row(partition=1)]), (t, [row(partition=2)])))


@case("Fetch")
def repeated_partitions(s: Talk, v: int):
    t = log(s)
    s.ask("Fetch", v, **fetch((t, [row(0), row(3)])))
    s.ask("Fetch", v, **fetch((t, [row(3), row(0)]), (t, [row(2)])))


@case("Fetch")
def nothing_at_all(s: Talk, v: int):
    s.ask("Fetch", v, **fetch())
    s.ask("Fetch", v, **fetch((log(s), [])))


@case("Fetch")
def that_does_not_exist(s: Talk, v: int):
    t = log(s)
    s.ask("Fetch", v, **fetch((s.nothing(), [row()])))
    for partition in (4, -1, 2**31 - 1):
        s.ask("Fetch", v, **fetch((t, [row(0, partition)])))
    for name in ("", "a/b", "x" * 250):
        s.ask("Fetch", v, **fetch((Topic(name, s.nothing().id), [row()])))
    s.ask("Fetch", v, **fetch((Topic("", None), [row()])))


@case("Fetch")
def bytes_of_a_partition(s: Talk, v: int):
    t = log(s)
    size = len(batch(b"x" * BIG))
    for most in (0, 1, 60, size - 1, size, size + 1, 2 * size - 1, 2 * size, 2**31 - 1):
        s.ask("Fetch", v, **fetch((t, [row(0, 2, partition_max_bytes=most)])))


@case("Fetch")
def bytes_of_all(s: Talk, v: int):
    t = log(s)
    size = len(batch(b"x" * BIG))
    for most in (0, 1, size, size + 100, 3 * size, 2**31 - 1):
        s.ask("Fetch", v, **fetch((t, [row(1, 2), row(0, 0)]), max_bytes=most))


@case("Fetch")
def nonsense_sizes(s: Talk, v: int):
    t = log(s)
    s.ask("Fetch", v, **fetch((t, [row(0, 2, partition_max_bytes=-1)])))
    for most in (-1, -(2**31)):
        s.ask("Fetch", v, **fetch((t, [row(1, 2), row(0, 0)]), max_bytes=most))


@case("Fetch")
def a_small_partition_behind_others(s: Talk, v: int):
    t = log(s)
    s.ask("Fetch", v, **fetch((t, [row(), row(partition=2, partition_max_bytes=1)])))


@case("Fetch")
def least_bytes(s: Talk, v: int):
    t = log(s)
    for least in (0, 1, 100, 2**31 - 1, -1):
        s.ask("Fetch", v, **fetch((t, [row(0), row(0, 1)]), min_bytes=least, max_wait_ms=20))
        s.ask("Fetch", v, **fetch((t, [row(0, 1)]), min_bytes=least, max_wait_ms=20))
    s.ask("Fetch", v, **fetch((t, [row(0, 1)]), min_bytes=1, max_wait_ms=-1))


@case("Fetch")
def isolation(s: Talk, v: int):
    t = log(s)
    for level in (1, 0):
        s.ask("Fetch", v, **fetch((t, [row(0), row(9, 1), row(0, 9)]), isolation_level=level))


@case("Fetch")
def nonsense_isolation(s: Talk, v: int):
    for level in (2, -1):
        s.ask("Fetch", v, **fetch((log(s), [row(0)]), isolation_level=level))


@case("Fetch", since=9)
def epochs_of_leaders(s: Talk, v: int):
    t = log(s)
    for epoch in (s.epoch(0), s.epoch(1), 2**31 - 1, -1, -2):
        s.ask("Fetch", v, **fetch((t, [row(0, current_leader_epoch=epoch)])))
        s.ask("Fetch", v, **fetch((t, [row(99, current_leader_epoch=epoch)])))


@case("Fetch", since=12)
def last_epochs_that_were_fetched(s: Talk, v: int):
    t = log(s)
    for offset in (0, 3, 6, 7, 100, -1):
        for epoch in (s.epoch(0), s.epoch(1), 2**31 - 1, -2):
            s.ask("Fetch", v, **fetch((t, [row(offset, last_fetched_epoch=epoch)])))
    for offset in (0, 3, 4):
        s.ask("Fetch", v, **fetch((t, [row(offset, 3, last_fetched_epoch=s.epoch(0))])))


@case("Fetch", before=15)
def as_a_replica(s: Talk, v: int):
    t = log(s)
    for replica in (-2, -3, 1, 2):
        s.ask("Fetch", v, **fetch((t, [row(0)]), replica_id=replica))


@case("Fetch", since=11)
def racks(s: Talk, v: int):
    t = log(s)
    for rack in ("a", "x" * 1000):
        s.ask("Fetch", v, **fetch((t, [row(0)]), rack_id=rack))


@case("Fetch")
def while_nothing_comes_and_then_something(s: Talk, v: int):
    t = s.topic(partitions=2)
    line = s.line()
    for partition, offsets in ((0, (0, 0)), (1, (1, 0))):
        asked = [row(offset, i) for i, offset in enumerate(offsets)]
        line.send("Fetch", v, **fetch((t, asked), min_bytes=1, max_wait_ms=3000))
        s.ask("Produce", 9, **produce(t, batch(b"new"), partition=partition))
        line.receive()
        line.ask("Fetch", v, **fetch((t, [row(1)]), min_bytes=1, max_wait_ms=30))


@case("Fetch")
def old_and_new_in_line(s: Talk, v: int):
    """Requests that were sent at once are answered in order, also behind one that waits."""
    t = log(s)
    line = s.line()
    line.send("Fetch", v, **fetch((t, [row(0, 1)]), min_bytes=1, max_wait_ms=100))
    line.send("Fetch", v, **fetch((t, [row(0)])))
    line.receive()
    line.receive()


@case("Fetch")
def thousands_of_partitions(s: Talk, v: int):
    t = log(s)
    s.ask("Fetch", v, **fetch((t, [row(0, p) for p in range(2000)]), (s.nothing(), [row(0, p) for p in range(2000)])))


@case("Fetch")
def from_a_topic_that_was_deleted(s: Talk, v: int):
    t = s.topic()
    s.put(t, b"a")
    answer = s.quietly("DeleteTopics", 5, topic_names=[t.name], timeout_ms=10000)
    assert answer.responses[0].error_code == 0, answer
    s.settle()
    s.ask("Fetch", v, **fetch((t, [row()])))
