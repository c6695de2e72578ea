"""
A store that went back (design §6.4, §8): a gateway that runs notices it and ends; one that starts gives nothing out
again that its partitions' entries remember. What they do not remember is lost unnoticed, as README says.
"""

import re
import shutil
import subprocess

import pytest
from clients import committed, consumer, create_topic, produce, read
from confluent_kafka import TopicPartition
from formats import topic_directory
from turns import commit

SEGMENT = re.compile(r"\d{4}(-\d\d){5}\.\d{20}")


def values(first: int, count: int) -> list[bytes]:
    return [b"%d" % i for i in range(first, first + count)]


def read_from(node, topic: str, offset: int, count: int) -> list[tuple[int, bytes]]:
    c = consumer(node, "reader", **{"auto.offset.reset": "error"})
    try:
        c.assign([TopicPartition(topic, 0, offset)])
        return [(m.offset(), m.value()) for m in read(c, count)]
    finally:
        c.close()


class Backup:
    """The filer's own store, copied and put back while the filer is down."""

    def __init__(self, cluster, path):
        self.cluster = cluster
        self.store = cluster.directory / "filer"
        self.copy = path / "backup"

    def take(self) -> None:
        self.cluster.kill("filer")
        shutil.copytree(self.store, self.copy)
        self.up()

    def put_back(self) -> None:
        self.cluster.kill("filer")
        shutil.rmtree(self.store)
        shutil.copytree(self.copy, self.store)
        self.up()

    def up(self) -> None:
        self.cluster.launch("filer")
        self.cluster.wait_until_open("filer")
        self.cluster.wait_until_stored()


@pytest.fixture
def backup(cluster, tmp_path):
    return Backup(cluster, tmp_path)


def ends_with(node, code: int, line: str) -> None:
    try:
        assert node.process.wait(60) == code, node.tail()
    except subprocess.TimeoutExpired:
        raise AssertionError(f"the gateway goes on:\n{node.tail()}") from None
    assert line in node.log.read_text(), node.tail()


def test_a_running_gateway_notices_and_ends(cluster, make_gateway, backup):
    node = make_gateway(cluster)
    create_topic(node, "restored")
    produce(node, "restored", values(0, 10))
    backup.take()
    produce(node, "restored", values(10, 10))
    commit(node, "restored", "ahead", 20)
    backup.put_back()
    with pytest.raises(AssertionError):
        produce(node, "restored", values(20, 1), **{"message.timeout.ms": 10_000})
    ends_with(node, 1, "the store was rewound")

    # What came after the copy is gone from the store, and nothing in it remembers: its offsets are given out again.
    node.start()
    assert read_from(node, "restored", 0, 10) == list(enumerate(values(0, 10)))
    assert committed(node, "ahead", "restored") < 0
    assert produce(node, "restored", [b"new"]) == [10]
    assert read_from(node, "restored", 0, 11)[-1] == (10, b"new")


def test_an_idle_gateway_notices_too(cluster, make_gateway, backup):
    node = make_gateway(cluster)
    create_topic(node, "idle")
    produce(node, "idle", values(0, 5))
    backup.take()
    produce(node, "idle", values(5, 5))
    backup.put_back()
    ends_with(node, 1, "the store was rewound")


def test_a_gateway_that_started_after_the_copy_ends_too(cluster, make_gateway, backup):
    backup.take()
    node = make_gateway(cluster)
    create_topic(node, "younger")
    produce(node, "younger", values(0, 3))
    backup.put_back()
    with pytest.raises(AssertionError):
        produce(node, "younger", values(3, 1), **{"message.timeout.ms": 10_000})
    ends_with(node, 1, "or the store was rewound")


def test_what_the_partition_entry_remembers_is_never_given_out_again(cluster, make_gateway):
    """The newest file is gone from the filer, the entry of the clean end is not."""
    node = make_gateway(cluster)
    create_topic(node, "gap")
    produce(node, "gap", values(0, 10))
    node.restart()  # each start begins a file
    produce(node, "gap", values(10, 10))
    commit(node, "gap", "inside", 15)
    assert node.stop() == 0

    (version,) = [n for n in cluster.filer.names(topic_directory("gap")) if n.startswith("v")]
    directory = f"{topic_directory('gap')}/{version}/0000-0031"
    files = sorted(n for n in cluster.filer.names(directory) if SEGMENT.fullmatch(n))
    assert len(files) == 2
    cluster.filer.delete(f"{directory}/{files[1]}")

    node.start()
    assert read_from(node, "gap", 0, 10) == list(enumerate(values(0, 10)))
    assert produce(node, "gap", [b"behind"]) == [20], "lost offsets are given out again"
    assert "storage was rewound" in node.log.read_text()
    node.restart()
    assert read_from(node, "gap", 8, 3) == [(8, b"8"), (9, b"9"), (20, b"behind")], "the gap is declared: no error"
    assert committed(node, "inside", "gap") == 15
    c = consumer(node, "inside", **{"auto.offset.reset": "error"})
    c.subscribe(["gap"])
    assert [(m.offset(), m.value()) for m in read(c, 1)] == [(20, b"behind")], "a group inside it goes on behind it"
    assert c.get_watermark_offsets(TopicPartition("gap", 0), timeout=20) == (0, 21)
    c.close()
    assert produce(node, "gap", [b"next"]) == [21]
