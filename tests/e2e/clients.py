"""Small helpers over confluent-kafka that fail loudly instead of retrying in silence."""

import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic


def admin(node) -> AdminClient:
    return AdminClient({"bootstrap.servers": node.address})


def create_topic(node, topic: str, partitions: int = 1, **config) -> None:
    new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=config)
    client = admin(node)  # its futures die with it
    for future in client.create_topics([new]).values():
        future.result(20)


def produce(node, topic: str, values, partition: int = 0, **settings) -> list[int]:
    """Produces and returns the offsets that were acknowledged, in order of the values."""
    offsets, errors = [], []

    def delivered(error, message):
        (errors.append(error) if error else offsets.append(message.offset()))

    producer = Producer({"bootstrap.servers": node.address, "enable.idempotence": True, "linger.ms": 1, **settings})
    for value in values:
        producer.produce(topic, value=value, partition=partition, on_delivery=delivered)
        producer.poll(0)
    assert producer.flush(30) == 0, "records are still unacknowledged"
    assert not errors, errors
    return offsets


def consumer(node, group: str, **settings) -> Consumer:
    return Consumer({
        "bootstrap.servers": node.address,
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": 10000,
        **settings,
    })


def read(c: Consumer, count: int, seconds: float = 30) -> list:
    """Exactly `count` messages, or a failure."""
    messages = []
    deadline = time.monotonic() + seconds
    while len(messages) < count:
        assert time.monotonic() < deadline, f"{len(messages)} of {count} messages after {seconds} s"
        message = c.poll(0.5)
        if message is None:
            continue
        if message.error():
            assert message.error().retriable() or message.error().code() == KafkaError._PARTITION_EOF, message.error()
            continue
        messages.append(message)
    return messages


def committed(node, group: str, topic: str, partition: int = 0) -> int:
    c = consumer(node, group)
    try:
        return c.committed([TopicPartition(topic, partition)], timeout=20)[0].offset
    finally:
        c.close()
