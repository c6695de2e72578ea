"""
`tidegate orphans`: exactly what killed gateways left without a name goes, beside whatever else is in the cluster, and
nothing at all goes in doubt.
"""

import itertools
import subprocess
import threading

import pytest
from clients import consumer, create_topic, produce, read
from confluent_kafka import TopicPartition
from store import Volumes
from sweeping import OLD, age, ids, orphans
from weed import CLUSTER, Weed, wait_for

KILLS = 3
_topics = itertools.count(1)


class Scene:
    """A gateway that was killed again and again between an upload and its entry, and what else there is."""

    def __init__(self, weed: Weed, node, topic: str):
        self.weed, self.node, self.topic = weed, node, topic
        self.volumes = Volumes(weed.filer)
        self.records = 0
        create_topic(node, topic)
        for _ in range(KILLS):
            self.produce(5)
            node.kill()
            node.start(fault="partition.append.before_write:kill:1")
            with pytest.raises(AssertionError):
                produce(node, topic, [b"lost"], **{"message.timeout.ms": 3000})
            node.process.wait(20)
            node.start()
        self.produce(5)

    def produce(self, count: int) -> None:
        values = [b"record-%d" % i for i in range(self.records, self.records + count)]
        produce(self.node, self.topic, values)
        self.records += count

    def check_records(self) -> None:
        c = consumer(self.node, "reader")
        c.assign([TopicPartition(self.topic, 0, 0)])
        assert [m.value() for m in read(c, self.records)] == [b"record-%d" % i for i in range(self.records)]
        c.close()

    def is_there(self, file_id: str) -> bool:
        return self.volumes.get(file_id)[0] == 200

    def name(self, path: str, *chunks) -> None:
        reply = self.weed.filer.create(path, chunks=list(chunks), md5=False)
        assert not reply.error, reply


def left_behind(binary: str, weed) -> set[str]:
    """The orphans, once the filer has deleted what was released a moment ago: that has no name, either."""

    def shown() -> set[str] | None:
        code, found, errors = orphans(binary, weed)
        assert (code, errors, found["doubts"]) == (0, "", [])
        assert not any(one["deleted"] for one in found["orphans"])
        return ids(found) if len(found["orphans"]) <= KILLS else None

    age()
    found = wait_for("nothing but orphans", shown, pause=1)
    assert len(found) == KILLS
    return found


@pytest.fixture(scope="module")
def own_cluster(tmp_path_factory):
    """Of this module alone: what other tests leave behind would be found, too."""
    server = Weed(tmp_path_factory.mktemp("orphans"), roles=CLUSTER, shift=7)
    yield server.start()
    server.close()


@pytest.fixture
def scene(own_cluster, make_gateway):
    return Scene(own_cluster, make_gateway(own_cluster), f"swept-{next(_topics)}")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "orphans needs --masters"),
        (["--masters", "127.0.0.1:1", "--older-than", "5"], "--older-than"),  # of what?
        (["--masters", "127.0.0.1:1", "--older-than", "0s"], "--older-than: at least 1s"),
        (["--masters", "127.0.0.1:1", "--older-than", "36501d"], "at most 36500d"),
        (["--masters", "127.0.0.1:1", "--set", "smq.https=true"], "smq.https needs smq.https_ca or smq.tls_ca"),
    ],
)
def test_mistakes_on_the_command_line(binary, words, told):
    done = subprocess.run([binary, "orphans", *words], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and told in done.stderr


def test_a_filer_without_tidegate_is_left_alone(own_cluster, binary):
    code, found, errors = orphans(binary, own_cluster, "--delete")
    assert code == 1 and not found["orphans"] and "no tidegate keeps its records on this filer" in errors


def test_exactly_the_orphans_go_while_a_gateway_runs(scene, binary):
    unnamed = scene.volumes.upload(b"of another program, which may name it some day")
    named = scene.volumes.upload(b"of another program, which has named it")
    scene.name("/somewhere/else/file", named)
    assert orphans(binary, scene.weed, "--delete", older_than="1h")[1]["orphans"] == [], "young"
    shown = left_behind(binary, scene.weed)
    assert all(scene.is_there(i) for i in shown), "shown, not deleted"
    assert orphans(binary, scene.weed)[1]["foreign"] == 1

    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            scene.produce(20)

    writer = threading.Thread(target=load)
    writer.start()
    try:
        code, found, errors = orphans(binary, scene.weed, "--delete")
        assert (code, errors) == (0, "") and all(one["deleted"] for one in found["orphans"])
        assert ids(found) >= shown and not any(scene.is_there(i) for i in shown)
        for _ in range(5):
            code, found, errors = orphans(binary, scene.weed, "--delete")
            assert (code, errors) == (0, "") and not ids(found) & shown
    finally:
        stop.set()
        writer.join()
    assert scene.is_there(unnamed.file_id) and scene.is_there(named.file_id)
    scene.check_records()
    scene.node.restart()
    scene.check_records()


def test_what_a_list_of_chunks_names_is_named(scene, binary):
    """Files of thousands of chunks have lists of them in chunks of their own (FileChunkManifest)."""
    before = left_behind(binary, scene.weed)
    kept = sorted(before)[0]
    inner = scene.weed.filer.new("FileChunk", file_id=kept, size=10)
    manifest = scene.volumes.upload(scene.weed.filer.new("FileChunkManifest", chunks=[inner]).SerializeToString())
    manifest.is_chunk_manifest = True
    scene.name("/somewhere/large", manifest)
    age()
    code, found, _ = orphans(binary, scene.weed)
    assert code == 0 and kept not in ids(found) and ids(found) >= before - {kept}

    url = scene.volumes.location(manifest.file_id)
    assert scene.volumes.request(url, "DELETE", f"/{manifest.file_id}")[0] == 202
    code, found, errors = orphans(binary, scene.weed, "--delete")
    assert code == 1 and not found["orphans"] and f"the list of chunks {manifest.file_id} cannot be read" in errors
    assert all(scene.is_there(i) for i in before)
    scene.weed.filer.call("DeleteEntry", directory="/somewhere", name="large")  # without its chunks
    code, found, errors = orphans(binary, scene.weed, "--delete")
    assert (code, errors) == (0, "") and ids(found) >= before


@pytest.mark.parametrize(
    ("role", "how"), [("filer", "killed"), ("volume", "killed"), ("master", "killed"), ("volume", "stopped")]
)
def test_nothing_goes_while_a_part_is_away(scene, binary, role, how):
    before = left_behind(binary, scene.weed)
    scene.weed.kill(role) if how == "killed" else scene.weed.pause(role)
    code, found, errors = orphans(binary, scene.weed, "--delete")
    assert code == 1 and not found["orphans"] and errors
    scene.weed.restart(role) if how == "killed" else scene.weed.resume(role)
    scene.weed.wait_until_stored()
    wait_for("the volume server", lambda: all(scene.is_there(i) for i in before))
    wait_for("an answer", lambda: orphans(binary, scene.weed)[0] == 0, pause=1)
    code, found, errors = orphans(binary, scene.weed, "--delete")
    assert (code, errors) == (0, "") and ids(found) >= before and not any(scene.is_there(i) for i in before)
    scene.produce(1)
    scene.check_records()


def test_the_table_is_for_people(scene, binary):
    left_behind(binary, scene.weed)
    command = [binary, "orphans", "--masters", scene.weed.masters, "--older-than", f"{OLD}s"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=150)
    assert shown.returncode == 0 and not shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0].split() == ["CHUNK", "BYTES", "AGE", "SERVERS", "STATE"]
    assert all(line.endswith("orphan") for line in lines[1 : KILLS + 1])
    assert f"{KILLS} orphans with " in shown.stdout and "nothing was deleted: --delete does it" in shown.stdout
    deleted = subprocess.run([*command, "--delete"], capture_output=True, text=True, timeout=150)
    assert deleted.stdout.count("deleted\n") == KILLS
