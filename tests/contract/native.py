"""
A native SeaweedMQ client. Messages and stubs come from the servers' own gRPC reflection: no copy of a .proto file that
could be older than the server.
"""

import hashlib
import itertools
import queue
import threading
import time

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from security import Identity

OPTIONS = [
    ("grpc.max_receive_message_length", 1 << 30),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.use_local_subchannel_pool", 1),
]
DEADLINE = 20  # seconds of every call
ABSENT = "no entry is found in filer store"
_pools: dict[str, descriptor_pool.DescriptorPool] = {}
_client_ids = itertools.count(1)


def absent(error: grpc.RpcError) -> bool:
    return error.code() == grpc.StatusCode.UNKNOWN and ABSENT in error.details()


class Service:
    """One connection to one service; `call` takes and gives messages of the server's own description."""

    service = ""

    def __init__(self, target: str, identity: Identity | None = None):
        self.target = target
        self.channel = identity.channel(target, OPTIONS) if identity else grpc.insecure_channel(target, OPTIONS)

    def close(self) -> None:
        self.channel.close()

    @property
    def pool(self) -> descriptor_pool.DescriptorPool:
        if self.service not in _pools:
            database = ProtoReflectionDescriptorDatabase(self.channel)
            assert self.service in database.get_services(), f"{self.target} does not describe {self.service}"
            _pools[self.service] = descriptor_pool.DescriptorPool(database)
        return _pools[self.service]

    def descriptor(self, name: str):
        """Of a message of the service's own package."""
        return self.pool.FindMessageTypeByName(f"{self.service.rpartition('.')[0]}.{name}")

    def enum(self, name: str, value: str) -> int:
        package = self.service.rpartition(".")[0]
        return self.pool.FindEnumTypeByName(f"{package}.{name}").values_by_name[value].number

    def new(self, name: str, /, **fields):
        return message_factory.GetMessageClass(self.descriptor(name))(**fields)

    def stub(self, name: str):
        method = self.pool.FindServiceByName(self.service).methods_by_name[name]
        shape = f"{'stream' if method.client_streaming else 'unary'}_{'stream' if method.server_streaming else 'unary'}"
        return getattr(self.channel, shape)(
            f"/{self.service}/{name}",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
        )

    def call(self, name: str, /, timeout: float = DEADLINE, **fields):
        method = self.pool.FindServiceByName(self.service).methods_by_name[name]
        request = message_factory.GetMessageClass(method.input_type)(**fields)
        return self.stub(name)(request, timeout=timeout)


class Master(Service):
    service = "master_pb.Seaweed"

    def leader(self) -> str:
        return self.call("GetMasterConfiguration").leader

    def nodes(self, client_type: str) -> list[str]:
        return [n.address for n in self.call("ListClusterNodes", client_type=client_type).cluster_nodes]


class Filer(Service):
    service = "filer_pb.SeaweedFiler"

    # Building requests.

    def entry(self, name: str, content: bytes = b"", extended=None, chunks=(), md5: bool = True):
        now = int(time.time())
        size = len(content) + sum(c.size for c in chunks)
        attributes = {"file_size": size, "mtime": now, "crtime": now, "file_mode": 0o644}
        if md5:
            attributes["md5"] = hashlib.md5(content).digest()
        return self.new(
            "Entry", name=name, content=content, extended=extended or {}, chunks=list(chunks), attributes=attributes
        )

    def condition(self, kind: str, **fields):
        return {"clauses": [{"kind": self.enum("WriteCondition.Kind", kind), **fields}]}

    def content_is(self, content: bytes):
        """The condition of our fences: the entry's content, by its MD5."""
        return self.condition("IF_ETAG_MATCH", etags=[hashlib.md5(content).hexdigest()])

    def mutation(self, kind: str, path: str, **fields):
        directory, _, name = path.rpartition("/")
        kind = self.enum("ObjectMutation.Type", kind)
        return self.new("ObjectMutation", type=kind, directory=directory, name=name, **fields)

    def put(self, path: str, content: bytes = b"", **fields):
        return self.mutation("PUT", path, entry=self.entry(path.rpartition("/")[2], content, **fields))

    # Calls.

    def lookup(self, path: str):
        """The entry, or None when the filer says that there is none."""
        directory, _, name = path.rpartition("/")
        try:
            return self.call("LookupDirectoryEntry", directory=directory, name=name).entry
        except grpc.RpcError as error:
            if absent(error):
                return None
            raise

    def create(self, path: str, content: bytes = b"", condition=None, o_excl: bool = False, **fields):
        directory, _, name = path.rpartition("/")
        entry = self.entry(name, content, **fields)
        return self.call("CreateEntry", directory=directory, entry=entry, o_excl=o_excl, condition=condition)

    def transact(self, mutations, lock_key: str, **fields):
        return self.call("ObjectTransaction", lock_key=lock_key, mutations=mutations, **fields)

    def entries(self, directory: str, limit: int = 100_000, **fields) -> list:
        return [r.entry for r in self.call("ListEntries", directory=directory, limit=limit, **fields)]

    def names(self, directory: str) -> list[str]:
        return [e.name for e in self.entries(directory)]

    def delete(self, path: str, recursive: bool = False):
        directory, _, name = path.rpartition("/")
        return self.call(
            "DeleteEntry",
            directory=directory,
            name=name,
            is_delete_data=True,
            is_recursive=recursive,
            ignore_recursive_error=recursive,
        )

    def assign(self, count: int = 1, **fields):
        """Ids for `count` chunks, for one volume."""
        reply = self.call("AssignVolume", count=count, collection="topics", **fields)
        assert not reply.error, f"AssignVolume: {reply.error}"
        return reply

    def lock(self, name: str, owner: str, seconds: int, token: str = ""):
        return self.call("DistributedLock", name=name, owner=owner, seconds_to_lock=seconds, renew_token=token)

    def lock_owner(self, name: str) -> str:
        try:
            return self.call("FindLockOwner", name=name).owner
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.NOT_FOUND:
                return ""
            raise


class Broker(Service):
    service = "messaging_pb.SeaweedMessaging"

    def find_leader(self) -> str:
        return self.call("FindBrokerLeader", timeout=5).broker

    def configure(self, namespace: str, name: str, partitions: int):
        return self.call("ConfigureTopic", topic=topic(namespace, name), partition_count=partitions)

    def topics(self) -> set[tuple[str, str]]:
        return {(t.namespace, t.name) for t in self.call("ListTopics").topics}

    def assignments(self, name: str, namespace: str = "kafka"):
        """Partition assignments, by their start in the ring."""
        reply = self.call("LookupTopicBrokers", topic=topic(namespace, name))
        return sorted(reply.broker_partition_assignments, key=lambda a: a.partition.range_start)

    def partition(self, name: str, index: int = 0):
        """The partition as the broker names it; its leader is the broker that we talk to."""
        return self.assignments(name)[index].partition

    def range_info(self, name: str, partition):
        return self.call("GetPartitionRangeInfo", topic=topic("kafka", name), partition=partition)

    def fetch(self, name: str, partition, start: int, max_messages: int = 10_000):
        return self.call(
            "FetchMessage",
            topic=topic("kafka", name),
            partition=partition,
            start_offset=start,
            max_bytes=64 << 20,
            max_messages=max_messages,
            consumer_group="contract",
            consumer_id="contract",
        )

    def subscribe(self, name: str, partition, offset_type: str, **fields) -> "Subscription":
        return Subscription(self, name, partition, offset_type, **fields)

    def publish(self, name: str, partition, messages) -> list[int]:
        """
        `messages`: (ts_ns, key, value). Returns the assigned SMQ offsets. The stream is closed before, which flushes
        when nobody else has the partition.
        """
        with Publisher(self, name, partition) as publisher:
            return [publisher.send(*m) for m in messages]


def topic(namespace: str, name: str) -> dict:
    return {"namespace": namespace, "name": name}


class Stream:
    """Both directions of one gRPC stream; what comes in goes through a queue, so that every wait has an end."""

    def __init__(self, service: Service, method: str):
        self.outgoing: queue.Queue = queue.Queue()
        self.incoming: queue.Queue = queue.Queue()
        self.ended = threading.Event()
        self.calls = service.stub(method)(iter(self.outgoing.get, None), timeout=300)
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        try:
            for reply in self.calls:
                self.incoming.put(reply)
        except grpc.RpcError as error:
            self.incoming.put(error)
        self.ended.set()

    def receive(self, seconds: float):
        """The next message, or None when none came within `seconds`."""
        try:
            got = self.incoming.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(got, grpc.RpcError):
            raise got
        return got

    def half_close(self) -> None:
        self.outgoing.put(None)

    def finish(self, seconds: float = DEADLINE) -> None:
        """Half-closes and waits until the server has ended the call."""
        self.half_close()
        assert self.ended.wait(seconds), f"the server did not end the stream within {seconds} s"

    def cancel(self) -> None:
        self.half_close()
        self.calls.cancel()
        self.ended.wait(DEADLINE)


class Publisher(Stream):
    def __init__(self, broker: Broker, name: str, partition):
        super().__init__(broker, "PublishMessage")
        self.broker = broker
        init = {"topic": topic("kafka", name), "partition": partition, "publisher_name": "contract"}
        self.outgoing.put(broker.new("PublishMessageRequest", init=init))
        hello = self.receive(DEADLINE)
        assert hello is not None and not hello.error, f"PublishMessage: {hello}"

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(self, *_) -> None:
        self.finish()

    def send(self, ts_ns: int, key: bytes, value: bytes) -> int:
        data = {"ts_ns": ts_ns, "key": key, "value": value}
        self.outgoing.put(self.broker.new("PublishMessageRequest", data=data))
        ack = self.receive(DEADLINE)
        assert ack is not None and not ack.error, f"PublishMessage: {ack}"
        return ack.assigned_offset


class Subscription(Stream):
    """
    `offset_type`: a name of schema_pb.OffsetType. With `persists`, the broker is its own follower: only then does it
    store the group's position, when the stream ends.
    """

    def __init__(
        self,
        broker: Broker,
        name: str,
        partition,
        offset_type: str,
        group: str = "",
        persists: bool = False,
        **position,
    ):
        super().__init__(broker, "SubscribeMessage")
        self.broker = broker
        number = next(_client_ids)
        init = {
            "consumer_group": group or f"contract-{number}",
            "consumer_id": f"contract-{number}",
            "client_id": f"client-{number}",
            "topic": topic("kafka", name),
            "partition_offset": {"partition": partition, **position},
            "offset_type": broker.pool.FindEnumTypeByName("schema_pb.OffsetType").values_by_name[offset_type].number,
            "follower_broker": broker.target if persists else "",
            "sliding_window_size": 64,
        }
        self.outgoing.put(broker.new("SubscribeMessageRequest", init=init))

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, *_) -> None:
        if not self.ended.is_set():
            self.cancel()

    def read(self, count: int, seconds: float = DEADLINE) -> list:
        """Up to `count` messages; fewer when the next one does not come within `seconds`."""
        messages: list = []
        while len(messages) < count:
            got = self.receive(seconds)
            if got is None:
                break
            if got.HasField("data"):
                messages.append(got.data)
            assert not got.ctrl.error, f"SubscribeMessage: {got.ctrl.error}"
        return messages

    def ack(self, message) -> None:
        ack = {"ts_ns": message.ts_ns, "key": message.key}
        self.outgoing.put(self.broker.new("SubscribeMessageRequest", ack=ack))
