"""`tidegate topics` against a real gateway."""

import json
import subprocess

import pytest
from clients import create_topic, produce
from conftest import BINARY
from operator_words import document, failure, run, table


@pytest.fixture(scope="module")
def node(shared_node):
    return shared_node


def test_create_describe_delete(node):
    created = run(node, "topics", "create", "made", "--partitions", "3", "--config", "retention.ms=60000", "--config",
                  "max.message.bytes=2000")
    assert (created.returncode, created.stdout, created.stderr) == (0, "created topic made\n", "")
    produce(node, "made", [b"x"] * 5, partition=1)
    (made,) = document(node, "topics", "describe", "made")["topics"]
    assert made["topic"] == "made"
    assert made["configs"] == {"max.message.bytes": "2000", "retention.ms": "60000"}
    assert [p["partition"] for p in made["partitions"]] == [0, 1, 2]
    assert [(p["log_start"], p["log_end"], p["records"]) for p in made["partitions"]] == [(0, 0, 0), (0, 5, 5), (0, 0, 0)]
    assert [(p["leader"], p["replicas"], p["in_sync"], p["error"]) for p in made["partitions"]] == [(1, [1], [1], "")] * 3
    rows = table(node, "topics", "describe", "made")
    assert rows[0] == ["topic made", "partitions 3"]
    assert rows[1:3] == [["max.message.bytes=2000"], ["retention.ms=60000"]]
    assert rows[3] == ["PARTITION", "LEADER", "REPLICAS", "IN-SYNC", "START", "END", "RECORDS", "NOTE"]
    assert rows[5] == ["1", "1", "1", "1", "0", "5", "5", "-"]
    assert document(node, "topics", "delete", "made") == {"topics": [{"topic": "made", "deleted": True, "error": ""}]}
    assert "made" not in run(node, "topics", "list", "--names").stdout.splitlines()


def test_list_counts_records(node):
    create_topic(node, "counted", 2)
    produce(node, "counted", [b"x"] * 3, partition=0)
    produce(node, "counted", [b"x"] * 4, partition=1)
    topics = {t["topic"]: t for t in document(node, "topics", "list")["topics"]}
    assert topics["counted"] == {"topic": "counted", "partitions": 2, "records": 7, "log_start": 0, "log_end": 7,
                                 "unknown": 0}
    rows = table(node, "topics", "list")
    assert rows[0] == ["TOPIC", "PARTITIONS", "RECORDS", "START", "END", "UNKNOWN"]
    assert ["counted", "2", "7", "0", "7", "0"] in rows
    assert run(node, "topics", "list", "--names").stdout.splitlines() == sorted(topics)


def test_defaults_of_the_broker(node):
    assert document(node, "topics", "create", "plain") == {"topics": [{"topic": "plain", "created": True}]}
    (plain,) = document(node, "topics", "describe", "plain")["topics"]
    assert len(plain["partitions"]) == 1 and plain["configs"] == {}


def test_errors_have_kafka_s_names(node):
    create_topic(node, "taken")
    assert failure(node, "topics", "create", "taken").startswith("TOPIC_ALREADY_EXISTS: ")
    assert failure(node, "topics", "create", "no/name").startswith("INVALID_TOPIC_EXCEPTION: ")
    assert failure(node, "topics", "create", "odd", "--config", "no.such=1").startswith("INVALID_CONFIG: ")
    assert failure(node, "topics", "describe", "nowhere") == "nowhere: UNKNOWN_TOPIC_OR_PARTITION"
    assert failure(node, "topics", "delete", "nowhere").startswith("nowhere: UNKNOWN_TOPIC_OR_PARTITION: ")
    done = run(node, "topics", "describe", "nowhere", "taken", "--json")
    assert done.returncode == 1 and [t["topic"] for t in json.loads(done.stdout)["topics"]] == ["taken"]
    assert "nowhere" not in run(node, "topics", "list", "--names").stdout, "asking creates nothing"


def test_many_topics_and_partitions(make_node):
    node = make_node()
    names = [f"many-{i:02}" for i in range(40)]
    for name in names:
        create_topic(node, name, 50)
    produce(node, "many-07", [b"x"] * 2, partition=49)
    assert [(t["topic"], t["partitions"], t["records"]) for t in document(node, "topics", "list")["topics"]] == [
        (name, 50, 2 if name == "many-07" else 0) for name in names]
    described = document(node, "topics", "describe", *names, "gone", code=1)["topics"]
    assert [t["topic"] for t in described] == names and described[7]["partitions"][49]["records"] == 2


@pytest.mark.parametrize("words", [
    (), ("describe",), ("create",), ("create", "x", "--partitions", "0"), ("create", "x", "--config", "novalue"),
    ("create", "x", "--config", "=v"), ("delete",), ("list", "--timeout", "soon"),
])
def test_usage_errors(words):
    done = subprocess.run([BINARY, "topics", *words], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and done.stderr and not done.stdout
