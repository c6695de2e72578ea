"""Groups with several members: rounds of rebalancing."""

from conversations.membership import STRANGER, enter
from fields import join, leave, of_member, sync
from registry import case
from talk import Line, Member, Talk


def shows(s: Talk, group: str) -> None:
    s.ask("DescribeGroups", 5, groups=[group], include_authorized_operations=False)


def member_of(answer, group: str) -> Member:
    assert answer.error_code == 0, answer
    return Member(group, answer.member_id, answer.generation_id)


def ask_to_join(line: Line, v: int, group: str, **more) -> dict:
    """The fields of a join that waits, behind the one that gives the member id."""
    member = ""
    if v >= 4 and not more.get("group_instance_id"):
        member = line.ask("JoinGroup", v, **join(group, **more)).member_id
    fields = join(group, member, **more)
    line.send("JoinGroup", v, **fields)
    return fields


def wait_for(s: Talk, group: str, state: str) -> None:
    s.until(lambda: s.quietly("DescribeGroups", 4, groups=[group]).groups[0].group_state == state)


def wait_for_round(s: Talk, group: str) -> None:
    """Until the coordinator has seen that somebody joins."""
    wait_for(s, group, "PreparingRebalance")


def pair(s: Talk, v: int, **of_both) -> tuple[Line, Member, Line, Member]:
    """Two members of a stable group, after two rounds."""
    a, b, group = s.lines[0], s.line(), s.name("g")
    first = enter(a, v, group, protocols=[("range", b"a")], **of_both)
    a.ask("SyncGroup", 3, **sync(first, (first.id, b"all")))
    ask_to_join(b, v, group, protocols=[("range", b"b")], **of_both)
    wait_for_round(s, group)
    a.ask("Heartbeat", 3, **of_member(first))
    leader = member_of(a.ask("JoinGroup", v, **join(group, first.id, protocols=[("range", b"a")], **of_both)), group)
    follower = member_of(b.receive(), group)
    b.send("SyncGroup", 3, **sync(follower))
    a.ask("SyncGroup", 3, **sync(leader, (leader.id, b"left"), (follower.id, b"right")))
    b.receive()
    return a, leader, b, follower


@case("JoinGroup")
def two_members(s: Talk, v: int):
    a, leader, b, follower = pair(s, v)
    for line, member in ((a, leader), (b, follower)):
        line.ask("Heartbeat", 3, **of_member(member))
        line.ask("SyncGroup", 3, **sync(member))
    shows(s, leader.group)
    s.ask("ListGroups", 4, states_filter=[])


@case("JoinGroup")
def a_follower_joins_again(s: Talk, v: int):
    """With the same protocols it gets the same generation, with others there is another round."""
    a, leader, b, follower = pair(s, v)
    b.ask("JoinGroup", v, **join(follower.group, follower.id, protocols=[("range", b"b")]))
    b.send("JoinGroup", v, **join(follower.group, follower.id, protocols=[("range", b"new")]))
    wait_for_round(s, leader.group)
    a.ask("Heartbeat", 3, **of_member(leader))
    a.ask("JoinGroup", v, **join(leader.group, leader.id, protocols=[("range", b"a")]))
    b.receive()


@case("JoinGroup")
def the_leader_joins_again(s: Talk, v: int):
    a, leader, b, follower = pair(s, v)
    a.send("JoinGroup", v, **join(leader.group, leader.id, protocols=[("range", b"a")]))
    wait_for_round(s, leader.group)
    b.ask("Heartbeat", 3, **of_member(follower))
    b.ask("SyncGroup", 3, **sync(follower))
    b.ask("JoinGroup", v, **join(follower.group, follower.id, protocols=[("range", b"b")]))
    a.receive()
    shows(s, leader.group)


@case("JoinGroup")
def the_leader_leaves(s: Talk, v: int):
    a, leader, b, follower = pair(s, v)
    a.ask("LeaveGroup", 1, **leave(leader.group, leader.id))
    b.ask("Heartbeat", 3, **of_member(follower))
    again = b.ask("JoinGroup", v, **join(follower.group, follower.id, protocols=[("range", b"b")]))
    now = member_of(again, leader.group)
    b.ask("SyncGroup", 3, **sync(now, (now.id, b"all")))
    shows(s, leader.group)


@case("JoinGroup")
def a_member_that_does_not_come_back(s: Talk, v: int):
    """Whoever does not join the round in time is out."""
    a, leader, b, follower = pair(s, v, rebalance_timeout_ms=400, session_timeout_ms=400 if v == 0 else 20000)
    a.ask("JoinGroup", v, **join(leader.group, leader.id, protocols=[("range", b"a")], rebalance_timeout_ms=400,
                                 session_timeout_ms=400 if v == 0 else 20000))  # fmt: skip
    b.ask("Heartbeat", 3, **of_member(follower))
    shows(s, leader.group)


@case("JoinGroup")
def the_protocol_that_all_know(s: Talk, v: int):
    a, b, group = s.lines[0], s.line(), s.name("g")
    ours, theirs = [("x", b"ax"), ("y", b"ay"), ("z", b"az")], [("z", b"bz"), ("y", b"by")]
    first = enter(a, v, group, protocols=ours)
    a.ask("SyncGroup", 3, **sync(first, (first.id, b"all")))
    ask_to_join(b, v, group, protocols=theirs)
    wait_for_round(s, group)
    a.ask("JoinGroup", v, **join(group, first.id, protocols=ours))
    b.receive()
    s.ask("JoinGroup", v, **join(group, protocols=[("x", b"cx")]))
    s.ask("JoinGroup", v, **join(group, STRANGER, protocols=[("x", b"cx")]))


@case("SyncGroup")
def a_follower_that_waits(s: Talk, v: int):
    """It is answered when the leader gave the assignments, or told to join again."""
    a, leader, b, follower = pair(s, 3)
    a.send("JoinGroup", 3, **join(leader.group, leader.id, protocols=[("range", b"a")]))
    wait_for_round(s, leader.group)
    follower = member_of(
        b.ask("JoinGroup", 3, **join(follower.group, follower.id, protocols=[("range", b"b")])), leader.group
    )
    leader = member_of(a.receive(), leader.group)
    b.send("SyncGroup", v, **sync(follower))
    a.ask("Heartbeat", 3, **of_member(leader))
    a.ask("SyncGroup", v, **sync(leader, (leader.id, b"left")))
    b.receive()


@case("SyncGroup")
def a_round_in_the_middle_of_another(s: Talk, v: int):
    a, leader, b, follower = pair(s, 3)
    a.send("JoinGroup", 3, **join(leader.group, leader.id, protocols=[("range", b"a")]))
    wait_for_round(s, leader.group)
    follower = member_of(
        b.ask("JoinGroup", 3, **join(follower.group, follower.id, protocols=[("range", b"b")])), leader.group
    )
    a.receive()
    b.send("SyncGroup", v, **sync(follower))
    wait_for(s, leader.group, "CompletingRebalance")
    c = s.line()
    ask_to_join(c, 3, leader.group, protocols=[("range", b"c")])
    b.receive()  # told to join again
    b.ask("Heartbeat", 3, **of_member(follower))


@case("LeaveGroup")
def one_of_two_leaves(s: Talk, v: int):
    a, leader, b, follower = pair(s, 3)
    b.ask("LeaveGroup", v, **leave(follower.group, follower.id))
    b.ask("Heartbeat", 3, **of_member(follower))
    a.ask("Heartbeat", 3, **of_member(leader))
    a.ask("JoinGroup", 3, **join(leader.group, leader.id, protocols=[("range", b"a")]))
    shows(s, leader.group)


@case("Heartbeat")
def heartbeats_in_every_phase(s: Talk, v: int):
    a, b, group = s.lines[0], s.line(), s.name("g")
    first = enter(a, 3, group, protocols=[("range", b"a")])
    a.ask("Heartbeat", v, **of_member(first))  # CompletingRebalance
    a.ask("SyncGroup", 3, **sync(first, (first.id, b"all")))
    a.ask("Heartbeat", v, **of_member(first))  # Stable
    ask_to_join(b, 3, group, protocols=[("range", b"b")])
    wait_for_round(s, group)
    a.ask("Heartbeat", v, **of_member(first))  # PreparingRebalance
    a.ask("Heartbeat", v, **of_member(first._replace(generation=9)))
    a.ask("Heartbeat", v, **of_member(first._replace(id=STRANGER)))
    leader = member_of(a.ask("JoinGroup", 3, **join(group, first.id, protocols=[("range", b"a")])), group)
    b.receive()
    a.ask("Heartbeat", v, **of_member(leader))
    a.ask("Heartbeat", v, **of_member(first))


@case("JoinGroup", since=5)
def static_members_restart(s: Talk, v: int):
    a, b, group = s.lines[0], s.line(), s.name("g")
    one = {"protocols": [("range", b"a")], "group_instance_id": "a"}
    two = {"protocols": [("range", b"b")], "group_instance_id": "b"}
    first = enter(a, v, group, **one)
    a.ask("SyncGroup", 3, **sync(first, (first.id, b"all"), group_instance_id="a"))
    ask_to_join(b, v, group, **two)
    wait_for_round(s, group)
    leader = member_of(a.ask("JoinGroup", v, **join(group, first.id, **one)), group)
    follower = member_of(b.receive(), group)
    a.ask("SyncGroup", 3, **sync(leader, (leader.id, b"left"), (follower.id, b"right"), group_instance_id="a"))
    b.ask("SyncGroup", 3, **sync(follower, group_instance_id="b"))
    again = member_of(b.ask("JoinGroup", v, **join(group, **two)), group)  # a follower, as it was
    b.ask("SyncGroup", 3, **sync(again, group_instance_id="b"))
    b.ask("Heartbeat", 3, **of_member(follower, group_instance_id="b"))
    again = member_of(a.ask("JoinGroup", v, **join(group, **one)), group)  # the leader
    a.ask("SyncGroup", 3, **sync(again, group_instance_id="a"))
    shows(s, group)
    b.ask("JoinGroup", v, **join(group, protocols=[("range", b"other")], group_instance_id="b"))  # changed
    shows(s, group)


@case("JoinGroup", since=5)
def a_static_member_while_it_waits(s: Talk, v: int):
    """The same instance joins, and syncs, from two connections."""
    a, b, group = s.lines[0], s.line(), s.name("g")
    one = {"protocols": [("range", b"a")], "group_instance_id": "a"}
    two = {"protocols": [("range", b"b")], "group_instance_id": "b"}
    enter(a, v, group, **one)
    ask_to_join(b, v, group, **two)
    wait_for_round(s, group)
    c = s.line()
    c.send("JoinGroup", v, **join(group, **two))
    b.receive()
    a.ask("JoinGroup", v, **join(group, **one))
    c.receive()
