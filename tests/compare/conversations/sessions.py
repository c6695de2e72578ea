"""Fetch sessions (KIP-227)."""

from fields import fetch, row
from registry import case
from talk import Talk
from wire import batch


@case("Fetch", since=7)
def a_session_tells_what_is_new(s: Talk, v: int):
    t = s.topic(partitions=3)
    s.put(t, b"a")
    one = s.ask("Fetch", v, **fetch((t, [row(0), row(0, 1), row(0, 2)]), session_epoch=0)).session_id
    s.ask("Fetch", v, **fetch((t, [row(1)]), session_id=one, session_epoch=1))
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=2))
    s.put(t, b"b", partition=1)
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=3))
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=4))  # its position did not move
    s.ask("Fetch", v, **fetch((t, [row(1, 1)]), session_id=one, session_epoch=5))
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=6))


@case("Fetch", since=7)
def a_session_forgets_and_learns(s: Talk, v: int):
    t, other = s.topic(partitions=2), s.topic("other")
    one = s.ask("Fetch", v, **fetch((t, [row(0), row(0, 1)]), session_epoch=0)).session_id
    s.put(t, b"a")
    s.put(other, b"b")
    s.ask("Fetch", v, **fetch(forget=[(t, [0])], session_id=one, session_epoch=1))
    s.ask("Fetch", v, **fetch((other, [row(0)]), session_id=one, session_epoch=2))
    s.ask("Fetch", v, **fetch((t, [row(0)]), forget=[(other, [0, 7])], session_id=one, session_epoch=3))
    s.ask("Fetch", v, **fetch(forget=[(t, [0, 1])], session_id=one, session_epoch=4))
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=5))


@case("Fetch", since=7)
def epochs_that_are_wrong(s: Talk, v: int):
    t = s.shared()
    one = s.ask("Fetch", v, **fetch((t, [row()]), session_epoch=0)).session_id
    for epoch in (2, 5, 2**31 - 1, -2, -(2**31)):
        s.ask("Fetch", v, **fetch((t, [row()]), session_id=one, session_epoch=epoch))
    s.ask("Fetch", v, **fetch((t, [row()]), session_id=one, session_epoch=1))
    s.ask("Fetch", v, **fetch((t, [row()]), session_id=one, session_epoch=1))


@case("Fetch", since=7)
def sessions_that_nobody_knows(s: Talk, v: int):
    t = s.shared()
    for number, epoch in ((7, 1), (-7, 1), (0, 1), (2**31 - 1, 5), (7, -1), (7, 0)):
        s.ask("Fetch", v, **fetch((t, [row()]), session_id=number, session_epoch=epoch))


@case("Fetch", since=7)
def sessions_that_end(s: Talk, v: int):
    t = s.shared(fill=lambda s, t: s.put(t, b"a"))
    one = s.ask("Fetch", v, **fetch((t, [row()]), session_epoch=0)).session_id
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=-1))
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=1))
    one = s.ask("Fetch", v, **fetch((t, [row()]), session_epoch=0)).session_id
    s.ask("Fetch", v, **fetch((t, [row()]), session_id=one, session_epoch=0))  # another one in its place
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=1))


@case("Fetch", since=7)
def a_session_over_another_connection(s: Talk, v: int):
    t = s.shared(fill=lambda s, t: s.put(t, b"a"))
    one = s.ask("Fetch", v, **fetch((t, [row()]), session_epoch=0)).session_id
    s.line().ask("Fetch", v, **fetch(session_id=one, session_epoch=1))


@case("Fetch", since=7)
def an_empty_session(s: Talk, v: int):
    t = s.shared()
    one = s.ask("Fetch", v, **fetch(session_epoch=0)).session_id
    s.ask("Fetch", v, **fetch((t, [row()]), session_id=one, session_epoch=1))


@case("Fetch", since=7)
def errors_in_a_session(s: Talk, v: int):
    t = s.topic()
    s.put(t, b"a")
    asked = [row(9), row(0, 5)]
    one = s.ask("Fetch", v, **fetch((t, asked), (s.nothing(), [row()]), session_epoch=0)).session_id
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=1))
    s.ask("Fetch", v, **fetch((t, [row(0)]), session_id=one, session_epoch=2))


@case("Fetch", since=7, before=13)
def a_topic_that_appears_in_a_session(s: Talk, v: int):
    t, later = s.topic(), s.nothing("later")
    one = s.ask("Fetch", v, **fetch((t, [row()]), (later, [row()]), session_epoch=0)).session_id
    s.topic("later")
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=1))


@case("Fetch", since=7)
def a_topic_that_goes_in_a_session(s: Talk, v: int):
    t, other = s.topic(), s.topic("other")
    one = s.ask("Fetch", v, **fetch((t, [row()]), (other, [row()]), session_epoch=0)).session_id
    s.quietly("DeleteTopics", 5, topic_names=[t.name], timeout_ms=10000)
    s.settle()
    s.ask("Fetch", v, **fetch(session_id=one, session_epoch=1))


@case("Fetch", since=12, before=14)
def a_session_changes_between_names_and_ids(s: Talk, v: int):
    t = s.shared()
    one = s.ask("Fetch", v, **fetch((t, [row()]), session_epoch=0)).session_id
    s.ask("Fetch", 25 - v, **fetch((t, [row()]), session_id=one, session_epoch=1))


@case("Fetch", since=7)
def limits_in_a_session(s: Talk, v: int):
    """Partitions that got nothing for want of room come first the next time."""
    t = s.topic(partitions=3)
    for partition in range(3):
        s.put(t, b"x" * 500, partition=partition)
    room = {"max_bytes": len(batch(b"x" * 500)) + 10}
    one = s.ask("Fetch", v, **fetch((t, [row(0, p) for p in range(3)]), session_epoch=0, **room)).session_id
    for epoch in range(1, 5):
        s.ask("Fetch", v, **fetch(session_id=one, session_epoch=epoch, **room))
