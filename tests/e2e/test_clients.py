"""What users do every day, with librdkafka, kafka-python and kcat."""

import subprocess
import time
import uuid

import pytest
from clients import admin, consumer, create_topic, produce, read
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


@pytest.fixture
def topic(shared_node) -> str:
    name = f"t-{uuid.uuid4().hex[:12]}"
    create_topic(shared_node, name)
    return name


@pytest.mark.parametrize("codec", CODECS)
def test_records_come_back_byte_for_byte(shared_node, topic, codec):
    node = shared_node
    sent = [
        (b"key", b"value" * 50, [("h", b"1"), ("h", b"2"), ("none", None)], 1700000000000),
        (None, b"no key", [], 1700000000001),
        (b"", b"", [("empty", b"")], 1700000000002),
        (b"tombstone", None, [], 1700000000003),
    ]
    producer = Producer({"bootstrap.servers": node.address, "compression.type": codec, "linger.ms": 20})
    for key, value, headers, timestamp in sent:
        producer.produce(topic, key=key, value=value, headers=headers, timestamp=timestamp, partition=0)
    assert producer.flush(20) == 0
    c = consumer(node, "g-" + topic)
    c.assign([TopicPartition(topic, 0, 0)])
    got = [(m.key(), m.value(), m.headers() or [], m.timestamp()[1]) for m in read(c, len(sent))]
    c.close()
    assert got == sent


@pytest.mark.parametrize("codec", CODECS)
def test_kcat_round_trip(shared_node, topic, codec):
    node = shared_node
    lines = "\n".join(f"line {i}" for i in range(100))
    subprocess.run(["kcat", "-P", "-b", node.address, "-t", topic, "-z", codec], input=lines.encode(), check=True, timeout=30)
    out = subprocess.run(["kcat", "-C", "-b", node.address, "-t", topic, "-e", "-q"], capture_output=True, check=True, timeout=30)
    assert out.stdout.decode().splitlines() == lines.splitlines()


def test_kafka_python_produces_and_consumes_in_a_group(shared_node, topic):
    from kafka import KafkaConsumer, KafkaProducer

    node = shared_node
    producer = KafkaProducer(bootstrap_servers=node.address, acks="all")
    for i in range(20):
        producer.send(topic, value=f"{i}".encode(), key=b"k", headers=[("h", b"v")])
    producer.flush(20)
    producer.close()
    group = f"py-{topic}"
    c = KafkaConsumer(topic, bootstrap_servers=node.address, group_id=group, auto_offset_reset="earliest",
                      enable_auto_commit=False, consumer_timeout_ms=15000)
    seen = []
    for message in c:
        seen.append(message)
        if len(seen) == 20:
            break
    assert [m.value for m in seen] == [f"{i}".encode() for i in range(20)]
    assert seen[0].headers == [("h", b"v")] or list(seen[0].headers) == [("h", b"v")]
    c.commit()
    c.close()
    after = KafkaConsumer(bootstrap_servers=node.address, group_id=group, enable_auto_commit=False)
    from kafka import TopicPartition as PyPartition

    assert after.committed(PyPartition(topic, 0)) == 20
    after.close()


@pytest.mark.parametrize("members", [1, 3])
def test_a_group_shares_the_partitions_and_survives_a_leaving_member(shared_node, members):
    node = shared_node
    name = f"t-{uuid.uuid4().hex[:12]}"
    create_topic(node, name, partitions=6)
    group = "g-" + name
    consumers = [consumer(node, group) for _ in range(members)]
    for c in consumers:
        c.subscribe([name])

    def owned():
        for c in consumers:
            c.poll(0.1)
        return [len(c.assignment()) for c in consumers]

    deadline = time.monotonic() + 30
    while owned() != [6 // members] * members:
        assert time.monotonic() < deadline, owned()
    consumers.pop().close()
    if consumers:
        deadline = time.monotonic() + 30
        while sum(owned()) != 6:
            assert time.monotonic() < deadline, owned()
    for c in consumers:
        c.close()


def test_a_static_member_comes_back_without_a_rebalance(shared_node, topic):
    node = shared_node
    settings = {"group.instance.id": "one", "session.timeout.ms": 30000}
    revoked = []
    other = consumer(node, "s-" + topic, **{**settings, "group.instance.id": "two"})
    other.subscribe([topic], on_revoke=lambda _, p: revoked.append(p))
    first = consumer(node, "s-" + topic, **settings)
    first.subscribe([topic])
    deadline = time.monotonic() + 30
    while not (first.assignment() or other.assignment()) or time.monotonic() < deadline - 24:
        first.poll(0.1)
        other.poll(0.1)
        assert time.monotonic() < deadline
    before = len(revoked)
    held = bool(first.assignment())
    first.close()
    again = consumer(node, "s-" + topic, **settings)
    again.subscribe([topic])
    end = time.monotonic() + 3
    while time.monotonic() < end:
        again.poll(0.1)
        other.poll(0.1)
    assert bool(again.assignment()) == held
    assert len(revoked) == before
    again.close()
    other.close()


def test_offsets_for_times_and_watermarks(shared_node, topic):
    node = shared_node
    producer = Producer({"bootstrap.servers": node.address})
    for i in range(10):
        producer.produce(topic, value=b"x", partition=0, timestamp=1000000 + 10 * i)
        producer.flush(20)
    c = consumer(node, "w-" + topic)
    assert c.get_watermark_offsets(TopicPartition(topic, 0), timeout=20) == (0, 10)
    found = c.offsets_for_times([TopicPartition(topic, 0, 1000035)], timeout=20)
    assert found[0].offset == 4
    c.close()


def test_groups_are_listed_described_altered_and_deleted(shared_node, topic):
    node = shared_node
    produce(node, topic, [b"a", b"b", b"c"])
    group = "adm-" + topic
    c = consumer(node, group)
    c.subscribe([topic])
    read(c, 3)
    c.commit(asynchronous=False)
    a = admin(node)
    described = a.describe_consumer_groups([group])[group].result(20)
    assert described.state.name == "STABLE"
    assert [p.topic for m in described.members for p in m.assignment.topic_partitions] == [topic]
    c.close()
    deadline = time.monotonic() + 20
    while a.describe_consumer_groups([group])[group].result(20).state.name != "EMPTY":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    listed = [g.group_id for g in a.list_consumer_groups().result(20).valid]
    assert group in listed
    change = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 1)])
    a.alter_consumer_group_offsets([change])[group].result(20)
    back = a.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(20)
    assert [(t.topic, t.partition, t.offset) for t in back.topic_partitions] == [(topic, 0, 1)]
    a.delete_consumer_groups([group])[group].result(20)
    assert group not in [g.group_id for g in a.list_consumer_groups().result(20).valid]


def test_metadata_creates_topics_and_describes_configs(shared_node):
    node = shared_node
    name = f"auto-{uuid.uuid4().hex[:12]}"
    assert produce(node, name, [b"x"]) == [0]
    from confluent_kafka.admin import ConfigResource, ResourceType

    resource = ConfigResource(ResourceType.TOPIC, name)
    client = admin(node)
    configs = client.describe_configs([resource])[resource].result(20)
    assert configs["retention.ms"].value == "-1"
    assert configs["max.message.bytes"].value == "1048588"


def test_a_consumer_seeks_forward_and_back(shared_node, topic):
    node = shared_node
    produce(node, topic, [f"{i}".encode() for i in range(50)])
    c = consumer(node, "seek-" + topic)
    c.assign([TopicPartition(topic, 0, 0)])
    assert [m.offset() for m in read(c, 50)] == list(range(50))
    for target in (10, 49, 0):
        c.seek(TopicPartition(topic, 0, target))
        assert next(iter(read(c, 1))).offset() == target
    c.seek(TopicPartition(topic, 0, 50))
    assert c.poll(0.5) is None
    produce(node, topic, [b"next"])
    assert [m.value() for m in read(c, 1)] == [b"next"]
    c.close()


@pytest.mark.parametrize("codec", [None, "gzip"])
def test_kafka_python_sees_nulls_headers_and_timestamps(shared_node, topic, codec):
    from kafka import KafkaConsumer, KafkaProducer
    from kafka import TopicPartition as PyPartition

    node = shared_node
    sent = [(b"key", b"value" * 50, [("h", b"1"), ("h", b"2"), ("empty", b"")], 1700000000000),
            (None, b"no key", [], 1700000000001), (b"tombstone", None, [], 1700000000002), (b"", b"", [("e", b"")], 1700000000003)]
    producer = KafkaProducer(bootstrap_servers=node.address, acks="all", compression_type=codec)
    for key, value, headers, timestamp in sent:
        producer.send(topic, key=key, value=value, headers=headers, timestamp_ms=timestamp, partition=0)
    producer.flush(20)
    producer.close()
    c = KafkaConsumer(bootstrap_servers=node.address, enable_auto_commit=False, consumer_timeout_ms=15000)
    partition = PyPartition(topic, 0)
    c.assign([partition])
    c.seek_to_beginning(partition)
    seen = []
    while len(seen) < len(sent):
        found = c.poll(timeout_ms=10000)
        assert found, seen
        seen += [(m.key, m.value, list(m.headers), m.timestamp) for m in found[partition]]
    assert seen == sent
    assert c.offsets_for_times({partition: 1700000000002})[partition].offset == 2
    assert (c.beginning_offsets([partition])[partition], c.end_offsets([partition])[partition]) == (0, 4)
    c.seek(partition, 3)
    assert next(c).offset == 3
    c.close()


def test_a_transactional_producer_does_not_start(shared_node):
    """Clients take every answer but a missing permission for "ask again"."""
    producer = Producer({"bootstrap.servers": shared_node.address, "transactional.id": "tx", "transaction.timeout.ms": 3000,
                         "log_level": 0})
    with pytest.raises(KafkaException) as refused:
        producer.init_transactions(30)
    assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    assert refused.value.args[0].fatal()


def test_kafka_python_admin_lists_describes_and_deletes(shared_node):
    from kafka import KafkaAdminClient
    from kafka.admin import NewTopic as PyTopic

    name = f"t-{uuid.uuid4().hex[:12]}"
    a = KafkaAdminClient(bootstrap_servers=shared_node.address)
    a.create_topics([PyTopic(name, 3, 1)])
    assert name in a.list_topics()
    assert [len(t["partitions"]) for t in a.describe_topics([name])] == [3]
    assert committed_by(shared_node, "py-admin", name) == 2
    assert "py-admin" in str(a.list_groups())
    a.delete_groups(["py-admin"])
    assert "py-admin" not in str(a.list_groups())
    a.delete_topics([name])
    assert name not in a.list_topics()
    a.close()


def committed_by(node, group: str, topic: str) -> int:
    c = consumer(node, group)
    c.commit(offsets=[TopicPartition(topic, 0, 2)], asynchronous=False)
    found = c.committed([TopicPartition(topic, 0)], timeout=20)[0].offset
    c.close()
    return found
