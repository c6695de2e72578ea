"""
Promise 1 on a real SeaweedFS: fifty groups leave, everything is killed once while they are away, and each gets exactly
the next record of each partition, with auto.offset.reset=none.
"""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from clients import committed, consumer, create_topic, produce, read
from confluent_kafka import TopicPartition

GROUPS, PARTITIONS, BEFORE, AFTER = 50, 3, 1000, 4000
TOPIC = "thirty-days"


def share(count: int, partition: int) -> int:
    """Of `count` records in turn over the partitions."""
    return count // PARTITIONS + (partition < count % PARTITIONS)


def write(node, first: int, count: int) -> None:
    """Records first … first + count in turn over the partitions; the value is the record's number."""
    for partition in range(PARTITIONS):
        numbers = [i for i in range(first, first + count) if i % PARTITIONS == partition]
        got = produce(node, TOPIC, [b"%d" % i for i in numbers], partition)
        assert got == [i // PARTITIONS for i in numbers], "offsets are dense and in order"


def for_all_groups(do) -> list:
    """`do(group number)` for all, ten at a time; the first failure is raised."""
    with ThreadPoolExecutor(10) as pool:
        return list(pool.map(do, range(GROUPS)))


@pytest.fixture
def away(cluster, make_gateway):
    """The gateway, and what each group committed: mostly inside what it read."""
    node = make_gateway(cluster)
    create_topic(node, TOPIC, PARTITIONS)
    write(node, 0, BEFORE)

    def leave(number: int) -> list[int]:
        c = consumer(node, f"group-{number}")
        c.subscribe([TOPIC])
        assert len(read(c, BEFORE, seconds=120)) == BEFORE
        ends, rng = [share(BEFORE, p) for p in range(PARTITIONS)], random.Random(number)
        offsets = ends if number % 5 == 0 else [rng.randint(0, end) for end in ends]
        c.commit(offsets=[TopicPartition(TOPIC, p, o) for p, o in enumerate(offsets)], asynchronous=False)
        c.close()
        return offsets

    return node, for_all_groups(leave)


def test_fifty_groups_resume_exactly(cluster, away):
    node, commits = away
    written = BEFORE
    for what in ("gateway", "broker", "filer", "volume"):
        if what == "gateway":
            node.restart()
        else:
            cluster.restart(what)
            cluster.wait_until_stored()
        write(node, written, AFTER // 4)
        written += AFTER // 4
    node.restart()

    def come_back(number: int) -> None:
        group, offsets = f"group-{number}", commits[number]
        assert [committed(node, group, TOPIC, p) for p in range(PARTITIONS)] == offsets, f"OffsetFetch of {group}"
        c = consumer(node, group, **{"auto.offset.reset": "error"})
        c.subscribe([TOPIC])
        seen = read(c, written - sum(offsets), seconds=120)
        c.close()
        for partition in range(PARTITIONS):
            got = [(m.offset(), m.value()) for m in seen if m.partition() == partition]
            wanted = range(offsets[partition], share(written, partition))
            assert got == [(o, b"%d" % (o * PARTITIONS + partition)) for o in wanted], f"{group}, partition {partition}"

    for_all_groups(come_back)
