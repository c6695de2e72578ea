"""Design §7.1: from a position that tidegate wrote, a native subscriber continues; what it leaves, tidegate can read."""

import json

import pytest
from formats import native_group
from store import SECOND

COUNT = 100
START = 1_790_000_000 * SECOND
MICROSECOND = 1000


@pytest.fixture(scope="module")
def stored(weed):
    """100 messages of ours in one file, 1 µs apart."""
    from store import Topic

    topic = Topic(weed.filer, "positions")
    topic[0].append([START + i * MICROSECOND for i in range(COUNT)])
    return topic


def first_number(weed, topic, group: str) -> int | None:
    """Which message RESUME_OR_EARLIEST gives first: 1 = the first one, None = none."""
    partition = weed.broker.partition(topic.name)
    with weed.broker.subscribe(topic.name, partition, "RESUME_OR_EARLIEST", group=native_group(group)) as s:
        got = s.read(1, seconds=5)
    return [m.ts_ns for m in topic[0].messages].index(got[0].ts_ns) + 1 if got else None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("of-message-40", START + 39 * MICROSECOND, 41),
        ("after-message-40", START + 39 * MICROSECOND + 1, 41),
        ("after-message-1", START + 1, 2),
        ("before-the-first", START - 1, 1),
        ("one", 1, 1),
        ("after-message-99", START + 98 * MICROSECOND + 1, 100),
    ],
)
def test_a_position_on_disk_is_exclusive(weed, stored, name, value, expected):
    stored[0].commit(name, value, 39)
    got = first_number(weed, stored, name)
    assert got == expected, (
        f"smq.md A.2: RESUME from value {value - START:+d} ns continued at message {got}, not {expected}: "
        "the rule for `value` in design §7.1 (ts_ns + 1 of the last consumed message) is no longer exact"
    )
