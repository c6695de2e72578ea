"""Starts real tidegate processes on loopback; every test gets a node of its own unless it asks for the shared one."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

BINARY = os.environ.get("TIDEGATE_BINARY", str(pathlib.Path(__file__).parents[2] / "build/test/tidegate"))


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Node:
    """One gateway process and its data directory; the port stays the same over restarts."""

    def __init__(self, directory: pathlib.Path, *settings: str, flags: tuple[str, ...] = ()):
        self.directory = directory
        self.port = free_port()
        self.admin_port = free_port()
        self.settings = settings
        self.flags = flags
        self.process = None
        self.log = directory / "tidegate.log"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def launch(self, fault: str = "", files: tuple[int, int] | None = None) -> None:
        """Does not wait for readiness; `fault` is a TIDEGATE_FAULT, see messages/common/fault_point.hpp; `files` is the
        soft and the hard limit of open ones."""
        limited = ["prlimit", f"--nofile={files[0]}:{files[1]}"] if files else []
        command = limited + [BINARY, "serve", "--listen", self.address, "--admin-listen", f"127.0.0.1:{self.admin_port}"]
        command += ["--data-dir", str(self.directory / "data"), *self.flags]
        for setting in self.settings:
            command += ["--set", setting]
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, "TIDEGATE_FAULT": fault})

    def start(self, fault: str = "") -> "Node":
        self.launch(fault)
        self.wait_until_ready()
        return self

    def wait_until_ready(self, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"tidegate ended with {self.process.returncode}:\n{self.tail()}"
            with socket.socket() as s:
                s.settimeout(1)
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(f"tidegate was not ready after {seconds} s:\n{self.tail()}")

    def until_quarantined(self, crash) -> None:
        """Calls `crash`, which meets an actor that a fault ends, until that one stays down."""
        deadline = time.monotonic() + 60
        while "quarantined=1" not in self.log.read_text():
            assert time.monotonic() < deadline, self.tail()
            crash()
            time.sleep(0.05)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:]) if self.log.exists() else ""

    def kill(self) -> None:
        """kill -9: nothing is flushed, nobody is told."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 10) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(seconds)

    def restart(self) -> None:
        self.kill()
        self.start()


@pytest.fixture
def make_node(tmp_path):
    nodes = []

    def make(*settings: str) -> Node:
        directory = tmp_path / f"node{len(nodes)}"
        directory.mkdir()
        nodes.append(Node(directory, *settings).start())
        return nodes[-1]

    yield make
    for node in nodes:
        if node.process.poll() is None:
            node.kill()


@pytest.fixture
def node(make_node) -> Node:
    return make_node()


@pytest.fixture(scope="module")
def shared_node(tmp_path_factory):
    """One node for the tests of a module that use topics and groups of their own."""
    node = Node(tmp_path_factory.mktemp("node")).start()
    yield node
    node.kill()
