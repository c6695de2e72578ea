"""DeleteRecords, DescribeLogDirs."""

from fields import delete_records, fetch, list_offsets, row
from registry import case
from talk import Talk, Topic


@case("DeleteRecords")
def up_to_an_offset(s: Talk, v: int):
    t = s.topic(partitions=2)
    s.put(t, b"1", b"2", b"3")
    s.put(t, b"4")
    for offset in (0, 1, 1, 3, 2, 4):
        s.ask("DeleteRecords", v, **delete_records(t, (0, offset)))
        s.ask("ListOffsets", 5, **list_offsets(t, -2))
        s.ask("Fetch", 11, **fetch((t, [row(min(offset, 3))])))
    s.put(t, b"5")
    s.ask("DeleteRecords", v, **delete_records(t, (0, -1)))
    s.ask("ListOffsets", 5, **list_offsets(t, -2))
    s.ask("DeleteRecords", v, **delete_records(t, (0, 0), (1, 0)))
    s.ask("DeleteRecords", v, **delete_records(t, (0, 9), (1, -1)))


@case("DeleteRecords")
def beyond_the_end(s: Talk, v: int):
    t = s.topic()
    s.put(t, b"1")
    for offset in (2, 2**63 - 1, -2, -(2**63)):
        s.ask("DeleteRecords", v, **delete_records(t, (0, offset)))


@case("DeleteRecords")
def that_do_not_exist(s: Talk, v: int):
    t = s.shared()
    s.ask("DeleteRecords", v, **delete_records(t, (1, 0), (-1, 0), (2**31 - 1, 0)))
    for topic in (s.nothing(), Topic("", None), Topic("a/b", None)):
        s.ask("DeleteRecords", v, **delete_records(topic, (0, 0)))
    s.ask("DeleteRecords", v, **delete_records(t))
    s.ask("DeleteRecords", v, topics=[], timeout_ms=10000)


@case("DeleteRecords")
def partitions_twice(s: Talk, v: int):
    t = s.topic()
    s.put(t, b"1", b"2", b"3")
    s.ask("DeleteRecords", v, **delete_records(t, (0, 1), (0, 2)))
    s.ask("ListOffsets", 5, **list_offsets(t, -2))


@case("DeleteRecords")
def little_time(s: Talk, v: int):
    t = s.topic()
    s.put(t, b"1", b"2", b"3")
    for i, timeout in enumerate((0, -1)):
        s.ask("DeleteRecords", v, **delete_records(t, (0, i + 1), timeout_ms=timeout))


@case("DescribeLogDirs")
def sizes_and_places(s: Talk, v: int):
    t = s.shared(partitions=2, fill=lambda s, t: s.put(t, b"x" * 100))
    for indexes in ([0], [1], [0, 1, 2, -1], [0, 0], []):
        s.ask("DescribeLogDirs", v, topics=[{"topic": t.name, "partitions": indexes}])
    s.ask("DescribeLogDirs", v, topics=[{"topic": t.name, "partitions": [i]} for i in (0, 1)])
    s.ask("DescribeLogDirs", v, topics=[{"topic": name, "partitions": [0]} for name in (s.nothing().name, "", "a/b")])
    s.ask("DescribeLogDirs", v, topics=[])
    s.ask("DescribeLogDirs", v, topics=None)
