"""What a Kafka consumer and a native subscriber of one group do in turns."""

import json

from clients import consumer, read
from confluent_kafka import TopicPartition
from formats import Batch, decode_message, escape, native_group, position_path, ring_range
from native import Subscription


def subscribe(weed, topic: str, partition: int, offset_type: str, **settings) -> Subscription:
    stored = escape(topic)
    return weed.broker.subscribe(stored, weed.broker.partition(stored, partition), offset_type, **settings)


def all_batches(weed, topic: str, end: int, partition: int = 0) -> list[Batch]:
    """What RESET_TO_EARLIEST reads, up to the batch that ends at `end`."""
    batches: list[Batch] = []
    with subscribe(weed, topic, partition, "RESET_TO_EARLIEST") as s:
        while not batches or batches[-1].next_offset < end:
            got = s.read(1)
            assert got, f"RESET_TO_EARLIEST stopped at {batches[-1] if batches else 'nothing'}, records end at {end}"
            batches.append(decode_message(got[0].value))
    return batches


def native_peek(weed, topic: str, group: str, partition: int = 0) -> Batch | None:
    """Where a native RESUME_OR_EARLIEST goes on; leaves no position. None: nothing comes."""
    with subscribe(weed, topic, partition, "RESUME_OR_EARLIEST", group=native_group(group)) as s:
        got = s.read(1, seconds=5)
    return decode_message(got[0].value) if got else None


def position_entry(weed, topic: str, group: str, partition: int = 0):
    """Of the topic's only version directory; None: there is none."""
    directory = f"/topics/kafka/{escape(topic)}"
    (version,) = [n for n in weed.filer.names(directory) if n.startswith("v")]
    start, stop = ring_range(partition)
    return weed.filer.lookup(position_path(f"{directory}/{version}/{start:04d}-{stop:04d}", group))


def native_turn(weed, topic: str, group: str, count: int, partition: int = 0) -> list[Batch]:
    """
    A native subscriber resumes, acknowledges up to `count` batches, and closes, which stores its position. The broker
    stores it twice, as leader and as its own follower, which may have seen fewer acknowledgements and may come last:
    then the rest is acknowledged once more.
    """
    def resume():
        return subscribe(weed, topic, partition, "RESUME_OR_EARLIEST", group=native_group(group), persists=True)

    with resume() as s:
        got = s.read(count, seconds=5)
        for message in got:
            s.ack(message)
        s.finish()
    for _ in range(5):
        stored = position_entry(weed, topic, group, partition)
        if not got or (stored and json.loads(stored.content)["value"] >= got[-1].ts_ns):
            return [decode_message(m.value) for m in got]
        with resume() as s:
            for message in s.read(count, seconds=5):
                if message.ts_ns <= got[-1].ts_ns:
                    s.ack(message)
            s.finish()
    raise AssertionError(f"SeaweedMQ does not keep what {group} acknowledged")


def kafka_turn(node, topic: str, group: str, count: int, commit: int, partition: int = 0, joins: bool = True) -> list:
    """
    A Kafka consumer without reset resumes, reads `count` records, commits `commit` and leaves.
    `joins`: as a member of the group; otherwise with an assignment of its own.
    """
    c = consumer(node, group, **{"auto.offset.reset": "error"})
    try:
        if joins:
            c.subscribe([topic])
        else:
            c.assign([TopicPartition(topic, partition)])
        seen = read(c, count)
        c.commit(offsets=[TopicPartition(topic, partition, commit)], asynchronous=False)
        return seen
    finally:
        c.close()


def commit(node, topic: str, group: str, offset: int, partition: int = 0) -> None:
    """A commit without reading, of a group without members."""
    c = consumer(node, group)
    try:
        c.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
    finally:
        c.close()
