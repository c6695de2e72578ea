"""Many topics, groups, connections and records in a short time: frames that are made once and answers that are compared as bytes."""

import threading

from wire import Wire, batch, encode, message_class

AT_ONCE = 100  # requests on their way, on each of CONNECTIONS
CONNECTIONS = 8
GROUP, TOPIC = "group-000000", "topic-0000"


def topic_name(i: int) -> str:
    return f"topic-{i:04d}"


def create_topics(node, names: list[str], partitions: int = 1) -> None:
    wanted = [{"name": n, "num_partitions": partitions, "replication_factor": 1, "assignments": [], "configs": []}
              for n in names]  # fmt: skip
    with Wire(node, 120) as wire:
        for i in range(0, len(wanted), 100):
            answer = wire.call("CreateTopics", 2, topics=wanted[i : i + 100], timeout_ms=50000, validate_only=False)
            assert all(t.error_code == 0 for t in answer.topics), answer


def commit_frame() -> bytes:
    """Of GROUP, for partition 0 of TOPIC."""
    row = {"partition_index": 0, "committed_offset": 1, "committed_metadata": "", "committed_leader_epoch": -1}
    return encode("OffsetCommit", 7, {"group_id": GROUP, "generation_id_or_member_epoch": -1, "member_id": "",
                                      "group_instance_id": None, "topics": [{"name": TOPIC, "partitions": [row]}]})  # fmt: skip


def commit_some(node, groups: range, topics: int) -> None:
    frame = commit_frame()

    def take(wire: Wire, topic: int) -> None:
        answer = message_class("OffsetCommitResponse").decode(wire.receive_frame(), version=7, header=True)
        assert answer.topics[0].name == topic_name(topic) and answer.topics[0].partitions[0].error_code == 0, answer

    with Wire(node, 60) as wire:
        for i in groups:
            wire.socket.sendall(frame.replace(GROUP.encode(), b"group-%06d" % i).replace(TOPIC.encode(), b"topic-%04d" % (i % topics)))
            if i - groups.start >= AT_ONCE:
                take(wire, (i - AT_ONCE) % topics)
        for i in groups[-AT_ONCE:]:
            take(wire, i % topics)


def in_threads(run, count: int) -> None:
    """run(0) to run(count - 1); what one raises is raised."""
    failures: list[BaseException] = []

    def guarded(i: int) -> None:
        try:
            run(i)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]


def commit_groups(node, count: int, topics: int = 1) -> None:
    """Groups without members, each with one position in one of `topics`."""
    share = count // CONNECTIONS
    assert share * CONNECTIONS == count
    in_threads(lambda i: commit_some(node, range(i * share, (i + 1) * share), topics), CONNECTIONS)


def produce_to_all(wire: Wire, topics: list[str], partitions: int = 1) -> None:
    """One record to every partition, in one request."""
    records = batch(b"r" * 100)
    rows = [{"index": p, "records": records} for p in range(partitions)]
    answer = wire.call("Produce", 9, acks=-1, timeout_ms=30000, transactional_id=None,
                       topic_data=[{"name": t, "partition_data": rows} for t in topics])  # fmt: skip
    answered = [p.error_code for t in answer.responses for p in t.partition_responses]
    assert answered == [0] * len(topics) * partitions, answer


def connect_idle(node, count: int, topic: str) -> list[Wire]:
    """Connections that asked for versions and for a topic, as clients do, and then for nothing."""
    versions = encode("ApiVersions", 3, {"client_software_name": "apache-kafka-java", "client_software_version": "3.9.0"})
    metadata = encode("Metadata", 7, {"topics": [{"name": topic}], "allow_auto_topic_creation": False})
    found: list[Wire] = []
    for _ in range(count):
        found.append(Wire(node, 60))
        for frame in (versions, metadata):
            found[-1].socket.sendall(frame)
            found[-1].receive_frame()
    return found


def close_all(wires: list[Wire]) -> None:
    for wire in wires:
        wire.close()
