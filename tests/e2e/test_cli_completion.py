"""`tidegate completion bash` in a real bash, with names from a real gateway."""

import subprocess

import pytest
from clients import create_topic
from conftest import BINARY, free_port
from operator_words import commit_quickly

ASK = """
source <("$0" completion bash)
COMP_LINE=$1 COMP_POINT=${#1}
_tidegate
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(words: str) -> list[str]:
    """What bash offers for the unfinished last word."""
    done = subprocess.run(["bash", "--norc", "-c", ASK, BINARY, f"{BINARY} {words}"], capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def node(shared_node):
    for topic in ("orders", "orders-late", "returns"):
        create_topic(shared_node, topic)
    commit_quickly(shared_node, ["billing", "urn:billing", "two words", "$(touch x)"], "orders", {0: 0})
    return shared_node


def test_commands_and_options():
    assert complete("gro") == ["groups"]
    assert complete("groups de") == ["delete", "describe"]
    assert complete("groups list --sta") == ["--state"]
    assert complete("groups list --state St") == ["Stable"]
    assert complete("bench ") == ["commit", "consume", "e2e", "produce", "resume"]
    assert complete("bench resume --re") == ["--records", "--return"]
    assert complete("bench produce --i") == ["--idempotent", "--in-flight"]
    assert complete("bench produce --acks ") == ["-1", "1", "all"] and complete("bench commit --mode ") == ["simple"]
    assert "serve" in complete("") and "topics" in complete("")
    assert complete("serve --data") == ["--data-dir"]
    assert complete("topics alter orders --delete") == ["--delete-config"]


def test_names_come_from_the_cluster(node):
    at = f"--bootstrap {node.address}"
    assert complete(f"topics describe {at} ord") == ["orders", "orders-late"]
    assert complete(f"topics delete {at} ") == ["orders", "orders-late", "returns"]
    assert complete(f"topics alter {at} --partitions 3 re") == ["returns"]
    assert complete(f"groups describe {at} bil") == ["billing"]
    assert complete(f"groups reset billing {at} --topic re") == ["returns"]
    assert complete(f"bench consume {at} --topic orders-") == ["orders-late"]


def test_what_bash_would_split_or_run_is_not_offered(node):
    assert complete(f"groups describe --bootstrap={node.address} ") == ["billing", "urn:billing"]
    assert complete(f"groups describe --bootstrap={node.address} urn:b") == ["billing"], "bash keeps what is before a colon"


def test_no_cluster_no_names():
    assert complete(f"topics describe --bootstrap 127.0.0.1:{free_port()} x") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for(shell):
    done = subprocess.run([BINARY, "completion", shell], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and "complete" in done.stdout and not done.stderr
