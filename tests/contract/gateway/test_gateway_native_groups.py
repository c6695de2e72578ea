"""Groups that only native subscribers used, as Kafka's tools see them (design §7.3)."""

import itertools

import pytest
from clients import admin, committed, consumer, create_topic, produce
from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from turns import all_batches, commit, kafka_turn, native_peek, native_turn

RECORDS = 40
_numbers = itertools.count(1)


def listed(node) -> dict:
    """The groups that ListGroups shows, with their states."""
    client = admin(node)
    found = client.list_consumer_groups().result(30)
    assert not found.errors
    return {g.group_id: g.state for g in found.valid}


def described(node, group: str):
    client = admin(node)
    return client.describe_consumer_groups([group])[group].result(30)


def all_positions(node, group: str) -> dict:
    """OffsetFetch of all partitions."""
    client = admin(node)
    found = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(30)
    return {(p.topic, p.partition): p.offset for p in found.topic_partitions}


def delete(node, group: str) -> None:
    client = admin(node)
    client.delete_consumer_groups([group])[group].result(30)


@pytest.fixture
def used_natively(weed, gateway):
    """A topic of three partitions and a group that a native subscriber used on two of them: where it goes on."""
    number = next(_numbers)
    topic, group = f"native-groups-{number}", f"only native/{number}"
    create_topic(gateway, topic, 3)
    ends = {}
    for partition in (0, 2):
        for first in range(0, RECORDS, 5):
            produce(gateway, topic, [b"%d" % i for i in range(first, first + 5)], partition)
        read = native_turn(weed, topic, group, 3, partition)
        assert read == all_batches(weed, topic, RECORDS, partition)[:3]
        # Under load SMQ's broker may store less than was acknowledged: what it resumes at is the position.
        ends[topic, partition] = native_peek(weed, topic, group, partition).base_offset
        assert ends[topic, partition] in {b.next_offset for b in read}
    return topic, group, ends


@pytest.mark.parametrize("restart", [False, True], ids=["at once", "after a restart"])
def test_it_is_listed_described_and_fetched(gateway, used_natively, restart):
    topic, group, ends = used_natively
    commit(gateway, topic, "of Kafka", 3)
    if restart:
        gateway.restart()
    assert listed(gateway).get(group) == ConsumerGroupState.EMPTY
    assert listed(gateway).get("of Kafka") == ConsumerGroupState.EMPTY
    shown = described(gateway, group)
    assert shown.state == ConsumerGroupState.EMPTY and shown.is_simple_consumer_group and not shown.members
    assert all_positions(gateway, group) == ends


def test_a_kafka_consumer_goes_on_at_the_right_record(gateway, used_natively):
    topic, group, ends = used_natively
    assert group in listed(gateway)
    position = ends[topic, 0]
    c = consumer(gateway, group, **{"auto.offset.reset": "error"})
    c.assign([TopicPartition(topic, 0)])
    message = c.poll(30)
    c.close()
    assert (message.error(), message.offset(), message.value()) == (None, position, b"%d" % position)
    kafka_turn(gateway, topic, group, 1, position + 1, joins=False)
    assert all_positions(gateway, group) == {**ends, (topic, 0): position + 1}
    assert listed(gateway)[group] == ConsumerGroupState.EMPTY


def test_it_is_deleted_with_all_its_positions(weed, gateway, used_natively):
    topic, group, _ = used_natively
    assert group in listed(gateway)
    delete(gateway, group)
    assert group not in listed(gateway)
    assert all_positions(gateway, group) == {}
    assert committed(gateway, group, topic, 2) < 0
    with pytest.raises(KafkaException) as raised:
        delete(gateway, group)
    assert raised.value.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND
    # A native subscriber finds nothing either, and brings it back.
    read = native_turn(weed, topic, group, 1, 2)
    assert read[0].base_offset == 0
    gateway.restart()  # what was listed before is at most ten seconds old
    assert listed(gateway)[group] == ConsumerGroupState.EMPTY


def test_a_deleted_kafka_group_leaves_no_native_position(weed, gateway, used_natively):
    topic, group, ends = used_natively
    commit(gateway, topic, group, 1, partition=1)  # the entry lists this one only
    native_turn(weed, topic, group, 1, 2)
    delete(gateway, group)
    for partition in range(3):
        assert committed(gateway, group, topic, partition) < 0
    gateway.restart()
    assert group not in listed(gateway)
