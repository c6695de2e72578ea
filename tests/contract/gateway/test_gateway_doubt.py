"""
The filer is killed, stopped, or both, while records and commits are on their way: what is answered as stored is there,
what is answered as refused is not and never comes, and everything else is an error.
"""

import os
import random
import time

from clients import create_topic
from load import Load
from weed import wait_for

ROUNDS = int(os.environ.get("TIDEGATE_FILER_KILLS", "4"))  # the campaign: 100
LONGER_THAN_A_CALL = 5.5  # seconds: what was sent is in doubt, sent again, and applied late when the filer goes on


def harm(cluster, turn: int) -> None:
    if turn % 4 == 3:
        cluster.pause("filer")
        time.sleep(LONGER_THAN_A_CALL)
        cluster.resume("filer")
        return
    if turn % 2:
        cluster.pause("filer")  # what arrives now is lost with it
        time.sleep(random.random() / 4)
    cluster.restart("filer")
    cluster.wait_until_stored()


def test_an_unknown_outcome_is_never_answered_wrongly(cluster, make_gateway):
    load = Load("in-doubt", 3, ["doubt-a", "doubt-b"])
    node = make_gateway(cluster)
    create_topic(node, load.topic, load.partitions)
    load.start(node)
    for turn in range(ROUNDS):
        goal = load.acknowledged() + random.randint(30, 300)
        wait_for("the load", lambda goal=goal: load.acknowledged() >= goal)
        harm(cluster, turn)
        if turn % 10 == 9:
            load.stop()
            load.check(node)
            load.start(node)
    goal = load.acknowledged() + 50
    wait_for("the load after the last harm", lambda: load.acknowledged() >= goal)
    load.stop()
    before = load.check(node)
    node.restart()
    assert load.check(node) == before
    print(f"{ROUNDS} rounds: {load.counts()}")
