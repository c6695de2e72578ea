"""OffsetCommit, OffsetFetch, OffsetDelete."""

from conversations.membership import STRANGER, enter
from fields import commit, join, leave, offset_delete, offset_fetch, position, positions_of, sync
from registry import case
from talk import Talk, Topic


def look(s: Talk, group: str, version: int = 9) -> None:
    s.ask("OffsetFetch", version, **offset_fetch(positions_of(group)))


@case("OffsetCommit")
def without_members(s: Talk, v: int):
    t, group = s.shared(partitions=3), s.name("g")
    s.ask("OffsetCommit", v, **commit(group, (t, [position(5), position(7, 1, None), position(0, 2, "")])))
    look(s, group)
    s.ask("OffsetCommit", v, **commit(group, (t, [position(3, metadata="back", epoch=2)])))
    look(s, group)
    s.ask("OffsetCommit", v, **commit(group, (t, [position(4)]), member=STRANGER, generation=1))
    s.ask("OffsetCommit", v, **commit(group, (t, [])))
    s.ask("OffsetCommit", v, **commit(group))


@case("OffsetCommit")
def numbers(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    s.ask("OffsetCommit", v, **commit(group, (t, [position(2**63 - 1)])))
    look(s, group)
    for epoch in (0, 2**31 - 1, -2):
        s.ask("OffsetCommit", v, **commit(group, (t, [position(1, epoch=epoch)])))
        look(s, group)
    if v <= 4:
        for retention in (0, 1000, -2):
            s.ask("OffsetCommit", v, **commit(s.name("kept"), (t, [position(1)]), retention_time_ms=retention))


@case("OffsetCommit")
def nonsense_offsets(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    for offset in (-1, -2, -(2**63)):
        s.ask("OffsetCommit", v, **commit(group, (t, [position(offset)])))
        look(s, group)
        s.ask("OffsetFetch", 7, **offset_fetch(positions_of(group, (t, [0]))))


@case("OffsetCommit")
def metadata_of_positions(s: Talk, v: int):
    t, group = s.shared(partitions=2), s.name("g")
    for text in ("x" * 4096, "x" * 4097, "ä" * 4096, "\U0001f600" * 2048, "\U0001f600" * 2049):
        s.ask("OffsetCommit", v, **commit(group, (t, [position(1, metadata=text), position(2, 1)])))
    look(s, group)
    long = (t, [position(1, metadata="x" * 4097)])
    s.ask("OffsetCommit", v, **commit(s.member(s.name("used")).group, long, member=STRANGER, generation=1))


@case("OffsetCommit")
def where_nothing_is(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    s.ask("OffsetCommit", v, **commit(group, (s.nothing(), [position()]), (t, [position(), position(1, 9)])))
    s.ask("OffsetCommit", v, **commit(group, (s.nothing(), [position()])))
    for name in ("", "a/b"):
        s.ask("OffsetCommit", v, **commit(group, (Topic(name, s.nothing().id), [position()])))
    for partition in (1, -1, 2**31 - 1):
        s.ask("OffsetCommit", v, **commit(group, (t, [position(1, partition)])))
    look(s, group)


@case("OffsetCommit")
def partitions_twice(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    s.ask("OffsetCommit", v, **commit(group, (t, [position(1), position(2)])))
    look(s, group)
    s.ask("OffsetCommit", v, **commit(group, (t, [position(3)]), (t, [position(4)])))
    look(s, group)


@case("OffsetCommit")
def names_of_groups(s: Talk, v: int):
    t = s.shared()
    for group in ("", s.name(" "), s.name("a/b"), s.name("ä"), s.name("x" * 1000)):
        s.ask("OffsetCommit", v, **commit(group, (t, [position()])))


@case("OffsetCommit")
def to_a_group_that_does_not_exist(s: Talk, v: int):
    t = s.shared()
    for member, generation in ((STRANGER, 1), ("", 1), (STRANGER, -1), ("", 0), (STRANGER, -2), ("", -2)):
        s.ask("OffsetCommit", v, **commit(s.name("none"), (t, [position()]), member=member, generation=generation))
    look(s, s.name("none"))


@case("OffsetCommit")
def by_members(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    me = enter(s.lines[0], 3, group)
    given = {"member": me.id, "generation": me.generation}
    s.ask("OffsetCommit", v, **commit(group, (t, [position(1)]), **given))  # before it has an assignment
    s.ask("SyncGroup", 3, **sync(me, (me.id, b"all")))
    s.ask("OffsetCommit", v, **commit(group, (t, [position(2)]), **given))
    for wrong in ({"generation": me.generation + 1}, {"generation": -1}, {"member": STRANGER}, {"member": ""},
                  {"member": "", "generation": -1}, {"generation": me.generation - 1}):  # fmt: skip
        s.ask("OffsetCommit", v, **commit(group, (t, [position(3)]), **{**given, **wrong}))
    look(s, group)
    s.ask("LeaveGroup", 1, **leave(group, me.id))
    s.ask("OffsetCommit", v, **commit(group, (t, [position(4)]), **given))
    s.ask("OffsetCommit", v, **commit(group, (t, [position(5)])))
    look(s, group)


@case("OffsetCommit")
def during_a_round(s: Talk, v: int):
    t, group, b = s.shared(), s.name("g"), s.line()
    me = s.member(group, rebalance_timeout_ms=20000)
    b.send("JoinGroup", 3, **join(group))
    s.until(lambda: s.quietly("DescribeGroups", 4, groups=[group]).groups[0].group_state == "PreparingRebalance")
    s.ask("OffsetCommit", v, **commit(group, (t, [position(1)]), member=me.id, generation=me.generation))
    s.ask("OffsetCommit", v, **commit(group, (t, [position(2)]), member=STRANGER, generation=me.generation))
    s.ask("JoinGroup", 3, **join(group, me.id))
    b.receive()
    s.ask("OffsetCommit", v, **commit(group, (t, [position(3)]), member=me.id, generation=me.generation))
    s.ask("OffsetCommit", v, **commit(group, (t, [position(4)]), member=me.id, generation=me.generation + 1))
    look(s, group)


@case("OffsetCommit", since=7)
def by_static_members(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    me = enter(s.lines[0], 5, group, group_instance_id="i")
    s.ask("SyncGroup", 3, **sync(me, (me.id, b"all"), group_instance_id="i"))
    for member, instance in ((me.id, "i"), (me.id, None), (me.id, "other"), (STRANGER, "i"), ("", "i")):
        s.ask("OffsetCommit", v, **commit(group, (t, [position(1)]), member=member, generation=me.generation,
                                          group_instance_id=instance))  # fmt: skip


@case("OffsetCommit")
def after_the_group_was_deleted(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    me = s.member(group)
    s.ask("OffsetCommit", v, **commit(group, (t, [position(1)]), member=me.id, generation=me.generation))
    s.ask("LeaveGroup", 1, **leave(group, me.id))
    s.ask("DeleteGroups", 1, groups_names=[group])
    s.ask("OffsetCommit", v, **commit(group, (t, [position(2)]), member=me.id, generation=me.generation))
    s.ask("OffsetFetch", 5, **offset_fetch(positions_of(group, (t, [0]))))


@case("OffsetFetch")
def of_some_and_of_all(s: Talk, v: int):
    t, group = s.shared(partitions=3), s.name("g")
    s.quietly("OffsetCommit", 6, **commit(group, (t, [position(5), position(7, 1, None, 3)])))
    s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (t, [0, 1, 2, 9, -1]))))
    s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (t, []))))
    s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (s.nothing(), [0]), (t, [1]))))
    for name in ("", "a/b"):
        s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (Topic(name, s.nothing().id), [0]))))
    if v >= 2:
        s.ask("OffsetFetch", v, **offset_fetch(positions_of(group)))
        empty = {**positions_of(group), "topics": []}
        s.ask("OffsetFetch", v, **{**offset_fetch(empty), "topics": []})


@case("OffsetFetch")
def repeated_partitions(s: Talk, v: int):
    t, group = s.shared(partitions=2), s.name("g")
    s.quietly("OffsetCommit", 6, **commit(group, (t, [position(5)])))
    s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (t, [0, 0, 1]))))
    s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (t, [0]), (t, [1]))))


@case("OffsetFetch")
def of_groups_that_do_not_exist(s: Talk, v: int):
    t = s.shared()
    for group in (s.name("none"), ""):
        s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (t, [0]))))
        s.ask("OffsetFetch", v, **offset_fetch(positions_of(group)) if v >= 2 else {"group_id": group, "topics": []})


@case("OffsetFetch", since=7)
def stable_ones(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    s.quietly("OffsetCommit", 6, **commit(group, (t, [position(5)])))
    s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (t, [0])), require_stable=True))


@case("OffsetFetch", since=8)
def of_several_groups(s: Talk, v: int):
    t = s.shared(partitions=2)
    groups = [s.name("g1"), s.name("g2")]
    for offset, group in enumerate(groups):
        s.quietly("OffsetCommit", 6, **commit(group, (t, [position(offset)])))
    asked = [positions_of(group, (t, [0, 1])) for group in (*groups, s.name("none"), "")]
    s.ask("OffsetFetch", v, **offset_fetch(*asked))
    s.ask("OffsetFetch", v, **offset_fetch(*(positions_of(group) for group in groups)))
    s.ask("OffsetFetch", v, **{**offset_fetch(*asked), "groups": []})
    s.ask("OffsetFetch", v, **offset_fetch(asked[0], asked[0]))


@case("OffsetFetch", since=9)
def for_members(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    me = s.member(group)
    who = [(me.id, me.generation), (me.id, -1), (STRANGER, 5), (None, 5), ("", -1), (me.id, 99), ("", -2)]
    for member, epoch in who:
        s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (t, [0]), member=member, epoch=epoch)))


@case("OffsetFetch")
def of_a_topic_that_was_deleted(s: Talk, v: int):
    t, group = s.topic(), s.name("g")
    s.quietly("OffsetCommit", 6, **commit(group, (t, [position(5)])))
    s.quietly("DeleteTopics", 5, topic_names=[t.name], timeout_ms=10000)
    s.settle()
    if v >= 2:
        s.until(lambda: not s.quietly("OffsetFetch", 8, **offset_fetch(positions_of(group))).groups[0].topics)
    s.ask("OffsetFetch", v, **offset_fetch(positions_of(group, (t, [0]))))


@case("OffsetDelete")
def deleted_positions(s: Talk, v: int):
    t, other, group = s.shared(partitions=3), s.shared("other"), s.name("g")
    s.quietly("OffsetCommit", 6, **commit(group, (t, [position(1), position(2, 1)]), (other, [position(3)])))
    s.ask("OffsetDelete", v, **offset_delete(group, (t, [0, 2, 9])))
    look(s, group)
    s.ask("OffsetDelete", v, **offset_delete(group, (s.nothing(), [0]), (t, [0, 0])))
    s.ask("OffsetDelete", v, **offset_delete(group, (t, [])))
    s.ask("OffsetDelete", v, **offset_delete(group))
    s.ask("OffsetDelete", v, **offset_delete(group, (t, [1]), (other, [0])))
    s.ask("OffsetDelete", v, **offset_delete(group, (t, [1])))
    s.ask("OffsetDelete", v, **offset_delete(s.name("none"), (t, [0])))
    s.ask("OffsetDelete", v, **offset_delete("", (t, [0])))


def subscription(*topics: str) -> bytes:
    """Of the protocol type "consumer", version 0."""
    names = b"".join(len(t).to_bytes(2, "big") + t.encode() for t in topics)
    return bytes(2) + len(topics).to_bytes(4, "big") + names + b"\xff\xff\xff\xff"


@case("OffsetDelete")
def positions_of_a_group_in_use(s: Talk, v: int):
    t, other = s.shared(), s.shared("other")
    for kind, metadata in (("consumer", subscription(t.name)), ("consumer", b"junk"), ("connect", b"junk")):
        group = s.name(f"{kind}-{len(metadata)}")
        s.quietly("OffsetCommit", 6, **commit(group, (t, [position(1)]), (other, [position(3)])))
        me = s.member(group, protocol_type=kind, protocols=[("range", metadata)])
        s.ask("OffsetDelete", v, **offset_delete(group, (t, [0, 5]), (other, [0])))
        look(s, group)
        s.ask("LeaveGroup", 1, **leave(group, me.id))
        s.ask("OffsetDelete", v, **offset_delete(group, (t, [0])))
