"""The two servers that are compared, side by side on fresh data."""

import os
import pathlib
import time
from dataclasses import dataclass, field

from conftest import Node, free_port
from servers import kafka, share_class_path
from wire import Wire, message_class

# What both are told, so that they answer alike and nobody waits.
TIDEGATE_SETTINGS = [
    "kafka.group.initial.rebalance.delay.ms=0", "kafka.group.min.session.timeout.ms=200",
    "kafka.max.connections.per.ip=100000", "limits.connections_per_second=100000",
    "limits.new_groups_per_second=1000000", "limits.new_partitions_per_second=1000000", "smq.durability=os",
]  # fmt: skip
KAFKA_PROPERTIES = [
    "group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=200", "log.retention.ms=-1",
    "offsets.topic.num.partitions=1", "transaction.state.log.num.partitions=1",
]  # fmt: skip
START_SECONDS = 60


@dataclass
class Server:
    name: str
    port: int
    versions: dict[str, tuple[int, int]] = field(default_factory=dict)  # of APIs, as it advertises them
    first_epoch: int = 0  # of the leader of a new topic
    topics: dict = field(default_factory=dict)  # that conversations share

    def ask_about_itself(self) -> None:
        """Waits until it serves clients and groups; notes what it is like."""
        until(lambda: self.is_ready(), f"{self.name} does not answer")
        with Wire(self) as wire:
            rows = wire.call("ApiVersions", 4, client_software_name="compare", client_software_version="1").api_keys
            self.versions = {row.api_key: (row.min_version, row.max_version) for row in rows}
            wire.call("CreateTopics", 7, topics=[new_topic("first")], timeout_ms=10000, validate_only=False)
            until(lambda: self.has_leader(wire), f"{self.name} has no leader")

    def is_ready(self) -> bool:
        try:
            with Wire(self, seconds=5) as wire:
                group = {"group_id": "first", "member_id": None, "member_epoch": -1, "topics": None}
                wire.call("FindCoordinator", 4, key_type=0, coordinator_keys=["first"])
                if wire.call("OffsetFetch", 8, require_stable=False, groups=[group]).groups[0].error_code:
                    return False
                producer = {"transactional_id": None, "transaction_timeout_ms": 60000}
                return wire.call("InitProducerId", 1, **producer).error_code == 0
        except OSError:
            return False

    def has_leader(self, wire: Wire) -> bool:
        named = [{"name": "first", "topic_id": None}]
        (topic,) = wire.call("Metadata", 12, topics=named, allow_auto_topic_creation=False).topics
        if topic.error_code or not topic.partitions or topic.partitions[0].error_code:
            return False
        self.first_epoch = topic.partitions[0].leader_epoch
        return True


def new_topic(name: str, partitions: int = 1, configs: dict | None = None) -> dict:
    rows = [{"name": key, "value": value} for key, value in (configs or {}).items()]
    return {"name": name, "num_partitions": partitions, "replication_factor": 1, "assignments": [], "configs": rows}


def until(holds, otherwise: str, seconds: float = START_SECONDS):
    """What `holds` returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.005)
    return found


class Pair:
    """Both servers; everything they write is below `folder`."""

    def __init__(self, peers: pathlib.Path, folder: pathlib.Path, cache: pathlib.Path):
        (folder / "tidegate").mkdir()
        self.node = Node(folder / "tidegate", *TIDEGATE_SETTINGS)
        port = free_port()
        self.kafka = kafka("kafka", folder / "kafka", port, peers, os.devnull, *KAFKA_PROPERTIES)
        self.kafka.environment |= {"KAFKA_CTRL": str(free_port()), "KAFKA_HEAP": "768m"}
        self.cache = cache
        self.servers = [Server("tidegate", self.node.port), Server("Kafka", port)]

    def start(self) -> None:
        share_class_path(self.kafka, self.cache)
        self.node.start()
        self.kafka.start()
        share_class_path(self.kafka, self.cache)
        for server in self.servers:
            server.ask_about_itself()

    def stop(self) -> None:
        if self.node.process and self.node.process.poll() is None:
            self.node.kill()
        self.kafka.stop()

    def common_versions(self, api: str) -> range:
        """Those that both advertise and can be sent."""
        cls = message_class(api + "Request")
        ranges = [server.versions.get(cls.API_KEY) for server in self.servers]
        assert None not in ranges, f"{api} is not an API of both"
        low, high = max(low for low, _ in ranges), min(high for _, high in ranges)
        assert high <= cls.max_version, f"{api} {high} is newer than kafka-python's messages"
        return range(low, high + 1)
