"""Produce: what the request says about topics, partitions and acknowledgements; idempotent producers."""

from batches import changed
from fields import list_offsets, metadata, produce, produce_rows
from registry import case
from talk import Talk, Topic
from wire import batch

NOBODY = 4_000_000_000


def look(s: Talk, topic: Topic, partition: int = 0) -> None:
    """What was stored."""
    s.ask("ListOffsets", 5, **list_offsets(topic, -1, partitions=[partition]))


@case("Produce", since=3)
def one_record_after_the_other(s: Talk, v: int):
    t = s.topic()
    for value in (b"a", b"", b"x" * 5000):
        s.ask("Produce", v, **produce(t, batch(value)))
    s.ask("Produce", v, **produce(t, batch(b"1", b"2", b"3"), acks=1))
    look(s, t)


@case("Produce", since=3)
def many_partitions_and_topics(s: Talk, v: int):
    a, b = s.topic("a", partitions=20), s.topic("b", partitions=2)
    rows = [{"index": i, "records": batch(b"%d" % i)} for i in range(20)]
    s.ask("Produce", v, **produce_rows((a, rows), (b, rows[:2])))
    s.ask("Produce", v, **produce_rows((a, rows[:3]), (b, rows[1:4]), (s.nothing(), rows[:2])))
    s.ask("Produce", v, **produce_rows((a, rows[:1]), (b, []), acks=1))


@case("Produce", since=3)
def a_partition_twice(s: Talk, v: int):
    t = s.topic()
    rows = [{"index": 0, "records": batch(b"a")}, {"index": 0, "records": batch(b"b")}]
    s.ask("Produce", v, **produce_rows((t, rows)))
    look(s, t)


@case("Produce", since=3)
def a_topic_twice(s: Talk, v: int):
    t = s.topic(partitions=2)
    rows = [{"index": i, "records": batch(b"a")} for i in range(2)]
    s.ask("Produce", v, **produce_rows((t, rows[:1]), (t, rows[1:])))


@case("Produce", since=3)
def nothing_at_all(s: Talk, v: int):
    t = s.shared()
    s.ask("Produce", v, **produce_rows())
    s.ask("Produce", v, **produce_rows((t, [])))


@case("Produce", since=13)
def no_records_at_all(s: Talk, v: int):
    t = s.shared()
    for nothing in (None, b""):
        s.line(seconds=3).ask("Produce", v, **produce(t, nothing))  # Kafka never answers


@case("Produce", since=3)
def topics_and_partitions_that_do_not_exist(s: Talk, v: int):
    t = s.shared(partitions=2)
    s.ask("Produce", v, **produce(s.nothing(), batch(b"a")))
    for partition in (2, -1, 2**31 - 1, -(2**31)):
        s.ask("Produce", v, **produce(t, batch(b"a"), partition=partition))
    for name in ("", ".", "a/b", "x" * 250, "ä"):
        s.ask("Produce", v, **produce(Topic(name, s.nothing().id), batch(b"a")))
    s.ask("Produce", v, **produce(Topic("", None), batch(b"a")))
    s.ask("Metadata", 9, **metadata(s.nothing().name))


@case("Produce", since=3)
def acknowledgements(s: Talk, v: int):
    t = s.shared(partitions=2)
    for acks in (2, -2, 32767, -32768):
        s.ask("Produce", v, **produce(t, batch(b"a"), acks=acks))
    s.ask("Produce", v, **produce(s.nothing(), batch(b"a"), acks=2))
    for timeout in (0, -1, 2**31 - 1):
        s.ask("Produce", v, **produce(t, batch(b"a"), timeout_ms=timeout))


@case("Produce", since=3)
def without_acknowledgement(s: Talk, v: int):
    t = s.topic()
    line = s.line()
    line.say("Produce", v, **produce(t, batch(b"a", b"b"), acks=0))
    line.ask("ListOffsets", 5, **list_offsets(t, -1))


@case("Produce", since=3)
def without_acknowledgement_and_wrong(s: Talk, v: int):
    t = s.shared()
    for fields in (produce(s.nothing(), batch(b"a"), acks=0), produce(t, changed(batch(b"a"), crc=1), acks=0),
                   produce(t, batch(b"a"), partition=5, acks=0)):  # fmt: skip
        line = s.line()
        line.say("Produce", v, **fields)
        line.ask("ListOffsets", 5, **list_offsets(t, -1))


@case("Produce", since=3)
def in_transactions(s: Talk, v: int):
    t = s.shared()
    s.ask("Produce", v, **produce(t, batch(b"a"), transactional_id="tx"))
    s.ask("Produce", v, **produce(t, batch(b"a"), transactional_id=""))
    s.ask("Produce", v, **produce(t, batch(b"a", producer=(NOBODY, 0, 0), transactional=True), transactional_id="tx"))


@case("Produce", since=3)
def a_transactional_batch_beside_another(s: Talk, v: int):
    t = s.topic(partitions=2)
    rows = [{"index": 0, "records": batch(b"a", producer=(NOBODY, 0, 0), transactional=True)},
            {"index": 1, "records": batch(b"a")}]  # fmt: skip
    s.ask("Produce", v, **produce_rows((t, rows)))


@case("Produce", before=3)
def versions_that_are_advertised_only(s: Talk, v: int):
    s.ask("Produce", v, **produce(s.shared(), batch(b"a")))


# Idempotent producers.


@case("Produce", since=3)
def sequences(s: Talk, v: int):
    t = s.topic()
    number, epoch = s.producer()
    one = batch(b"a", b"b", producer=(number, epoch, 0))
    s.ask("Produce", v, **produce(t, one))
    s.ask("Produce", v, **produce(t, one))  # a repetition
    s.ask("Produce", v, **produce(t, batch(b"c", producer=(number, epoch, 2))))
    s.ask("Produce", v, **produce(t, one))
    s.ask("Produce", v, **produce(t, batch(b"d", producer=(number, epoch, 4))))  # one is missing
    s.ask("Produce", v, **produce(t, batch(b"e", producer=(number, epoch, 1))))  # neither new nor a repetition
    s.ask("Produce", v, **produce(t, batch(b"a", producer=(number, epoch, 0))))  # the first half of a repetition
    look(s, t)


@case("Produce", since=3)
def repetitions_of_older_batches(s: Talk, v: int):
    t = s.topic()
    number, epoch = s.producer()
    for sequence in (0, 1, 2, 3, 4, 5, 6, 5, 2, 1, 0, 7):
        s.ask("Produce", v, **produce(t, batch(b"a", producer=(number, epoch, sequence))))


@case("Produce", since=3)
def epochs_of_producers(s: Talk, v: int):
    t = s.topic()
    number, _ = s.producer()
    for epoch, sequence in ((3, 0), (3, 1), (2, 2), (4, 2), (4, 0), (4, 1), (3, 2), (32767, 0), (0, 0)):
        s.ask("Produce", v, **produce(t, batch(b"a", producer=(number, epoch, sequence))))
    look(s, t)


@case("Produce", since=3)
def producers_that_nobody_knows(s: Talk, v: int):
    t = s.topic(partitions=4)
    for partition, sequence in enumerate((0, 7, 2**31 - 1, 0)):
        for step in (0, 1):
            made = batch(b"a", producer=(NOBODY, 0, (sequence + step) % 2**31))
            s.ask("Produce", v, **produce(t, made, partition=partition))


@case("Produce", since=3)
def sequences_that_begin_again(s: Talk, v: int):
    t = s.topic()
    last = 2**31 - 1
    for sequence in (last - 1, 1, 3):
        s.ask("Produce", v, **produce(t, batch(b"a", b"b", b"c", producer=(NOBODY, 0, sequence))))
    look(s, t)


@case("Produce", since=3)
def producers_that_are_half_given(s: Talk, v: int):
    t = s.topic(partitions=5)
    given = [(NOBODY, -1, 0), (NOBODY, 0, -1), (-1, 0, 0), (-1, -1, 0), (-2, 0, 0)]
    for partition, producer in enumerate(given):
        s.ask("Produce", v, **produce(t, batch(b"a", producer=producer), partition=partition))
        look(s, t, partition)
