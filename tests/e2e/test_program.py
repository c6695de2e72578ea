"""The program as an operator meets it."""

import os
import pathlib
import subprocess
import threading
import urllib.request

import pytest
from clients import admin, create_topic, produce
from conftest import BINARY, Node
from confluent_kafka import Producer


def test_sigterm_under_load_ends_with_0_and_loses_nothing_acknowledged(node):
    create_topic(node, "load")
    acknowledged = []
    producer = Producer({"bootstrap.servers": node.address, "enable.idempotence": True, "message.timeout.ms": 60000,
                         "reconnect.backoff.max.ms": 100})
    stop = threading.Event()

    def run():
        number = 0
        while not stop.is_set():
            producer.produce("load", f"{number}".encode(), partition=0,
                             on_delivery=lambda e, m: e or acknowledged.append((m.offset(), m.value())))
            number += 1
            producer.poll(0.001 if len(producer) < 10000 else 0.1)

    thread = threading.Thread(target=run)
    thread.start()
    stop.wait(1)
    assert node.stop() == 0, node.tail()
    node.start()
    stop.wait(0.5)
    stop.set()
    thread.join()
    assert producer.flush(30) == 0
    assert sorted(o for o, _ in acknowledged) == list(range(len(acknowledged)))
    assert [int(v) for _, v in sorted(acknowledged)] == list(range(len(acknowledged)))


def test_health_answers_on_the_admin_port(node):
    with urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/health", timeout=5) as answer:
        assert answer.status == 200


def test_a_second_process_on_the_same_data_is_refused(node):
    second = subprocess.run([BINARY, "serve", "--listen", "127.0.0.1:1", "--data-dir", str(node.directory / "data")],
                            capture_output=True, timeout=20)
    assert second.returncode == 1
    assert b"in use by another process" in second.stderr
    assert produce(node, "still-here", [b"x"]) == [0]


def test_a_directory_of_something_else_gets_no_store(tmp_path):
    (tmp_path / "meta.properties").write_text("cluster.id=x\n")
    refused = subprocess.run([BINARY, "serve", "--listen", "127.0.0.1:1", "--data-dir", str(tmp_path)],
                             capture_output=True, timeout=20)
    assert refused.returncode == 1
    assert b"holds meta.properties and no store" in refused.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lock", "meta.properties", "volumes"]


def test_the_log_says_what_began_and_which_topics_came_and_went(tmp_path):
    node = Node(tmp_path, "kafka.num.partitions=3").start()
    create_topic(node, "made", partitions=2)
    client = admin(node)
    client.delete_topics(["made"], operation_timeout=20)["made"].result(20)
    produce(node, "by-itself", [b"x"])
    assert node.stop() == 0
    log = node.log.read_text()
    assert 'event="a new store was made"' in log
    assert "event=started version=" in log and "engine=embedded" in log
    assert 'event="topic created" topic=made partitions=2 client=/127.0.0.1' in log
    assert 'event="topic deleted" topic=made' in log
    assert 'event="topic created" topic=by-itself partitions=3' in log
    assert "event=stopped" in log
    node.start()
    node.kill()
    assert node.log.read_text().count("a new store was made") == 1


@pytest.mark.parametrize("words, unknown", [(["topic", "list"], "topic"), (["topics", "lst"], "lst")])
def test_a_command_that_is_not_there_is_named(words, unknown):
    ended = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=20)
    assert ended.returncode == 2
    assert ended.stderr == f'tidegate: there is no command "{unknown}"; see --help\n'


def test_masters_of_the_embedded_engine_are_a_mistake(tmp_path):
    ended = subprocess.run([BINARY, "serve", "--data-dir", str(tmp_path / "data"), "--masters", "127.0.0.1:9333"],
                           capture_output=True, text=True, timeout=20)
    assert ended.returncode == 2
    assert "smq.masters and smq.filer are for" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_check_config_names_every_problem(tmp_path):
    config = tmp_path / "bad.toml"
    config.write_text('lissten = "x"\n[kafka]\n"num.partitions" = 0\n')
    checked = subprocess.run([BINARY, "check-config", str(config)], capture_output=True, timeout=20)
    output = checked.stdout + checked.stderr
    assert checked.returncode == 2
    assert b"lissten" in output and b"listen" in output and b"num.partitions" in output


def test_any_free_port_is_the_one_that_clients_are_told(tmp_path):
    with subprocess.Popen([BINARY, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir",
                           str(tmp_path / "data")], stdout=subprocess.PIPE, text=True) as serving:
        ready = serving.stdout.readline()
        address = ready.removeprefix("tidegate ready on ").strip()
        made = subprocess.run([BINARY, "topics", "create", "t", "--bootstrap", address], capture_output=True, timeout=30)
        serving.terminate()
    assert not address.endswith(":0") and made.returncode == 0, (ready, made)


@pytest.mark.parametrize("command", [["print-config"], ["completion", "bash"], ["doctor", "{}/data"]])
def test_output_that_cannot_be_written_is_a_failure(tmp_path, command):
    Node(tmp_path).start().stop()
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, *(word.format(tmp_path) for word in command)], stdout=full,
                              stderr=subprocess.PIPE, timeout=20)
    assert done.returncode == 1 and b"cannot be written" in done.stderr


def test_the_shipped_program_has_no_fault_points(tmp_path):
    """What cannot be read as a fault ends a program that has fault points, and means nothing to the shipped one."""
    shipped = pathlib.Path(os.environ.get("TIDEGATE_SHIPPED", pathlib.Path(BINARY).parents[1] / "release/tidegate"))
    assert b"fault point " not in shipped.read_bytes() and b"TIDEGATE_FAULT" not in shipped.read_bytes()
    with pytest.raises(AssertionError, match="ended with 2"):
        Node(tmp_path).start(fault="nonsense")
