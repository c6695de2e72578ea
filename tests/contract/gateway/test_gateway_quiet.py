"""What partitions leave in a real filer: many small files while they are written, few when nobody uses them any more."""

import itertools

import pytest
from asked import list_offset
from clients import create_topic
from metrics import scrape
from turns import all_batches, commit, kafka_turn, native_turn
from weed import wait_for
from wire import Wire, produce, read_all

RECORDS = 400  # a request each, so a chunk each
PER_FILE = 16  # chunks
_names = itertools.count(1)


def partition_entries(weed, topic: str) -> list:
    (version,) = [n for n in weed.filer.names(f"/topics/kafka/{topic}") if n.startswith("v")]
    return weed.filer.entries(f"/topics/kafka/{topic}/{version}/0000-0031")


def segment_chunks(weed, topic: str) -> list[str]:
    return [c.file_id for e in partition_entries(weed, topic) for c in e.chunks]


def wait_until_quiet(node) -> None:
    wait_for("no actor", lambda: not scrape(node).get("tidegate_actors", kind="offset_actor"))


@pytest.fixture
def node(make_gateway, weed):
    return make_gateway(weed, "limits.partition_idle_ms=3000")


@pytest.fixture
def written(node) -> str:
    """A topic with RECORDS records in partition 0."""
    topic = f"quiet{next(_names)}"
    create_topic(node, topic)
    with Wire(node) as wire:
        for i in range(RECORDS):
            assert produce(wire, topic, b"%d" % i) == i
    return topic


def test_a_quiet_partition_leaves_four_entries_and_every_record(weed, node, written, volumes):
    wait_for("merges", lambda: len(segment_chunks(weed, written)) < 4 + 8 * PER_FILE)
    before = segment_chunks(weed, written)
    wait_until_quiet(node)
    left = partition_entries(weed, written)
    assert sum(1 for e in left if e.chunks) == 2, [e.name for e in left]
    assert len(left) == 4, [e.name for e in left]
    kept = segment_chunks(weed, written)
    gone = [c for c in before if c not in kept]
    assert gone
    wait_for("the chunks to go", lambda: all(volumes.get(c)[0] == 404 for c in gone))
    with Wire(node) as wire:
        assert read_all(wire, written) == {i: b"%d" % i for i in range(RECORDS)}
    node.restart()
    assert list_offset(node, written, 0) == (0, RECORDS)


def test_groups_and_native_subscribers_go_on_in_merged_files(weed, node, written):
    at = RECORDS // 2
    commit(node, written, "away", at)
    batches = all_batches(weed, written, RECORDS)
    commit(node, written, "turns", at)
    wait_until_quiet(node)
    assert [b.base_offset for b in all_batches(weed, written, RECORDS)] == [b.base_offset for b in batches]
    seen = kafka_turn(node, written, "away", RECORDS - at, RECORDS)
    assert [m.offset() for m in seen] == list(range(at, RECORDS))
    resumed = [b.base_offset for b in native_turn(weed, written, "turns", RECORDS)]
    assert resumed == list(range(resumed[0], RECORDS)) and resumed[0] <= at  # it may repeat some, and skips none
