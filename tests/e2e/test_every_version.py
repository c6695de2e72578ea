"""Every version of every API that a node advertises, sent over a socket; kafka-python's schemas judge the answers."""

import uuid

import pytest
from wire import Wire, batch, message_class, produce, topic_id

ADVERTISED = {
    0: ("Produce", 0, 13), 1: ("Fetch", 4, 18), 2: ("ListOffsets", 0, 11), 3: ("Metadata", 0, 13),
    8: ("OffsetCommit", 0, 10), 9: ("OffsetFetch", 0, 10), 10: ("FindCoordinator", 0, 6), 11: ("JoinGroup", 0, 9),
    12: ("Heartbeat", 0, 4), 13: ("LeaveGroup", 0, 5), 14: ("SyncGroup", 0, 5), 15: ("DescribeGroups", 0, 6),
    16: ("ListGroups", 0, 5), 17: ("SaslHandshake", 0, 1), 18: ("ApiVersions", 0, 4), 19: ("CreateTopics", 0, 7), 20: ("DeleteTopics", 0, 6),
    21: ("DeleteRecords", 0, 2), 22: ("InitProducerId", 0, 5), 23: ("OffsetForLeaderEpoch", 0, 4),
    32: ("DescribeConfigs", 0, 4), 33: ("AlterConfigs", 0, 2), 35: ("DescribeLogDirs", 0, 5),
    37: ("CreatePartitions", 0, 3), 42: ("DeleteGroups", 0, 2), 44: ("IncrementalAlterConfigs", 0, 1), 47: ("OffsetDelete", 0, 0),
    60: ("DescribeCluster", 0, 2), 74: ("ListConfigResources", 0, 1),
}
NO_LEADER_CHECK = {"current_leader_epoch": -1}


class Scene:
    """A topic with two records, its id, and a group with one member, for one (API, version)."""

    def __init__(self, wire: Wire):
        self.wire = wire
        self.topic = f"v-{uuid.uuid4().hex[:12]}"
        self.group = "g-" + self.topic
        wire.call("Metadata", 4, topics=[{"name": self.topic}], allow_auto_topic_creation=True)
        assert produce(wire, self.topic, b"a", b"b") == 0
        self.id = topic_id(wire, self.topic)

    def named(self, **more) -> dict:
        return {"name": self.topic, "topic_id": self.id, **more}

    def join(self) -> tuple[str, int]:
        answer = self.wire.call("JoinGroup", 3, **join_fields(self.group))
        assert answer.error_code == 0, answer
        return answer.member_id, answer.generation_id

    def synced(self) -> tuple[str, int]:
        member, generation = self.join()
        answer = self.wire.call("SyncGroup", 0, group_id=self.group, generation_id=generation, member_id=member,
                                assignments=[{"member_id": member, "assignment": b"mine"}])
        assert (answer.error_code, answer.assignment) == (0, b"mine")
        return member, generation


def join_fields(group: str, member: str = "", instance=None) -> dict:
    return {"group_id": group, "session_timeout_ms": 10000, "rebalance_timeout_ms": 10000, "member_id": member,
            "group_instance_id": instance, "protocol_type": "consumer",
            "protocols": [{"name": "range", "metadata": b"subscription"}]}


def check_produce(s: Scene, version: int) -> None:
    data = [s.named(partition_data=[{"index": 0, "records": batch(b"c")}])]
    fields = {"transactional_id": None, "acks": -1, "timeout_ms": 10000, "topic_data": data}
    if version < 3:  # advertised for librdkafka (KAFKA-18659), refused as Kafka 4 does: the connection closes
        s.wire.send("Produce", version, **fields)
        with pytest.raises(ConnectionError):
            s.wire.receive_frame()
        return
    found = s.wire.call("Produce", version, **fields).responses[0].partition_responses[0]
    assert (found.error_code, found.base_offset) == (0, 2)


def check_fetch(s: Scene, version: int) -> None:
    partition = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1 << 20, **NO_LEADER_CHECK}
    topics = [{"topic": s.topic, "topic_id": s.id, "partitions": [partition]}]
    answer = s.wire.call("Fetch", version, max_wait_ms=1000, min_bytes=1, max_bytes=1 << 20, isolation_level=0,
                         session_id=0, session_epoch=-1, topics=topics, forgotten_topics_data=[], rack_id="")
    found = answer.responses[0].partitions[0]
    assert (found.error_code, found.high_watermark) == (0, 2)
    assert bytes(found.records).endswith(b"b\0")


def check_list_offsets(s: Scene, version: int) -> None:
    partition = {"partition_index": 0, "timestamp": -1, "max_num_offsets": 1, **NO_LEADER_CHECK}
    answer = s.wire.call("ListOffsets", version, replica_id=-1, isolation_level=0,
                         topics=[{"name": s.topic, "partitions": [partition]}])
    found = answer.topics[0].partitions[0]
    assert found.error_code == 0
    assert (found.old_style_offsets == [2]) if version == 0 else (found.offset == 2)


def check_metadata(s: Scene, version: int) -> None:
    by_id = {"name": None, "topic_id": s.id}
    answer = s.wire.call("Metadata", version, topics=[by_id if version >= 12 else {"name": s.topic}],
                         allow_auto_topic_creation=False)
    assert [(t.error_code, t.name, len(t.partitions)) for t in answer.topics] == [(0, s.topic, 1)]
    assert [b.port for b in answer.brokers] == [s.wire.socket.getpeername()[1]]


def check_offset_commit(s: Scene, version: int) -> None:
    partition = {"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": "m"}
    answer = s.wire.call("OffsetCommit", version, group_id=s.group, generation_id_or_member_epoch=-1, member_id="",
                         topics=[s.named(partitions=[partition])])
    assert answer.topics[0].partitions[0].error_code == 0
    check_offset_fetch(s, 5, expected=(0, 1, "m"))


def check_offset_fetch(s: Scene, version: int, expected=(0, -1, "")) -> None:
    group = {"group_id": s.group, "member_id": None, "member_epoch": -1, "topics": [s.named(partition_indexes=[0])]}
    answer = s.wire.call("OffsetFetch", version, group_id=s.group, require_stable=False, groups=[group],
                         topics=[{"name": s.topic, "partition_indexes": [0]}])
    group = answer.groups[0] if version >= 8 else answer
    found = group.topics[0].partitions[0]
    assert (found.error_code, found.committed_offset, found.metadata) == expected


def check_find_coordinator(s: Scene, version: int) -> None:
    answer = s.wire.call("FindCoordinator", version, key=s.group, key_type=0, coordinator_keys=[s.group])
    found = answer.coordinators[0] if version >= 4 else answer
    assert (found.error_code, found.node_id, found.port) == (0, 1, s.wire.socket.getpeername()[1])


def check_join_group(s: Scene, version: int) -> None:
    answer = s.wire.call("JoinGroup", version, **join_fields(s.group))
    if version >= 4:
        assert answer.error_code == 79  # MEMBER_ID_REQUIRED
        answer = s.wire.call("JoinGroup", version, **join_fields(s.group, answer.member_id))
    assert (answer.error_code, answer.generation_id, answer.protocol_name) == (0, 1, "range")
    assert answer.leader == answer.member_id == answer.members[0].member_id


def check_sync_group(s: Scene, version: int) -> None:
    member, generation = s.join()
    answer = s.wire.call("SyncGroup", version, group_id=s.group, generation_id=generation, member_id=member,
                         group_instance_id=None, protocol_type="consumer", protocol_name="range",
                         assignments=[{"member_id": member, "assignment": b"mine"}])
    assert (answer.error_code, answer.assignment) == (0, b"mine")


def check_heartbeat(s: Scene, version: int) -> None:
    member, generation = s.synced()
    beat = {"group_id": s.group, "generation_id": generation, "member_id": member, "group_instance_id": None}
    assert s.wire.call("Heartbeat", version, **beat).error_code == 0
    assert s.wire.call("Heartbeat", version, **{**beat, "generation_id": 99}).error_code == 22


def check_leave_group(s: Scene, version: int) -> None:
    member, _ = s.synced()
    answer = s.wire.call("LeaveGroup", version, group_id=s.group, member_id=member,
                         members=[{"member_id": member, "group_instance_id": None, "reason": "done"}])
    assert answer.error_code == 0
    if version >= 3:
        assert [(m.member_id, m.error_code) for m in answer.members] == [(member, 0)]


def check_describe_groups(s: Scene, version: int) -> None:
    member, _ = s.synced()
    found = s.wire.call("DescribeGroups", version, groups=[s.group], include_authorized_operations=False).groups[0]
    assert (found.error_code, found.group_state, found.protocol_data) == (0, "Stable", "range")
    assert [(m.member_id, m.member_assignment) for m in found.members] == [(member, b"mine")]


def check_list_groups(s: Scene, version: int) -> None:
    s.synced()
    answer = s.wire.call("ListGroups", version, states_filter=[], types_filter=[])
    assert answer.error_code == 0 and s.group in [g.group_id for g in answer.groups]


def check_api_versions(s: Scene, version: int) -> None:
    answer = s.wire.call("ApiVersions", version, client_software_name="wire", client_software_version="1")
    assert answer.error_code == 0 and len(answer.api_keys) == len(ADVERTISED)


def check_create_topics(s: Scene, version: int) -> None:
    new = {"name": s.topic + "-new", "num_partitions": 2, "replication_factor": 1, "assignments": [], "configs": []}
    answer = s.wire.call("CreateTopics", version, topics=[new], timeout_ms=10000, validate_only=False)
    assert [(t.name, t.error_code) for t in answer.topics] == [(new["name"], 0)]


def check_delete_topics(s: Scene, version: int) -> None:
    answer = s.wire.call("DeleteTopics", version, topics=[{"name": None, "topic_id": s.id}], topic_names=[s.topic],
                         timeout_ms=10000)
    assert [(t.name, t.error_code) for t in answer.responses] == [(s.topic, 0)]


def check_delete_records(s: Scene, version: int) -> None:
    rows = [{"partition_index": 0, "offset": 1}, {"partition_index": 0, "offset": 3}, {"partition_index": 9, "offset": 0}]
    answer = s.wire.call("DeleteRecords", version, timeout_ms=10000, topics=[{"name": s.topic, "partitions": rows}])
    found = [(p.partition_index, p.low_watermark, p.error_code) for p in answer.topics[0].partitions]
    assert found == [(0, 1, 0), (0, -1, 1), (9, -1, 3)]


def check_init_producer_id(s: Scene, version: int) -> None:
    answer = s.wire.call("InitProducerId", version, transactional_id=None, transaction_timeout_ms=1000,
                         producer_id=-1, producer_epoch=-1)
    assert (answer.error_code, answer.producer_epoch) == (0, 0) and answer.producer_id >= 0


def check_offset_for_leader_epoch(s: Scene, version: int) -> None:
    partition = {"partition": 0, "leader_epoch": 1, **NO_LEADER_CHECK}
    answer = s.wire.call("OffsetForLeaderEpoch", version, replica_id=-1,
                         topics=[{"topic": s.topic, "partitions": [partition]}])
    found = answer.topics[0].partitions[0]
    assert (found.error_code, found.end_offset) == (0, 2)


def check_describe_configs(s: Scene, version: int) -> None:
    resource = {"resource_type": 2, "resource_name": s.topic, "configuration_keys": ["retention.ms"]}
    answer = s.wire.call("DescribeConfigs", version, resources=[resource], include_synonyms=True,
                         include_documentation=False)
    found = answer.results[0]
    assert found.error_code == 0 and [(c.name, c.value) for c in found.configs] == [("retention.ms", "-1")]


def retention_ms(s: Scene) -> str:
    resource = {"resource_type": 2, "resource_name": s.topic, "configuration_keys": ["retention.ms"]}
    answer = s.wire.call("DescribeConfigs", 4, resources=[resource], include_synonyms=False, include_documentation=False)
    return answer.results[0].configs[0].value


def check_alter_configs(s: Scene, version: int, api: str = "AlterConfigs", **operation) -> None:
    config = {"name": "retention.ms", "value": "7", **operation}
    resource = {"resource_type": 2, "resource_name": s.topic, "configs": [config]}
    answer = s.wire.call(api, version, resources=[resource], validate_only=False)
    assert [(r.error_code, r.error_message, r.resource_type, r.resource_name) for r in answer.responses] == \
        [(0, None, 2, s.topic)]
    assert retention_ms(s) == "7"


def check_incremental_alter_configs(s: Scene, version: int) -> None:
    check_alter_configs(s, version, "IncrementalAlterConfigs", config_operation=0)


def check_create_partitions(s: Scene, version: int) -> None:
    wanted = {"name": s.topic, "count": 3, "assignments": None}
    answer = s.wire.call("CreatePartitions", version, topics=[wanted], timeout_ms=10000, validate_only=False)
    assert [(r.name, r.error_code, r.error_message) for r in answer.results] == [(s.topic, 0, None)]
    assert produce(s.wire, s.topic, b"new", partition=2) == 0
    assert produce(s.wire, s.topic, b"old") == 2


def check_describe_log_dirs(s: Scene, version: int) -> None:
    answer = s.wire.call("DescribeLogDirs", version, topics=[{"topic": s.topic, "partitions": [0]}])
    (found,) = answer.results
    assert (found.error_code, [t.name if hasattr(t, "name") else t.topic for t in found.topics]) == (0, [s.topic])
    (partition,) = found.topics[0].partitions
    assert partition.partition_index == 0 and 70 < partition.partition_size < 1000
    assert version < 4 or found.total_bytes >= found.usable_bytes > 0


def check_describe_cluster(s: Scene, version: int) -> None:
    answer = s.wire.call("DescribeCluster", version, include_cluster_authorized_operations=False, endpoint_type=1,
                         include_fenced_brokers=False)
    port = s.wire.socket.getpeername()[1]
    assert (answer.error_code, answer.controller_id, [(b.broker_id, b.port) for b in answer.brokers]) == (0, 1, [(1, port)])


def check_list_config_resources(s: Scene, version: int) -> None:
    answer = s.wire.call("ListConfigResources", version, resource_types=[2])
    assert answer.error_code == 0
    listed = [r.resource_name for r in answer.config_resources]
    assert s.topic in listed if version >= 1 else not listed  # version 0: client metrics


def check_sasl_handshake(s: Scene, version: int) -> None:
    answer = s.wire.call("SaslHandshake", version, mechanism="PLAIN")
    assert (answer.error_code, list(answer.mechanisms)) == (34, [])  # ILLEGAL_SASL_STATE
    assert produce(s.wire, s.topic, b"c") == 2  # the connection goes on


def check_delete_groups(s: Scene, version: int) -> None:
    check_offset_commit(s, 5)
    answer = s.wire.call("DeleteGroups", version, groups_names=[s.group])
    assert [(g.group_id, g.error_code) for g in answer.results] == [(s.group, 0)]


def check_offset_delete(s: Scene, version: int) -> None:
    check_offset_commit(s, 5)
    topics = [{"name": s.topic, "partitions": [{"partition_index": 0}]}]
    answer = s.wire.call("OffsetDelete", version, group_id=s.group, topics=topics)
    assert (answer.error_code, answer.topics[0].partitions[0].error_code) == (0, 0)


def check_of(api: str):
    words = "".join("_" + c.lower() if c.isupper() else c for c in api)
    return globals()["check" + words]


@pytest.fixture(scope="module")
def quick_node(tmp_path_factory):
    from conftest import Node

    node = Node(tmp_path_factory.mktemp("node"), "kafka.group.initial.rebalance.delay.ms=0").start()
    yield node
    node.kill()


def test_the_list_of_this_file_is_what_the_node_advertises(quick_node):
    with Wire(quick_node) as wire:
        rows = wire.call("ApiVersions", 4, client_software_name="wire", client_software_version="1").api_keys
    assert {r.api_key: (r.min_version, r.max_version) for r in rows} == \
        {key: (low, high) for key, (_, low, high) in ADVERTISED.items()}
    assert all(message_class(api + "Request").API_KEY == key for key, (api, _, _) in ADVERTISED.items())


@pytest.mark.parametrize("api,version", [(api, v) for api, low, high in ADVERTISED.values() for v in range(low, high + 1)])
def test_a_request_of_every_advertised_version_is_answered(quick_node, api, version):
    with Wire(quick_node) as wire:
        check_of(api)(Scene(wire), version)
