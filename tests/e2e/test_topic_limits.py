"""Topics that are too many or too new: errors that say so, answers that come later, and counters."""

import time

from clients import create_topic
from metrics import scrape
from wire import Wire

POLICY_VIOLATION, THROTTLED, EXISTS = 44, 89, 36
UNKNOWN_TOPIC, LEADER_NOT_AVAILABLE = 3, 5


def create(wire: Wire, topic: str, partitions: int = 1, version: int = 6):
    """(error, throttle_time_ms)"""
    answer = wire.call("CreateTopics", version, timeout_ms=10000, validate_only=False, topics=[
        {"name": topic, "num_partitions": partitions, "replication_factor": 1, "assignments": [], "configs": []}])
    return answer.topics[0].error_code, answer.throttle_time_ms


def grow(wire: Wire, topic: str, partitions: int, version: int = 3):
    answer = wire.call("CreatePartitions", version, timeout_ms=10000, validate_only=False, topics=[
        {"name": topic, "count": partitions, "assignments": None}])
    return answer.results[0].error_code, answer.throttle_time_ms


def use(wire: Wire, topic: str):
    """Metadata with auto-creation."""
    answer = wire.call("Metadata", 9, topics=[{"name": topic}], allow_auto_topic_creation=True,
                       include_cluster_authorized_operations=False, include_topic_authorized_operations=False)
    return answer.topics[0].error_code, answer.throttle_time_ms


def limited(node, limit: str) -> float:
    return scrape(node).get("tidegate_topics_limited_total", limit=limit)


def test_partitions_of_a_node_have_a_limit(make_node):
    node = make_node("limits.partitions=5")
    with Wire(node) as wire:
        assert create(wire, "t", 3) == (0, 0)
        assert create(wire, "u", 3) == (POLICY_VIOLATION, 0)
        assert create(wire, "u", 2) == (0, 0)
        assert use(wire, "v") == (UNKNOWN_TOPIC, 0)
        assert grow(wire, "t", 4) == (POLICY_VIOLATION, 0)
        assert use(wire, "t") == (0, 0)
    assert limited(node, "limits.partitions") == 3
    assert scrape(node).get("tidegate_limit_used", name="limits.partitions") == 5
    node.restart()
    with Wire(node) as wire:
        assert create(wire, "v", 1, version=4) == (POLICY_VIOLATION, 0)
        assert create(wire, "t", 3) == (EXISTS, 0)


def test_partitions_that_a_client_makes_come_at_a_limited_rate(make_node):
    node = make_node("limits.new_partitions_per_second=1")
    with Wire(node) as wire:
        assert create(wire, "first", 10) == (0, 0)
        error, throttle = create(wire, "t")
        assert error == THROTTLED and 0 < throttle <= 1000
        error, throttle = grow(wire, "first", 11)
        assert error == THROTTLED and 0 < throttle <= 1000
        error, throttle = use(wire, "t")
        assert error == LEADER_NOT_AVAILABLE and 0 < throttle <= 1000
        assert create(wire, "first") == (EXISTS, 0)
        began = time.monotonic()
        assert create(wire, "t", version=4) == (0, 0)  # which has no word for it
        assert grow(wire, "t", 2, version=1) == (0, 0)
        assert 1 < time.monotonic() - began < 5
        assert use(wire, "t") == (0, 0)
    create_topic(node, "patient")  # librdkafka: it waits
    assert limited(node, "limits.new_partitions_per_second") == 6
