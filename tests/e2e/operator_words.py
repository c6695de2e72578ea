"""Runs `tidegate topics` and `tidegate groups` as an operator does."""

import json
import re
import subprocess

from clients import consumer
from confluent_kafka import TopicPartition
from conftest import BINARY
from wire import Wire


def run(node, *words: str, seconds: float = 60) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, *words, "--bootstrap", node.address], capture_output=True, text=True, timeout=seconds)


def table(node, *words: str) -> list[list[str]]:
    """The cells of what a command that succeeds prints; no cell holds two blanks."""
    done = run(node, *words)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return [[cell.strip() for cell in line.strip().split("  ") if cell.strip()] for line in done.stdout.splitlines()]


def keys_of(value) -> list[str]:
    """All keys of a document in order; those of the first element of an array; a topic's configs are none."""
    if isinstance(value, list):
        return keys_of(value[0]) if value else []
    if not isinstance(value, dict):
        return []
    return [k for name, inner in value.items() for k in [name, *([] if name == "configs" else keys_of(inner))]]


def document(node, *words: str, code: int = 0) -> dict:
    """What --json prints; its keys are those of the help."""
    done = run(node, *words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    found = json.loads(done.stdout)
    help_text = subprocess.run([BINARY, *words[:2], "--help"], capture_output=True, text=True, timeout=20).stdout
    documented = re.findall(r'"(\w+)"', help_text[help_text.index("--json prints"):])
    remaining = iter(documented)
    assert all(key in remaining for key in keys_of(found)), f"{keys_of(found)} in {documented}"
    return found


def failure(node, *words: str) -> str:
    """The one line of a command that fails."""
    done = run(node, *words)
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("tidegate: ")
    return line.removeprefix("tidegate: ")


def commit(node, group: str, offsets: dict[tuple[str, int], int], metadata: str = "") -> None:
    c = consumer(node, group)
    c.commit(offsets=[TopicPartition(t, p, o, metadata) for (t, p), o in offsets.items()], asynchronous=False)
    c.close()


def commit_quickly(node, groups: list[str], topic: str, offsets: dict[int, int]) -> None:
    partitions = [{"partition_index": p, "committed_offset": o, "committed_metadata": ""} for p, o in offsets.items()]
    with Wire(node) as wire:
        for group in groups:
            answer = wire.call("OffsetCommit", 7, group_id=group, generation_id_or_member_epoch=-1, member_id="",
                               topics=[{"name": topic, "partitions": partitions}])
            assert all(p.error_code == 0 for t in answer.topics for p in t.partitions), answer
