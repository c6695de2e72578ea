"""ListOffsets and OffsetForLeaderEpoch."""

import batches
from fields import delete_records, epochs, list_offsets
from registry import case
from talk import Talk, Topic

SPECIAL = {-1: "latest", -2: "earliest", -3: "largest", -4: "earliest local", -5: "latest tiered", -6: "to be uploaded"}


def fill(s: Talk, t: Topic) -> None:
    """Partition 0: times 1000, 1000, 3000 | 2000, 5000 | 4000; 1: none; 2: as 0, and the first four are deleted;
    3: gzip, times 100, 300, 200."""
    for partition in (0, 2):
        for times in ((1000, 1000, 3000), (2000, 5000), (4000,)):
            s.put_batch(t, batches.at_times(*times), partition)
    s.put_batch(t, batches.compressed(batches.at_times(100, 300, 200), batches.GZIP), 3)
    gone = s.quietly("DeleteRecords", 1, **delete_records(t, (2, 4)))
    assert gone.topics[0].partitions[0].error_code == 0, gone


def log(s: Talk) -> Topic:
    return s.shared("log", partitions=4, fill=fill)


@case("ListOffsets")
def special_timestamps(s: Talk, v: int):
    t = log(s)
    for timestamp in (*SPECIAL, -7, -100, -(2**63)):
        s.ask("ListOffsets", v, **list_offsets(t, timestamp, partitions=[0, 1, 2, 3]))


@case("ListOffsets")
def by_time(s: Talk, v: int):
    t = log(s)
    for timestamp in (0, 1, 999, 1000, 1001, 2000, 2500, 3000, 3001, 4000, 4500, 5000, 5001, 2**63 - 1):
        s.ask("ListOffsets", v, **list_offsets(t, timestamp, partitions=[0, 1, 2]))
    for timestamp in (100, 101, 200, 201, 300, 301):
        s.ask("ListOffsets", v, **list_offsets(t, timestamp, partitions=[3]))


@case("ListOffsets", since=4)
def epochs_of_leaders(s: Talk, v: int):
    t = log(s)
    for epoch in (s.epoch(0), s.epoch(1), 2**31 - 1):
        for timestamp in (-1, 2000):
            s.ask("ListOffsets", v, **list_offsets(t, timestamp, epoch=epoch, partitions=[0, 1, 9]))


@case("ListOffsets", since=4)
def nonsense_epochs(s: Talk, v: int):
    s.ask("ListOffsets", v, **list_offsets(log(s), -1, epoch=-2, partitions=[0, 1, 9]))


@case("ListOffsets")
def that_do_not_exist(s: Talk, v: int):
    t = log(s)
    s.ask("ListOffsets", v, **list_offsets(t, -1, partitions=[4, -1, 2**31 - 1]))
    for topic in (s.nothing(), Topic("", None), Topic("a/b", None), Topic("x" * 250, None)):
        s.ask("ListOffsets", v, **list_offsets(topic, -1, partitions=[0, 1]))
    s.ask("ListOffsets", v, **list_offsets(s.nothing(), -7))


@case("ListOffsets")
def repeated_partitions(s: Talk, v: int):
    t = log(s)
    s.ask("ListOffsets", v, **list_offsets(t, -1, -2, partitions=[0]))
    s.ask("ListOffsets", v, **list_offsets(t, -1, partitions=[0, 1, 0]))
    fields = list_offsets(t, -1, partitions=[0])
    s.ask("ListOffsets", v, **{**fields, "topics": fields["topics"] * 2})
    s.ask("ListOffsets", v, **{**fields, "topics": fields["topics"] + list_offsets(t, -1, partitions=[1])["topics"]})


@case("ListOffsets")
def nothing_at_all(s: Talk, v: int):
    s.ask("ListOffsets", v, **list_offsets(log(s), partitions=[]))
    s.ask("ListOffsets", v, **{**list_offsets(log(s)), "topics": []})


@case("ListOffsets")
def who_asks(s: Talk, v: int):
    t = log(s)
    for replica in (-2, -3, 0, 1, 2**31 - 1):
        s.ask("ListOffsets", v, **list_offsets(t, -1, replica_id=replica))


@case("ListOffsets", since=2)
def isolation(s: Talk, v: int):
    t = log(s)
    for timestamp in (-1, -2, 2000, 9000):
        s.ask("ListOffsets", v, **list_offsets(t, timestamp, isolation_level=1))


@case("ListOffsets", since=2)
def nonsense_isolation(s: Talk, v: int):
    for level in (2, -1):
        s.ask("ListOffsets", v, **list_offsets(log(s), -1, isolation_level=level))


@case("ListOffsets")
def thousands_of_partitions(s: Talk, v: int):
    s.ask("ListOffsets", v, **list_offsets(log(s), -1, partitions=range(3000)))


@case("ListOffsets", since=10)
def timeouts(s: Talk, v: int):
    for timeout in (0, -1, 2**31 - 1):
        s.ask("ListOffsets", v, **list_offsets(log(s), 2000, timeout_ms=timeout))


@case("OffsetForLeaderEpoch")
def ends_of_epochs(s: Talk, v: int):
    t = log(s)
    for partition in range(4):
        for epoch in (s.epoch(0), s.epoch(1), s.epoch(7), 2**31 - 1, -1):
            s.ask("OffsetForLeaderEpoch", v, **epochs(t, epoch, partition=partition))


@case("OffsetForLeaderEpoch")
def current_epochs(s: Talk, v: int):
    t = log(s)
    for current in (s.epoch(0), s.epoch(1), 2**31 - 1):
        s.ask("OffsetForLeaderEpoch", v, **epochs(t, s.epoch(0), current=current))


@case("OffsetForLeaderEpoch")
def nonsense_epochs_to_end(s: Talk, v: int):
    for partition in range(3):
        s.ask("OffsetForLeaderEpoch", v, **epochs(log(s), -2, partition=partition))
    s.ask("OffsetForLeaderEpoch", v, **epochs(log(s), s.epoch(0), current=-2))


@case("OffsetForLeaderEpoch")
def epochs_that_do_not_exist(s: Talk, v: int):
    for partition in (4, -1):
        s.ask("OffsetForLeaderEpoch", v, **epochs(log(s), s.epoch(0), partition=partition))
    for topic in (s.nothing(), Topic("", None), Topic("a/b", None)):
        s.ask("OffsetForLeaderEpoch", v, **epochs(topic, s.epoch(0)))
    s.ask("OffsetForLeaderEpoch", v, replica_id=-1, topics=[])


@case("OffsetForLeaderEpoch")
def repeated_epochs(s: Talk, v: int):
    s.ask("OffsetForLeaderEpoch", v, **epochs(log(s), s.epoch(0), s.epoch(1)))


@case("OffsetForLeaderEpoch", since=3)
def who_asks_for_epochs(s: Talk, v: int):
    for replica in (-2, 0, 1):
        s.ask("OffsetForLeaderEpoch", v, **epochs(log(s), s.epoch(0), replica_id=replica))
