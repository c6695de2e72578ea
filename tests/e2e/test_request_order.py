"""A connection's requests see what was sent on it before, though they are not answered one after the other."""

from clients import admin, create_topic
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic
from test_semantics import fetch_fields
from wire import Wire, batch


def produced(topic: str, acks: int) -> dict:
    data = [{"name": topic, "partition_data": [{"index": 0, "records": batch(b"x", b"y")}]}]
    return dict(transactional_id=None, acks=acks, timeout_ms=10000, topic_data=data)


def latest(topic: str) -> dict:
    return dict(replica_id=-1, isolation_level=0,
                topics=[{"name": topic, "partitions": [{"partition_index": 0, "timestamp": -1, "current_leader_epoch": -1}]}])


def test_records_are_there_for_what_is_asked_behind_them(shared_node):
    for number in range(10):
        topic = f"ordered-{number}"
        create_topic(shared_node, topic)
        with Wire(shared_node) as wire:
            wire.send("Produce", 8, **produced(topic, -1))
            wire.send("ListOffsets", 5, **latest(topic))
            wire.send("Fetch", 11, **fetch_fields(topic, (0, 0)))
            wire.send("DeleteRecords", 2, timeout_ms=5000, topics=[
                {"name": topic, "partitions": [{"partition_index": 0, "offset": 2}]}])
            assert wire.receive().responses[0].partition_responses[0].error_code == 0
            assert wire.receive().topics[0].partitions[0].offset == 2
            assert wire.receive().responses[0].partitions[0].high_watermark == 2
            trimmed = wire.receive().topics[0].partitions[0]
            assert (trimmed.error_code, trimmed.low_watermark) == (0, 2)


def test_records_without_an_answer_are_there_too(shared_node):
    for number in range(10):
        topic = f"unanswered-{number}"
        create_topic(shared_node, topic)
        with Wire(shared_node) as wire:
            wire.send("Produce", 8, **produced(topic, 0))
            wire.sent.clear()
            wire.send("ListOffsets", 5, **latest(topic))
            assert wire.receive().topics[0].partitions[0].offset == 2


def test_changes_that_are_asked_for_without_waiting_are_made_in_order(shared_node):
    a = admin(shared_node)
    a.create_topics([NewTopic("hurried", 1, 1)])["hurried"].result(20)  # librdkafka sends in order once it is connected
    for number in range(5):
        name = f"hurried-{number}"
        value = ConfigEntry("retention.ms", "3600000", incremental_operation=AlterConfigOpType.SET)
        asked = [a.create_topics([NewTopic(name, 1, 1)]), a.create_partitions([NewPartitions(name, 3)]),
                 a.incremental_alter_configs([ConfigResource("TOPIC", name, incremental_configs=[value])]),
                 a.delete_topics([name])]
        for futures in asked:
            for one in futures.values():
                one.result(20)
        assert name not in a.list_topics(timeout=10).topics


def test_what_is_sent_behind_a_deletion_of_unknown_offsets_is_answered(make_node):
    with Wire(make_node()) as wire:  # topics are not listed yet: the look-up goes through their registry
        wire.send("OffsetDelete", 0, group_id="nobody", topics=[
            {"name": "nowhere", "partitions": [{"partition_index": 0}]}])
        wire.send("ListGroups", 4, states_filter=[])
        assert wire.receive().error_code == 69
        assert wire.receive().error_code == 0
