"""
Bad files in a real filer: of a bad disk, of a slip of the hand, of other programs. Whatever is in doubt is an error of
Kafka's, logged, for exactly what it concerns; never a guess, never "no offset", never an empty answer, never a crash.
When the file is put right the node goes on by itself.
"""

import itertools

import pytest
from asked import (
    STORAGE_ERROR,
    commit,
    fetch,
    group_error,
    list_offset,
    listed,
    log_lines,
    metadata,
    positions,
    produce_error,
    records,
)
from clients import create_topic, produce
from damage import (
    Saved,
    attribute_cut,
    attribute_flipped,
    attribute_gone,
    attribute_is,
    chunks_gone,
    content_cut,
    content_is,
    copy_under_later_name,
    hole_in_chunks,
)
from formats import escape, position_path
from store import Volumes
from weed import wait_for

_names = itertools.count(1)
NEIGHBOUR = "neighbour"
PER_FILE = 40


def partition_directory(weed, topic: str, partition: int = 0) -> str:
    (version,) = [n for n in weed.filer.names(f"/topics/kafka/{topic}") if n.startswith("v")]
    return f"/topics/kafka/{topic}/{version}/{32 * partition:04d}-{32 * partition + 31:04d}"


def segment_paths(weed, topic: str) -> list[str]:
    directory = partition_directory(weed, topic)
    return [f"{directory}/{e.name}" for e in weed.filer.entries(directory) if e.chunks]


def values(partition: int, count: int) -> list[bytes]:
    return [b"%d-%d" % (partition, i) for i in range(count)]


@pytest.fixture(scope="module")
def node(shared_gateway):
    create_topic(shared_gateway, NEIGHBOUR)
    produce(shared_gateway, NEIGHBOUR, values(9, 10))
    return shared_gateway


@pytest.fixture
def topic(node) -> str:
    """Two partitions in three files each; every start of the gateway begins one."""
    name = f"bad-{next(_names):03}"  # none is the beginning of another: the log is searched for it
    create_topic(node, name, 2)
    for turn in range(3):
        for partition in range(2):
            produce(node, name, values(partition, 3 * PER_FILE)[turn * PER_FILE : (turn + 1) * PER_FILE], partition)
        node.restart()
    return name


def check_others(node, topic: str) -> None:
    """The other partition and another topic are served as if nothing was."""
    assert records(node, topic, 1) == values(1, 3 * PER_FILE)
    assert list_offset(node, topic, 1) == (0, 3 * PER_FILE)
    assert records(node, NEIGHBOUR, 0) == values(9, 10)
    assert node.process.poll() is None


# Positions.

POSITIONS = {
    "empty": lambda s: s.change(content_is(b"")),
    "garbage": lambda s: s.change(content_is(b"\0\xffgarbage")),
    "eight bytes": lambda s: s.change(content_is((7).to_bytes(8, "big"))),
    "cut off": lambda s: s.change(content_cut(3)),
    "another program's JSON": lambda s: s.change(content_is(b'{"offset": 0, "topic": "another"}')),
    "empty, without attributes": lambda s: s.write(b"", {}),
    "eight bytes, without attributes": lambda s: s.write((0).to_bytes(8, "big"), {}),
    "tg.pos empty": lambda s: s.change(attribute_is("tg.pos", b"")),
    "tg.pos cut off": lambda s: s.change(attribute_cut("tg.pos", 2)),
    "tg.pos garbage": lambda s: s.change(attribute_is("tg.pos", b"\1" * 90)),
    "tg.pos of a later version": lambda s: s.change(attribute_is("tg.pos", b"\x7f" + s.extended["tg.pos"][1:])),
    "tg.pos of another topic": lambda s: s.change(attribute_flipped("tg.pos", 25)),
    "tg.pos with another value": lambda s: s.change(attribute_flipped("tg.pos", 5)),
    "tg.pos with another offset": lambda s: s.change(attribute_flipped("tg.pos", 16)),
    "tg.pos with another metadata": lambda s: s.change(attribute_flipped("tg.pos", 60)),
    "a directory": lambda s: s.become_directory(),
}


@pytest.fixture(scope="module")
def committed_topic(node) -> str:
    create_topic(node, "bad-positions", 2)
    for partition in range(2):
        produce(node, "bad-positions", values(partition, 30), partition)
    return "bad-positions"


@pytest.mark.parametrize("what", POSITIONS)
def test_a_damaged_position(weed, node, committed_topic, what):
    topic, group, other = committed_topic, f"harmed {what}", f"beside {what}"
    for each in (group, other):
        assert commit(node, each, topic, {0: 17, 1: 5}) == [0, 0]
    saved = Saved(weed.filer, position_path(partition_directory(weed, topic), group))
    POSITIONS[what](saved)
    for starts_with_it in (False, True):
        if starts_with_it:
            node.restart()
        before = len(log_lines(node, "position is damaged"))
        assert positions(node, group, topic, 2) == [(STORAGE_ERROR, -1), (0, 5)]
        assert len(log_lines(node, "position is damaged", topic)) == before + 1, "one line for one bad position"
        assert positions(node, other, topic, 2) == [(0, 17), (0, 5)]
    saved.restore()
    assert positions(node, group, topic, 2) == [(0, 17), (0, 5)], "put right, it is what was committed"
    # A commit puts it right as well, but never takes the place of a directory: that is not ours to remove.
    POSITIONS[what](saved)
    again = commit(node, group, topic, {0: 18})[0]
    if what == "a directory":
        assert again != 0 and positions(node, group, topic, 1) == [(STORAGE_ERROR, -1)]
        assert commit(node, other, topic, {0: 19, 1: 6}) == [0, 0]
        saved.restore()
        wait_for("the group to serve", lambda: commit(node, group, topic, {0: 18}) == [0], 10)
    assert positions(node, group, topic, 2) == [(0, 18), (0, 5)]


def test_other_files_beside_positions(weed, node, committed_topic):
    assert commit(node, "among others", committed_topic, {0: 3}) == [0]
    consumers = f"{partition_directory(weed, committed_topic)}/consumers"
    for name, content in (("a", b""), ("kafka-cg-.offset", b"{}"), ("native.offset", b"\0" * 8), ("d/e", b"x")):
        assert not weed.filer.create(f"{consumers}/{name}", content).error
    assert positions(node, "among others", committed_topic, 1) == [(0, 3)]
    assert positions(node, "", committed_topic, 2)[1] == (0, -1)
    assert positions(node, "never there", committed_topic, 1) == [(0, -1)], "proven: there is none"


# Partition folders.

SEGMENTS = {
    "without attributes": lambda s: s.write(b"", {}, s.chunks),
    "tg.seg gone": lambda s: s.change(attribute_gone("tg.seg")),
    "tg.seg cut off": lambda s: s.change(attribute_cut("tg.seg", 1)),
    "tg.seg of a later version": lambda s: s.change(attribute_is("tg.seg", b"\x7f" + s.extended["tg.seg"][1:])),
    "of another partition": lambda s: s.change(attribute_flipped("tg.seg", -1)),
    "of another topic": lambda s: s.change(attribute_flipped("tg.seg", 50)),
    "of another offset": lambda s: s.change(attribute_flipped("tg.seg", 8)),
    "offset_min gone": lambda s: s.change(attribute_gone("offset_min")),
    "offset_max too short": lambda s: s.change(attribute_cut("offset_max", 1)),
    "no chunks": lambda s: s.change(chunks_gone),
    "a hole between chunks": lambda s: s.change(hole_in_chunks),
    "a directory": lambda s: s.become_directory(),
    "twice": copy_under_later_name,
}


EVERYWHERE = ("a directory", "no chunks", "twice")  # where the place in the list of files might matter


@pytest.mark.parametrize(
    ("what", "which"), [(what, n) for what in SEGMENTS for n in ((0, 1, 2) if what in EVERYWHERE else (1,))]
)
def test_a_damaged_segment_file(weed, node, topic, what, which):
    saved = Saved(weed.filer, segment_paths(weed, topic)[which])
    assert records(node, topic, 0) == values(0, 3 * PER_FILE)
    copy = SEGMENTS[what](saved)
    # Who has read the list of files before goes on with it: right records or an error.
    error, size = fetch(node, topic, 0, which * PER_FILE)
    assert error in (0, STORAGE_ERROR) and (size > 0) == (error == 0)
    node.restart()
    check_refused(node, topic)
    check_others(node, topic)
    if copy:
        assert not weed.filer.delete(copy).error
    else:
        saved.restore()
    wait_for("the partition to load", lambda: list_offset(node, topic, 0) == (0, 3 * PER_FILE), 20)
    assert records(node, topic, 0) == values(0, 3 * PER_FILE)
    assert produce_error(node, topic, 0) == 0


def check_refused(node, topic: str) -> None:
    """Partition 0 cannot be loaded: everything that is asked of it is an error, and the log says it once."""
    for _ in range(2):
        assert fetch(node, topic, 0, 0) == (STORAGE_ERROR, 0)
        assert list_offset(node, topic, 0) == (STORAGE_ERROR, -1)
        assert list_offset(node, topic, 0, -2) == (STORAGE_ERROR, -1)
        assert produce_error(node, topic, 0) == STORAGE_ERROR
    said = log_lines(node, "partition cannot be loaded", topic)
    assert len(said) == 1 and "reason=" in said[0], said


PARTITION_ENTRIES = {
    "empty": lambda s: s.change(content_is(b"")),
    "garbage": lambda s: s.change(content_is(b"garbage" * 20)),
    "cut off": lambda s: s.change(content_cut(1)),
    "of a later version": lambda s: s.change(content_is(b"\x7f" + s.content[1:])),
    "of another topic": lambda s: s.change(content_is(s.content[:1] + b"\x7f" * 16 + s.content[17:])),
    "a directory": lambda s: s.become_directory(),
}


@pytest.mark.parametrize("what", PARTITION_ENTRIES)
def test_a_damaged_partition_entry(weed, node, topic, what):
    saved = Saved(weed.filer, f"{partition_directory(weed, topic)}/tidegate.offset")
    PARTITION_ENTRIES[what](saved)
    node.restart()
    check_refused(node, topic)
    check_others(node, topic)
    saved.restore()
    wait_for("the partition to load", lambda: list_offset(node, topic, 0) == (0, 3 * PER_FILE), 20)
    assert records(node, topic, 0) == values(0, 3 * PER_FILE)


def lost(volumes: Volumes, file_id: str, _: bytes) -> None:
    status, _, text = volumes.request(volumes.location(file_id), "DELETE", f"/{file_id}")
    assert status in (200, 202), text


def rewritten(by):
    def rewrite(volumes: Volumes, file_id: str, body: bytes) -> None:
        status, _, text = volumes.post(volumes.location(file_id), file_id, by(body))
        assert status == 201, text

    return rewrite


CHUNKS = {
    "missing": lost,
    "garbage": rewritten(lambda body: b"g" * len(body)),
    "one bit": rewritten(lambda body: body[:-9] + bytes([body[-9] ^ 1]) + body[-8:]),
    "shorter": rewritten(lambda body: body[:-5]),
    "empty messages": rewritten(lambda body: b"\0" * len(body)),
}


@pytest.mark.parametrize("what", CHUNKS)
def test_a_damaged_chunk(weed, node, topic, what):
    saved = Saved(weed.filer, segment_paths(weed, topic)[1])
    file_id, body, volumes = saved.chunks[0].file_id, saved.bodies[0], Volumes(weed.filer)
    CHUNKS[what](volumes, file_id, body)
    assert fetch(node, topic, 0, PER_FILE) == (STORAGE_ERROR, 0)
    node.restart()
    assert fetch(node, topic, 0, PER_FILE) == (STORAGE_ERROR, 0)
    check_others(node, topic)
    status, _, text = volumes.post(volumes.location(file_id), file_id, body)
    assert status in (200, 201, 204), text
    wait_for("the partition to serve", lambda: fetch(node, topic, 0, PER_FILE)[0] == 0, 20)
    assert records(node, topic, 0) == values(0, 3 * PER_FILE)


FOREIGN = {
    "notes.txt": b"of another program",
    "2026-11-25-16-00-00": b"",
    "2026-11-25-16-00-00.parquet": b"PAR1",
    "2026-11-25-16-00-00.12": b"almost our name",
    "2026-99-25-16-00-00.00000000000000000000": b"no such day",
    "tidegate.offset.bak": b"\1",
    "a directory/inside": b"x",
    "\N{SNOWMAN}": b"",
}


def test_other_files_beside_segments(weed, node, topic):
    assert records(node, topic, 0) == values(0, 3 * PER_FILE)
    directory = partition_directory(weed, topic)
    for name, content in FOREIGN.items():
        assert not weed.filer.create(f"{directory}/{name}", content).error
    assert records(node, topic, 0) == values(0, 3 * PER_FILE)
    assert produce_error(node, topic, 0) == 0
    node.restart()
    assert records(node, topic, 0) == [*values(0, 3 * PER_FILE), b"one more"]
    (said,) = log_lines(node, "foreign files are not served", topic)
    assert f"files={len(FOREIGN)}" in said, said
    check_others(node, topic)


def test_a_native_publisher_beside_a_running_gateway(weed, node, topic):
    """It comes while records are appended; its files are counted at the next start and never served."""
    assert records(node, topic, 0) == values(0, 3 * PER_FILE)
    partition = weed.broker.partition(escape(topic))
    stamp = 1_900_000_000_000_000_000
    weed.broker.publish(topic, partition, [(stamp + i, b"k%d" % i, b"native") for i in range(5)])
    wait_for("the broker's own file", lambda: len(segment_paths(weed, topic)) > 3)
    produce(node, topic, values(0, 4 * PER_FILE)[3 * PER_FILE :])
    assert records(node, topic, 0) == values(0, 4 * PER_FILE)
    node.restart()
    assert records(node, topic, 0) == values(0, 4 * PER_FILE)
    (said,) = log_lines(node, "foreign files are not served", topic)
    assert "files=1" in said, said
    check_others(node, topic)


# Topics and groups.

NAMES = {
    "empty": lambda s: s.change(content_is(b"")),
    "garbage": lambda s: s.change(content_is(b"{}")),
    "cut off": lambda s: s.change(content_cut(1)),
    "of a later version": lambda s: s.change(content_is(b"\x7f" + s.content[1:])),
    "of another id": lambda s: s.change(content_is(s.content[:2] + b"\x7f" * 16 + s.content[18:])),
    "a directory": lambda s: s.become_directory(),
}


@pytest.mark.parametrize("which", ["/topics/.tidegate/names/{}", "/topics/kafka/{}/tidegate.topic"])
@pytest.mark.parametrize("what", NAMES)
def test_a_damaged_entry_of_a_topic(weed, node, what, which):
    topic = f"named-{next(_names):03}"
    create_topic(node, topic, 2)
    produce(node, topic, values(0, 10))
    saved = Saved(weed.filer, which.format(topic))
    NAMES[what](saved)
    assert records(node, topic, 0) == values(0, 10), "who knows the topic goes on"
    node.restart()
    for _ in range(3):
        assert metadata(node, topic) == (5, 0), "neither unknown, nor made once more"
        assert topic not in listed(node) and NEIGHBOUR in listed(node)
    assert len(log_lines(node, "topic cannot be read", topic)) == 1
    assert records(node, NEIGHBOUR, 0) == values(9, 10)
    saved.restore()
    assert metadata(node, topic) == (0, 2)
    assert records(node, topic, 0) == values(0, 10)
    assert topic in listed(node)


@pytest.mark.parametrize("content", [b"", b"{", b'{"brokerPartitionAssignments": 7}', b"\xff\xfe"])
def test_a_damaged_topic_conf_concerns_brokers_only(weed, node, content):
    topic = f"conf-{next(_names)}"
    create_topic(node, topic)
    produce(node, topic, values(0, 10))
    assert not weed.filer.create(f"/topics/kafka/{topic}/topic.conf", content).error
    node.restart()
    assert metadata(node, topic) == (0, 1)
    produce(node, topic, values(0, 20)[10:])
    assert records(node, topic, 0) == values(0, 20)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x7f" * 60])
def test_a_damaged_group_entry(weed, node, committed_topic, content):
    group = f"group-{next(_names)}"
    assert commit(node, group, committed_topic, {0: 4}) == [0]
    saved = Saved(weed.filer, f"/topics/.tidegate/groups/{group}")
    saved.change(content_is(content))
    node.restart()
    assert group_error(node, group, committed_topic) in (14, 15), "loading, or not available"
    assert positions(node, "never there", committed_topic, 1) == [(0, -1)]
    saved.restore()
    wait_for("the group to load", lambda: group_error(node, group, committed_topic) == 0, 20)
    assert positions(node, group, committed_topic, 1) == [(0, 4)]
