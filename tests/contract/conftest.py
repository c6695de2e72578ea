"""One `weed` for all tests that only need topics of their own; tests that kill processes start another."""

import itertools

import pytest
from security import Authority, Security
from store import Topic, Volumes
from weed import CLUSTER, Weed

_topics = itertools.count(1)


@pytest.fixture(scope="session")
def weed(tmp_path_factory):
    """A shared single process: never killed, topics and groups are each test's own."""
    server = Weed(tmp_path_factory.mktemp("weed"))
    yield from running(server)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Master, volume server, filer and broker as processes of their own, for tests that kill them."""
    yield from running(Weed(tmp_path_factory.mktemp("cluster"), roles=CLUSTER, shift=7))


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """A single process, for tests that kill it."""
    yield from running(Weed(tmp_path_factory.mktemp("single")))


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    """The CA of the secured clusters."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def secured(tmp_path_factory, authority):
    """A shared single process with mTLS on all gRPC; never killed."""
    yield from running(Weed(tmp_path_factory.mktemp("secured"), security=Security(authority)))


def running(server: Weed):
    started.append(server)
    try:
        yield server.start()
    finally:
        started.remove(server)
        server.close()


started: list[Weed] = []


@pytest.fixture
def filer(weed):
    return weed.filer


@pytest.fixture
def volumes(weed):
    return Volumes(weed.filer)


@pytest.fixture
def make_topic(weed):
    def make(partitions: int = 1, name: str = "", **settings) -> Topic:
        return Topic(weed.filer, name or f"t{next(_topics)}", partitions, **settings)

    return make


@pytest.fixture
def folder(request) -> str:
    """A directory in the filer that nobody else uses."""
    return f"/contract/{request.node.name.replace('/', '_')[:100]}-{next(_topics)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for server in started:
            for role in server.roles:
                report.sections.append((f"weed {role}", server.tail(role)))
    return report
