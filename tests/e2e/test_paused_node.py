"""A node that stands still for longer than a session, as in a frozen cgroup or a snapshot of its machine."""

import signal
import time

import pytest
from wire import Wire

SESSION = 2  # seconds
PAUSE = 3 * SESSION


def member(wire: Wire) -> dict:
    """Joins alone; what its requests say of it from then on."""
    fields = dict(group_id="g", session_timeout_ms=SESSION * 1000, rebalance_timeout_ms=SESSION * 1000, member_id="",
                  protocol_type="consumer", protocols=[{"name": "range", "metadata": b""}])  # fmt: skip
    joined = wire.call("JoinGroup", 3, **fields)
    assert joined.error_code == 0
    me = dict(group_id="g", generation_id=joined.generation_id, member_id=joined.member_id)
    given = [{"member_id": joined.member_id, "assignment": b"all"}]
    assert wire.call("SyncGroup", 2, assignments=given, **me).error_code == 0
    return me


@pytest.mark.parametrize("is_speaking", [True, False], ids=["heartbeats wait in the socket", "heartbeats come later"])
def test_a_member_is_known_after_a_pause_that_is_longer_than_its_session(make_node, is_speaking):
    node = make_node("kafka.group.min.session.timeout.ms=1000", "kafka.group.initial.rebalance.delay.ms=0")
    with Wire(node) as wire:
        me = member(wire)
        sent = 0
        node.process.send_signal(signal.SIGSTOP)
        try:
            ends = time.monotonic() + PAUSE
            while time.monotonic() < ends:
                if is_speaking:
                    wire.send("Heartbeat", 2, **me)
                    sent += 1
                time.sleep(0.3)
        finally:
            node.process.send_signal(signal.SIGCONT)
        assert [wire.receive().error_code for _ in range(sent)] == [0] * sent
        for _ in range(10):
            assert wire.call("Heartbeat", 2, **me).error_code == 0
            time.sleep(SESSION / 5)
        deadline = time.monotonic() + 5 * SESSION  # whoever is silent goes as before
        while wire.call("DescribeGroups", 0, groups=["g"]).groups[0].members:
            assert time.monotonic() < deadline
            time.sleep(0.1)
