"""
A gateway that starts takes the fences of the one before it, which may be alive and busy: from then on that one adds no
record and moves no position, whatever it believes, and it ends.
"""

import os
import random
import signal

from clients import create_topic
from load import Load
from weed import wait_for

ROUNDS = int(os.environ.get("TIDEGATE_TAKEOVERS", "5"))  # the campaign: 100


def test_a_gateway_whose_fence_was_taken_adds_nothing(weed, make_gateway):
    """In every other round it is frozen in the middle of its work and wakes up when its successor has served."""
    load = Load("taken-over", 3, ["taken-a", "taken-b"])
    node = make_gateway(weed)
    create_topic(node, load.topic, load.partitions)
    for turn in range(ROUNDS):
        load.start(node)
        goal = load.acknowledged() + random.randint(50, 400)
        wait_for("the load", lambda goal=goal: load.acknowledged() >= goal)
        assert node.process.poll() is None, node.tail()
        if turn % 2:
            node.process.send_signal(signal.SIGSTOP)
        successor = make_gateway(weed)
        at_take_over = load.seen(successor)
        if turn % 2:
            assert node.process.poll() is None, node.tail()
            node.process.send_signal(signal.SIGCONT)
        assert node.process.wait(20) == 1, node.tail()
        assert "was fenced" in node.tail()
        load.join()
        assert load.acknowledged() >= goal
        assert load.check(successor) == at_take_over, "something came after the take-over"
        node = successor
    print(f"{ROUNDS} take-overs: {load.counts()}")
    assert load.check(node) == at_take_over
