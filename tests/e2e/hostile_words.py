"""Requests as a hostile or broken client makes them: nearly right, in any order, then damaged. All from one seed."""

import random
import struct
import typing
import uuid

from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.util import calc_crc32c
from test_every_version import ADVERTISED
from wire import encode, message_class

KEYS = {api: key for key, (api, _, _) in ADVERTISED.items()}
# What makes and breaks state comes more often.
OFTEN = ["Produce", "Fetch", "JoinGroup", "JoinGroup", "SyncGroup", "Heartbeat", "OffsetCommit", "OffsetFetch", "Metadata",
         "ListOffsets"]
APIS = list(KEYS) + OFTEN * 5
EXTREMES = [0, 1, -1, -2, 127, 32767, -32768, 10**6, 2**31 - 1, -(2**31)]


class Sent(typing.NamedTuple):
    api: str
    version: int
    fields: dict

    def read(self, frame: bytes):
        """The answer."""
        return message_class(self.api + "Response").decode(frame, version=self.version, header=True)


class Words:
    """Draws requests; remembers what answers said, so that later ones fit: members, generations, ids, sessions."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.members = {}  # group → [(member, generation)]
        self.topic_ids = [uuid.UUID(int=0), uuid.UUID(int=1)]
        self.producers = [(-1, -1)]
        self.sessions = [(0, -1), (0, 0)]

    def learn(self, sent: "Sent", answer) -> None:
        api = sent.api
        if api == "JoinGroup" and answer.error_code in (0, 79):
            members = self.members.setdefault(sent.fields["group_id"], [])
            members.append((answer.member_id, answer.generation_id))
            del members[:-4]
        elif api == "Metadata":
            found = [t.topic_id for t in answer.topics if getattr(t, "topic_id", None)]
            self.topic_ids = (self.topic_ids + found)[-12:]
        elif api == "InitProducerId":
            self.producers = (self.producers + [(answer.producer_id, answer.producer_epoch)])[-4:]
        elif api == "Fetch" and getattr(answer, "session_id", 0):
            self.sessions = (self.sessions + [(answer.session_id, 1)])[-4:]

    def request(self, correlation: int, damage: float) -> tuple[bytes, "Sent | None"]:
        """A frame, damaged with this probability; otherwise also what it asks, so that its answer can be read."""
        pick = self.random
        api = pick.choice(APIS)
        _, low, high = ADVERTISED[KEYS[api]]
        version = pick.randint(max(low, 3 if api == "Produce" else 0), high)
        fields = getattr(self, api)()
        whole = encode(api, version, fields, correlation)
        if pick.random() >= damage:
            return whole, Sent(api, version, fields)
        return self.damaged(whole), None

    def damaged(self, whole: bytes) -> bytes:
        pick = self.random
        frame = bytearray(whole[4:])
        for _ in range(pick.choice([1, 1, 1, 2, 5])):
            at = pick.randrange(len(frame) + 1)
            kind = pick.randrange(9)
            if kind == 0:
                del frame[at:]
            elif kind == 1:
                frame[at:at] = pick.randbytes(pick.choice([1, 2, 4, 300]))
            elif kind == 2:
                frame[at:at] = frame[at : at + pick.randrange(40)]
            elif kind == 3:
                frame[at : at + 4] = struct.pack(">i", pick.choice(EXTREMES))
            elif kind == 4:
                frame[at : at + 2] = struct.pack(">h", pick.choice(EXTREMES[:7]))
            elif kind == 5:
                frame[2:4] = struct.pack(">h", pick.randint(-1, 20))
            elif kind == 6:
                frame[0:2] = struct.pack(">h", pick.choice(list(ADVERTISED)))
            elif at < len(frame):
                frame[at] = pick.randrange(256)
        size = len(frame) if pick.random() < 0.95 else max(0, len(frame) + pick.choice([-3, 1, 5, 4000]))
        return struct.pack(">i", size) + bytes(frame)

    # What requests are made of.

    def group(self) -> str:
        return self.random.choice(["rough-1", "rough-2", "rough-3"] * 4 + ["", "rough/../\u00e9"])

    def topic(self) -> str:
        return self.random.choice([f"rough-{i}" for i in range(4)] * 4 + ["..", "rough-none", "x" * 250])

    def named(self, **more) -> dict:
        return {"name": self.topic(), "topic_id": self.random.choice(self.topic_ids), **more}

    def topics_of(self, row) -> list:
        return self.some(lambda: {"name": self.topic(), "partitions": self.some(row)})

    def resource(self) -> dict:
        return {"resource_type": self.random.choice([2, 2, 4, 9]), "resource_name": self.topic()}

    def some(self, make, most: int = 3) -> list:
        return [make() for _ in range(self.random.choice([0, 1, 1, 1, 2, most]))]

    def index(self) -> int:
        return 0 if self.random.random() < 0.8 else self.number()

    def number(self) -> int:
        return self.random.choice([0, 0, 0, 1, 2, 3, self.random.choice(EXTREMES)])

    def member(self, group: str) -> tuple[str, int]:
        known = self.members.get(group, [])
        return self.random.choice(known[-2:] * 4 + known + [("", -1), ("nobody", 1)])

    def batch(self) -> bytes:
        pick = self.random
        producer, epoch = pick.choice(self.producers)
        sequence = pick.randrange(4) if producer >= 0 else -1
        is_transactional = pick.random() < 0.05
        builder = DefaultRecordBatchBuilder(2, pick.choice([0, 0, 1]), is_transactional, producer, epoch, sequence, 1 << 20)
        for i in range(pick.randint(1, 5)):
            builder.append(i, 1_700_000_000_000 + i, None, pick.randbytes(pick.choice([0, 5, 2000])), [])
        made = bytearray(builder.build())
        if pick.random() < 0.3:  # wrong inside, and right by its CRC
            made[pick.randrange(21, len(made))] = pick.randrange(256)
            struct.pack_into(">I", made, 17, calc_crc32c(bytes(made[21:])))
        return bytes(made)

    # One method per API: its fields in all versions.

    def Produce(self):
        row = lambda: {"index": self.index(), "records": self.batch()}
        return {"transactional_id": None, "acks": self.random.choice([-1, -1, 1, 0, 2]), "timeout_ms": 1000,
                "topic_data": self.some(lambda: self.named(partition_data=self.some(row)))}

    def Fetch(self):
        session, epoch = self.random.choice(self.sessions + [(0, -1)] * 5)
        row = lambda: {"partition": self.index(), "fetch_offset": self.number(), "partition_max_bytes": 1 << 16,
                       "current_leader_epoch": self.random.choice([-1, -1, -1, -1, 0, 1, 2**31 - 1])}
        rows = lambda: {"topic": self.topic(), "topic_id": self.random.choice(self.topic_ids), "partitions": self.some(row)}
        return {"max_wait_ms": self.random.choice([0, 0, 300]), "min_bytes": self.number(), "max_bytes": 1 << 20,
                "isolation_level": 0, "session_id": session, "session_epoch": epoch, "topics": self.some(rows),
                "forgotten_topics_data": [], "rack_id": ""}

    def ListOffsets(self):
        row = lambda: {"partition_index": self.index(), "timestamp": self.random.choice([-1, -2, -3, 5]),
                       "max_num_offsets": 1, "current_leader_epoch": -1}
        return {"replica_id": -1, "isolation_level": 0, "topics": self.topics_of(row)}

    def Metadata(self):
        topics = self.some(lambda: {"name": self.topic(), "topic_id": uuid.UUID(int=0)})
        return {"topics": topics, "allow_auto_topic_creation": True}

    def OffsetCommit(self):
        group = self.group()
        member, generation = self.member(group)
        row = lambda: {"partition_index": self.index(), "committed_offset": self.number(), "committed_leader_epoch": -1,
                       "committed_metadata": self.random.choice([None, "", "m" * 5000])}
        return {"group_id": group, "generation_id_or_member_epoch": generation, "member_id": member,
                "topics": self.some(lambda: self.named(partitions=self.some(row)))}

    def OffsetFetch(self):
        group = lambda: {"group_id": self.group(), "member_id": None, "member_epoch": -1, "topics": self.some(rows)}
        rows = lambda: self.named(partition_indexes=self.some(self.number))
        old = lambda: {"name": self.topic(), "partition_indexes": self.some(self.number)}
        return {"group_id": self.group(), "require_stable": False, "groups": self.some(group), "topics": self.some(old)}

    def FindCoordinator(self):
        return {"key": self.group(), "key_type": self.random.choice([0, 0, 1]), "coordinator_keys": self.some(self.group)}

    def JoinGroup(self):
        group = self.group()
        return {"group_id": group, "session_timeout_ms": self.random.choice([6000, 6000, 10000, self.number()]),
                "rebalance_timeout_ms": 500, "member_id": self.member(group)[0],
                "group_instance_id": self.random.choice([None, None, "i1"]), "protocol_type": "consumer",
                "protocols": [{"name": "range", "metadata": b"all"}] + self.some(self.protocol)}

    def protocol(self) -> dict:
        return {"name": self.random.choice(["range", "sticky", ""]), "metadata": self.random.randbytes(9)}

    def in_group(self, **more) -> dict:
        group = self.group()
        member, generation = self.member(group)
        return {"group_id": group, "generation_id": generation, "member_id": member, "group_instance_id": None, **more}

    def SyncGroup(self):
        given = self.some(lambda: {"member_id": self.member(self.group())[0], "assignment": self.random.randbytes(9)})
        return self.in_group(protocol_type="consumer", protocol_name="range", assignments=given)

    def Heartbeat(self):
        return self.in_group()

    def LeaveGroup(self):
        group = self.group()
        gone = lambda: {"member_id": self.member(group)[0], "group_instance_id": None, "reason": "r"}
        return {"group_id": group, "member_id": self.member(group)[0], "members": self.some(gone)}

    def DescribeGroups(self):
        return {"groups": self.some(self.group), "include_authorized_operations": True}

    def ListGroups(self):
        return {"states_filter": self.some(lambda: "Stable"), "types_filter": []}

    def ApiVersions(self):
        return {"client_software_name": self.random.choice(["rough", ""]), "client_software_version": "1"}

    def CreateTopics(self):
        new = lambda: {"name": self.topic(), "num_partitions": self.random.choice([1, 2, 4, self.number()]),
                       "replication_factor": 1, "assignments": [], "configs": self.some(self.config)}
        return {"topics": self.some(new), "timeout_ms": self.random.choice([0, 1000]),
                "validate_only": self.random.random() < 0.2}

    def DeleteTopics(self):
        name, number = self.random.choice([(self.topic(), uuid.UUID(int=0)), (None, self.random.choice(self.topic_ids))])
        return {"topics": [{"name": name, "topic_id": number}], "topic_names": self.some(self.topic), "timeout_ms": 1000}

    def DeleteRecords(self):
        row = lambda: {"partition_index": self.number(), "offset": self.number()}
        return {"timeout_ms": 1000, "topics": self.topics_of(row)}

    def InitProducerId(self):
        producer, epoch = self.random.choice(self.producers)
        return {"transactional_id": self.random.choice([None, None, "t"]), "transaction_timeout_ms": self.number(),
                "producer_id": producer, "producer_epoch": epoch}

    def OffsetForLeaderEpoch(self):
        row = lambda: {"partition": self.number(), "leader_epoch": self.number(), "current_leader_epoch": -1}
        return {"replica_id": -1, "topics": self.some(lambda: {"topic": self.topic(), "partitions": self.some(row)})}

    def config(self) -> dict:
        name = self.random.choice(["retention.ms", "retention.bytes", "max.message.bytes", "segment.ms", "nonsense", ""])
        return {"name": name, "value": self.random.choice([None, "", "1", "-1", "99999999999999999999", "x"])}

    def DescribeConfigs(self):
        keys = self.random.choice([None, [], ["retention.ms", "nonsense"]])
        row = lambda: {**self.resource(), "configuration_keys": keys}
        return {"resources": self.some(row), "include_synonyms": True, "include_documentation": True}

    def AlterConfigs(self, **more):
        change = lambda: {**self.config(), **more}
        row = lambda: {**self.resource(), "configs": self.some(change)}
        return {"resources": self.some(row), "validate_only": self.random.random() < 0.2}

    def IncrementalAlterConfigs(self):
        return self.AlterConfigs(config_operation=self.random.randrange(5))

    def DescribeLogDirs(self):
        return {"topics": self.some(lambda: {"topic": self.topic(), "partitions": self.some(self.number)})}

    def CreatePartitions(self):
        row = lambda: {"name": self.topic(), "count": self.random.choice([2, 5, self.number()]), "assignments": None}
        return {"topics": self.some(row), "timeout_ms": 1000, "validate_only": False}

    def DeleteGroups(self):
        return {"groups_names": self.some(self.group)}

    def OffsetDelete(self):
        row = lambda: {"partition_index": self.number()}
        return {"group_id": self.group(), "topics": self.topics_of(row)}

    def DescribeCluster(self):
        return {"include_cluster_authorized_operations": True, "endpoint_type": self.random.choice([1, 1, 2, 7]),
                "include_fenced_brokers": False}

    def SaslHandshake(self):
        return {"mechanism": self.random.choice(["PLAIN", "", "x" * 300])}

    def ListConfigResources(self):
        return {"resource_types": self.some(lambda: self.random.choice([2, 4, 16, -1]))}
