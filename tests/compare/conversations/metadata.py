"""Metadata, DescribeCluster."""

from fields import metadata
from registry import case
from talk import NOBODYS_ID, Talk

BAD_NAMES = ["", ".", "..", "a/b", "a b", "ä", "x" * 250]


def by_ids(*ids, name=None, **more) -> dict:
    return {**metadata(**more), "topics": [{"name": name, "topic_id": number} for number in ids]}


@case("Metadata")
def topics_that_exist(s: Talk, v: int):
    a, b = s.shared("a", partitions=3), s.shared("b")
    s.ask("Metadata", v, **metadata(a.name))
    s.ask("Metadata", v, **metadata(b.name, a.name))
    s.ask("Metadata", v, **metadata(a.name, b.name, a.name))
    s.ask("Metadata", v, **metadata(a.name, s.nothing().name))


@case("Metadata")
def all_topics(s: Talk, v: int):
    s.shared("a", partitions=3)
    s.ask("Metadata", v, **{**metadata(), "topics": None})
    s.ask("Metadata", v, **metadata())


@case("Metadata")
def topics_that_do_not_exist(s: Talk, v: int):
    s.ask("Metadata", v, **metadata(s.name("x")) if v >= 4 else metadata("x/x"))
    for name in BAD_NAMES:
        s.ask("Metadata", v, **metadata(name))
        s.ask("Metadata", v, **metadata(name, create=True))


@case("Metadata")
def topics_that_are_made(s: Talk, v: int):
    s.ask("Metadata", v, **metadata(s.name("new"), s.name("too"), create=True))
    s.settle()
    s.ask("Metadata", v, **metadata(s.name("new"), s.name("too"), create=True))


@case("Metadata")
def names_that_collide(s: Talk, v: int):
    s.topic("a.b")
    s.settle()
    s.ask("Metadata", v, **metadata(s.name("a_b"), create=True))
    s.settle()
    s.ask("Metadata", v, **metadata(s.name("a_b"), create=True))


@case("Metadata", since=8)
def what_the_client_may_do(s: Talk, v: int):
    t = s.shared()
    for topics, cluster in ((True, False), (False, True), (True, True)):
        s.ask("Metadata", v, **metadata(t.name, s.nothing().name, include_topic_authorized_operations=topics,
                                        include_cluster_authorized_operations=cluster))  # fmt: skip


@case("Metadata", since=4)
def thousands_of_names(s: Talk, v: int):
    s.ask("Metadata", v, **metadata(*(s.name(f"n{i}") for i in range(3000))))


@case("Metadata", since=10)
def topics_by_id(s: Talk, v: int):
    t, other = s.shared(), s.shared("other")
    s.ask("Metadata", v, **by_ids(t.id))
    s.ask("Metadata", v, **by_ids(t.id, other.id))
    s.ask("Metadata", v, **by_ids(t.id, t.id))
    s.ask("Metadata", v, **by_ids(NOBODYS_ID))
    s.ask("Metadata", v, **by_ids(t.id, NOBODYS_ID))
    s.ask("Metadata", v, **by_ids(NOBODYS_ID, create=True))


@case("Metadata", since=12)
def nonsense_ids(s: Talk, v: int):
    t, other = s.shared(), s.shared("other")
    s.ask("Metadata", v, **by_ids(None))
    both = {**metadata(t.name), "topics": [{"name": t.name, "topic_id": None}, {"name": None, "topic_id": other.id}]}
    s.ask("Metadata", v, **both)


@case("Metadata", since=10)
def topics_by_id_and_name(s: Talk, v: int):
    t, other = s.shared(), s.shared("other")
    s.ask("Metadata", v, **by_ids(t.id, name=t.name))
    s.ask("Metadata", v, **by_ids(t.id, name=other.name))
    s.ask("Metadata", v, **by_ids(NOBODYS_ID, name=t.name))


@case("Metadata")
def a_topic_that_grows(s: Talk, v: int):
    t = s.topic()
    grown = {"name": t.name, "count": 4, "assignments": None}
    s.quietly("CreatePartitions", 1, topics=[grown], timeout_ms=10000, validate_only=False)
    s.settle()
    s.ask("Metadata", v, **metadata(t.name))


@case("DescribeCluster")
def the_cluster(s: Talk, v: int):
    for operations in (False, True):
        for kind in (1, 2, 0, 3, -1):
            for fenced in (False, True):
                s.ask("DescribeCluster", v, include_cluster_authorized_operations=operations, endpoint_type=kind,
                      include_fenced_brokers=fenced)  # fmt: skip
