"""JoinGroup, SyncGroup, Heartbeat, LeaveGroup of groups with one member, and what is wrong with requests."""

from fields import join, leave, of_member, sync
from registry import case
from talk import Line, Member, Talk

STRANGER = "compare-0"


def enter(line: Line, v: int, group: str, **more) -> Member:
    """Joins, with a member id that is given first where the version wants that, and is answered at once."""
    answer = line.ask("JoinGroup", v, **join(group, **more))
    if answer.error_code == 79:
        answer = line.ask("JoinGroup", v, **join(group, answer.member_id, **more))
    assert answer.error_code == 0, answer
    return Member(group, answer.member_id, answer.generation_id)


@case("JoinGroup")
def alone_and_again(s: Talk, v: int):
    group = s.name("g")
    me = enter(s.lines[0], v, group)
    s.ask("JoinGroup", v, **join(group, me.id))
    s.ask("JoinGroup", v, **join(group, me.id, protocols=[("range", b"other"), ("sticky", b"s")]))
    s.ask("DescribeGroups", 5, groups=[group], include_authorized_operations=False)


@case("JoinGroup")
def protocols(s: Talk, v: int):
    for i, given in enumerate(([], [("", b"")], [("range", b"")], [("a", b"1"), ("b", b"2")])):
        s.ask("JoinGroup", v, **join(s.name(f"a{i}"), protocols=given))
        s.ask("JoinGroup", v, **join(s.name(f"b{i}"), STRANGER, protocols=given))
    for i, kind in enumerate(("", "consumer", "connect", "x" * 300)):
        s.ask("JoinGroup", v, **join(s.name(f"c{i}"), protocol_type=kind))
    me = enter(s.lines[0], v, s.name("g"))
    for kind, name in (("connect", "range"), ("consumer", "sticky"), ("", "range")):
        s.ask("JoinGroup", v, **join(me.group, protocol_type=kind, protocols=[(name, b"")]))
        s.ask("JoinGroup", v, **join(me.group, me.id, protocol_type=kind, protocols=[(name, b"")]))


@case("JoinGroup")
def timeouts(s: Talk, v: int):
    for i, session in enumerate((0, -1, 199, 1_800_001, 2**31 - 1, -(2**31))):
        s.ask("JoinGroup", v, **join(s.name(f"s{i}"), session_timeout_ms=session))
    for i, session in enumerate((200, 1_800_000)):
        s.ask("JoinGroup", v, **join(s.name(f"t{i}"), session_timeout_ms=session))
    for i, rebalance in enumerate((0, -1, -2, 2**31 - 1)):
        s.ask("JoinGroup", v, **join(s.name(f"r{i}"), rebalance_timeout_ms=rebalance))


@case("JoinGroup")
def names_of_groups(s: Talk, v: int):
    for group in ("", " ", "a/b", "x" * 1000, "ä", "a\0b"):
        s.ask("JoinGroup", v, **join(group and s.name(group)))
    s.ask("JoinGroup", v, **join("", STRANGER))


@case("JoinGroup")
def strangers(s: Talk, v: int):
    s.ask("JoinGroup", v, **join(s.name("none"), STRANGER))
    me = enter(s.lines[0], v, s.name("g"))
    s.ask("JoinGroup", v, **join(me.group, STRANGER))
    s.ask("JoinGroup", v, **join(me.group, "x" * 2000))
    s.ask("Heartbeat", 3, **of_member(me))


@case("JoinGroup", since=4)
def ids_that_were_given(s: Talk, v: int):
    """A member id is given first; it is good for one group and until it is used."""
    group = s.name("g")
    first = s.ask("JoinGroup", v, **join(group)).member_id
    second = s.ask("JoinGroup", v, **join(group)).member_id
    s.ask("JoinGroup", v, **join(s.name("other"), first))
    pending = Member(group, first, -1)
    s.ask("Heartbeat", 3, **of_member(pending))
    s.ask("SyncGroup", 3, **sync(pending))
    s.ask("DescribeGroups", 5, groups=[group], include_authorized_operations=False)
    s.ask("LeaveGroup", 3, **leave(group, second))
    s.ask("JoinGroup", v, **join(group, second))
    s.ask("JoinGroup", v, **join(group, first))


@case("JoinGroup", since=5)
def static_members(s: Talk, v: int):
    group = s.name("g")
    one = s.ask("JoinGroup", v, **join(group, group_instance_id="i"))
    me = Member(group, one.member_id, one.generation_id)
    s.ask("SyncGroup", 5, **sync(me, (me.id, b"all"), group_instance_id="i"))
    again = s.ask("JoinGroup", v, **join(group, group_instance_id="i"))  # after a restart
    s.ask("JoinGroup", v, **join(group, me.id, group_instance_id="i"))
    s.ask("Heartbeat", 3, **of_member(me, group_instance_id="i"))
    s.ask("Heartbeat", 3, **of_member(me))
    s.ask("Heartbeat", 3, **of_member(me, group_instance_id="other"))
    s.ask("SyncGroup", 5, **sync(me, group_instance_id="i"))
    s.ask("JoinGroup", v, **join(group, STRANGER, group_instance_id="i"))
    s.ask("JoinGroup", v, **join(group, STRANGER, group_instance_id="new"))
    s.ask("JoinGroup", v, **join(group, again.member_id, group_instance_id="i"))
    s.ask("DescribeGroups", 5, groups=[group], include_authorized_operations=False)


@case("JoinGroup", since=5)
def names_of_instances(s: Talk, v: int):
    for i, name in enumerate(("", ".", "a b", "a/b", "x" * 249, "x" * 250, "ä")):
        s.ask("JoinGroup", v, **join(s.name(f"g{i}"), group_instance_id=name))


@case("SyncGroup")
def assignments(s: Talk, v: int):
    me = enter(s.lines[0], 3, s.name("g"))
    s.ask("SyncGroup", v, **sync(me, (me.id, b"all"), (STRANGER, b"none")))
    s.ask("SyncGroup", v, **sync(me))
    s.ask("SyncGroup", v, **sync(me, (me.id, b"something else")))
    s.ask("SyncGroup", v, **sync(me._replace(generation=me.generation + 1)))
    s.ask("SyncGroup", v, **sync(me._replace(generation=-1)))
    s.ask("SyncGroup", v, **sync(me._replace(id=STRANGER)))
    s.ask("SyncGroup", v, **sync(me._replace(id="")))
    s.ask("SyncGroup", v, **sync(me._replace(group=s.name("none"))))
    s.ask("SyncGroup", v, **sync(me._replace(group="")))


@case("SyncGroup")
def without_an_assignment(s: Talk, v: int):
    me = enter(s.lines[0], 3, s.name("g"))
    s.ask("SyncGroup", v, **sync(me))
    s.ask("SyncGroup", v, **sync(me, (me.id, b"late")))


@case("SyncGroup", since=5)
def protocols_of_a_sync(s: Talk, v: int):
    me = enter(s.lines[0], 3, s.name("g"))
    for kind, name in ((None, None), ("consumer", None), (None, "range"), ("connect", "range"), ("consumer", "sticky"),
                       ("", "")):  # fmt: skip
        s.ask("SyncGroup", v, **{**sync(me, (me.id, b"a")), "protocol_type": kind, "protocol_name": name})
    s.ask("SyncGroup", v, **sync(me, (me.id, b"all")))


@case("SyncGroup", since=3)
def instances_of_a_sync(s: Talk, v: int):
    me = enter(s.lines[0], 5, s.name("g"), group_instance_id="i")
    s.ask("SyncGroup", v, **sync(me, (me.id, b"a"), group_instance_id="other"))
    s.ask("SyncGroup", v, **sync(me._replace(id=STRANGER), (me.id, b"a"), group_instance_id="i"))
    s.ask("SyncGroup", v, **sync(me, (me.id, b"a")))
    s.ask("SyncGroup", v, **sync(me, (me.id, b"a"), group_instance_id="i"))


@case("Heartbeat")
def heartbeats(s: Talk, v: int):
    me = enter(s.lines[0], 3, s.name("g"))
    s.ask("Heartbeat", v, **of_member(me))  # before it has an assignment
    s.ask("SyncGroup", 3, **sync(me, (me.id, b"all")))
    s.ask("Heartbeat", v, **of_member(me))
    for generation in (me.generation - 1, me.generation + 1, -1, 2**31 - 1):
        s.ask("Heartbeat", v, **of_member(me._replace(generation=generation)))
    strangers = [me._replace(id=STRANGER), me._replace(id="")]
    for other in (*strangers, me._replace(group=s.name("none")), me._replace(group="")):
        s.ask("Heartbeat", v, **of_member(other))
    if v >= 3:
        s.ask("Heartbeat", v, **of_member(me, group_instance_id="i"))
    s.ask("LeaveGroup", 1, **leave(me.group, me.id))
    s.ask("Heartbeat", v, **of_member(me))


@case("Heartbeat")
def a_session_that_ends(s: Talk, v: int):
    me = enter(s.lines[0], 3, s.name("g"), session_timeout_ms=700)
    s.ask("SyncGroup", 3, **sync(me, (me.id, b"all")))
    s.ask("Heartbeat", v, **of_member(me))
    s.pass_time(1.6)
    s.ask("Heartbeat", v, **of_member(me))
    s.ask("DescribeGroups", 5, groups=[me.group], include_authorized_operations=False)


@case("LeaveGroup")
def leaving(s: Talk, v: int):
    me = s.member(s.name("g"))
    s.ask("LeaveGroup", v, **leave(me.group, STRANGER))
    s.ask("LeaveGroup", v, **leave(me.group, ""))
    s.ask("LeaveGroup", v, **leave(s.name("none"), me.id))
    s.ask("LeaveGroup", v, **leave("", me.id))
    s.ask("LeaveGroup", v, **leave(me.group))
    s.ask("LeaveGroup", v, **leave(me.group, me.id))
    s.ask("LeaveGroup", v, **leave(me.group, me.id))
    s.ask("DescribeGroups", 5, groups=[me.group], include_authorized_operations=False)


@case("LeaveGroup", since=3)
def several_that_leave(s: Talk, v: int):
    me = enter(s.lines[0], 5, s.name("g"), group_instance_id="i")
    s.ask("SyncGroup", 3, **sync(me, (me.id, b"all"), group_instance_id="i"))
    s.ask("LeaveGroup", v, **leave(me.group, STRANGER, STRANGER, instances=["other"]))
    wrong = [{"member_id": STRANGER, "group_instance_id": "i", "reason": None},
             {"member_id": me.id, "group_instance_id": "other", "reason": None}]  # fmt: skip
    s.ask("LeaveGroup", v, group_id=me.group, members=wrong)
    s.ask("LeaveGroup", v, **leave(me.group, STRANGER, me.id, instances=["i"]))


@case("LeaveGroup", since=3)
def an_instance_that_leaves(s: Talk, v: int):
    me = enter(s.lines[0], 5, s.name("g"), group_instance_id="i")
    s.ask("LeaveGroup", v, **leave(me.group, instances=["i", "i"]))
    s.ask("Heartbeat", 3, **of_member(me, group_instance_id="i"))
