"""
Measures what a load program does not show: starts, first requests, cold groups, latencies at a given rate.
As a program: tools/rows [--engine embedded|seaweedmq] [--set KEY=VALUE]… [--through MB] [--keep MB] [ROW…]; one JSON line per row.
"""

import argparse
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests/contract/gateway", "tests/contract", "tests/e2e")]

import beside_bare  # noqa: E402
import big_start  # noqa: E402
import fast_retention  # noqa: E402
import many_partitions  # noqa: E402
import metrics_overhead  # noqa: E402
import one_committer  # noqa: E402
import poisoned_group  # noqa: E402
import quiet_use  # noqa: E402
from conftest import e2e  # noqa: E402
from confluent_kafka import Producer  # noqa: E402
from metrics import scrape  # noqa: E402
from store import Topic  # noqa: E402
from weed import WEED, Weed, wait_for  # noqa: E402
from wire import Wire, encode, produce  # noqa: E402

SECOND = 10**9
ANY_EPOCH = {"current_leader_epoch": -1}


def ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


def is_open(port: int) -> bool:
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


def timed(run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def timed_at_once(run, count: int) -> float:
    """run(0) to run(count - 1), each in a thread; what one raises is raised."""
    with ThreadPoolExecutor(count) as pool:
        return timed(lambda: list(pool.map(run, range(count))))


def fetch(wire: Wire, topic: str, offset: int) -> None:
    wanted = {"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1 << 20, **ANY_EPOCH}
    answer = wire.call("Fetch", 12, max_wait_ms=0, min_bytes=0, max_bytes=8 << 20, isolation_level=0, session_id=0,
                       session_epoch=-1, topics=[{"topic": topic, "partitions": [wanted]}],
                       forgotten_topics_data=[], rack_id="")  # fmt: skip
    row = answer.responses[0].partitions[0]
    assert row.error_code == 0 and row.records, row


def send_commit(wire: Wire, group: str, topic: str, partitions: range) -> None:
    rows = [{"partition_index": p, "committed_offset": 1, "committed_metadata": "", "commit_timestamp": -1,
             "committed_leader_epoch": -1} for p in partitions]  # fmt: skip
    wire.send("OffsetCommit", 7, group_id=group, generation_id_or_member_epoch=-1, member_id="", group_instance_id=None,
              topics=[{"name": topic, "partitions": rows}])  # fmt: skip


def check_commit(answer) -> None:
    assert all(p.error_code == 0 for p in answer.topics[0].partitions), answer


def send_offset_fetch(wire: Wire, group: str, topic: str, partitions: range) -> None:
    wire.send("OffsetFetch", 5, group_id=group, topics=[{"name": topic, "partition_indexes": list(partitions)}])


def create(node, topic: str, partitions: int) -> None:
    with Wire(node, 60) as wire:
        wanted = {"name": topic, "num_partitions": partitions, "replication_factor": 1, "assignments": [], "configs": []}
        answer = wire.call("CreateTopics", 2, topics=[wanted], timeout_ms=50000, validate_only=False)
    assert answer.topics[0].error_code == 0, answer


def of_embedded(measure):
    """A row whose target is that of one node with the engine embedded."""

    def row(self) -> dict:
        return {"skipped": "a target of the engine embedded"} if self.weed else measure(self)

    return row


class Bench:
    def __init__(self, engine: str, directory: pathlib.Path, settings: list[str], through: int, keep: int):
        self.engine = engine
        self.through, self.keep = through, keep
        self.weed = None
        flags: tuple[str, ...] = ()
        if engine == "seaweedmq":
            self.weed = Weed(directory / "weed")
            self.weed.start()
            flags = ("--engine", "seaweedmq", "--masters", self.weed.masters)
        (directory / "node").mkdir()
        limits = ("limits.connections_per_second=100000", "kafka.max.connections.per.ip=100000",
                  "limits.new_groups_per_second=1000000", "limits.new_partitions_per_second=1000000")  # fmt: skip
        self.node = e2e.Node(directory / "node", "kafka.group.initial.rebalance.delay.ms=0", *limits, *settings, flags=flags)
        self.node.start()

    def close(self) -> None:
        if self.node.process.poll() is None:
            self.node.kill()
        if self.weed:
            self.weed.close()

    def cold(self) -> None:
        self.node.restart()

    # Rows: each answers what it measured.

    produce = beside_bare.produce
    commits = beside_bare.commits
    ack_latency = beside_bare.ack_latency
    old_data = beside_bare.old_data
    partitions = of_embedded(many_partitions.run)
    big_start = of_embedded(big_start.run)
    memory_idle = of_embedded(quiet_use.memory_idle)
    memory_connections = of_embedded(quiet_use.memory_connections)
    memory_groups = of_embedded(quiet_use.memory_groups)
    memory_partitions = of_embedded(quiet_use.memory_partitions)
    idle_cpu = of_embedded(quiet_use.idle_cpu)
    one_committer = of_embedded(one_committer.run)
    metrics_overhead = of_embedded(metrics_overhead.run)

    def restart(self) -> dict:
        """Kill, start, accept; and the first acknowledged record."""
        create(self.node, "restarts", 1)
        ready, first = [], []
        for _ in range(20):
            self.node.kill()
            start = time.perf_counter()
            self.node.start()
            ready.append(time.perf_counter() - start)
            with Wire(self.node) as wire:
                produce(wire, "restarts", b"x")
            first.append(time.perf_counter() - start)
        return {"ready_ms": ms(statistics.median(ready)), "first_ack_ms": ms(statistics.median(first)),
                "worst_ms": ms(max(first))}  # fmt: skip

    def long_log(self) -> dict:
        """First requests after a restart to a partition of very many files (`seaweedmq` only: another leader's files)."""
        if not self.weed:
            return {"skipped": "files are written through a filer"}
        files = 10_000
        topic = Topic(self.weed.filer, "long-log")
        start_ns = (int(time.time()) - files * 600) * SECOND
        for i in range(files):
            topic[0].append([start_ns + i * 600 * SECOND], 3, new_file=True)
        self.cold()
        with Wire(self.node, 60) as wire:
            unmarked = timed(lambda: produce(wire, "long-log", b"x"))
        found: dict[str, list[float]] = {"newest": [], "oldest": [], "middle": [], "commit": []}
        for _ in range(5):
            for what, offset in (("newest", 3 * files), ("oldest", 0), ("middle", 3 * files // 2)):
                self.cold()
                with Wire(self.node) as wire:
                    found[what].append(timed(lambda o=offset: fetch(wire, "long-log", o)))
            self.cold()
            with Wire(self.node) as wire:
                send_commit(wire, "g", "long-log", range(1))
                found["commit"].append(timed(lambda: check_commit(wire.receive())))
        return {"files": files, "load_without_marks_ms": ms(unmarked),
                **{f"first_{what}_ms": ms(statistics.median(of)) for what, of in found.items()},
                "worst_ms": ms(max(x for of in found.values() for x in of))}  # fmt: skip

    def cold_groups(self) -> dict:
        """OffsetFetch of 10 000 groups × 10 partitions after a restart, 8 connections, 32 requests in flight on each."""
        groups, connections, ahead = 10_000, 8, 32
        create(self.node, "cold", 10)
        names = [f"cold-{i}" for i in range(groups)]

        def each(part: list[str], send, check) -> None:
            with Wire(self.node, 60) as wire:
                for i, name in enumerate(part):
                    send(wire, name, "cold", range(10))
                    if i >= ahead:
                        check(wire.receive())
                while wire.sent:
                    check(wire.receive())

        def all_of(send, check) -> float:
            return timed_at_once(lambda i: each(names[i::connections], send, check), connections)

        def check_fetch(answer) -> None:
            assert all(p.committed_offset == 1 for p in answer.topics[0].partitions), answer

        commits = all_of(send_commit, check_commit)
        self.cold()
        fetches = all_of(send_offset_fetch, check_fetch)
        again = all_of(send_offset_fetch, check_fetch)  # most of it is this program
        return {"groups": groups, "commit_s": round(commits, 2), "fetch_s": round(fetches, 2), "warm_s": round(again, 2)}

    def slow_clients(self) -> dict:
        """p99 of 200 produces/s of 1 kB: alone, and beside 10 000 idle clients and 1000 that send a byte per second."""
        limits = ("kafka.max.connections=20000", "limits.frame_bytes_per_second=0", "limits.frame_grace_ms=86400000")
        self.node.settings = (*self.node.settings, *limits)
        self.node.restart()
        create(self.node, "good", 1)
        whole = encode("Metadata", 1, {"topics": [{"name": "good"}]})

        def p99() -> float:
            count, took = 2000, []
            with Wire(self.node) as wire:
                begin = time.perf_counter()
                for i in range(count):
                    time.sleep(max(0.0, begin + i / 200 - time.perf_counter()))
                    took.append(timed(lambda: produce(wire, "good", b"r" * 1000)))
            return sorted(took)[count * 99 // 100]

        def trickle(slow: list[socket.socket], stop: threading.Event) -> None:
            for at in range(len(whole) - 1):
                for s in slow:
                    s.sendall(whole[at : at + 1])
                if stop.wait(1):
                    return

        alone, beside = [], []
        for _ in range(3):
            alone.append(p99())
            idle, slow = ([socket.create_connection(("127.0.0.1", self.node.port)) for _ in range(n)] for n in (10_000, 1000))
            for s in idle:
                s.sendall(whole)
            stop = threading.Event()
            thread = threading.Thread(target=trickle, args=(slow, stop))
            thread.start()
            beside.append(p99())
            stop.set()
            thread.join()
            for s in (*idle, *slow):
                s.close()
            wait_for("closed connections", lambda: scrape(self.node).get("tidegate_connections") == 0, 60)
        base, among = statistics.median(alone), statistics.median(beside)
        return {"p99_alone_ms": ms(base), "p99_beside_ms": ms(among), "ratio": round(among / base, 2)}

    def poisoned_group(self) -> dict:
        """Commits of 10 000 groups at a given rate: alone, beside one more, and beside one that crashes with every request."""
        return poisoned_group.run(self.node, lambda: create(self.node, "many", 1))

    def entries(self) -> dict:
        """What an hour at one record per second of 1 kB leaves of each partition, in fast motion, and once it is quiet."""
        if not self.weed:
            return {"skipped": "files are counted in a filer"}
        partitions, records, idle_ms = 20, 3600, 20_000
        self.node.settings += (f"limits.partition_idle_ms={idle_ms}",)
        self.cold()
        create(self.node, "hour", partitions)

        def each(count) -> dict:
            (version,) = [n for n in self.weed.filer.names("/topics/kafka/hour") if n.startswith("v")]
            of = [count(self.weed.filer.entries(f"/topics/kafka/hour/{version}/{32 * p:04d}-{32 * p + 31:04d}"))
                  for p in range(partitions)]  # fmt: skip
            return {"mean": statistics.mean(of), "most": max(of)}

        def files() -> dict:
            return each(lambda found: sum(1 for e in found if e.chunks))

        def written() -> float:
            """Bytes of chunks per byte of records."""
            now = scrape(self.node)
            return round(now.get("tidegate_chunk_written_bytes_total") / now.get("tidegate_appended_bytes_total"), 2)

        def append(partition: int) -> None:
            with Wire(self.node, 60) as wire:
                for _ in range(records):
                    produce(wire, "hour", b"r" * 1000, partition=partition)

        took = timed_at_once(append, partitions)
        found = {"files_at_once": files(), "written_at_once": written()}
        start = time.perf_counter()
        wait_for("quiet partitions", lambda: not scrape(self.node).get("tidegate_actors", kind="offset_actor"), 600)
        return {"partitions": partitions, "records_each": records, "seconds": round(took, 1), **found,
                "quiet_after_seconds": round(time.perf_counter() - start - idle_ms / 1000, 1),
                "files_quiet": files(), "entries_quiet": each(len), "written_quiet": written()}  # fmt: skip

    def retention(self) -> dict:
        """What grows while much is written and little is kept (`embedded` only); see --through and --keep."""
        if self.weed:
            return {"skipped": "volumes are SeaweedFS's own"}
        self.node.settings = (*self.node.settings, *fast_retention.SETTINGS)
        self.node.restart()
        return fast_retention.run(self.node, self.through * fast_retention.MB, self.keep * fast_retention.MB)

    def seaweedfs_gateway(self) -> dict:
        """Records/s of 1 kB, acks=all, one librdkafka producer with its defaults: here, and at SeaweedFS's own gateway."""
        if not self.weed:
            return {"skipped": "needs a SeaweedFS"}
        create(self.node, "rate", 4)
        ours = self.produce_rate(self.node.address, "rate")
        self.weed.broker.configure("kafka", "theirs", 4)
        port = 9093  # it tells clients so, whatever its port is
        command = [WEED, "mq.kafka.gateway", "-ip=127.0.0.1", f"-port={port}", f"-master={self.weed.masters}",
                   "-schema-registry-url=http://127.0.0.1:8081"]  # fmt: skip
        with open(self.node.directory / "peer.log", "wb") as log:
            peer = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for("SeaweedFS's gateway", lambda: is_open(port))
            theirs = self.produce_rate(f"127.0.0.1:{port}", "theirs")
        finally:
            peer.kill()
            peer.wait()
        return {"records_per_s": round(ours), "seaweedfs_gateway_records_per_s": round(theirs),
                "times": round(ours / theirs, 1) if theirs else None}  # fmt: skip

    @staticmethod
    def produce_rate(address: str, topic: str, seconds: float = 10) -> float:
        """Acknowledged records per second."""
        stored = 0

        def delivered(error, _message) -> None:
            nonlocal stored
            stored += error is None

        producer = Producer({"bootstrap.servers": address, "acks": "all", "message.timeout.ms": 20_000, "log_level": 2})
        begin = time.perf_counter()
        while time.perf_counter() - begin < seconds:
            try:
                producer.produce(topic, b"r" * 1000, on_delivery=delivered)
            except BufferError:
                producer.poll(0.01)
        producer.flush(30)
        return stored / (time.perf_counter() - begin)


ROWS = ("restart", "produce", "commits", "ack_latency", "old_data", "slow_clients", "cold_groups", "poisoned_group",
        "long_log", "entries", "retention", "seaweedfs_gateway", "partitions", "big_start", "memory_idle", "memory_connections",
        "memory_groups", "memory_partitions", "idle_cpu", "one_committer", "metrics_overhead")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/rows", description=__doc__)
    parser.add_argument("--engine", choices=("embedded", "seaweedmq"), default="seaweedmq")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the node")
    parser.add_argument("--through", type=int, default=1000, metavar="MB", help="retention: bytes written; default 1000")
    parser.add_argument("--keep", type=int, default=100, metavar="MB", help="retention: retention.bytes; default 100")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"default: {' '.join(ROWS)}")
    given = parser.parse_args()
    for name in given.rows or ROWS:
        with tempfile.TemporaryDirectory(prefix="tidegate-rows-") as directory:
            bench = Bench(given.engine, pathlib.Path(directory), given.set, given.through, given.keep)
            try:
                row = {"row": name, "engine": given.engine, "set": given.set, **getattr(bench, name)()}
            finally:
                bench.close()
        print(json.dumps(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
