"""tidegate on a real SeaweedFS: `gateway` beside the shared weed, `make_gateway` beside any."""

import importlib.util
import pathlib
import sys

import pytest

E2E = pathlib.Path(__file__).parents[2] / "e2e"
sys.path.insert(0, str(E2E))
_spec = importlib.util.spec_from_file_location("e2e_conftest", E2E / "conftest.py")
e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(e2e)


@pytest.fixture
def binary() -> str:
    """The program under test."""
    return e2e.BINARY


@pytest.fixture
def make_gateway(tmp_path):
    nodes = []

    def make(weed, *settings: str, starts: bool = True) -> e2e.Node:
        """`starts`: false for a gateway that is not meant to get ready; it is launched all the same."""
        directory = tmp_path / f"gateway{len(nodes)}"
        directory.mkdir()
        flags = ("--engine", "seaweedmq", "--masters", weed.masters)
        settings = ("kafka.group.initial.rebalance.delay.ms=0", *settings)
        nodes.append(e2e.Node(directory, *settings, flags=flags))
        nodes[-1].start() if starts else nodes[-1].launch()
        return nodes[-1]

    yield make
    for node in nodes:
        if node.process.poll() is None:
            node.kill()


@pytest.fixture(scope="module")
def shared_gateway(weed, tmp_path_factory):
    """One gateway for the tests of a module that use topics and groups of their own."""
    flags = ("--engine", "seaweedmq", "--masters", weed.masters)
    node = e2e.Node(tmp_path_factory.mktemp("gateway"), "kafka.group.initial.rebalance.delay.ms=0", flags=flags)
    yield node.start()
    node.kill()


@pytest.fixture
def gateway(make_gateway, weed):
    return make_gateway(weed)
