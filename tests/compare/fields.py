"""The fields of requests as clients send them, in all versions; what a conversation is about is an argument."""

from talk import Member, Topic


def produce(topic: Topic, records, partition: int = 0, **more) -> dict:
    return produce_rows((topic, [{"index": partition, "records": records}]), **more)


def produce_rows(*asked: tuple[Topic, list], **more) -> dict:
    data = [{"name": topic.name, "topic_id": topic.id, "partition_data": rows} for topic, rows in asked]
    return {"transactional_id": None, "acks": -1, "timeout_ms": 10000, "topic_data": data, **more}


def row(offset: int = 0, partition: int = 0, **more) -> dict:
    """One partition of a Fetch."""
    return {"partition": partition, "fetch_offset": offset, "partition_max_bytes": 1 << 20, "current_leader_epoch": -1,
            **more}  # fmt: skip


def fetch(*asked: tuple[Topic, list], forget=(), **more) -> dict:
    topics = [{"topic": topic.name, "topic_id": topic.id, "partitions": rows} for topic, rows in asked]
    gone = [{"topic": topic.name, "topic_id": topic.id, "partitions": indexes} for topic, indexes in forget]
    return {"replica_id": -1, "max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 20, "isolation_level": 0,
            "session_id": 0, "session_epoch": -1, "topics": topics, "forgotten_topics_data": gone, "rack_id": "",
            **more}  # fmt: skip


def list_offsets(topic: Topic, *timestamps: int, partitions=(0,), epoch: int = -1, **more) -> dict:
    """Every timestamp of every partition: name one of either only once, or both are refused."""
    rows = [{"partition_index": p, "timestamp": t, "max_num_offsets": 1, "current_leader_epoch": epoch}
            for t in timestamps for p in partitions]  # fmt: skip
    return {"replica_id": -1, "isolation_level": 0, "topics": [{"name": topic.name, "partitions": rows}],
            "timeout_ms": 10000, **more}  # fmt: skip


def epochs(topic: Topic, *wanted: int, current: int = -1, partition: int = 0, **more) -> dict:
    rows = [{"partition": partition, "leader_epoch": e, "current_leader_epoch": current} for e in wanted]
    return {"replica_id": -1, "topics": [{"topic": topic.name, "partitions": rows}], **more}


def metadata(*names: str | None, create: bool = False, **more) -> dict:
    rows = [{"name": name, "topic_id": None} for name in names]
    return {"topics": rows, "allow_auto_topic_creation": create, "include_cluster_authorized_operations": False,
            "include_topic_authorized_operations": False, **more}  # fmt: skip


def new(name, partitions: int = 1, replicas: int = 1, assignments=(), configs: dict | None = None) -> dict:
    rows = [{"partition_index": index, "broker_ids": brokers} for index, brokers in assignments]
    return {"name": name, "num_partitions": partitions, "replication_factor": replicas, "assignments": rows,
            "configs": [{"name": key, "value": value} for key, value in (configs or {}).items()]}  # fmt: skip


def create(*topics: dict, **more) -> dict:
    return {"topics": list(topics), "timeout_ms": 10000, "validate_only": False, **more}


def delete(*names: str, ids=(), **more) -> dict:
    rows = [{"name": name, "topic_id": None} for name in names] + [{"name": None, "topic_id": i} for i in ids]
    return {"topics": rows, "topic_names": list(names), "timeout_ms": 10000, **more}


def grow(name: str, count: int, assignments=None) -> dict:
    rows = None if assignments is None else [{"broker_ids": brokers} for brokers in assignments]
    return {"name": name, "count": count, "assignments": rows}


def create_partitions(*topics: dict, **more) -> dict:
    return {"topics": list(topics), "timeout_ms": 10000, "validate_only": False, **more}


def delete_records(topic: Topic, *asked: tuple[int, int], **more) -> dict:
    rows = [{"partition_index": partition, "offset": offset} for partition, offset in asked]
    return {"topics": [{"name": topic.name, "partitions": rows}], "timeout_ms": 10000, **more}


def describe_configs(*resources: tuple[int, str], keys=None, **more) -> dict:
    rows = [{"resource_type": kind, "resource_name": name, "configuration_keys": keys} for kind, name in resources]
    return {"resources": rows, "include_synonyms": True, "include_documentation": False, **more}


def alter(*resources: tuple[int, str, list], **more) -> dict:
    """Of either API: changes are (name, value) or (name, value, operation)."""
    rows = []
    for kind, name, changes in resources:
        configs = [{"name": c[0], "value": c[1], "config_operation": (*c, 0)[2]} for c in changes]
        rows.append({"resource_type": kind, "resource_name": name, "configs": configs})
    return {"resources": rows, "validate_only": False, **more}


def without_operations(fields: dict) -> dict:
    """For AlterConfigs, whose configs have none."""
    rows = [{**r, "configs": [{"name": c["name"], "value": c["value"]} for c in r["configs"]]}
            for r in fields["resources"]]  # fmt: skip
    return {**fields, "resources": rows}


def join(group, member: str = "", protocols=(("range", b"all"),), **more) -> dict:
    rows = [{"name": name, "metadata": metadata} for name, metadata in protocols]
    return {"group_id": group, "session_timeout_ms": 20000, "rebalance_timeout_ms": 20000, "member_id": member,
            "group_instance_id": None, "protocol_type": "consumer", "protocols": rows, "reason": "compared",
            **more}  # fmt: skip


def of_member(member: Member, **more) -> dict:
    """Heartbeat, and the beginning of SyncGroup."""
    return {"group_id": member.group, "generation_id": member.generation, "member_id": member.id,
            "group_instance_id": None, **more}  # fmt: skip


def sync(member: Member, *assignments: tuple[str, bytes], **more) -> dict:
    rows = [{"member_id": who, "assignment": what} for who, what in assignments]
    return of_member(member, protocol_type="consumer", protocol_name="range", assignments=rows, **more)


def leave(group, *members: str, instances=(), **more) -> dict:
    rows = [{"member_id": member, "group_instance_id": None, "reason": "compared"} for member in members]
    rows += [{"member_id": "", "group_instance_id": instance, "reason": None} for instance in instances]
    return {"group_id": group, "member_id": members[0] if members else "", "members": rows, **more}


def position(offset: int = 1, partition: int = 0, metadata="m", epoch: int = -1) -> dict:
    return {"partition_index": partition, "committed_offset": offset, "committed_leader_epoch": epoch,
            "committed_metadata": metadata}  # fmt: skip


def commit(group, *asked: tuple[Topic, list], member: str = "", generation: int = -1, **more) -> dict:
    topics = [{"name": topic.name, "topic_id": topic.id, "partitions": rows} for topic, rows in asked]
    return {"group_id": group, "generation_id_or_member_epoch": generation, "member_id": member,
            "group_instance_id": None, "retention_time_ms": -1, "topics": topics, **more}  # fmt: skip


def positions_of(group, *asked: tuple[Topic, list], member=None, epoch: int = -1) -> dict:
    """One group of an OffsetFetch; no topics: all of them."""
    topics = [{"name": topic.name, "topic_id": topic.id, "partition_indexes": p} for topic, p in asked] or None
    return {"group_id": group, "member_id": member, "member_epoch": epoch, "topics": topics}


def offset_fetch(*groups: dict, **more) -> dict:
    """Versions below 8 ask for the first one."""
    first = groups[0]
    old = first["topics"] and [{key: t[key] for key in ("name", "partition_indexes")} for t in first["topics"]]
    return {"group_id": first["group_id"], "topics": old, "groups": list(groups), "require_stable": False, **more}


def offset_delete(group, *asked: tuple[Topic, list]) -> dict:
    topics = [{"name": topic.name, "partitions": [{"partition_index": p} for p in indexes]} for topic, indexes in asked]
    return {"group_id": group, "topics": topics}
