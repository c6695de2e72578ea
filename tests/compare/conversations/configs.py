"""DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, ListConfigResources."""

from conversations.metadata import BAD_NAMES
from fields import alter, describe_configs, without_operations
from registry import case
from talk import Talk

TOPIC, BROKER, LOGGER, METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3
# Of every config that both keep, in the words of Kafka's ConfigDef; good ones and bad ones.
VALUES = {
    "cleanup.policy": ["delete", "", "none", " delete ", "delete,delete", "DELETE"],
    "compression.gzip.level": ["-1", "0", "1", "9", "10", "x"],
    "compression.lz4.level": ["0", "1", "17", "18"],
    "compression.type": ["producer", "PRODUCER", "zip", ""],
    "compression.zstd.level": ["-131072", "-131073", "0", "22", "23"],
    "delete.retention.ms": ["0", "-1", "5"],
    "file.delete.delay.ms": ["0", "-1"],
    "flush.messages": ["0", "1", "9223372036854775807"],
    "flush.ms": ["-1", "0"],
    "follower.replication.throttled.replicas": ["", "*", "0:1", "0:1,1:1", "x", "0:", "0:1,*"],
    "index.interval.bytes": ["-1", "0", "2147483648"],
    "leader.replication.throttled.replicas": ["*", "0:1", "a:b"],
    "local.retention.bytes": ["-3", "-2", "-1", "0", "100"],
    "local.retention.ms": ["-3", "-2", "-1", "0", "100"],
    "max.compaction.lag.ms": ["0", "1"],
    "max.message.bytes": ["-1", "0", "1", "2147483647", "2147483648", "1.5", "+7", "0x10", " 8 ", "", "x"],
    "message.timestamp.after.max.ms": ["-1", "0", "9223372036854775807", "9223372036854775808"],
    "message.timestamp.before.max.ms": ["-1", "0"],
    "message.timestamp.type": ["CreateTime", "LogAppendTime", "createtime", "None", ""],
    "min.cleanable.dirty.ratio": ["0", "1", "0.25", "1.1", "-0.1", "NaN", "x", "1e-1", "0.5f"],
    "min.compaction.lag.ms": ["0", "-1", "5"],
    "min.insync.replicas": ["0", "1", "3"],
    "preallocate": ["true", "false", "TRUE", " true ", "yes", ""],
    "remote.log.copy.disable": ["false", "x"],
    "remote.log.delete.on.disable": ["false", "x"],
    "remote.storage.enable": ["false", "x"],
    "retention.bytes": ["-2", "-1", "0", "9223372036854775807", "9223372036854775808", "١"],
    "retention.ms": ["-2", "-1", "0", "007", "-0", "1_000", "1e3"],
    "segment.bytes": ["0", "13", "1048575", "1048576", "2147483647"],
    "segment.index.bytes": ["3", "4"],
    "segment.jitter.ms": ["-1", "0"],
    "segment.ms": ["0", "1"],
    "unclean.leader.election.enable": ["true", "maybe"],
}


def shows(s: Talk, name: str, keys=None, version: int = 4) -> None:
    s.settle()
    s.ask("DescribeConfigs", version, **describe_configs((TOPIC, name), keys=keys))


@case("DescribeConfigs")
def of_a_topic(s: Talk, v: int):
    t = s.shared(retention_ms="86400000", max_message_bytes="1000", cleanup_policy="delete")
    s.settle()
    for keys in (None, [], ["retention.ms"], ["max.message.bytes", "nonsense", ""], ["nonsense"], ["retention.ms"] * 2):
        for synonyms in (True, False):
            s.ask("DescribeConfigs", v, **describe_configs((TOPIC, t.name), keys=keys, include_synonyms=synonyms))


@case("DescribeConfigs", since=3)
def with_their_documentation(s: Talk, v: int):
    t = s.shared()
    s.ask("DescribeConfigs", v, **describe_configs((TOPIC, t.name), keys=["retention.ms"], include_documentation=True))


@case("DescribeConfigs")
def of_topics_that_do_not_exist(s: Talk, v: int):
    t = s.shared()
    s.ask("DescribeConfigs", v, **describe_configs((TOPIC, s.nothing().name), (TOPIC, t.name), keys=["retention.ms"]))
    for name in BAD_NAMES:
        s.ask("DescribeConfigs", v, **describe_configs((TOPIC, name)))


@case("DescribeConfigs")
def of_brokers(s: Talk, v: int):
    keys = ["num.partitions", "message.max.bytes", "auto.create.topics.enable", "log.retention.bytes",
            "offset.metadata.max.bytes", "fetch.max.bytes"]  # fmt: skip
    s.ask("DescribeConfigs", v, **describe_configs((BROKER, "1"), keys=keys))
    s.ask("DescribeConfigs", v, **describe_configs((BROKER, "1"), keys=["nonsense"]))
    s.ask("DescribeConfigs", v, **describe_configs((BROKER, "1")))
    for name in ("", "7", "x", "-1", "1 ", "99999999999"):
        s.ask("DescribeConfigs", v, **describe_configs((BROKER, name), keys=keys))


@case("DescribeConfigs")
def nonsense_ids_of_brokers(s: Talk, v: int):
    for name in ("01", "+1"):
        s.ask("DescribeConfigs", v, **describe_configs((BROKER, name), keys=["num.partitions"]))


@case("DescribeConfigs")
def of_other_things(s: Talk, v: int):
    for kind in (LOGGER, METRICS, GROUP):
        for name in ("1", "", "compare"):
            s.ask("DescribeConfigs", v, **describe_configs((kind, name)))


@case("DescribeConfigs")
def nonsense_types(s: Talk, v: int):
    for kind in (0, 1, 3, 64, -1, 127):
        s.ask("DescribeConfigs", v, **describe_configs((kind, "1")))
    s.ask("DescribeConfigs", v, **describe_configs((TOPIC, s.shared().name), (9, "1"), keys=["retention.ms"]))


@case("DescribeConfigs")
def the_same_twice(s: Talk, v: int):
    t = s.shared()
    fields = describe_configs((TOPIC, t.name), (TOPIC, t.name), keys=["retention.ms"])
    s.ask("DescribeConfigs", v, **fields)
    fields["resources"][1] = {**fields["resources"][1], "configuration_keys": ["max.message.bytes"]}
    s.ask("DescribeConfigs", v, **fields)
    s.ask("DescribeConfigs", v, **describe_configs())


# Altering.


@case("IncrementalAlterConfigs", since=1)
def every_value(s: Talk, v: int):
    t = s.topic()
    for name, values in VALUES.items():
        for value in values:
            s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [(name, value)])))
        shows(s, t.name, [name])
        s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [(name, None, DELETE)])))


@case("IncrementalAlterConfigs")
def set_and_deleted(s: Talk, v: int):
    t = s.topic()
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [("retention.ms", "7"), ("segment.ms", "8")])))
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [("retention.ms", "9", DELETE)])))
    both = [("retention.ms", None, DELETE), ("nonsense", "", DELETE)]
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, both)))
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [])))
    shows(s, t.name, ["retention.ms", "segment.ms"])


@case("IncrementalAlterConfigs")
def lists(s: Talk, v: int):
    t = s.topic()
    key = "follower.replication.throttled.replicas"
    for value, operation in (("0:1", APPEND), ("0:1,2:1", APPEND), ("0:1", SUBTRACT), ("9:9", SUBTRACT), ("x", APPEND)):
        s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [(key, value, operation)])))
    for operation in (APPEND, SUBTRACT):
        for name in ("retention.ms", "nonsense", "cleanup.policy"):
            s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [(name, "delete", operation)])))
    shows(s, t.name, [key, "cleanup.policy"])
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, "..", [("retention.ms", "1", APPEND)])))


@case("IncrementalAlterConfigs")
def wrong_changes(s: Talk, v: int):
    t = s.shared()
    for changes in ([("nonsense", "1")], [("retention.ms", None)], [("retention.ms", None, APPEND)], [("", "1")],
                    [("retention.ms", "1"), ("retention.ms", "2")], [("retention.ms", None), ("segment.ms", None)],
                    [("retention.ms", "1"), ("nonsense", "1")], [("retention.ms", "x"), ("segment.ms", "x")],
                    [("retention.ms", "1"), ("retention.ms", None, DELETE)]):  # fmt: skip
        s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, changes)))
        s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, s.nothing().name, changes)))
    shows(s, t.name, ["retention.ms"])


@case("IncrementalAlterConfigs")
def nonsense_operations(s: Talk, v: int):
    for operation in (4, -1):
        s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, s.shared().name, [("retention.ms", "1", operation)])))


@case("IncrementalAlterConfigs")
def what_belongs_together(s: Talk, v: int):
    t = s.topic()
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [("min.compaction.lag.ms", "10")])))
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [("max.compaction.lag.ms", "9")])))
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [("max.compaction.lag.ms", "10")])))


@case("IncrementalAlterConfigs")
def several_resources(s: Talk, v: int):
    a, b = s.topic("a"), s.topic("b")
    good, bad = [("retention.ms", "7")], [("retention.ms", "x")]
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, a.name, good), (TOPIC, b.name, bad), (TOPIC, "", good)))
    s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, a.name, good), (TOPIC, a.name, good), (TOPIC, b.name, good)))
    s.ask("IncrementalAlterConfigs", v, **alter())
    shows(s, b.name, ["retention.ms"])


@case("IncrementalAlterConfigs")
def only_asked_whether_it_would_do(s: Talk, v: int):
    t = s.shared()
    for value in ("7", "x"):
        s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, t.name, [("retention.ms", value)]), validate_only=True))
    shows(s, t.name, ["retention.ms"])


OTHER_RESOURCES = [(BROKER, "7"), (BROKER, "x"), (LOGGER, "7"), (0, "1"), (1, "1"), (3, "1"), (64, ""), (-1, "")]


@case("IncrementalAlterConfigs")
def of_resources_that_are_no_topics(s: Talk, v: int):
    for kind, name in OTHER_RESOURCES:
        s.ask("IncrementalAlterConfigs", v, **alter((kind, name, [("num.partitions", "3")])))
    for name in ("1", ""):
        for changes in ([], [("num.partitions", "3")], [("num.partitions", None, DELETE)]):
            s.ask("IncrementalAlterConfigs", v, **alter((BROKER, name, changes)))
    for name in BAD_NAMES:
        s.ask("IncrementalAlterConfigs", v, **alter((TOPIC, name, [("retention.ms", "1")])))


@case("AlterConfigs")
def replaced(s: Talk, v: int):
    t = s.topic()
    for changes in ([("retention.ms", "7"), ("segment.ms", "8")], [("segment.ms", "9")], [("retention.ms", "x")],
                    [("nonsense", "1")], [("retention.ms", None)],
                    [("retention.ms", "1"), ("retention.ms", "1")]):  # fmt: skip
        s.ask("AlterConfigs", v, **without_operations(alter((TOPIC, t.name, changes))))
        s.ask("AlterConfigs", v, **without_operations(alter((TOPIC, s.nothing().name, changes))))
        shows(s, t.name, ["retention.ms", "segment.ms"])
    s.ask("AlterConfigs", v, **without_operations(alter((TOPIC, t.name, []))))
    s.ask("AlterConfigs", v, **without_operations(alter((TOPIC, t.name, [("retention.ms", "5")]), validate_only=True)))
    s.ask("AlterConfigs", v, **without_operations(alter()))
    shows(s, t.name, ["retention.ms", "segment.ms"])


@case("AlterConfigs")
def of_other_resources(s: Talk, v: int):
    for kind, name in OTHER_RESOURCES:
        s.ask("AlterConfigs", v, **without_operations(alter((kind, name, [("num.partitions", "3")]))))
    for name in BAD_NAMES:
        s.ask("AlterConfigs", v, **without_operations(alter((TOPIC, name, [("retention.ms", "1")]))))


@case("AlterConfigs")
def the_same_twice_to_alter(s: Talk, v: int):
    row = (TOPIC, s.shared().name, [("retention.ms", "1")])
    s.line(seconds=3).ask("AlterConfigs", v, **without_operations(alter(row, row)))  # Kafka never answers


@case("ListConfigResources")
def resources(s: Talk, v: int):
    s.shared()
    s.settle()
    for types in ([], [TOPIC], [BROKER], [LOGGER], [METRICS], [GROUP], [TOPIC, BROKER], [BROKER, BROKER], [0], [1],
                  [64], [-1], [TOPIC, 64]):  # fmt: skip
        s.ask("ListConfigResources", v, resource_types=types)
