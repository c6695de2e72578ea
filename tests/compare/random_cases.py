"""Random cases: requests as tests/e2e/hostile_words draws them, about a topic, a group and a producer of their own."""

import random

import plain
from hostile_words import KEYS, OFTEN, Words
from registry import Case
from talk import NOBODYS_ID, Talk

CASES = 700
SHORT_MS = 400  # so long a round waits for members that do not come
PARTS = ["partitions", "partition_data", "partition_indexes"]
EPOCHS = {"current_leader_epoch", "leader_epoch", "last_fetched_epoch"}
CHANGING = {"JoinGroup", "DeleteTopics"}  # what becomes of a second request is a matter of time
APIS = list(KEYS) + OFTEN * 2


class SceneWords(Words):
    """Draws field values; with the same seed it draws the same for both servers, whatever their ids are."""

    def __init__(self, seed: int, scene: "Scene"):
        super().__init__(seed)
        self.scene = scene
        self.members = {scene.group: [(scene.member.id, scene.member.generation)]}
        self.topic_ids = [NOBODYS_ID, scene.topic.id, scene.topic.id]
        self.producers = [(-1, -1), scene.producer]

    def group(self) -> str:
        return self.random.choice([self.scene.group] * 8 + [self.scene.talk.name("none")])

    def topic(self) -> str:
        return self.random.choice([self.scene.topic.name] * 8 + ["..", "x" * 250, self.scene.talk.name("none")])

    def resource(self) -> dict:
        return {**super().resource(), "resource_type": self.random.choice([2, 2, 4])}

    def IncrementalAlterConfigs(self):
        return self.AlterConfigs(config_operation=self.random.randrange(4))

    def protocol(self) -> dict:
        """Kafka fails when it reads some bytes as a subscription."""
        return {**super().protocol(), "metadata": self.random.choice([b"", b"a", b"all"])}

    def fields(self, api: str) -> dict:
        """Without what is known to differ wherever it is: repetitions, epochs, transactions, haste."""
        drawn = self.tidy(getattr(self, api)(), "")
        usual = {"rebalance_timeout_ms": SHORT_MS, "transactional_id": None}
        if api in ("CreateTopics", "DeleteTopics", "CreatePartitions"):
            usual["timeout_ms"] = 10000
        if drawn.get("acks") == 0:
            usual["acks"] = 1  # there would be no answer
        return {**drawn, **{key: value for key, value in usual.items() if key in drawn}}

    def tidy(self, value, field: str):
        if isinstance(value, dict):
            name = value.get("name") or value.get("topic")
            if name and "topic_id" in value:
                value = {**value, "topic_id": self.scene.topic.id if name == self.scene.topic.name else NOBODYS_ID}
            return {key: self.tidy(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            kept = [one for one in (self.tidy(one, field) for one in value) if not is_empty(one)]
            return list({name_of(one): one for one in kept}.values())
        if field in EPOCHS:
            return self.scene.talk.epoch(value) if 0 <= value < 100 else max(value, -1)
        return value


def name_of(one) -> str:
    return plain.name_of(one) if isinstance(one, dict) else repr(one)


def is_empty(one) -> bool:
    """A topic without partitions."""
    return isinstance(one, dict) and any(one.get(key) == [] for key in PARTS)


class Scene:
    def __init__(self, talk: Talk):
        self.talk = talk
        self.topic = talk.topic(partitions=3)
        talk.put(self.topic, b"a", b"b")
        talk.put(self.topic, b"c")
        self.group = talk.name("g")
        self.member = talk.member(self.group, rebalance_timeout_ms=SHORT_MS)
        self.producer = talk.producer()


def make(seed: int) -> list[Case]:
    """Always the same for a seed."""
    drawn = random.Random(seed)
    return [one(drawn.choice(APIS), f"random-{seed}-{i}", drawn.randrange(2**32), drawn.random()) for i in range(CASES)]


def one(api: str, name: str, seed: int, part: float) -> Case:
    def hold(talk: Talk, version: int) -> None:
        words = SceneWords(seed, Scene(talk))
        for _ in range(1 if api in CHANGING else 3):
            talk.ask(api, version, **words.fields(api))

    def choose(both: range) -> list[int]:
        served = both[3:] if api == "Produce" else both  # the others are advertised only
        return [served[int(part * len(served))]]

    return Case(api, f"{api}/{name}", hold, choose)
