"""Clients must not take the open files that the store needs: without these the process cannot go on."""

import os
import resource
import socket
import time

import pytest
from clients import create_topic
from conftest import Node
from metrics import scrape_until
from test_metrics import commit
from wire import Wire


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    yield made
    if made.process.poll() is None:
        made.kill()


def open_files(node) -> int:
    return len(os.listdir(f"/proc/{node.process.pid}/fd"))


def test_connections_leave_the_store_its_files(node):
    """As in a shell with `ulimit -n 700`: of 10000 connections that the configuration allows there is room for 350."""
    node.launch(files=(600, 700))
    node.wait_until_ready()
    create_topic(node, "t")
    clients = [socket.create_connection(("127.0.0.1", node.port), timeout=20) for _ in range(500)]
    scrape_until(node, lambda s: 300 < s.get("tidegate_connections") <= 350)
    assert "too few files" in node.log.read_text()
    assert open_files(node) < 600
    for client in clients[:-1]:
        client.close()
    with Wire(node) as wire:
        assert commit(wire, "g", "t", 5) == 0
    clients[-1].close()


def test_a_store_that_finds_no_file_for_a_while_goes_on_when_there_are_some(node):
    """Whatever took them: the checkpoint waits, and what is committed meanwhile is stored or an error that is repeated."""
    node.start()
    create_topic(node, "t")
    with Wire(node) as wire:
        for number in range(1500):  # as much as a quiet node writes to its index
            assert commit(wire, f"group-{number}", "t", number) == 0
        used = open_files(node)
        _, hard = resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, (used, hard))
        deadline = time.monotonic() + 40
        while "no more file descriptors" not in node.log.read_text():
            assert time.monotonic() < deadline and node.process.poll() is None, node.tail()
            time.sleep(0.1)
        assert commit(wire, "group-1", "t", 70) in (0, 14, 15, 16)
        resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        while commit(wire, "group-1", "t", 71) != 0:
            assert time.monotonic() < deadline and node.process.poll() is None, node.tail()
            time.sleep(0.1)
    node.restart()
    with Wire(node) as wire:
        answer = wire.call("OffsetFetch", 8, groups=[{"group_id": "group-1", "topics": [
            {"name": "t", "partition_indexes": [0]}]}], require_stable=False)
        assert answer.groups[0].topics[0].partitions[0].committed_offset == 71
