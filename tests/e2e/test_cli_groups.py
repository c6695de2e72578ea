"""`tidegate groups` against a real gateway, with groups that really lag."""

import json
import subprocess
import time

import pytest
from clients import committed, consumer, create_topic, produce
from conftest import BINARY, free_port
from confluent_kafka import Producer, TopicPartition
from operator_words import commit, commit_quickly, document, failure, run, table


@pytest.fixture(scope="module")
def node(shared_node):
    return shared_node


def produce_at(node, topic: str, partition: int, times_ms) -> None:
    producer = Producer({"bootstrap.servers": node.address})
    for time_ms in times_ms:
        producer.produce(topic, b"x", partition=partition, timestamp=time_ms)
    assert producer.flush(30) == 0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def describe(node, group: str) -> dict:
    (found,) = document(node, "groups", "describe", group)["groups"]
    assert found["group"] == group
    return found


def joined(node, group: str, *topics: str, **settings):
    c = consumer(node, group, **settings)
    c.subscribe(list(topics))
    deadline = time.monotonic() + 30
    while not c.assignment():
        assert time.monotonic() < deadline
        c.poll(0.1)
    return c


def test_describe_tells_lag_in_records_and_in_time(node):
    create_topic(node, "lags", 3)
    now = now_ms()
    produce_at(node, "lags", 0, [now - 3_600_000, now - 1_800_000, now - 60_000])
    produce_at(node, "lags", 1, [now - 5000])
    commit(node, "behind", {("lags", 0): 1, ("lags", 1): 1, ("lags", 2): 0}, "from here")
    found = describe(node, "behind")
    assert (found["state"], found["members"], found["protocol"]) == ("Empty", [], "")
    assert found["coordinator"].endswith(f" at {node.address}")
    first, second, third = found["partitions"]
    assert (first["topic"], first["partition"]) == ("lags", 0)
    assert (first["committed"], first["log_start"], first["log_end"], first["lag"]) == (1, 0, 3, 2)
    assert first["metadata"] == "from here" and first["note"] == ""
    assert first["next_record_ms"] == now - 1_800_000
    assert 1_800_000 <= first["age_ms"] <= now_ms() - now + 1_800_000
    assert (second["lag"], second["age_ms"], second["next_record_ms"]) == (0, None, None)
    assert (third["committed"], third["log_end"], third["lag"], third["age_ms"]) == (0, 0, 0, None)
    title, columns, *rows = table(node, "groups", "describe", "behind")
    assert title[:2] == ["group behind", "state Empty"]
    assert columns == ["TOPIC", "PARTITION", "COMMITTED", "START", "END", "LAG", "AGE", "METADATA"]
    assert rows[0][:6] == ["lags", "0", "1", "0", "3", "2"] and rows[0][6].startswith("30m ")
    assert rows[1] == ["lags", "1", "1", "0", "1", "0", "-", "from here"]


def test_the_next_record_is_found_inside_a_compressed_batch(node):
    create_topic(node, "batched")
    base = now_ms() - 1_000_000
    producer = Producer({"bootstrap.servers": node.address, "linger.ms": 500, "compression.type": "gzip"})
    for i in range(100):
        producer.produce("batched", b"value" * 100, timestamp=base + 1000 * i)
    assert producer.flush(30) == 0
    commit(node, "inside", {("batched", 0): 37})
    (one,) = describe(node, "inside")["partitions"]
    assert (one["lag"], one["next_record_ms"]) == (63, base + 37_000)


def test_members_are_shown_with_what_they_read(node):
    create_topic(node, "shared-work", 4)
    produce(node, "shared-work", [b"x"] * 5, partition=2)
    c = joined(node, "workers", "shared-work", **{"client.id": "app-7", "group.instance.id": "seat-1"})
    try:
        c.commit(offsets=[TopicPartition("shared-work", 2, 3)], asynchronous=False)
        found = describe(node, "workers")
        assert (found["state"], found["protocol"]) == ("Stable", "range")
        (member,) = found["members"]
        assert (member["client_id"], member["instance_id"]) == ("app-7", "seat-1")
        assert member["host"].endswith("127.0.0.1") and member["member_id"]
        assert member["partitions"] == [{"topic": "shared-work", "partition": p} for p in range(4)]
        assert [p["committed"] for p in found["partitions"]] == [None, None, 3, None]
        assert [p["lag"] for p in found["partitions"]] == [None, None, 2, None]
        assert {p["member_id"] for p in found["partitions"]} == {member["member_id"]}
        rows = table(node, "groups", "describe", "workers")
        assert rows[1] == ["MEMBER", "CLIENT", "INSTANCE", "HOST", "PARTITIONS"]
        assert rows[2][1:3] == ["app-7", "seat-1"] and rows[2][4] == "shared-work 0-3"
        assert failure(node, "groups", "delete", "workers").startswith("workers: NON_EMPTY_GROUP: ")
    finally:
        c.close()


def test_lag_adds_the_partitions_of_a_group(node):
    create_topic(node, "sums-a", 2)
    create_topic(node, "sums-b")
    old = now_ms() - 7_200_000
    produce_at(node, "sums-a", 0, [old, old + 1000])
    produce_at(node, "sums-a", 1, [old + 3_600_000] * 4)
    produce_at(node, "sums-b", 0, [old])
    commit(node, "sum-1", {("sums-a", 0): 0, ("sums-a", 1): 1, ("sums-b", 0): 1})
    commit(node, "sum-2", {("sums-b", 0): 1})
    one, two = document(node, "groups", "lag", "sum-2", "sum-1")["groups"]
    assert (one["group"], one["state"], one["partitions"], one["lag"], one["unknown"]) == ("sum-1", "Empty", 3, 5, 0)
    assert 7_200_000 <= one["age_ms"] < 7_300_000
    assert (two["group"], two["lag"], two["age_ms"]) == ("sum-2", 0, None)
    assert document(node, "groups", "lag", "sum-1", "--no-age")["groups"][0]["age_ms"] is None
    rows = table(node, "groups", "lag")
    assert rows[0] == ["GROUP", "STATE", "PARTITIONS", "LAG", "UNKNOWN", "AGE"]
    assert ["sum-1", "Empty", "3", "5", "0", "2h 00m"] in rows and ["sum-2", "Empty", "1", "0", "0", "-"] in rows


def test_list_by_state(node):
    create_topic(node, "states")
    commit(node, "resting", {("states", 0): 0})
    c = joined(node, "awake", "states")
    try:
        groups = {g["group"]: g for g in document(node, "groups", "list")["groups"]}
        assert (groups["resting"]["state"], groups["awake"]["state"]) == ("Empty", "Stable")
        stable = [g["group"] for g in document(node, "groups", "list", "--state", "stable")["groups"]]
        assert "awake" in stable and "resting" not in stable
        rows = table(node, "groups", "list", "--state", "Empty")
        assert rows[0] == ["GROUP", "STATE", "TYPE"]
        assert "resting" in [r[0] for r in rows] and "awake" not in [r[0] for r in rows]
        names = run(node, "groups", "list", "--names").stdout.splitlines()
        assert names == sorted(groups)
    finally:
        c.close()


def test_what_is_not_there_is_an_error_beside_what_is(node):
    create_topic(node, "known")
    commit(node, "known-group", {("known", 0): 0})
    done = run(node, "groups", "describe", "nobody", "known-group", "--json")
    assert done.returncode == 1
    assert [g["group"] for g in json.loads(done.stdout)["groups"]] == ["known-group"]
    assert done.stderr.startswith("tidegate: nobody: GROUP_ID_NOT_FOUND: ") and done.stderr.count("\n") == 1
    assert failure(node, "groups", "lag", "nobody").startswith("nobody: GROUP_ID_NOT_FOUND: ")
    assert failure(node, "groups", "delete", "nobody").startswith("nobody: GROUP_ID_NOT_FOUND: ")


def test_delete_takes_the_group_and_its_positions(node):
    create_topic(node, "deleted-from")
    commit(node, "doomed", {("deleted-from", 0): 0})
    commit(node, "spared", {("deleted-from", 0): 0})
    assert document(node, "groups", "delete", "doomed") == {"groups": [{"group": "doomed", "deleted": True, "error": ""}]}
    names = run(node, "groups", "list", "--names").stdout.splitlines()
    assert "doomed" not in names and "spared" in names
    assert committed(node, "doomed", "deleted-from") < 0 and committed(node, "spared", "deleted-from") == 0


def test_three_thousand_groups(make_node):
    node = make_node()
    create_topic(node, "crowd", 4)
    produce(node, "crowd", [b"x"] * 7)
    names = [f"crowd-{i:04}" for i in range(3000)]
    commit_quickly(node, names, "crowd", {0: 3, 1: 0})
    assert run(node, "groups", "list", "--names").stdout.splitlines() == names
    totals = document(node, "groups", "lag")["groups"]
    assert [t["group"] for t in totals] == names
    assert {(t["partitions"], t["lag"], t["unknown"]) for t in totals} == {(2, 4, 0)}
    assert all(t["age_ms"] >= 0 for t in totals)


def test_a_broker_that_is_not_there(tmp_path):
    began = time.monotonic()
    words = ["groups", "list", "--bootstrap", f"127.0.0.1:{free_port()}", "--timeout", "1500", "--json"]
    done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and done.stdout == ""
    assert time.monotonic() - began < 5
    assert done.stderr.startswith("tidegate: _TIMED_OUT: ") and "refused" in done.stderr
    assert done.stderr.count("\n") == 1


def test_properties_of_a_file_reach_the_client(node, tmp_path):
    properties = tmp_path / "client.properties"
    properties.write_text("# how to reach it\n\nbroker.address.family = v4\n")
    assert run(node, "groups", "list", "--command-config", str(properties)).returncode == 0
    for text, complaint in [("nonsense", f"{properties}:1: not KEY=VALUE"), ("no.such.key=1", 'No such configuration')]:
        properties.write_text(text)
        done = run(node, "groups", "list", "--command-config", str(properties))
        assert done.returncode == 2 and complaint in done.stderr and str(properties) in done.stderr


@pytest.mark.parametrize("words", [
    (), ("dance",), ("describe",), ("list", "--state", "Sleepy"), ("list", "--timeout", "0"), ("delete",),
    ("list", "--command-config", "/nowhere"),
])
def test_usage_errors(words):
    done = subprocess.run([BINARY, "groups", *words], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and done.stderr and not done.stdout
