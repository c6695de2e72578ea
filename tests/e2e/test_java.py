"""Apache Kafka's own Java clients and console tools against a node."""

import fcntl
import json
import pathlib
import subprocess
import uuid

import pytest

JAVA = pathlib.Path(__file__).parent / "java"
JVM = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx256m"]
CHECKS = [
    "cluster", "create_topic", "describe_topics",
    "produce_none", "produce_gzip", "produce_snappy", "produce_lz4", "produce_zstd",
    "too_large_record", "consumer_closes_at_once", "resume_without_reset", "rebalance", "list_offsets",
    "list_groups", "describe_groups", "list_group_offsets", "alter_group_offsets", "delete_groups",
    "delete_group_offsets",
    "group_in_use_is_protected", "describe_configs", "delete_topics",
    "create_partitions", "create_partitions_rebalances", "alter_configs", "alter_broker_configs", "describe_cluster",
    "describe_log_dirs", "list_config_resources",
]
TOPICS = "org.apache.kafka.tools.TopicCommand"
LOG_DIRS = "org.apache.kafka.tools.LogDirsCommand"
GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
PRODUCER = "org.apache.kafka.tools.ConsoleProducer"
CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"


def maven() -> None:
    command = ["mvn", "-q", "-B", "compile", "dependency:build-classpath", "-Dmdep.outputFile=target/classpath.txt"]
    offline = subprocess.run([*command, "-o"], cwd=JAVA, capture_output=True, timeout=120)
    if offline.returncode == 0:
        return
    online = subprocess.run(command, cwd=JAVA, capture_output=True, text=True, timeout=600)
    assert online.returncode == 0, online.stdout[-3000:] + online.stderr[-3000:]


@pytest.fixture(scope="session")
def class_path() -> str:
    """Builds only when a source is newer than the last build; test runs side by side wait for each other."""
    (JAVA / "target").mkdir(exist_ok=True)
    listed = JAVA / "target/classpath.txt"
    sources = [JAVA / "pom.xml", *JAVA.glob("src/**/*.java")]
    with open(JAVA / "target/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = JAVA / "target/built"
        if not stamp.exists() or any(s.stat().st_mtime > stamp.stat().st_mtime for s in sources):
            maven()
            stamp.touch()
    return f"{JAVA / 'target/classes'}:{listed.read_text().strip()}"


def run(class_path: str, *command: str, text: str = "", ok: bool = True) -> str:
    """The standard output of a Java class; its errors are shown when it fails."""
    done = subprocess.run([*JVM, "-cp", class_path, *command], input=text, capture_output=True, text=True, timeout=60)
    if ok:
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def results(class_path, shared_node) -> dict[str, dict]:
    """Every check, in one JVM: starting one costs more than most checks."""
    out = run(class_path, "tidegate.AdminCheck", shared_node.address, "all", ok=False)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return {line["check"]: line for line in lines}


@pytest.mark.parametrize("check", CHECKS)
def test_java_client(results, check):
    assert check in results, f"the program ended early, after {list(results)}"
    assert results[check]["ok"], results[check]["detail"]


def test_every_check_of_the_program_is_in_the_list(results):
    assert list(results) == CHECKS


@pytest.fixture
def tool(class_path, shared_node):
    def call(name: str, *arguments: str, text: str = "") -> str:
        return run(class_path, name, "--bootstrap-server", shared_node.address, *arguments, text=text)

    return call


def test_kafka_topics_creates_lists_describes_and_deletes(tool):
    topic = f"tool-{uuid.uuid4().hex[:12]}"
    tool(TOPICS, "--create", "--topic", topic, "--partitions", "3", "--config", "max.message.bytes=2000000")
    assert topic in tool(TOPICS, "--list").split()
    described = tool(TOPICS, "--describe", "--topic", topic)
    assert "PartitionCount: 3" in described and "ReplicationFactor: 1" in described
    assert "max.message.bytes=2000000" in described
    assert [f"Partition: {p}\t" in described for p in range(3)] == [True] * 3
    assert "Leader: none" not in described
    tool(TOPICS, "--delete", "--topic", topic)
    assert topic not in tool(TOPICS, "--list").split()


def test_kafka_topics_adds_partitions_and_kafka_log_dirs_shows_them(tool):
    topic = f"tool-{uuid.uuid4().hex[:12]}"
    tool(TOPICS, "--create", "--topic", topic, "--partitions", "1")
    tool(TOPICS, "--alter", "--topic", topic, "--partitions", "3")
    assert "PartitionCount: 3" in tool(TOPICS, "--describe", "--topic", topic)
    tool(PRODUCER, "--topic", topic, text="line\n" * 50)
    sizes = json.loads(tool(LOG_DIRS, "--describe", "--topic-list", topic).splitlines()[-1])
    partitions = [p for d in sizes["brokers"][0]["logDirs"] for p in d["partitions"]]
    assert sorted(p["partition"] for p in partitions) == [f"{topic}-{i}" for i in range(3)]
    assert sum(p["size"] for p in partitions) > 50 * 5 and {p["offsetLag"] for p in partitions} == {0}


def test_console_tools_produce_consume_and_move_a_group(tool):
    topic, group = (f"{kind}-{uuid.uuid4().hex[:12]}" for kind in ("tool", "tool-group"))
    lines = [f"line {i}" for i in range(100)]
    tool(TOPICS, "--create", "--topic", topic, "--partitions", "1")
    tool(PRODUCER, "--topic", topic, "--compression-codec", "zstd", text="\n".join(lines) + "\n")

    def consume(count: int) -> list[str]:
        return tool(CONSUMER, "--topic", topic, "--group", group, "--from-beginning", "--max-messages", str(count),
                    "--timeout-ms", "20000").splitlines()

    def positions() -> list[str]:
        """Committed offset, end and lag of the only partition, as kafka-consumer-groups prints them."""
        rows = [line.split() for line in tool(GROUPS, "--describe", "--group", group).splitlines()]
        titles = next(row for row in rows if row[:1] == ["GROUP"])
        values = next(row for row in rows if row[:2] == [group, topic])
        return [values[titles.index(t)] for t in ("CURRENT-OFFSET", "LOG-END-OFFSET", "LAG")]

    assert consume(60) == lines[:60]
    assert positions() == ["60", "100", "40"]
    assert consume(40) == lines[60:]
    assert group in tool(GROUPS, "--list").split()
    moved = tool(GROUPS, "--group", group, "--topic", topic, "--reset-offsets", "--to-earliest", "--execute")
    assert [group, topic, "0", "0"] in [line.split()[:4] for line in moved.splitlines()], moved
    assert positions() == ["0", "100", "100"]
    assert consume(100) == lines
    tool(GROUPS, "--delete", "--group", group)
    assert group not in tool(GROUPS, "--list").split()


def test_kafka_delete_records_moves_the_log_start(tool, tmp_path):
    topic = f"tool-{uuid.uuid4().hex[:12]}"
    tool(TOPICS, "--create", "--topic", topic, "--partitions", "1")
    tool(PRODUCER, "--topic", topic, text="".join(f"line {i}\n" for i in range(10)))
    wanted = tmp_path / "offsets.json"
    wanted.write_text(json.dumps({"version": 1, "partitions": [{"topic": topic, "partition": 0, "offset": 7}]}))
    out = tool("org.apache.kafka.tools.DeleteRecordsCommand", "--offset-json-file", str(wanted))
    assert f"{topic}-0" in out and "low_watermark: 7" in out, out
    left = tool(CONSUMER, "--topic", topic, "--from-beginning", "--max-messages", "3", "--timeout-ms", "20000")
    assert left.splitlines() == ["line 7", "line 8", "line 9"]
