"""A copy of a data directory that a node works on, and a check of directories that changes nothing."""

import hashlib
import json
import pathlib
import shutil
import subprocess

from clients import consumer, create_topic, produce, read
from conftest import BINARY, Node
from fault_load import Commits, Records

from confluent_kafka import TopicPartition


def run(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60)


def doctor(directory: pathlib.Path) -> dict:
    """What is said of a directory that is fine."""
    said = run("doctor", str(directory), "--json")
    assert said.returncode == 0, said.stdout + said.stderr
    [store] = json.loads(said.stdout)["stores"]
    return store


def fingerprint(directory: pathlib.Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        whole.update(str(path).encode())
        if path.is_file():
            whole.update(path.read_bytes())
    return whole.hexdigest()


def test_a_snapshot_under_load_has_every_record_and_position_that_was_acknowledged(tmp_path):
    original = Node(tmp_path / "original", "smq.volume_bytes=1048576")
    original.directory.mkdir()
    original.start()
    create_topic(original, "stream")
    create_topic(original, "bulk")
    loads = [Records(original, "stream"), Commits(original, "stream")]
    produce(original, "bulk", [b"x" * 100_000] * 40)
    for load in loads:
        load.wait_for(20)
    c = consumer(original, "reader")
    c.assign([TopicPartition("stream", 0, 7)])
    c.commit(offsets=[TopicPartition("stream", 0, 7)], asynchronous=False)
    c.close()
    records = dict(loads[0].acknowledged)

    restored = Node(tmp_path / "restored")
    restored.directory.mkdir()
    made = run("snapshot", str(original.directory / "data"), str(restored.directory / "data"), "--json")
    assert made.returncode == 0, made.stderr
    [report] = json.loads(made.stdout)["snapshots"]
    assert report["volumes"] > 2 and report["linked_bytes"] > 2_000_000
    for load in loads:
        load.wait_for(10)  # the node goes on
        load.stop()
        load.check()

    store = doctor(restored.directory / "data")
    assert store["topics"] >= 2 and store["groups"] >= 2 and store["torn_tail_bytes"] == 0
    restored.start()
    c = consumer(restored, "reader", **{"auto.offset.reset": "error"})
    c.subscribe(["stream"])
    messages = read(c, len(records) - 7)
    c.close()
    for message in messages:
        if message.offset() in records:
            assert message.value() == records[message.offset()]
    assert [m.offset() for m in messages] == list(range(7, len(records)))
    c = consumer(restored, "bulk-reader")
    c.subscribe(["bulk"])
    assert len(read(c, 40)) == 40
    c.close()
    assert len(produce(restored, "stream", [b"goes on"])) == 1
    restored.stop()
    original.stop()
    for node in (original, restored):
        doctor(node.directory / "data")


def test_the_doctor_changes_nothing_and_says_what_is_wrong(tmp_path):
    node = Node(tmp_path).start()
    data = tmp_path / "data"
    create_topic(node, "orders", partitions=2)
    produce(node, "orders", [b"kept", b"R" * 1000])
    said = run("doctor", str(data))
    assert said.returncode == 2 and "a node runs" in said.stderr
    node.kill()
    before = fingerprint(data)
    store = doctor(data)
    assert (store["topics"], store["fine"], store["damage"]) == (1, True, [])
    assert store["replay_windows"] > 0 and store["segments"] == 1
    text = run("doctor", str(data))
    assert text.returncode == 0 and text.stdout.endswith("\nfine\n")
    assert fingerprint(data) == before

    bare = tmp_path / "bare"
    shutil.copytree(data, bare, ignore=shutil.ignore_patterns("index"))
    store = doctor(bare)
    assert (store["lacks_index"], store["topics"], store["segments"]) == (True, 1, 1)
    assert "a start would build the index, which is missing: replay " in run("doctor", str(bare)).stdout

    [volume] = (data / "volumes").iterdir()
    node.start()
    node.stop()  # a clean end: nothing is replayed, so the bytes below are old
    volume.write_bytes(volume.read_bytes().replace(b"R" * 1000, b"R" * 999 + b"!"))
    said = run("doctor", str(data), "--json")
    assert said.returncode == 1
    [store] = json.loads(said.stdout)["stores"]
    assert store["damages"] == 1 and "/kafka/orders/" in store["damage"][0]["place"]
    assert run("doctor", str(tmp_path)).returncode == 2
    assert run("doctor").returncode == 2
