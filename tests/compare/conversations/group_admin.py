"""DescribeGroups, ListGroups, DeleteGroups, FindCoordinator."""

from conversations.membership import enter
from fields import commit, join, leave, position, sync
from registry import case
from talk import Talk


def describe(*groups: str, operations: bool = False) -> dict:
    return {"groups": list(groups), "include_authorized_operations": operations}


@case("DescribeGroups")
def in_every_phase(s: Talk, v: int):
    group, b = s.name("g"), s.line()
    me = enter(s.lines[0], 5, group)
    s.ask("DescribeGroups", v, **describe(group))
    s.ask("SyncGroup", 3, **sync(me, (me.id, b"all")))
    s.ask("DescribeGroups", v, **describe(group))
    b.send("JoinGroup", 3, **join(group))
    s.until(lambda: s.quietly("DescribeGroups", 4, groups=[group]).groups[0].group_state == "PreparingRebalance")
    s.ask("DescribeGroups", v, **describe(group))
    s.ask("LeaveGroup", 1, **leave(group, me.id))
    b.receive()
    s.ask("DescribeGroups", v, **describe(group))


@case("DescribeGroups")
def without_members(s: Talk, v: int):
    t, simple, left = s.shared(), s.name("simple"), s.name("left")
    s.quietly("OffsetCommit", 6, **commit(simple, (t, [position(1)])))
    me = s.member(left)
    s.ask("LeaveGroup", 1, **leave(left, me.id))
    for operations in (False, True):
        s.ask("DescribeGroups", v, **describe(simple, left, s.name("none"), "", operations=operations))
    s.ask("DescribeGroups", v, **describe())


@case("DescribeGroups")
def the_same_twice(s: Talk, v: int):
    s.ask("DescribeGroups", v, **describe(s.name("g"), s.name("g")))


@case("DescribeGroups")
def static_members(s: Talk, v: int):
    me = enter(s.lines[0], 5, s.name("g"), group_instance_id="i", protocols=[("range", b"m"), ("sticky", b"n")])
    s.ask("SyncGroup", 3, **sync(me, (me.id, b"all"), group_instance_id="i"))
    s.ask("DescribeGroups", v, **describe(me.group, operations=True))


@case("DescribeGroups")
def thousands(s: Talk, v: int):
    s.ask("DescribeGroups", v, **describe(*(s.name(f"g{i}") for i in range(1000))))


@case("ListGroups")
def by_state_and_type(s: Talk, v: int):
    t = s.shared()
    s.quietly("OffsetCommit", 6, **commit(s.name("simple"), (t, [position(1)])))
    s.member(s.name("stable"))
    enter(s.lines[0], 3, s.name("completing"), protocol_type="connect")
    me = s.member(s.name("left"))
    s.ask("LeaveGroup", 1, **leave(me.group, me.id))
    states = [[], ["Stable"], ["stable"], ["STABLE", "Empty"], ["Empty"], ["Dead"], ["CompletingRebalance"],
              ["completing_rebalance"], ["nonsense"], ["Stable", "nonsense"], [""]]  # fmt: skip
    for wanted in states if v >= 4 else states[:1]:
        s.ask("ListGroups", v, states_filter=wanted, types_filter=[])
    for types in (["classic"], ["Classic"], ["consumer"], ["consumer", "classic"], ["nonsense"], ["share"], [""]):
        if v >= 5:
            s.ask("ListGroups", v, states_filter=[], types_filter=types)


@case("DeleteGroups")
def deleting(s: Talk, v: int):
    t, simple, used = s.shared(), s.name("simple"), s.name("used")
    s.quietly("OffsetCommit", 6, **commit(simple, (t, [position(1)])))
    me = s.member(used)
    s.ask("DeleteGroups", v, groups_names=[simple, used, s.name("none"), ""])
    s.ask("DeleteGroups", v, groups_names=[simple])
    s.ask("DeleteGroups", v, groups_names=[])
    s.ask("LeaveGroup", 1, **leave(used, me.id))
    s.ask("DeleteGroups", v, groups_names=[used, used])
    s.ask("DescribeGroups", 5, **describe(used, simple))


@case("DeleteGroups")
def deleted_and_used_again(s: Talk, v: int):
    t, group = s.shared(), s.name("g")
    me = s.member(group)
    s.quietly("OffsetCommit", 6, **commit(group, (t, [position(1)]), member=me.id, generation=me.generation))
    s.ask("LeaveGroup", 1, **leave(group, me.id))
    s.ask("DeleteGroups", v, groups_names=[group])
    s.ask("JoinGroup", 3, **join(group))
    s.ask("OffsetFetch", 5, group_id=group, topics=None)


@case("DeleteGroups")
def a_group_in_a_round(s: Talk, v: int):
    me = enter(s.lines[0], 3, s.name("g"))
    s.ask("DeleteGroups", v, groups_names=[me.group])


@case("DeleteGroups")
def a_group_of_ids_that_were_given(s: Talk, v: int):
    s.ask("JoinGroup", 4, **join(s.name("pending")))
    s.ask("DeleteGroups", v, groups_names=[s.name("pending")])


@case("FindCoordinator")
def coordinators(s: Talk, v: int):
    for kind in (0, 1, 2, 3, -1, 127) if v >= 1 else (0,):
        for key in (s.name("g"), "", "a:b:c", "x" * 300):
            s.ask("FindCoordinator", v, key=key, key_type=kind, coordinator_keys=[key])
    if v >= 4:
        s.ask("FindCoordinator", v, key_type=0, coordinator_keys=[])
        s.ask("FindCoordinator", v, key_type=0, coordinator_keys=["a", "b", "a"])
