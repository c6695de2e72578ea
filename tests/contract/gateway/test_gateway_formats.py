"""What the gateway stores on a real SeaweedFS is, byte by byte, what native programs are tested with: formats.py."""

from audit import audit_partition, audit_topic
from clients import create_topic, produce
from formats import topic_conf, topic_directory
from store import Volumes


def test_stored_bytes(weed, gateway):
    create_topic(gateway, "audited", 3)
    _, created, partitions = audit_topic(weed.filer, "audited")
    assert partitions == 3
    conf = weed.filer.lookup(f"{topic_directory('audited')}/topic.conf").content
    assert conf == topic_conf(3, created), "topic.conf before any broker has seen it"
    for round_ in range(3):
        for partition in range(3):
            produce(gateway, "audited", [b"%d" % i for i in range(100)], partition)
        if round_ < 2:
            gateway.restart()
    for partition in range(3):
        found = audit_partition(weed.filer, Volumes(weed.filer), "audited", partition)
        assert found.next_offset == 300 and found.files >= 3 and found.messages >= 3
