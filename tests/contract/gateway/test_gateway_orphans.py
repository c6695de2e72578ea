"""
Chunks that no entry names. The gateway removes its own when it knows; what a killed one left behind is for `tidegate
orphans` (test_gateway_sweep.py). SeaweedFS's own `volume.fsck` must take nothing of ours that is named, either.
"""

import re

import pytest
from audit import audit_partition
from clients import committed, consumer, create_topic, produce, read
from confluent_kafka import TopicPartition
from store import Volumes
from turns import commit
from weed import wait_for


def run_fsck(weed, *flags: str) -> str:
    """One second: here nobody writes meanwhile. README says why it is hours otherwise."""
    command = " ".join(["volume.fsck -cutoffTimeAgo=1s -v", *flags])
    return weed.shell(f"lock\n{command}\nunlock")


def fsck(weed, *flags: str) -> int:
    """How many orphans it finds."""
    output = run_fsck(weed, *flags)
    found = re.search(r"^Total\s+entries:\d+\s+orphan:(\d+)", output, re.MULTILINE)
    assert found, output
    return int(found[1])


@pytest.fixture
def killed(cluster, make_gateway):
    """A gateway that was killed twice between an upload and its entry, and what it had acknowledged."""
    node = make_gateway(cluster)
    create_topic(node, "orphans")
    acknowledged = 0
    for _ in range(2):
        for _ in range(20):
            produce(node, "orphans", [b"record-%d" % i for i in range(acknowledged, acknowledged + 5)])
            acknowledged += 5
        commit(node, "orphans", "group", acknowledged - 1)
        node.kill()
        node.start(fault="partition.append.before_write:kill:1")
        with pytest.raises(AssertionError):
            produce(node, "orphans", [b"lost"], **{"message.timeout.ms": 3000})
        node.process.wait(20)
        node.start()
    return node, acknowledged


def everything(node, count: int) -> bool:
    """All records are read, and the group is where it was."""
    c = consumer(node, "reader")
    c.assign([TopicPartition("orphans", 0, 0)])
    assert [m.value() for m in read(c, count)] == [b"record-%d" % i for i in range(count)]
    c.close()
    return True


def test_fsck_takes_orphans_and_nothing_that_is_named(cluster, killed):
    node, acknowledged = killed
    volumes = Volumes(cluster.filer)
    other = volumes.upload(b"nobody names this")
    before = audit_partition(cluster.filer, volumes, "orphans", 0)
    wait_for("an age of one second", lambda: fsck(cluster) >= 3, pause=1)  # two of the gateway's, and this one
    run_fsck(cluster, "-reallyDeleteFromVolume")
    assert volumes.get(other.file_id)[0] == 404
    wait_for("no orphans", lambda: fsck(cluster) == 0, pause=1)
    assert audit_partition(cluster.filer, volumes, "orphans", 0) == before

    produce(node, "orphans", [b"record-%d" % acknowledged])
    node.restart()
    assert committed(node, "group", "orphans") == acknowledged - 1
    assert everything(node, acknowledged + 1)


def test_fsck_of_one_collection_must_not_be_believed(cluster, make_gateway):
    """
    With -collection it looks for names below /buckets/<collection> only, where SeaweedMQ has none: everything in
    /topics, native or ours, counts as an orphan. README warns; when this fails, the warning can go.
    """
    node = make_gateway(cluster)
    create_topic(node, "collection")
    produce(node, "collection", [b"named"])
    named = fsck(cluster, "-collection=topics")
    assert named > 0 and fsck(cluster) < named, "volume.fsck -collection=topics is right now"
