"""A conversation with one server. It is held with both alike; what was asked and answered is kept for the judge."""

import itertools
import struct
import time
import typing
import uuid

import plain
from kafka.protocol.api_message import ApiMessage
from pair import Server, new_topic, until
from wire import Wire, batch, message_class

CLOSED = "closes the connection"
SILENT = "says nothing"
ANSWER_SECONDS = 30
UNSUPPORTED_VERSION = 35
NOBODYS_ID = uuid.UUID(int=0xABCD)
markers = itertools.count()


class Topic(typing.NamedTuple):
    name: str
    id: uuid.UUID


class Member(typing.NamedTuple):
    group: str
    id: str
    generation: int


class Step(typing.NamedTuple):
    api: str
    version: int
    asked: dict
    answer: object


class Line:
    """One connection; it is made anew after the server closed it."""

    def __init__(self, talk: "Talk", seconds: float):
        self.talk = talk
        self.seconds = seconds  # so long it waits for an answer
        self.wire = None
        self.asked = []

    def send(self, api: str, version: int, **fields) -> None:
        if self.wire is None:
            self.wire = Wire(self.talk.server, seconds=self.seconds)
            self.asked = []
        self.asked.append((api, version, fields))
        try:
            self.wire.send(api, version, **fields)
        except ConnectionError:
            pass  # receive() will say so

    def receive(self):
        """The answer to the oldest request that has none yet, or why there is none."""
        api, version, fields = self.asked.pop(0)
        answer = self.read(lambda: self.next_of(api, version))
        self.talk.keep(api, version, fields, answer)
        return answer

    def next_of(self, api: str, version: int):
        correlation, _, _ = self.wire.sent.pop(0)
        frame = self.wire.receive_frame()
        assert struct.unpack(">i", frame[:4])[0] == correlation, "answers come in another order than requests"
        return decoded(frame, (api, version))

    def ask(self, api: str, version: int, **fields):
        self.send(api, version, **fields)
        return self.receive()

    def say(self, api: str, version: int, **fields) -> None:
        """A request that has no answer when all is well."""
        self.send(api, version, **fields)
        self.asked.pop()
        if self.wire:
            self.wire.sent.pop()
        self.talk.keep(api, version, fields, "")

    def send_bytes(self, what: str, frame: bytes, reads: tuple[str, int] | None) -> None:
        """Any bytes, on a connection of their own; `reads` says how an answer is decoded."""
        self.close()
        self.wire = Wire(self.talk.server, seconds=self.seconds)
        self.wire.socket.sendall(frame)
        answer = self.read(lambda: decoded(self.wire.receive_frame(), reads))
        self.close()
        self.talk.keep("frames", 0, {"what": what, "frame": frame}, answer)

    def read(self, take):
        try:
            return take() if self.wire else CLOSED
        except ConnectionError:
            self.close()
            return CLOSED
        except TimeoutError:
            self.close()
            return SILENT
        except (struct.error, ValueError, IndexError, TypeError) as error:  # of the decoder
            self.close()
            return f"cannot be read: {error!r}"

    def close(self) -> None:
        if self.wire:
            self.wire.close()
        self.wire = None


class Talk:
    """What a conversation is made of. Names in it begin with `prefix`; those that it shares with its other versions do
    not say the version."""

    def __init__(self, server: Server, case: str, version: int):
        self.server = server
        self.case = case.replace("/", "-")
        self.prefix = f"{self.case}-{version}-"
        self.aliases = plain.Aliases(server)
        self.steps = []
        self.lines = [Line(self, ANSWER_SECONDS)]
        self.quiet = None

    def __enter__(self) -> "Talk":
        return self

    def __exit__(self, *_) -> None:
        for line in self.lines:
            line.close()
        if self.quiet:
            self.quiet.close()

    # What is kept.

    def ask(self, api: str, version: int, **fields):
        return self.lines[0].ask(api, version, **fields)

    def line(self, seconds: float = ANSWER_SECONDS) -> Line:
        """Another connection."""
        self.lines.append(Line(self, seconds))
        return self.lines[-1]

    def keep(self, api: str, version: int, fields: dict, answer) -> None:
        asked = plain.of(fields, self.aliases)
        whole = answer.to_dict(json=False) if hasattr(answer, "to_dict") else answer
        answered = plain.of_own(plain.of(whole, self.aliases), f"{self.case}-", repr(asked))
        self.steps.append(Step(api, version, asked, answered))

    # What is not.

    def quietly(self, api: str, version: int, **fields):
        if self.quiet is None:
            self.quiet = Wire(self.server)
        return self.quiet.call(api, version, **fields)

    def name(self, word: str = "t") -> str:
        return self.prefix + word

    def nothing(self, word: str = "nothing") -> Topic:
        """A topic that does not exist."""
        return Topic(self.name(word), NOBODYS_ID)

    def topic(self, word: str = "t", partitions: int = 1, **configs: str) -> Topic:
        """A new one."""
        return self.make(self.name(word), partitions, configs)

    def shared(self, word: str = "t", partitions: int = 1, fill=None, **configs: str) -> Topic:
        """One for all versions of a conversation that leave it as it is; `fill` is called when it is new."""
        name = f"{self.case}-{word}"
        if (known := self.server.topics.get(name)) is None:
            known = self.server.topics[name] = self.make(name, partitions, configs)
            if fill:
                fill(self, known)
        self.aliases.learn("id", known.id, f"id of {word}")
        return known

    def make(self, name: str, partitions: int, configs: dict) -> Topic:
        named = {key.replace("_", "."): value for key, value in configs.items()}
        rows = [new_topic(name, partitions, named)]
        (made,) = self.quietly("CreateTopics", 7, topics=rows, timeout_ms=10000, validate_only=False).topics
        assert made.error_code == 0, made
        self.aliases.learn("id", made.topic_id, f"id of {name}")
        rows = [{"partition_index": i, "timestamp": -1, "current_leader_epoch": -1} for i in range(partitions)]
        asked = {"replica_id": -1, "isolation_level": 0, "topics": [{"name": name, "partitions": rows}]}
        until(lambda: is_there(self.quietly("ListOffsets", 5, **asked)), f"{name} has no leader")
        return Topic(name, made.topic_id)

    def settle(self) -> None:
        """Waits until what was changed before is seen by everybody: a later topic is."""
        self.make(f"marker-{next(markers)}", 1, {})

    def until(self, holds) -> None:
        until(holds, f"{self.prefix} waits in vain", seconds=ANSWER_SECONDS)

    def pass_time(self, seconds: float) -> None:
        """For what both do by the clock."""
        time.sleep(seconds)

    def put(self, topic: Topic, *values: bytes, partition: int = 0, **more) -> None:
        self.put_batch(topic, batch(*values, **more), partition)

    def put_batch(self, topic: Topic, records: bytes, partition: int = 0) -> None:
        rows = [{"index": partition, "records": records}]
        answer = self.quietly("Produce", 9, transactional_id=None, acks=-1, timeout_ms=10000,
                              topic_data=[{"name": topic.name, "partition_data": rows}])  # fmt: skip
        assert answer.responses[0].partition_responses[0].error_code == 0, answer

    def member(self, group: str, **more) -> Member:
        """The only member of a group that is stable."""
        from fields import join

        answer = self.quietly("JoinGroup", 3, **join(group, **more))
        assert answer.error_code == 0, answer
        member = Member(group, answer.member_id, answer.generation_id)
        given = [{"member_id": member.id, "assignment": b"all"}]
        answer = self.quietly("SyncGroup", 1, group_id=group, generation_id=member.generation, member_id=member.id,
                              assignments=given)  # fmt: skip
        assert answer.error_code == 0, answer
        return member

    def producer(self) -> tuple[int, int]:
        answer = self.quietly("InitProducerId", 1, transactional_id=None, transaction_timeout_ms=60000)
        assert answer.error_code == 0, answer
        return answer.producer_id, answer.producer_epoch

    def epoch(self, number: int) -> int:
        """Of leaders, counted from that of a new topic."""
        return number + self.server.first_epoch


def decoded(frame: bytes, reads: tuple[str, int] | None):
    if reads is None:
        return {"body": frame[4:]}
    api, version = reads
    if api == "ApiVersions" and struct.unpack(">h", frame[4:6])[0] == UNSUPPORTED_VERSION:
        version = 0
    # Not the class's own: kafka-python takes every error of ApiVersions for this one.
    return ApiMessage.decode.__func__(message_class(api + "Response"), frame, version=version, header=True)


def is_there(answer) -> bool:
    return all(row.error_code == 0 for topic in answer.topics for row in topic.partitions)
