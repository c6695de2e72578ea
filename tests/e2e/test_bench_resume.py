"""`tidegate bench resume` against a real gateway: groups that left get exactly the next record, or one of them is named."""

import json
import struct
import subprocess

import pytest
from bench_words import batches_in, delete_records, ordered, records_in
from clients import committed, consumer, create_topic, produce, read
from confluent_kafka import TopicPartition
from conftest import BINARY
from forger import forged  # noqa: F401
from operator_words import commit, document, failure, run, table
from wire import Wire
from wire import produce as append


@pytest.fixture(scope="module")
def node(shared_node):
    return shared_node


def away(topic: str, *more: str, prefix: str = "", groups: int = 20, partitions: int = 3,
         records: int = 25) -> tuple[str, ...]:
    """Groups whose names begin with the topic's."""
    return ("bench", "resume", "--topic", topic, "--group-prefix", prefix or f"{topic}-", "--groups", str(groups),
            "--partitions", str(partitions), "--records", str(records), *more)


def position_of(group: str, partition: int, records: int) -> int:
    """Where `bench resume` leaves a group: FNV-1a of its name, mixed with the partition as in splitmix64."""
    every, value = (1 << 64) - 1, 0xCBF29CE484222325
    for byte in group.encode():
        value = (value ^ byte) * 0x100000001B3 & every
    value = value + 0x9E3779B97F4A7C15 * (partition + 1) & every
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & every
    value = (value ^ value >> 27) * 0x94D049BB133111EB & every
    return (value ^ value >> 31) % records


def positions(node, topic: str, groups: int, partitions: int) -> dict[tuple[int, int], int]:
    return {(g, p): committed(node, f"{topic}-{g}", topic, p) for g in range(groups) for p in range(partitions)}


def test_groups_come_back_to_a_node_that_was_killed(make_node):
    node = make_node()
    left = document(node, *away("cold", "--leave"))
    assert (left["groups"], left["partitions"], left["records_written"]) == (20, 3, 75) and ordered(left["commit_ms"])
    assert left["groups_left_per_s"] > 0 and "seconds" not in left
    before = positions(node, "cold", 20, 3)
    assert set(before.values()) <= set(range(25)) and len(set(before.values())) > 10, "each has a next record"
    node.restart()
    back = document(node, *away("cold", "--return"))
    assert (back["groups"], back["partitions"]) == (20, 3) and back["seconds"] > 0 and back["groups_per_s"] > 0
    assert all(ordered(back[name]) for name in ("position_ms", "first_record_ms", "group_ms"))
    assert back["group_ms"]["max"] >= back["position_ms"]["max"] and not {"commit_ms", "leave_seconds"} & back.keys()
    node.restart()
    assert positions(node, "cold", 20, 3) == before, "coming back moves nobody"
    # The same with a client of somebody else.
    c = consumer(node, "cold-7", **{"auto.offset.reset": "error"})
    c.assign([TopicPartition("cold", p) for p in range(3)])
    first = {}
    for message in read(c, sum(25 - before[7, p] for p in range(3))):
        first.setdefault(message.partition(), message)
    c.close()
    for p, message in first.items():
        assert message.offset() == before[7, p] and message.value() == b"cold-%d@%d" % (p, before[7, p]) + b"." * (
            100 - len(f"cold-{p}@{before[7, p]}"))


@pytest.mark.parametrize("more", [(), ("--connections", "1", "--in-flight", "9"), ("--max-bytes", "1"),
                                  ("--partition-max-bytes", "1"), ("--size", "0"), ("--size", "40000")])
def test_groups_leave_and_come_back(node, more):
    topic = "back" + "".join(more[:2]).replace("-", "")
    for written in (75, 0):  # the second time the records are there
        done = document(node, *away(topic, *more))
        assert done["records_written"] == written and done["seconds"] > 0 and done["leave_seconds"] > 0
    assert [records_in(node, topic, p) for p in range(3)] == [25, 25, 25]
    assert document(node, *away(topic, "--leave", *more, records=27))["records_written"] == 6


def test_records_wait_for_groups_without_end(node):
    document(node, *away("kept", "--leave"))
    (line,) = [row for row in run(node, "topics", "describe", "kept").stdout.splitlines() if "retention.ms" in row]
    assert "retention.ms=-1" in line


def test_a_group_that_was_moved_is_named(node):
    document(node, *away("moved", "--leave"))
    left_at = committed(node, "moved-3", "moved", 2)
    commit(node, "moved-3", {("moved", 2): left_at + 1})
    assert failure(node, *away("moved", "--return")) == (
        f"group moved-3: moved-2: expected position {left_at}, found position {left_at + 1}")
    commit(node, "moved-3", {("moved", 2): left_at})
    document(node, *away("moved", "--return"))
    assert run(node, "groups", "delete", "moved-5").returncode == 0
    assert failure(node, *away("moved", "--return")) == (
        f"group moved-5: moved-0: expected position {position_of('moved-5', 0, 25)}, found none")


def test_groups_of_another_count_of_records_are_somewhere_else(node):
    document(node, *away("other", "--leave"))
    line = failure(node, *away("other", "--return", records=24))
    assert line.startswith("group other-") and ": expected position " in line


def test_records_of_somebody_else_are_not_the_next_ones(node):
    create_topic(node, "foreign")
    produce(node, "foreign", [b"mine"] * 25)
    assert document(node, *away("foreign", "--leave", groups=1, partitions=1))["records_written"] == 0
    at = position_of("foreign-0", 0, 25)
    assert failure(node, *away("foreign", "--return", groups=1, partitions=1)) == (
        f'group foreign-0: foreign-0: expected record "foreign-0@{at}" (100 bytes) at offset {at}, found "mine" (4 bytes) '
        f"at offset {at}")


def test_a_next_record_that_is_deleted_is_missed(node):
    document(node, *away("deleted", "--leave", partitions=1))
    delete_records(node, "deleted", 24)
    line = failure(node, *away("deleted", "--return", partitions=1))
    assert line.startswith("group deleted-") and " at offset " in line and ", found OFFSET_OUT_OF_RANGE: " in line
    assert failure(node, *away("deleted", "--leave", partitions=1)) == (
        "deleted-0: begins at offset 24; groups leave where records from offset 0 on are")


def test_a_next_record_that_does_not_come_is_missed(node):
    document(node, *away("short", "--leave", groups=1, partitions=1))
    assert run(node, "topics", "delete", "short").returncode == 0
    create_topic(node, "short")
    at = position_of("short-0", 0, 25)
    produce(node, "short", [b"x"] * at)
    commit(node, "short-0", {("short", 0): at})
    line = failure(node, *away("short", "--return", "--timeout", "1200", groups=1, partitions=1))
    assert line == (f'group short-0: short-0: expected record "short-0@{at}" (100 bytes) at offset {at}, found none within '
                    "1200 ms")


@pytest.mark.parametrize("groups", [1, 40])
def test_a_record_at_another_offset_is_noticed(forged, groups):
    node, forger = forged
    words = {"groups": groups, "partitions": 1, "records": 5}
    document(node, *away("shifted", **words))
    # The batch of all five gets the base offset 1; its CRC does not cover that. So each offset has the record before, and
    # the group at 0 gets the first one at 1.
    (batch,) = batches_in(node, "shifted")
    forger.old, forger.new = batch[:12], struct.pack(">q", 1) + batch[8:12]
    line = failure(node, *away("shifted", "--return", **words))
    assert forger.done and line.startswith("group shifted-")
    expected, found = line.partition(": expected record ")[2].split(", found ")
    at = int(expected.rpartition(" ")[2])
    assert expected == f'"shifted-0@{at}" (100 bytes) at offset {at}'
    assert found == f'"shifted-0@{max(at - 1, 0)}" (100 bytes) at offset {max(at, 1)}'


def test_damage_of_a_next_record_is_noticed(forged):
    node, forger = forged
    words = {"groups": 9, "partitions": 1, "records": 5}
    document(node, *away("bent", **words))
    forger.old, forger.new = b"bent-0@3", b"bent-0@4"
    line = failure(node, *away("bent", "--return", **words))
    assert forger.done and line.endswith("found damaged: the batch at offset 0 does not match its CRC")


def test_groups_wait_for_a_node_that_takes_a_few_at_a_time(make_node):
    node = make_node("limits.new_groups_per_second=10")
    left = document(node, *away("slowly", "--leave", groups=120))
    assert left["leave_seconds"] > 1 and left["commit_ms"]["max"] > 50, "100 at once, then 10 a second"
    assert document(node, *away("slowly", "--return", groups=120))["groups"] == 120
    line = failure(node, *away("slowly", "--leave", "--timeout", "300", prefix="more-", groups=120))
    assert line.startswith("group more-") and ": COORDINATOR_LOAD_IN_PROGRESS: " in line and "longer than 300 ms" in line


def test_a_coordinator_that_crashes_is_asked_again(make_node):
    node = make_node()
    document(node, *away("crash", "--leave"))
    for point in ("coordinator.input.crash-3:throw:1", "coordinator.input.crash-4:throw:*"):
        node.kill()
        node.start(point)
        if point.endswith("1"):
            assert document(node, *away("crash", "--return"))["position_ms"]["max"] > 50, "it was asked twice"
    line = failure(node, *away("crash", "--return", "--timeout", "700"))
    assert line.startswith("group crash-4: crash-0: ") or line.startswith("group crash-4: COORDINATOR_LOAD_IN_PROGRESS: ")
    assert line.endswith(", for longer than 700 ms")


def test_partitions_whose_leader_is_not_ready_are_asked_for_again(make_node):
    node = make_node()
    document(node, *away("down", "--leave", partitions=2))
    node.kill()
    node.start(",".join(f"partition.append.before_chunk:throw:{n}" for n in range(1, 7)))
    with Wire(node) as wire:
        def crash() -> None:
            with pytest.raises(AssertionError):
                append(wire, "down", b"x", partition=1)

        node.until_quarantined(crash)
    line = failure(node, *away("down", "--return", "--timeout", "700", partitions=2))
    assert ": down-1: expected record " in line and ", found KAFKA_STORAGE_ERROR: " in line, "as consumers, which ask again"
    assert line.endswith(", for longer than 700 ms")
    command = [BINARY, *away("down", "--return", "--json", partitions=2), "--bootstrap", node.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.5)
        subprocess.run([BINARY, "release", "--admin", f"127.0.0.1:{node.admin_port}", "--topic", "down"], check=True,
                       timeout=30, stdout=subprocess.DEVNULL)
        back = json.loads(waiting.communicate(timeout=30)[0])
    assert back["groups"] == 20 and back["first_record_ms"]["max"] > 400


def test_a_group_with_members_does_not_leave(node):
    create_topic(node, "busy")
    c = consumer(node, "busy-0")
    try:
        c.subscribe(["busy"])
        produce(node, "busy", [b"x"])
        read(c, 1)
        line = failure(node, *away("busy", "--leave", groups=1, partitions=1))
    finally:
        c.close()
    assert line.startswith("group busy-0: busy-0: UNKNOWN_MEMBER_ID: ")


def test_nobody_comes_back_to_what_is_not_there(node):
    assert failure(node, *away("never", "--return")) == "never: UNKNOWN_TOPIC_OR_PARTITION"
    assert "never" not in run(node, "topics", "list", "--names").stdout, "asking creates nothing"
    create_topic(node, "narrow", 2)
    assert failure(node, *away("narrow", "--return")) == "narrow: has 2 partitions, not 3"
    assert failure(node, *away("narrow", "--return", groups=1, partitions=1)).endswith("found none")
    assert "narrow-0" not in run(node, "groups", "list").stdout


def test_both_phases_as_a_table(node):
    rows = table(node, *away("showing", groups=4))
    assert rows[0] == ["TOPIC", "GROUPS", "PARTITIONS", "WRITTEN", "LEAVE S", "LEFT/S", "SECONDS", "GROUPS/S", "CPU S"]
    assert rows[1][:4] == ["showing", "4", "3", "75"]
    assert [row[:2] for row in rows[3:]] == [["commit", "4"], ["positions", "4"], ["first record", "12"], ["whole group", "4"]]


def test_memory_of_groups_is_bounded():
    words = away("t", "--connections", "1000", "--in-flight", "1000", groups=1000000, partitions=101)
    done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and done.stderr == (
        "tidegate: --connections times --in-flight times --partitions is above 100000000\n")
