"""Design §7.1: from a position that tidegate wrote a native subscriber continues; what it leaves, tidegate can read."""

import hashlib
import json

import formats
import pytest
from formats import native_group
from native import Publisher
from store import SECOND, Topic

COUNT = 100
START = 1_790_000_000 * SECOND
STEP = 1000


def stamp(number: int) -> int:
    """ts_ns of the number-th message; the first one is 1."""
    return START + (number - 1) * STEP


@pytest.fixture(scope="module")
def stored(weed) -> Topic:
    """100 messages of ours in one file, 1 µs apart."""
    topic = Topic(weed.filer, "positions")
    topic[0].append([stamp(i + 1) for i in range(COUNT)])
    return topic


def resumes_at(weed, name: str, group: str) -> int | None:
    """Which message RESUME_OR_EARLIEST gives first; None: none within 5 s."""
    with weed.broker.subscribe(name, weed.broker.partition(name), "RESUME_OR_EARLIEST", group=group) as s:
        got = s.read(1, seconds=5)
    return (got[0].ts_ns - START) // STEP + 1 if got else None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (stamp(40), 41),
        (stamp(40) + 1, 41),
        (stamp(40) + STEP - 1, 41),
        (stamp(1) + 1, 2),
        (stamp(1) - 1, 1),
        (1, 1),
        (stamp(99) + 1, 100),
    ],
)
def test_a_position_on_disk_continues_behind_its_timestamp(weed, stored, value, expected):
    group = f"disk{value}"
    stored[0].commit(group, value, 39)
    got = resumes_at(weed, stored.name, native_group(group))
    assert got == expected, (
        f"smq.md A.2: RESUME from {value - START:+d} ns gave message {got}, not {expected}; `value` of design §7.1 "
        "(ts_ns + 1 of the last consumed message) is no longer exact"
    )


@pytest.mark.parametrize(("behind", "expected"), [(0, 40), (1, 41)])
def test_a_position_in_broker_memory_is_exact_only_one_nanosecond_later(weed, make_topic, behind, expected):
    """Why `value` is ts_ns + 1: the broker's memory counts a timestamp in, its disk leaves it out."""
    topic = make_topic()
    partition = weed.broker.partition(topic.name)
    with Publisher(weed.broker, topic.name, partition) as publisher:
        for i in range(COUNT):
            publisher.send(stamp(i + 1), b"k%d" % i, b"v")
        topic[0].commit("g", stamp(40) + behind)
        got = resumes_at(weed, topic.name, native_group("g"))
        in_memory = all("-" not in name.partition(".")[0] for name in weed.filer.names(topic[0].directory))
    assert in_memory, "the machine is too slow: the broker has flushed, so this says nothing about its memory"
    assert got == expected, (
        f"smq.md A.2: RESUME from ts(40)+{behind} in memory gave {got}, not {expected} (design §7.1)"
    )
    assert resumes_at(weed, topic.name, native_group("g")) == 41, (
        "after the flush ts(40) and ts(40)+1 both continue at 41"
    )


@pytest.mark.parametrize(
    "content",
    [
        b'{"type":"offset","value":40,"offset_type":"EXACT_OFFSET","committed_at":1,"metadata":""}',
        b'{"type":"timestamp","value":40,"committed_at":1,"metadata":""}',
        b"{ this is not JSON",
        b"",
    ],
    ids=["offset-40", "timestamp-40", "unparsable", "empty"],
)
def test_a_position_that_is_no_nanoseconds_starts_from_the_first(weed, stored, content):
    group = "odd" + hashlib.md5(content).hexdigest()
    stored[0].write_position(group, content)
    got = resumes_at(weed, stored.name, native_group(group))
    assert got == 1, (
        f"smq.md A.2: RESUME from {content!r} gave message {got}, not 1: `value` is no longer nanoseconds only"
    )


def test_no_position_starts_from_the_first(weed, stored):
    assert resumes_at(weed, stored.name, native_group("nobody")) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "timestamp"},
        {"offset_type": "EXACT_TS_NS"},
        {"type": "anything", "offset_type": ""},
        {"future": {"a": [1, None]}, "metadata": 'ü"\\'},
    ],
)
def test_only_value_counts(weed, stored, fields):
    position = {"type": "offset", "value": stamp(40) + 1, "offset_type": "EXACT_OFFSET", "metadata": "", **fields}
    group = "fields" + hashlib.md5(repr(fields).encode()).hexdigest()
    stored[0].write_position(group, json.dumps(position).encode())
    got = resumes_at(weed, stored.name, native_group(group))
    assert got == 41, f"smq.md A.2: with {fields} RESUME gave {got}, not 41: other fields than `value` count now"


@pytest.mark.parametrize("group", ["billing", "a/b", "größe", ".hidden", "50% off", "g" * 180], ids=lambda g: g[:8])
def test_escaped_group_names_reach_the_same_file(weed, stored, group):
    stored[0].commit(group, stamp(7) + 1, 7)
    got = resumes_at(weed, stored.name, native_group(group))
    assert got == 8, f"design §10: native group {native_group(group)!r} does not find the position ({got}, not 8)"


# What a native subscriber leaves.


def read_and_close(weed, name: str, group: str, acknowledged: int, persists: bool) -> None:
    partition = weed.broker.partition(name)
    with weed.broker.subscribe(name, partition, "RESUME_OR_EARLIEST", group=group, persists=persists) as s:
        got = s.read(acknowledged)
        assert len(got) == acknowledged
        for message in got:
            s.ack(message)
        s.finish()


def test_a_close_without_follower_leaves_the_position(weed, stored):
    stored[0].commit("unfollowed", stamp(40) + 1, 40)
    before = weed.filer.lookup(stored[0].position_path("unfollowed"))
    read_and_close(weed, stored.name, native_group("unfollowed"), 20, persists=False)
    after = weed.filer.lookup(stored[0].position_path("unfollowed"))
    assert after == before, (
        "smq.md A.2: acknowledgements without follower_broker change the position now (README, native)"
    )


def test_a_native_close_replaces_the_content_and_keeps_the_attributes(weed, stored):
    stored[0].commit("closed", stamp(40) + 1, 40, other=b"kept")
    path = stored[0].position_path("closed")
    before = weed.filer.lookup(path)
    read_and_close(weed, stored.name, native_group("closed"), 20, persists=True)
    after = weed.filer.lookup(path)
    assert dict(after.extended) == dict(before.extended), (
        "design §7.1: a native close must keep extended attributes, `tg.pos` tells who wrote last"
    )
    position = json.loads(after.content)
    committed_at = position.pop("committed_at")
    assert position == {"type": "offset", "value": stamp(60), "offset_type": "EXACT_OFFSET", "metadata": ""}, (
        f"smq.md A.2: a native close writes {position}; tidegate reads `value` as ts_ns of the last consumed"
    )
    assert committed_at > 10**12, "committed_at is in milliseconds"
    assert after.attributes.md5 == hashlib.md5(after.content).digest(), (
        "smq.md A.2: the MD5 (etag) must follow the content"
    )
    assert not after.chunks, "positions must stay inline: tidegate and brokers read only `content`"
    assert resumes_at(weed, stored.name, native_group("closed")) == 61


def test_a_position_that_only_a_native_subscriber_wrote(weed, stored):
    """Nothing of ours in it: no `tg.pos`, the same content."""
    read_and_close(weed, stored.name, native_group("native"), 30, persists=True)
    entry = weed.filer.lookup(stored[0].position_path("native"))
    assert entry is not None, "smq.md A.2, §6.1: a native position lies in <partition>/consumers/<group>.offset"
    assert json.loads(entry.content)["value"] == stamp(30)
    assert list(json.loads(entry.content)) == list(json.loads(formats.position_json(1, 1))), "the order of fields"
    assert "tg.pos" not in entry.extended


def test_a_native_close_goes_on_from_a_native_position(weed, stored):
    for turn in range(3):
        assert resumes_at(weed, stored.name, native_group("turns")) == turn * 10 + 1
        read_and_close(weed, stored.name, native_group("turns"), 10, persists=True)
    assert json.loads(weed.filer.lookup(stored[0].position_path("turns")).content)["value"] == stamp(30)


# Other ways to start.


@pytest.mark.parametrize(
    ("offset_type", "position"), [("EXACT_TS_NS", {"start_ts_ns": stamp(40)}), ("EXACT_OFFSET", {"start_offset": 40})]
)
def test_exact_starts(weed, stored, offset_type, position):
    partition = weed.broker.partition(stored.name)
    with weed.broker.subscribe(stored.name, partition, offset_type, **position) as s:
        got = s.read(1)
    assert got and got[0].ts_ns == stamp(41), f"smq.md A.2: {offset_type} {position} no longer starts at message 41"


def test_messages_with_one_key_wait_for_each_other_and_ours_have_distinct_keys(weed, make_topic, stored):
    """Why design §6.1 puts base offset and epoch into `key`."""
    topic = make_topic()
    partition = weed.broker.partition(topic.name)
    weed.broker.publish(topic.name, partition, [(stamp(i + 1), b"same", b"v") for i in range(3)])
    with weed.broker.subscribe(topic.name, partition, "RESET_TO_EARLIEST") as s:
        got = s.read(3, seconds=1.5)
    assert len(got) == 1, f"smq.md A.2: {len(got)} messages of one key came without an acknowledgement, not 1"
    with weed.broker.subscribe(stored.name, weed.broker.partition(stored.name), "RESET_TO_EARLIEST") as s:
        assert len(s.read(COUNT, seconds=5)) == COUNT, "messages with distinct keys must not wait for acknowledgements"
