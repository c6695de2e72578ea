"""CreateTopics, DeleteTopics, CreatePartitions."""

from conversations.metadata import BAD_NAMES
from fields import create, create_partitions, delete, grow, metadata, new
from registry import case
from talk import NOBODYS_ID, Talk

US, OTHER = 1, 7  # ids of brokers


def look(s: Talk, *names: str) -> None:
    s.settle()
    s.ask("Metadata", 9, **metadata(*names))


@case("CreateTopics")
def one_and_many(s: Talk, v: int):
    s.ask("CreateTopics", v, **create(new(s.name("a")), new(s.name("b"), partitions=3)))
    s.ask("CreateTopics", v, **create(new(s.name("c"), partitions=-1, replicas=-1)))
    s.ask("CreateTopics", v, **create())
    look(s, s.name("a"), s.name("b"), s.name("c"))


@case("CreateTopics")
def with_configs(s: Talk, v: int):
    s.ask("CreateTopics", v, **create(new(s.name("a"), configs={"retention.ms": "1000", "cleanup.policy": "delete"})))
    for i, value in enumerate(("", " 5 ", "-1", "-2", "x", "99999999999999999999", None)):
        s.ask("CreateTopics", v, **create(new(s.name(f"r{i}"), configs={"retention.ms": value})))
    for name in ("nonsense", "", "RETENTION.MS", "log.retention.ms"):
        s.ask("CreateTopics", v, **create(new(s.name("b"), configs={name: "1"})))
    s.ask("CreateTopics", v, **create(new(s.name("c"), configs={"max.message.bytes": "1", "nonsense": "1"})))


@case("CreateTopics")
def bad_names(s: Talk, v: int):
    for name in (*BAD_NAMES, "x" * 249 + "/", "a\0b"):
        s.ask("CreateTopics", v, **create(new(name)))
    s.ask("CreateTopics", v, **create(*(new(name) for name in BAD_NAMES)))


@case("CreateTopics")
def names_that_are_taken(s: Talk, v: int):
    t = s.topic()
    s.ask("CreateTopics", v, **create(new(t.name)))
    s.ask("CreateTopics", v, **create(new(t.name, partitions=0)))
    s.ask("CreateTopics", v, **create(new(t.name, replicas=3)))
    s.ask("CreateTopics", v, **create(new(t.name, configs={"nonsense": "1"})))
    s.ask("CreateTopics", v, **create(new(t.name), validate_only=True))
    s.ask("CreateTopics", v, **create(new(t.name), new(s.name("other"))))


@case("CreateTopics")
def names_that_collide(s: Talk, v: int):
    s.topic("a.b")
    s.ask("CreateTopics", v, **create(new(s.name("a_b"))))
    s.ask("CreateTopics", v, **create(new(s.name("a_b")), validate_only=True))


@case("CreateTopics")
def new_names_that_collide(s: Talk, v: int):
    s.ask("CreateTopics", v, **create(new(s.name("c_d")), new(s.name("c.d"))))


@case("CreateTopics")
def the_same_name_twice(s: Talk, v: int):
    t = s.topic()
    s.ask("CreateTopics", v, **create(new(s.name("a")), new(s.name("a"), partitions=2), new(s.name("b"))))
    s.ask("CreateTopics", v, **create(new(t.name), new(t.name)))
    s.ask("CreateTopics", v, **create(new(""), new("")))


@case("CreateTopics")
def numbers(s: Talk, v: int):
    for count in (0, -2, -(2**31)):
        s.ask("CreateTopics", v, **create(new(s.name("a"), partitions=count)))
    for replicas in (0, -2, -(2**15)):
        s.ask("CreateTopics", v, **create(new(s.name("a"), replicas=replicas)))
        s.ask("CreateTopics", v, **create(new(s.name("a"), partitions=0, replicas=replicas)))


@case("CreateTopics")
def more_replicas_than_brokers(s: Talk, v: int):
    for replicas in (2, 3, 32767):
        s.ask("CreateTopics", v, **create(new(s.name("a"), replicas=replicas)))


@case("CreateTopics")
def assignments(s: Talk, v: int):
    good = [(0, [US]), (1, [US])]
    s.ask("CreateTopics", v, **create(new(s.name("a"), -1, -1, good)))
    wrong = [[(0, [OTHER])], [(1, [US])], [(0, [US]), (2, [US])], [(0, [US]), (0, [US])], [(0, [])], [(0, [US, US])],
             [(0, [US, OTHER])], [(-1, [US])], [(0, [-1])], [(0, [US]), (1, [US, OTHER])],
             [(0, []), (1, [US])]]  # fmt: skip
    for rows in wrong:
        s.ask("CreateTopics", v, **create(new(s.name("b"), -1, -1, rows)))
    for partitions, replicas in ((2, -1), (-1, 1), (2, 1), (0, 0)):
        s.ask("CreateTopics", v, **create(new(s.name("c"), partitions, replicas, good)))


@case("CreateTopics")
def only_asked_whether_it_would_do(s: Talk, v: int):
    good = new(s.name("a"), partitions=2, configs={"retention.ms": "5"})
    s.ask("CreateTopics", v, **create(good, validate_only=True))
    s.ask("CreateTopics", v, **create(new(s.name("a"), partitions=0), validate_only=True))
    s.ask("CreateTopics", v, **create(new("a/b"), validate_only=True))
    look(s, s.name("a"))


@case("CreateTopics")
def little_time(s: Talk, v: int):
    for i, timeout in enumerate((0, -1)):
        s.ask("CreateTopics", v, **create(new(s.name(f"a{i}")), timeout_ms=timeout))


@case("DeleteTopics")
def by_name(s: Talk, v: int):
    a, b = s.topic("a"), s.topic("b")
    s.ask("DeleteTopics", v, **delete(a.name))
    s.ask("DeleteTopics", v, **delete(a.name, b.name, s.nothing().name))
    s.ask("DeleteTopics", v, **delete())
    look(s, a.name, b.name)


@case("DeleteTopics")
def bad_names_to_delete(s: Talk, v: int):
    for name in BAD_NAMES[1:]:
        s.ask("DeleteTopics", v, **delete(name))


@case("DeleteTopics")
def no_name_to_delete(s: Talk, v: int):
    s.ask("DeleteTopics", v, **delete(""))


@case("DeleteTopics")
def the_same_twice_to_delete(s: Talk, v: int):
    t = s.topic()
    s.ask("DeleteTopics", v, **delete(t.name, t.name))
    s.ask("DeleteTopics", v, **delete(s.nothing().name, s.nothing().name, t.name))
    if v >= 6:
        s.ask("DeleteTopics", v, **delete(ids=[t.id, t.id]))


@case("DeleteTopics", since=6)
def by_id_and_by_name(s: Talk, v: int):
    t = s.topic()
    s.ask("DeleteTopics", v, **delete(t.name, ids=[t.id]))


@case("DeleteTopics", since=6)
def by_id(s: Talk, v: int):
    t, other = s.topic(), s.topic("other")
    s.ask("DeleteTopics", v, **delete(ids=[t.id]))
    s.ask("DeleteTopics", v, **delete(ids=[t.id, other.id, NOBODYS_ID]))
    s.ask("DeleteTopics", v, **delete(ids=[None]))
    for name, number in ((other.name, other.id), (s.nothing().name, NOBODYS_ID), (None, None), ("", other.id)):
        s.ask("DeleteTopics", v, topics=[{"name": name, "topic_id": number}], timeout_ms=10000)


@case("DeleteTopics")
def deleted_and_made_again(s: Talk, v: int):
    t = s.topic()
    s.put(t, b"a")
    s.ask("DeleteTopics", v, **delete(t.name, timeout_ms=10000))
    s.settle()
    again = s.topic()
    s.ask("ListOffsets", 5, **offsets_of(again.name))


def offsets_of(name: str) -> dict:
    rows = [{"partition_index": 0, "timestamp": -1, "current_leader_epoch": -1}]
    return {"replica_id": -1, "isolation_level": 0, "topics": [{"name": name, "partitions": rows}]}


@case("DeleteTopics")
def little_time_to_delete(s: Talk, v: int):
    for i, timeout in enumerate((0, -1)):
        s.ask("DeleteTopics", v, **delete(s.topic(f"a{i}").name, timeout_ms=timeout))


@case("CreatePartitions")
def more_partitions(s: Talk, v: int):
    a, b = s.topic("a"), s.topic("b", partitions=2)
    s.ask("CreatePartitions", v, **create_partitions(grow(a.name, 3)))
    s.ask("CreatePartitions", v, **create_partitions(grow(a.name, 4), grow(b.name, 3), grow(s.nothing().name, 2)))
    s.ask("CreatePartitions", v, **create_partitions())
    look(s, a.name, b.name)


@case("CreatePartitions")
def not_more_partitions(s: Talk, v: int):
    t = s.shared(partitions=3)
    for count in (3, 2, 0, -1, -(2**31)):
        s.ask("CreatePartitions", v, **create_partitions(grow(t.name, count)))
        s.ask("CreatePartitions", v, **create_partitions(grow(s.nothing().name, count)))
    for name in BAD_NAMES:
        s.ask("CreatePartitions", v, **create_partitions(grow(name, 5)))


@case("CreatePartitions")
def the_same_to_grow_twice(s: Talk, v: int):
    t = s.topic()
    s.ask("CreatePartitions", v, **create_partitions(grow(t.name, 3), grow(t.name, 4)))
    s.ask("CreatePartitions", v, **create_partitions(grow(t.name, 3), grow(t.name, 3), grow(s.nothing().name, 2)))


@case("CreatePartitions")
def assigned_partitions(s: Talk, v: int):
    t = s.topic()
    wrong = [[], [[US], [US]], [[]], [[OTHER]], [[US, US]], [[US, OTHER]], [[-1]]]
    for rows in wrong:
        s.ask("CreatePartitions", v, **create_partitions(grow(t.name, 2, rows)))
    s.ask("CreatePartitions", v, **create_partitions(grow(t.name, 2, [[US]])))
    s.ask("CreatePartitions", v, **create_partitions(grow(t.name, 1, [[US]])))


@case("CreatePartitions")
def only_asked_whether_it_would_grow(s: Talk, v: int):
    t = s.shared()
    s.ask("CreatePartitions", v, **create_partitions(grow(t.name, 2), validate_only=True))
    s.ask("CreatePartitions", v, **create_partitions(grow(t.name, 1), validate_only=True))
    look(s, t.name)


@case("CreatePartitions")
def little_time_to_grow(s: Talk, v: int):
    t = s.topic()
    for i, timeout in enumerate((0, -1)):
        s.ask("CreatePartitions", v, **create_partitions(grow(t.name, i + 2), timeout_ms=timeout))
