"""What a gateway answers, error by error, and what it logs: one request each, no retries of a client library."""

from wire import Wire, batch
from wire import read_all as read_records

STORAGE_ERROR = 56
ANY_EPOCH = {"current_leader_epoch": -1}


def positions(node, group: str, topic: str, partitions: int) -> list[tuple[int, int]]:
    """(error, offset) of each partition, by OffsetFetch."""
    with Wire(node) as wire:
        wanted = [{"name": topic, "partition_indexes": list(range(partitions))}]
        answer = wire.call("OffsetFetch", 5, group_id=group, topics=wanted)
    assert answer.error_code == 0, answer
    return [(p.error_code, p.committed_offset) for p in answer.topics[0].partitions]


def commit(node, group: str, topic: str, offsets: dict[int, int]) -> list[int]:
    """The error of each partition, by OffsetCommit of a group without members."""
    with Wire(node) as wire:
        rows = [{"partition_index": p, "committed_offset": o, "committed_metadata": "m", "commit_timestamp": -1,
                 "committed_leader_epoch": -1} for p, o in offsets.items()]  # fmt: skip
        answer = wire.call("OffsetCommit", 7, group_id=group, generation_id_or_member_epoch=-1, member_id="",
                           group_instance_id=None, topics=[{"name": topic, "partitions": rows}])  # fmt: skip
    return [p.error_code for p in answer.topics[0].partitions]


def produce_error(node, topic: str, partition: int) -> int:
    with Wire(node) as wire:
        data = [{"index": partition, "records": batch(b"one more")}]
        answer = wire.call("Produce", 9, acks=-1, timeout_ms=10000, transactional_id=None,
                           topic_data=[{"name": topic, "partition_data": data}])  # fmt: skip
    return answer.responses[0].partition_responses[0].error_code


def fetch(node, topic: str, partition: int, offset: int) -> tuple[int, int]:
    """(error, bytes of records)."""
    with Wire(node) as wire:
        wanted = {"partition": partition, "fetch_offset": offset, "partition_max_bytes": 1 << 20, **ANY_EPOCH}
        answer = wire.call("Fetch", 12, max_wait_ms=0, min_bytes=0, max_bytes=8 << 20, isolation_level=0, session_id=0,
                           session_epoch=-1, topics=[{"topic": topic, "partitions": [wanted]}],
                           forgotten_topics_data=[], rack_id="")  # fmt: skip
    rows = answer.responses[0].partitions[0]
    return rows.error_code, len(rows.records or b"")


def list_offset(node, topic: str, partition: int, timestamp: int = -1) -> tuple[int, int]:
    """(error, offset); -1: the end, -2: the start."""
    with Wire(node) as wire:
        wanted = {"partition_index": partition, "timestamp": timestamp, **ANY_EPOCH}
        answer = wire.call("ListOffsets", 5, replica_id=-1, isolation_level=0,
                           topics=[{"name": topic, "partitions": [wanted]}])  # fmt: skip
    found = answer.topics[0].partitions[0]
    return found.error_code, found.offset


def records(node, topic: str, partition: int) -> list[bytes]:
    with Wire(node) as wire:
        found = read_records(wire, topic, partition)
    assert list(found) == list(range(len(found)))
    return list(found.values())


def metadata(node, topic: str, create: bool = True) -> tuple[int, int]:
    """(error, number of partitions); asks for creation when there is none, as consumers and producers do."""
    with Wire(node) as wire:
        answer = wire.call("Metadata", 7, topics=[{"name": topic}], allow_auto_topic_creation=create)
    return answer.topics[0].error_code, len(answer.topics[0].partitions)


def listed(node) -> set[str]:
    """Topics that the list of all shows without an error."""
    with Wire(node) as wire:
        answer = wire.call("Metadata", 7, topics=None, allow_auto_topic_creation=False)
    return {t.name for t in answer.topics if t.error_code == 0}


def log_lines(node, text: str, *also: str) -> list[str]:
    lines = node.log.read_text(errors="replace").splitlines()
    return [line for line in lines if text in line and all(word in line for word in also)]


def group_error(node, group: str, topic: str) -> int:
    """Of OffsetFetch as a whole."""
    with Wire(node) as wire:
        return wire.call("OffsetFetch", 5, group_id=group, topics=[{"name": topic, "partition_indexes": [0]}]).error_code
