"""Promise 1 on a real SeaweedFS: positions and records outlive kill -9 of any process (smq.md A.2, A.8, B.6)."""

import itertools
import threading

import grpc
import pytest
from formats import native_group
from store import SECOND, Topic, Volumes
from weed import Weed, wait_for

START = 1_790_004_000 * SECOND
STEP = 1000
COUNT = 60
_groups = itertools.count(1)


@pytest.fixture(scope="module")
def stored(cluster) -> Topic:
    """Two files of 30 messages, in a cluster whose addresses carry gRPC ports."""
    topic = Topic(cluster.filer, "restarts")
    for file in range(2):
        topic[0].append([START + (30 * file + i) * STEP for i in range(30)], new_file=True)
    return topic


def resumes_at(weed: Weed, topic: Topic, group: str) -> int | None:
    """Which message a native RESUME gives first, 1 to 60."""
    partition = weed.broker.partition(topic.name)
    with weed.broker.subscribe(topic.name, partition, "RESUME_OR_EARLIEST", group=native_group(group)) as s:
        got = s.read(1, seconds=10)
    return (got[0].ts_ns - START) // STEP + 1 if got else None


def commit_some(weed: Weed, topic: Topic) -> dict[str, int]:
    """Ours after messages 10, 30 and 45, and one that a native subscriber left after 20: group → next message."""
    expected = {f"g{next(_groups)}": number + 1 for number in (10, 30, 45)}
    for group, number in expected.items():
        topic[0].commit(group, START + (number - 2) * STEP + 1, number - 1)
    native = f"g{next(_groups)}"
    partition = weed.broker.partition(topic.name)
    with weed.broker.subscribe(
        topic.name, partition, "RESUME_OR_EARLIEST", group=native_group(native), persists=True
    ) as s:
        for message in s.read(20):
            s.ack(message)
        s.finish()
    return {**expected, native: 21}


def entries_of(topic: Topic, groups) -> list:
    return [topic.filer.lookup(topic[0].position_path(g)) for g in groups]


def test_the_master_leads_to_filer_and_broker(cluster):
    assert cluster.master.leader().startswith(f"127.0.0.1:{cluster.master_port}")
    filers = wait_for("ListClusterNodes", lambda: cluster.master.nodes("filer"))
    assert filers == [f"127.0.0.1:{cluster.filer_port}.{cluster.filer_grpc}"], (
        f"smq-source.md 1.1: a filer with its own gRPC port is called {filers}, not host:http.grpc"
    )
    assert cluster.master.nodes("broker") == [cluster.broker_address]


@pytest.mark.parametrize(
    "roles", [["broker"], ["filer"], ["volume"], ["master"], ["broker", "filer", "volume", "master"]]
)
def test_positions_survive_kill(cluster, stored, roles):
    expected = commit_some(cluster, stored)
    before = entries_of(stored, expected)
    for role in roles:
        cluster.kill(role)
    for role in reversed(roles):
        cluster.restart(role)
    cluster.wait_until_ready()
    after = wait_for("look-ups of positions", lambda: entries_of(stored, expected))
    assert after == before, f"promise 1: kill -9 of {roles} changed position entries"
    got = {group: resumes_at(cluster, stored, group) for group in expected}
    assert got == expected, f"promise 1: after kill -9 of {roles} native RESUME gives {got}, not {expected}"


def test_a_stock_of_ids_says_how_large_its_chunks_are(single):
    """
    Not in smq.md: the master sets aside count * expected_data_size for about half a minute, 1 MiB for each id when no
    size is said. So 100 ids without one take a volume of 64 MB out of use, and soon there is none to write to.
    """

    def volumes_of(times: int, **size) -> set[str]:
        return {single.filer.assign(100, **size).file_id.split(",")[0] for _ in range(times)}

    sized = volumes_of(200, expected_data_size=4096)
    assert len(sized) < 20, (
        f"200 stocks of 100 small chunks went to {len(sized)} volumes: expected_data_size is ignored"
    )
    unsized = volumes_of(30)
    assert len(unsized) > 20, (
        f"30 stocks without a size went to only {len(unsized)} volumes: 1 MiB is no longer reserved"
    )


def test_positions_survive_kill_of_a_single_process(single):
    topic = Topic(single.filer, "single")
    for file in range(2):
        topic[0].append([START + (30 * file + i) * STEP for i in range(30)], new_file=True)
    expected = commit_some(single, topic)
    before = entries_of(topic, expected)
    single.restart()
    single.wait_until_ready()
    assert entries_of(topic, expected) == before
    assert {group: resumes_at(single, topic, group) for group in expected} == expected


def test_no_acknowledged_append_is_lost_by_kill(single):
    """Appenders run, everything is killed: what the transaction acknowledged is there, in order, and readable."""
    topic = Topic(single.filer, "appends", partitions=4)
    acknowledged: list[list[int]] = [[] for _ in range(4)]

    def append(index: int) -> None:
        partition = topic[index]
        partition.volumes = Volumes(single.filer)
        for i in itertools.count():
            try:
                (message,) = partition.append([START + i * STEP], new_file=i % 16 == 0)
            except (grpc.RpcError, OSError, AssertionError):
                return
            acknowledged[index].append(message.ts_ns)

    threads = [threading.Thread(target=append, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    wait_for("400 appends", lambda: sum(map(len, acknowledged)) >= 400, seconds=60)
    single.kill()
    for thread in threads:
        thread.join(60)
    single.restart()
    single.wait_until_ready()
    for index, stamps in enumerate(acknowledged):
        partition = single.broker.partition(topic.name, index)
        with single.broker.subscribe(topic.name, partition, "RESET_TO_EARLIEST") as s:
            got = [m.ts_ns for m in s.read(len(stamps) + 1, seconds=3)]
        assert got[: len(stamps)] == stamps, f"smq.md B.6: kill -9 lost acknowledged appends of partition {index}"
        assert len(got) <= len(stamps) + 1, "more than the one append that was in flight"


def test_unused_ids_are_handed_out_again_after_kill(single):
    """Why the stock of ids is dropped when the connection to the filer breaks (smq.md B.1)."""

    def key(file_id: str) -> int:
        return int(file_id.split(",")[1][:-8], 16)

    used = Volumes(single.filer).upload(b"used")
    stock = single.filer.assign(100)
    single.restart()
    single.wait_until_stored()
    again = single.filer.assign(1)
    assert key(used.file_id) < key(again.file_id) < key(stock.file_id) + stock.count, (
        f"smq.md B.1: after kill -9 the next id is {again.file_id}; unused ids from {stock.file_id} on are not reused"
    )


def test_locks_do_not_survive_the_filer(single):
    """Why the fence is an entry and not a lock (smq.md A.9); when this fails, locks are stored."""
    assert not single.filer.lock("contract-lock", "a", 60).error
    fence = "/topics/.tidegate/nodes/0/0"
    assert not single.filer.create(fence, b"content").error
    single.restart()
    single.wait_until_stored()
    assert single.filer.lock_owner("contract-lock") == "", (
        "smq.md A.9: a lock of 60 s survived the restart of the filer"
    )
    assert single.filer.lookup(fence).content == b"content"


def test_the_filer_alone_is_enough_for_positions(cluster, stored):
    """Broker, volume server and master may be down: commits and look-ups need the filer only."""
    for role in ("broker", "volume", "master"):
        cluster.kill(role)
    stored[0].commit("alone", START + 4 * STEP + 1, 5)
    assert stored.filer.lookup(stored[0].position_path("alone")) is not None
    for role in ("master", "volume", "broker"):
        cluster.restart(role)
    cluster.wait_until_ready()
    assert resumes_at(cluster, stored, "alone") == 6
