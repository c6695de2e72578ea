"""Topics that are changed while they are used, with librdkafka's and kafka-python's admin clients."""

import time
import uuid

import pytest
from clients import admin, committed, consumer, create_topic, produce, read
from confluent_kafka import KafkaError, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, ResourceType


@pytest.fixture
def topic(shared_node) -> str:
    name = f"t-{uuid.uuid4().hex[:12]}"
    create_topic(shared_node, name)
    return name


def alter(node, topic: str, name: str, value, operation=AlterConfigOpType.SET, **options) -> None:
    entry = ConfigEntry(name, value, incremental_operation=operation)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    client = admin(node)
    client.incremental_alter_configs([resource], **options)[resource].result(20)


def shown(node, topic: str, name: str) -> str:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    client = admin(node)
    return client.describe_configs([resource])[resource].result(20)[name].value


def grow(node, topic: str, count: int, **options) -> None:
    client = admin(node)
    client.create_partitions([NewPartitions(topic, count)], **options)[topic].result(20)


def partitions(node, topic: str) -> int:
    return len(admin(node).list_topics(topic, timeout=20).topics[topic].partitions)


def error_of(call) -> KafkaError:
    with pytest.raises(KafkaException) as failure:
        call()
    return failure.value.args[0]


def test_partitions_are_added_and_nothing_moves(node):
    create_topic(node, "grown", partitions=2)
    assert produce(node, "grown", [b"a", b"b"], partition=1) == [0, 1]
    c = consumer(node, "readers")
    c.subscribe(["grown"])
    read(c, 2)
    c.commit(asynchronous=False)
    c.close()
    grow(node, "grown", 5, validate_only=True)
    assert partitions(node, "grown") == 2
    grow(node, "grown", 5)
    assert partitions(node, "grown") == 5
    assert produce(node, "grown", [b"new"], partition=4) == [0]
    for group in ("before a restart", "after it"):
        assert committed(node, "readers", "grown", 1) == 2
        c = consumer(node, group)
        c.subscribe(["grown"])
        seen = {(m.partition(), m.offset(), m.value()) for m in read(c, 3)}
        c.close()
        assert seen == {(1, 0, b"a"), (1, 1, b"b"), (4, 0, b"new")}
        node.restart()
    assert produce(node, "grown", [b"c"], partition=1) == [2]


def test_what_kafka_refuses_is_refused(shared_node, topic):
    for count in (1, 10001):  # librdkafka itself refuses 0
        assert error_of(lambda: grow(shared_node, topic, count)).code() == KafkaError.INVALID_PARTITIONS
    absent = error_of(lambda: grow(shared_node, topic + "-absent", 2))
    assert absent.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
    assert partitions(shared_node, topic) == 1


def test_a_running_group_takes_the_new_partitions(shared_node, topic):
    settings = {"topic.metadata.refresh.interval.ms": 300, "metadata.max.age.ms": 900, "enable.auto.commit": True}
    members = [consumer(shared_node, "grow-" + topic, **settings) for _ in range(2)]
    produce(shared_node, topic, [b"old"])
    seen = []

    def assigned() -> int:
        for c in members:
            message = c.poll(0.05)
            if message is not None and not message.error():
                seen.append((message.partition(), message.value()))
        return sum(len(c.assignment()) for c in members)

    for c in members:
        c.subscribe([topic])
    for count in (1, 4):
        if count > 1:
            grow(shared_node, topic, count)
            produce(shared_node, topic, [b"new"], partition=3)
        deadline = time.monotonic() + 30
        while assigned() != count or len(seen) < (1 if count == 1 else 2):
            assert time.monotonic() < deadline, (assigned(), seen)
    for c in members:
        c.close()
    assert seen == [(0, b"old"), (3, b"new")]


def test_altered_configs_work_at_once_and_stay(node):
    create_topic(node, "altered")
    produce(node, "altered", [b"x" * 5000])
    alter(node, "altered", "max.message.bytes", "1000")
    with pytest.raises(AssertionError, match="MSG_SIZE_TOO_LARGE"):
        produce(node, "altered", [b"x" * 5000])
    alter(node, "altered", "message.timestamp.type", "LogAppendTime")
    node.restart()
    assert shown(node, "altered", "max.message.bytes") == "1000"
    with pytest.raises(AssertionError, match="MSG_SIZE_TOO_LARGE"):
        produce(node, "altered", [b"x" * 5000])
    alter(node, "altered", "max.message.bytes", None, AlterConfigOpType.DELETE)
    assert produce(node, "altered", [b"x" * 5000]) == [1]
    c = consumer(node, "times")
    c.assign([TopicPartition("altered", 0, 0)])
    assert [m.timestamp()[0] for m in read(c, 2)] == [1, 2]  # CreateTime, LogAppendTime
    c.close()


def test_bad_configs_are_refused(shared_node, topic):
    for name, value, operation in [
        ("retention.ms", "soon", AlterConfigOpType.SET), ("no.such.config", "1", AlterConfigOpType.SET),
        ("cleanup.policy", "compact", AlterConfigOpType.APPEND), ("retention.ms", "1", AlterConfigOpType.SUBTRACT),
    ]:
        error = error_of(lambda: alter(shared_node, topic, name, value, operation))
        assert error.code() == KafkaError.INVALID_CONFIG and name in error.str()
    alter(shared_node, topic, "cleanup.policy", "delete", AlterConfigOpType.APPEND)
    alter(shared_node, topic, "retention.ms", "5", validate_only=True)
    assert shown(shared_node, topic, "retention.ms") == "-1"
    broker = ConfigResource(ResourceType.BROKER, "1", incremental_configs=[
        ConfigEntry("num.partitions", "2", incremental_operation=AlterConfigOpType.SET)])
    client = admin(shared_node)
    refused = error_of(lambda: client.incremental_alter_configs([broker])[broker].result(20))
    assert refused.code() == KafkaError.INVALID_REQUEST and "num.partitions" in refused.str()


def test_alter_configs_of_old_clients_replaces_all(shared_node, topic):
    client = admin(shared_node)
    for configs in ({"retention.ms": "5", "retention.bytes": "6"}, {"retention.bytes": "7"}):
        resource = ConfigResource(ResourceType.TOPIC, topic, set_config=configs)
        client.alter_configs([resource])[resource].result(20)
    assert (shown(shared_node, topic, "retention.ms"), shown(shared_node, topic, "retention.bytes")) == ("-1", "7")


def test_the_cluster_is_described(shared_node):
    client = admin(shared_node)
    found = client.describe_cluster(include_authorized_operations=True).result(20)
    assert [(n.id, n.port) for n in found.nodes] == [(1, shared_node.port)]
    assert found.controller.id == 1 and found.cluster_id and len(found.authorized_operations) == 7


def test_everybody_may_do_everything(shared_node, topic):
    client = admin(shared_node)
    described = client.describe_topics(TopicCollection([topic]), include_authorized_operations=True)[topic].result(20)
    assert len(described.authorized_operations) == 8
    c = consumer(shared_node, "may")
    c.subscribe([topic])
    c.poll(3)
    group = client.describe_consumer_groups(["may"], include_authorized_operations=True)["may"].result(20)
    c.close()
    assert len(group.authorized_operations) == 5


@pytest.fixture
def python_admin(shared_node):
    from kafka import KafkaAdminClient

    client = KafkaAdminClient(bootstrap_servers=shared_node.address)
    yield client
    client.close()


def test_kafka_python_grows_a_topic_and_alters_it(shared_node, topic, python_admin):
    from kafka.admin import ConfigResource as PyResource
    from kafka.admin import ConfigResourceType

    python_admin.create_partitions({topic: 3})
    assert partitions(shared_node, topic) == 3
    for incremental, value in ((True, "1000"), (False, "2000")):
        resource = PyResource(ConfigResourceType.TOPIC, topic, configs={"retention.ms": value})
        python_admin.alter_configs([resource], incremental=incremental)
        assert shown(shared_node, topic, "retention.ms") == value
    python_admin.reset_configs([PyResource(ConfigResourceType.TOPIC, topic, configs=["retention.ms"])])
    assert shown(shared_node, topic, "retention.ms") == "-1"


def test_kafka_python_describes_directories_and_lists_resources(shared_node, topic, python_admin):
    produce(shared_node, topic, [b"x" * 1000])
    (broker,) = python_admin.describe_log_dirs({topic: [0]})
    (directory,) = broker["log_dirs"]
    (found,) = directory["topics"]
    assert [1000 < p["partition_size"] < 2000 for p in found["partitions"]] == [True]
    assert directory["log_dir"].endswith("/data")
    assert topic in str(python_admin.list_config_resources(["TOPIC"]))
    assert python_admin.describe_cluster()["controller_id"] == 1


def test_a_client_that_is_set_to_sasl_is_told_so(shared_node):
    said = []
    client = Producer({
        "bootstrap.servers": shared_node.address, "security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN",
        "sasl.username": "u", "sasl.password": "p", "error_cb": lambda error: said.append(error.str()),
    })
    end = time.monotonic() + 20
    while not said and time.monotonic() < end:
        client.poll(0.1)
    assert said and "not valid in current SASL state" in said[0], said
