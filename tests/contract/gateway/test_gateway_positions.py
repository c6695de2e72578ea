"""Promise 3 on a real SeaweedMQ: one position for a Kafka group and for its native subscriber (design §7.1)."""

import itertools
import json
import os
import random

import pytest
from clients import committed, create_topic, produce
from formats import decode_message, native_group
from turns import all_batches, commit, kafka_turn, native_peek, native_turn, position_entry, subscribe

ALTERNATIONS = int(os.environ.get("TIDEGATE_ALTERNATIONS", "50"))  # the campaign: 1000
_names = itertools.count(1)


def fill(node, topic: str, calls: int, per_call: int = 7, first: int = 0) -> int:
    """`calls` times some records; every call ends a batch. Returns the end of the log."""
    for call in range(calls):
        produce(node, topic, [b"record-%d" % (first + call * per_call + i) for i in range(per_call)])
    return first + calls * per_call


@pytest.fixture
def filled(weed, gateway):
    """A topic in three segment files (each start of the gateway begins one), and its batches."""
    topic = f"g{next(_names)}"
    create_topic(gateway, topic)
    end = 0
    for _ in range(3):
        end = fill(gateway, topic, 10, first=end)
        gateway.restart()
    return topic, all_batches(weed, topic, end)


def boundaries(batches) -> list[int]:
    """Some offsets at which a batch ends and another one follows: in the first, a middle and the last file."""
    ends = [b.next_offset for b in batches[:-1]]
    return sorted({ends[0], ends[len(ends) // 3], ends[len(ends) // 2], ends[-1]})


@pytest.mark.parametrize("between", ["nothing", "gateway", "restart twice"])
def test_native_resume_is_exact_after_a_commit_at_a_batch_boundary(weed, gateway, filled, between):
    topic, batches = filled
    for offset in boundaries(batches):
        group = f"exact-{between}-{offset}"
        commit(gateway, topic, group, 0)
        seen = kafka_turn(gateway, topic, group, offset, offset)
        assert [m.offset() for m in seen] == list(range(offset))
        for _ in range({"nothing": 0, "gateway": 1, "restart twice": 2}[between]):
            gateway.restart()
        got = native_peek(weed, topic, group)
        assert got is not None and got.base_offset == offset, (
            f"native RESUME after a commit at {offset} goes on at {got.base_offset if got else 'nothing'} (design §7.1)"
        )


@pytest.mark.parametrize("consumed", [True, False], ids=["consumed", "only committed"])
def test_native_resume_never_skips_after_a_commit_inside_a_batch(weed, gateway, filled, consumed):
    """It repeats the records of that batch in front of the commit; a commit without reading may repeat more."""
    topic, batches = filled
    large = [b for b in batches if b.next_offset - b.base_offset > 1]
    for batch in (large[0], large[len(large) // 2], large[-1]):
        for offset in {batch.base_offset + 1, batch.next_offset - 1}:
            group = f"inside-{consumed}-{offset}"
            commit(gateway, topic, group, 0)
            if consumed:
                kafka_turn(gateway, topic, group, offset, offset)
            else:
                commit(gateway, topic, group, offset)
            got = native_peek(weed, topic, group)
            assert got is not None and got.base_offset <= offset, f"native RESUME skips records behind {offset}: {got}"
            if consumed:
                assert got.base_offset == batch.base_offset


def test_a_commit_is_the_native_position_at_once(weed, gateway, filled):
    topic, batches = filled
    commit(gateway, topic, "native file", batches[0].next_offset)
    entry = position_entry(weed, topic, "native file")
    assert entry is not None and "tg.pos" in entry.extended and not entry.chunks
    content = json.loads(entry.content)
    assert list(content) == ["type", "value", "offset_type", "committed_at", "metadata"]
    assert (content["type"], content["offset_type"]) == ("offset", "EXACT_OFFSET")


@pytest.mark.parametrize("restart", [False, True])
def test_a_native_close_is_seen_by_the_next_offset_fetch(weed, gateway, filled, restart):
    topic, batches = filled
    for count in (1, 5, len(batches) // 2, len(batches) - 1):
        group = f"closed-{restart}-{count}"
        commit(gateway, topic, group, 0)
        assert committed(gateway, group, topic) == 0
        read = native_turn(weed, topic, group, count)
        assert read == batches[:count]
        if restart:
            gateway.restart()
        got = committed(gateway, group, topic)
        assert got == batches[count - 1].next_offset, (
            f"a native subscriber read {count} batches: OffsetFetch says {got}, not {batches[count - 1].next_offset}"
        )
        seen = kafka_turn(gateway, topic, group, 1, got + 1)
        assert seen[0].offset() == got


def test_a_group_that_only_native_subscribers_used_is_seen(weed, gateway, filled):
    topic, batches = filled
    native_turn(weed, topic, "only-native", 4)
    assert committed(gateway, "only-native", topic) == batches[3].next_offset


def test_a_kafka_rewind_is_followed_by_native_subscribers(weed, gateway, filled):
    topic, batches = filled
    native_turn(weed, topic, "rewound", 10)
    assert committed(gateway, "rewound", topic) == batches[9].next_offset
    # Nobody was given the records before it by this gateway, so its timestamp may be an older one: repeated, not skipped.
    commit(gateway, topic, "rewound", batches[2].next_offset)
    assert native_peek(weed, topic, "rewound").base_offset <= batches[3].base_offset


def test_a_native_subscriber_that_read_nothing_leaves_the_commit(weed, gateway, filled):
    topic, batches = filled
    commit(gateway, topic, "idle", batches[4].base_offset + 1)
    with subscribe(weed, topic, 0, "RESUME_OR_EARLIEST", group=native_group("idle"), persists=True) as s:
        assert decode_message(s.read(1)[0].value).base_offset <= batches[4].base_offset
        s.finish()  # without an acknowledgement
    assert committed(gateway, "idle", topic) == batches[4].base_offset + 1


def test_alternations(weed, gateway):
    """
    A Kafka consumer and a native subscriber of one group take turns. Every record is seen, in order. After a commit at
    the end of a batch the native side goes on exactly there; after one inside a batch it may repeat, and never skips.
    The Kafka side goes on exactly where native subscribers would.
    """
    topic, group, rng = "alternations", "alternating", random.Random(20261125)
    create_topic(gateway, topic)
    ends = [fill(gateway, topic, 1)]  # where batches end for certain
    position = 0
    commit(gateway, topic, group, 0)

    def add(calls: int) -> None:
        for _ in range(calls):
            ends.append(fill(gateway, topic, 1, rng.randint(1, 9), first=ends[-1]))

    for turn in range(ALTERNATIONS):
        add(rng.randint(1, 3))
        target = next(e for e in ends if e > position) if turn % 2 else rng.randint(position + 1, ends[-1])
        seen = kafka_turn(gateway, topic, group, target - position, target, joins=turn % 5 == 0)
        assert [m.offset() for m in seen] == list(range(position, target)), f"turn {turn}: Kafka's side"
        assert [m.value() for m in seen] == [b"record-%d" % o for o in range(position, target)]
        add(1)
        read = native_turn(weed, topic, group, rng.randint(1, 4))
        assert read and read[0].base_offset <= target, f"turn {turn}: the native side skips behind {target}: {read}"
        if target in ends:
            assert read[0].base_offset == target, f"turn {turn}: the native side repeats {read[0]} before {target}"
        for before, after in itertools.pairwise(read):
            assert after.base_offset == before.next_offset, f"turn {turn}: the native side skips"
        values = [v for b in read for v in b.values]
        assert values == [b"record-%d" % o for o in range(read[0].base_offset, read[-1].next_offset)]
        position = read[-1].next_offset
        got = committed(gateway, group, topic)
        if got != position:
            # SMQ's broker may end a subscriber before it has handled its last acknowledgement: then native subscribers
            # themselves go on at an earlier batch.
            native = native_peek(weed, topic, group).base_offset
            assert got == native < position, f"turn {turn}: {got}, but native subscribers go on at {native} of {position}"
            position = got
        if turn % 25 == 24:
            gateway.restart()
