"""`tidegate topics alter` against a real gateway."""

import subprocess

import pytest
from clients import create_topic, produce
from conftest import BINARY, free_port
from operator_words import document, failure, run


@pytest.fixture(scope="module")
def node(shared_node):
    return shared_node


def described(node, topic: str) -> tuple[int, dict[str, str]]:
    """Partitions, and the configs that are not their defaults."""
    (found,) = document(node, "topics", "describe", topic)["topics"]
    return len(found["partitions"]), found["configs"]


def alter(node, topic: str, *words: str) -> None:
    done = run(node, "topics", "alter", topic, *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"altered topic {topic}\n", "")


def test_configs_are_set_changed_and_deleted_and_others_stay(node):
    create_topic(node, "set", **{"max.message.bytes": "2000"})
    alter(node, "set", "--config", "retention.ms=60000", "--config", "retention.bytes=5")
    assert described(node, "set") == (1, {"max.message.bytes": "2000", "retention.ms": "60000", "retention.bytes": "5"})
    alter(node, "set", "--config=retention.ms=7", "--delete-config", "retention.bytes")
    assert described(node, "set") == (1, {"max.message.bytes": "2000", "retention.ms": "7"})
    alter(node, "set", "--config", "cleanup.policy=")
    assert described(node, "set")[1] == {"max.message.bytes": "2000", "retention.ms": "7", "cleanup.policy": ""}
    alter(node, "set", "--delete-config", "retention.ms", "--delete-config", "cleanup.policy")
    alter(node, "set", "--delete-config", "retention.ms")  # it is gone, as was asked for
    assert described(node, "set") == (1, {"max.message.bytes": "2000"})
    assert document(node, "topics", "alter", "set", "--delete-config", "max.message.bytes") == {
        "topics": [{"topic": "set", "altered": True}]}
    assert described(node, "set") == (1, {})


def test_partitions_are_added(node):
    create_topic(node, "grown")
    produce(node, "grown", [b"x"] * 2)
    alter(node, "grown", "--partitions", "3")
    assert described(node, "grown") == (3, {})
    assert produce(node, "grown", [b"y"], partition=2) == [0]
    alter(node, "grown", "--partitions", "5", "--config", "retention.ms=9")
    assert described(node, "grown") == (5, {"retention.ms": "9"})
    (grown,) = document(node, "topics", "describe", "grown")["topics"]
    assert [p["records"] for p in grown["partitions"]] == [2, 0, 1, 0, 0]


def test_errors_are_kafka_s_and_change_nothing(node):
    create_topic(node, "errors", 2, **{"retention.bytes": "5"})
    before = described(node, "errors")

    def refused(*words: str, topic: str = "errors") -> str:
        return failure(node, "topics", "alter", topic, *words)

    unknown = "INVALID_CONFIG: Unknown topic config name: no.such"
    too_few = "INVALID_PARTITIONS: The topic errors currently has 2 partition(s); 1 would not be an increase."
    invalid = "INVALID_CONFIG: Invalid value soon for configuration retention.ms: Not a number of type LONG"
    assert refused("--config", "no.such=1") == unknown
    assert refused("--delete-config", "retention.bytes", "--delete-config", "no.such") == unknown
    assert refused("--config", "retention.bytes=6", "--config", "retention.ms=soon") == invalid
    assert refused("--config", "retention.ms=1", "--delete-config", "retention.ms") == (
        "INVALID_REQUEST: Error due to duplicate config keys")
    assert refused("--partitions", "1") == too_few
    assert refused("--partitions", "2") == "INVALID_PARTITIONS: Topic already has 2 partition(s)."
    assert refused("--partitions", "1", "--config", "retention.ms=1") == too_few
    assert refused("--partitions", "3", "--config", "retention.ms=soon") == invalid
    assert described(node, "errors") == before
    assert refused("--config", "retention.ms=1", topic="nowhere") == (
        "UNKNOWN_TOPIC_OR_PARTITION: The topic 'nowhere' does not exist.")
    assert refused("--delete-config", "retention.ms", topic="nowhere").startswith("UNKNOWN_TOPIC_OR_PARTITION: ")
    assert refused("--partitions", "3", topic="nowhere").startswith("UNKNOWN_TOPIC_OR_PARTITION: ")
    assert refused("--config", "retention.ms=1", topic="no/name").startswith("INVALID_TOPIC_EXCEPTION: ")
    assert "nowhere" not in run(node, "topics", "list", "--names").stdout, "asking creates nothing"


def test_what_cannot_be_sent_is_said(node, tmp_path):
    create_topic(node, "plain", 2)
    secured = tmp_path / "secured.properties"
    secured.write_text("security.protocol=ssl\n")
    for words in (("--command-config", str(secured)), ("--config", "retention.bytes=" + "9" * 40000)):
        done = run(node, "topics", "alter", "plain", "--config", "retention.ms=1", *words)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and not done.stdout, done.stderr
    assert described(node, "plain") == (2, {})


def test_no_cluster():
    words = ["--config", "retention.ms=1", "--timeout", "300", "--bootstrap", f"127.0.0.1:{free_port()}"]
    done = subprocess.run([BINARY, "topics", "alter", "x", *words], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and not done.stdout


@pytest.mark.parametrize("words", [
    (), ("x",), ("x", "--json"), ("--partitions", "3"), ("x", "--partitions", "0"), ("x", "--partitions", "many"),
    ("x", "--config", "novalue"), ("x", "--config", "=v"), ("x", "--delete-config", "k=v"),
    ("x", "--delete-config", ""), ("x", "y", "--partitions", "3"),
])
def test_usage_errors(words):
    done = subprocess.run([BINARY, "topics", "alter", *words], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and done.stderr and not done.stdout
