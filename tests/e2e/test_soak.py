"""`tidegate soak`: it passes where the promise holds, and it can fail."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest
from clients import admin
from conftest import BINARY, free_port

SMALL = ("--groups", "8", "--records", "300", "--more", "600", "--seed", "7")
HOOK = """
import os, types
from clients import consumer, produce
from confluent_kafka import TopicPartition
node = types.SimpleNamespace(address=os.environ['TIDEGATE_SOAK_BROKERS'])
topic = os.environ['TIDEGATE_SOAK_TOPIC']
"""


def soak(directory: pathlib.Path, *words: str, seconds: float = 200) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "soak", *words], cwd=directory, capture_output=True, text=True, timeout=seconds)


def hook(code: str) -> str:
    """A kill command: what another client does while the groups are away."""
    return f'cd {pathlib.Path(__file__).parent} && {sys.executable} -c "{HOOK}{code}"'


def rows(output: str, word: str) -> list[dict[str, str]]:
    """The key=value lines that start with a word or key."""
    return [dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line)) for line in output.splitlines() if line.startswith(word)]


def test_two_cycles_pass_and_leave_nothing_behind(tmp_path):
    done = soak(tmp_path, "--cycles", "2", *SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    cycles, (verdict,) = rows(done.stdout, "cycle="), rows(done.stdout, "verdict=")
    assert [c["cycle"] for c in cycles] == ["1", "2"]
    assert verdict["verdict"] == "passed" and verdict["violations"] == "0" and verdict["seed"] == "7"
    assert int(verdict["acknowledged"]) + int(verdict["unacknowledged"]) == 2 * 900
    assert int(verdict["groups_resumed"]) >= 8, "every group comes back in the last cycle at the latest"
    assert int(verdict["records_checked"]) > 8 * 900
    assert list(tmp_path.iterdir()) == []


def test_a_position_that_somebody_moves_fails(tmp_path):
    """Proof that it can fail: while the groups are away, another client commits for one of them."""
    commit = "c.commit(offsets=[TopicPartition(topic, 1, 0)], asynchronous=False)"
    moves = hook(f"c = consumer(node, topic + '-group-3'); {commit}; c.close()")
    done = soak(tmp_path, "--cycles", "2", *SMALL, "--kill", moves)
    assert done.returncode == 1, done.stdout + done.stderr
    (wrong,) = rows(done.stdout, "violation")
    assert (wrong["group"], wrong["partition"]) == ("soak-7-group-3", "1"), done.stdout
    assert re.fullmatch(r'"position \d+"', wrong["wanted"]) and wrong["got"] == '"position 0"', done.stdout
    assert rows(done.stdout, "verdict=")[0]["verdict"] == "failed"
    assert (tmp_path / "tidegate-soak-7").is_dir() and (tmp_path / "tidegate-soak-7.log").is_file(), "the data are kept"


def test_a_record_that_nobody_of_us_wrote_fails(tmp_path):
    done = soak(tmp_path, "--cycles", "1", *SMALL, "--kill", hook("produce(node, topic, [b'1'], partition=2)"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert {w["partition"] for w in rows(done.stdout, "violation")} == {"2"}, done.stdout


def test_a_kill_command_that_fails_is_no_pass(tmp_path):
    done = soak(tmp_path, "--cycles", "1", *SMALL, "--kill", "exit 3")
    assert done.returncode == 1
    assert "the kill command of round 1 ended with 3" in done.stdout


def test_a_running_gateway_is_not_killed(node, tmp_path):
    process = node.process
    done = soak(tmp_path, "--cycles", "2", *SMALL, "--brokers", node.address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert node.process is process and process.poll() is None
    again = soak(tmp_path, "--cycles", "1", *SMALL, "--brokers", node.address)
    assert again.returncode == 1 and "was not created" in again.stdout, "the topic of this seed exists"


def test_a_gateway_that_is_not_there_is_named_soon(tmp_path):
    nobody = f"127.0.0.1:{free_port()}"
    done = soak(tmp_path, "--cycles", "1", *SMALL, "--brokers", nobody, seconds=40)
    assert done.returncode == 1 and f'failure reason="no broker answers at {nobody}: _' in done.stdout, done.stdout
    assert rows(done.stdout, "verdict=")[0]["verdict"] == "failed" and list(tmp_path.iterdir()) == []


def test_sigint_stops_it_and_its_gateway(tmp_path):
    words = [BINARY, "soak", "--cycles", "1000", *SMALL]
    running = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    lines = [running.stdout.readline()]
    while not lines[-1].startswith("cycle="):
        assert lines[-1], lines
        lines.append(running.stdout.readline())
    running.send_signal(signal.SIGINT)
    output = running.communicate(timeout=30)[0]
    assert running.returncode == 0, output
    assert rows(output, "verdict=")[0]["verdict"] == "stopped"
    assert list(tmp_path.iterdir()) == []


def test_its_gateway_dies_with_it(tmp_path):
    running = subprocess.Popen([BINARY, "soak", *SMALL], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    children = pathlib.Path(f"/proc/{running.pid}/task/{running.pid}/children")
    deadline = time.monotonic() + 20
    while not (gateway := children.read_text().split()):
        assert time.monotonic() < deadline
    running.kill()
    running.communicate()
    while os.path.exists(f"/proc/{gateway[0]}"):
        assert time.monotonic() < deadline, "the gateway lives on"
        time.sleep(0.02)


def test_what_an_earlier_run_kept_stays(tmp_path):
    (tmp_path / "tidegate-soak-7").mkdir()
    (tmp_path / "tidegate-soak-7" / "evidence").write_text("keep")
    done = soak(tmp_path, "--cycles", "1", *SMALL)
    assert done.returncode == 2 and "is there already" in done.stderr, done.stdout + done.stderr
    assert (tmp_path / "tidegate-soak-7" / "evidence").read_text() == "keep"


def test_a_node_that_is_not_its_own_is_left_alone(node, tmp_path):
    done = soak(tmp_path, "--cycles", "1", *SMALL, "--listen", node.address)
    assert done.returncode == 1 and "somebody else listens on" in done.stdout, done.stdout + done.stderr
    assert "soak-7" not in admin(node).list_topics(timeout=10).topics


@pytest.mark.parametrize("words", [
    ("--cycles", "0"), ("--groups", "many"), ("--dance",), ("--set", "smq.durability=never"),
    ("--brokers", "127.0.0.1:1", "--engine", "embedded"), ("--set", "smq.masters"),
])
def test_bad_options_are_usage_errors(tmp_path, words):
    done = soak(tmp_path, *words)
    assert done.returncode == 2 and done.stderr
    assert list(tmp_path.iterdir()) == []
