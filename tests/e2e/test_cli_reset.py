"""`tidegate groups reset`: says what it would do, does exactly that with --execute, and refuses what Kafka refuses."""

import datetime
import time

import pytest
from clients import committed, consumer, create_topic, produce, read
from confluent_kafka import Producer, TopicPartition
from operator_words import commit, document, failure, run, table


@pytest.fixture(scope="module")
def node(shared_node):
    return shared_node


@pytest.fixture
def topic(node, request):
    """Two partitions with ten records each, one a minute; the first is an hour old."""
    name = "reset-" + request.node.name.split("[")[0].replace("_", "-")[:100] + f"-{time.monotonic_ns()}"
    create_topic(node, name, 2)
    producer = Producer({"bootstrap.servers": node.address})
    first = time.time_ns() // 1_000_000 - 3_600_000
    for partition in (0, 1):
        for i in range(10):
            producer.produce(name, f"{i}".encode(), partition=partition, timestamp=first + 60_000 * i)
    assert producer.flush(30) == 0
    return name, first


def positions(node, group: str, topic: str) -> list[int]:
    c = consumer(node, group)
    try:
        return [p.offset for p in c.committed([TopicPartition(topic, p) for p in (0, 1)], timeout=20)]
    finally:
        c.close()


def steps(found: dict) -> list[tuple]:
    (group,) = found["groups"]
    return [(p["partition"], p["committed"], p["new"]) for p in group["partitions"]]


def iso(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def test_a_dry_run_changes_nothing_and_execute_does_what_it_said(node, topic):
    name, _ = topic
    commit(node, "dry", {(name, 0): 4, (name, 1): 7})
    words = ["groups", "reset", "dry", "--topic", name, "--to-earliest"]
    dry = document(node, *words)
    assert (dry["groups"][0]["group"], dry["groups"][0]["executed"]) == ("dry", False)
    assert steps(dry) == [(0, 4, 0), (1, 7, 0)]
    assert positions(node, "dry", name) == [4, 7]
    rows = table(node, *words)
    assert rows[0] == ["TOPIC", "PARTITION", "COMMITTED", "NEW", "START", "END", "NOTE"]
    assert rows[1:3] == [[name, "0", "4", "0", "0", "10", "-"], [name, "1", "7", "0", "0", "10", "-"]]
    assert rows[3] == ["dry run: nothing was changed; --execute does it"]
    assert positions(node, "dry", name) == [4, 7]
    done = document(node, *words, "--execute")
    assert done["groups"][0]["executed"] is True and steps(done) == steps(dry)
    assert positions(node, "dry", name) == [0, 0]


def test_only_the_named_partitions_move(node, topic):
    name, _ = topic
    commit(node, "some", {(name, 0): 4, (name, 1): 7})
    document(node, "groups", "reset", "some", "--topic", f"{name}:1", "--to-offset", "2", "--execute")
    assert positions(node, "some", name) == [4, 2]
    c = consumer(node, "some", **{"auto.offset.reset": "error"})
    c.subscribe([name])
    assert sorted((m.partition(), m.offset()) for m in read(c, 14)) == [(0, i) for i in range(4, 10)] + [
        (1, i) for i in range(2, 10)]
    c.close()


def test_every_target(node, topic):
    name, first = topic
    targets = [
        (["--to-earliest"], 0), (["--to-latest"], 10), (["--to-offset", "6"], 6), (["--shift-by", "3"], 8),
        (["--shift-by", "-2"], 3), (["--to-current"], 5), (["--to-datetime", iso(first + 180_000)], 3),
        (["--to-datetime", iso(first + 180_001)], 4), (["--to-datetime", iso(first + 3_000_000)], 10),
        (["--by-duration", "PT57M30S"], 3), (["--by-duration", "P1D"], 0), (["--by-duration", "PT0S"], 10),
    ]
    for words, wanted in targets:
        commit(node, "anywhere", {(name, 0): 5})
        done = document(node, "groups", "reset", "anywhere", "--topic", f"{name}:0", *words, "--execute")
        assert steps(done) == [(0, 5, wanted)], words
        assert committed(node, "anywhere", name) == wanted, words


def test_what_lies_outside_the_log_is_clamped_and_said(node, topic):
    name, _ = topic
    commit(node, "outside", {(name, 0): 5, (name, 1): 5})
    for words, wanted, note in [(["--to-offset", "11"], 10, "11 is beyond the log's end"),
                                (["--shift-by", "-6"], 0, "-1 is below the log's start")]:
        found = document(node, "groups", "reset", "outside", "--topic", name, *words)
        assert {(p["new"], p["note"]) for p in found["groups"][0]["partitions"]} == {(wanted, note)}
        assert note in run(node, "groups", "reset", "outside", "--topic", name, *words).stdout


def test_all_topics_are_those_with_a_position(node, topic):
    name, _ = topic
    create_topic(node, name + "-b")
    produce(node, name + "-b", [b"x"] * 3)
    commit(node, "wide", {(name, 1): 5, (name + "-b", 0): 1})
    found = document(node, "groups", "reset", "wide", "--all-topics", "--to-latest", "--execute")
    rows = [(p["topic"], p["partition"], p["committed"], p["new"]) for p in found["groups"][0]["partitions"]]
    assert rows == [(name, 1, 5, 10), (name + "-b", 0, 1, 3)]
    assert positions(node, "wide", name)[0] < 0, "partition 0 has no position still"


def test_a_group_that_nobody_knows_has_no_topics(node, topic):
    line = failure(node, "groups", "reset", "mistyped", "--all-topics", "--to-latest", "--execute")
    assert line.startswith("GROUP_ID_NOT_FOUND: mistyped has no positions"), line
    assert failure(node, "groups", "reset", "", "--topic", topic[0], "--to-latest").startswith("INVALID_GROUP_ID")


def test_times_before_1970_are_the_first_record(node, topic):
    name, _ = topic
    for words in (["--by-duration", "P30000D"], ["--to-datetime", "1970-01-01T00:59:59.999+01:00"]):
        assert steps(document(node, "groups", "reset", "old", "--topic", name, *words)) == [(0, None, 0), (1, None, 0)]


def test_a_group_with_members_is_refused(node, topic):
    name, _ = topic
    commit(node, "busy", {(name, 0): 5, (name, 1): 5})
    c = consumer(node, "busy")
    c.subscribe([name])
    read(c, 1)
    try:
        for more in ([], ["--execute"]):
            line = failure(node, "groups", "reset", "busy", "--topic", name, "--to-earliest", *more)
            assert line.startswith("NON_EMPTY_GROUP: busy is Stable with 1 members"), line
    finally:
        c.close()
    assert positions(node, "busy", name) == [5, 5]


def test_a_group_that_is_new_gets_positions(node, topic):
    name, _ = topic
    found = document(node, "groups", "reset", "newborn", "--topic", name, "--to-offset", "4", "--execute")
    assert steps(found) == [(0, None, 4), (1, None, 4)]
    assert positions(node, "newborn", name) == [4, 4]


def test_nothing_moves_when_one_partition_cannot(node, topic):
    name, _ = topic
    commit(node, "half", {(name, 0): 5})
    reset = ["groups", "reset", "half", "--execute"]
    assert failure(node, *reset, "--topic", name, "--shift-by", "1") == (
        f"_NO_OFFSET: {name} 1: there is no position that could be shifted")
    assert failure(node, *reset, "--topic", f"{name}:0,7", "--to-latest") == (
        f"UNKNOWN_TOPIC_OR_PARTITION: {name} 7 does not exist")
    assert failure(node, *reset, "--topic", name, "--topic", "nowhere", "--to-latest") == (
        "UNKNOWN_TOPIC_OR_PARTITION: nowhere")
    assert positions(node, "half", name)[0] == 5
