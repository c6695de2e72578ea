"""
Rows that lay `tidegate bench` on a node beside a program that writes and reads the same without Kafka (bare_store), in turns on
one SeaweedFS: whatever the machine does meanwhile, it does to both. Each takes the Bench of rows.py.
"""

import json
import os
import pathlib
import statistics
import subprocess

TURNS = 5
BARE = pathlib.Path(__file__).parents[2] / "build/release/tests/bare_store"
ONLY_ON_CLUSTER = {"skipped": "needs a SeaweedFS"}


def bare(bench, *words: str) -> dict:
    level = next((s.split("=")[1] for s in bench.node.settings if s.startswith("smq.durability=")), "fsync")
    return json.loads(subprocess.check_output([BARE, bench.weed.masters, *words], env={**os.environ, "DURABILITY": level}))


def load(bench, what: str, topic: str, *flags: str) -> dict:
    program = os.environ["TIDEGATE_BINARY"]
    command = [program, "bench", what, "--bootstrap", bench.node.address, "--topic", topic, "--json", *flags]
    return json.loads(subprocess.check_output(command))


def in_turns(ours, theirs) -> dict:
    """Medians of both, and all ratios: a median alone would hide how much they differ."""
    pairs = [(ours(), theirs()) for _ in range(TURNS)]
    ratios = sorted(mine / plain for mine, plain in pairs)
    return {"ours": round(statistics.median(mine for mine, _ in pairs), 1),
            "bare": round(statistics.median(plain for _, plain in pairs), 1),
            "ratio": round(statistics.median(ratios), 2), "ratios": [round(r, 2) for r in ratios]}  # fmt: skip


def produce(self) -> dict:
    """MB/s of 1 kB records to 8 partitions, acks=all, in batches of 1 MB; beside writers of the same segments."""
    if not self.weed:
        return ONLY_ON_CLUSTER
    flags = ("--partitions", "8", "--size", "1000", "--batch-bytes", "1000000", "--records", "500000",
             "--connections", "4", "--in-flight", "4")  # fmt: skip
    return in_turns(lambda: load(self, "produce", "produce", *flags)["mb_per_s"],
                    lambda: bare(self, "write", "8", "1000000", "2")["mb_per_s"])  # fmt: skip


def commits(self) -> dict:
    """Partition-commits/s of 100 groups × 10 partitions; beside transactions of 10 positions, 16 at once."""
    if not self.weed:
        return ONLY_ON_CLUSTER
    flags = ("--groups", "100", "--partitions", "10", "--connections", "32", "--seconds", "5")
    return in_turns(lambda: load(self, "commit", "commits", *flags)["commits_per_s"],
                    lambda: bare(self, "transactions", "10", "5")["count_per_s"])  # fmt: skip


def ack_latency(self) -> dict:
    """1000 records/s of 1 kB, one request each; beside one such append after the other."""
    flags = ("--partitions", "1", "--size", "1000", "--batch-bytes", "1", "--rate", "1000", "--in-flight", "1000",
             "--records", "8000")  # fmt: skip
    acks, appends = [], []
    for _ in range(TURNS):
        acks.append(load(self, "produce", "latency", *flags)["ack_ms"])
        if self.weed:
            appends.append(bare(self, "write", "1", "1100", "3"))
    found = {f"{share}_ms": statistics.median(a[share] for a in acks) for share in ("p50", "p99")}
    if appends:
        found |= {f"bare_{share}": statistics.median(a[share] for a in appends) for share in ("p50_ms", "p99_ms")}
    return {name: round(value, 2) for name, value in found.items()}


def forget_files() -> bool:
    """Empties the page cache; False: this needs root."""
    os.sync()
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def old_data(self) -> dict:
    """MB/s of 4 consumers of a node without caches; beside 4 plain HTTP readers of the same chunks. From SeaweedFS's page
    cache, and from its disk."""
    if not self.weed:
        return ONLY_ON_CLUSTER
    load(self, "produce", "old", "--partitions", "4", "--size", "1000", "--batch-bytes", "900000", "--records", "800000")

    def read(cold: bool) -> float:
        self.cold()
        if cold:
            forget_files()
        return load(self, "consume", "old", "--connections", "4")["mb_per_s"]

    def plain(cold: bool) -> float:
        if cold:
            forget_files()
        return bare(self, "read", "old")["mb_per_s"]

    plain(cold=False)  # into the page cache
    found = {"from_memory": in_turns(lambda: read(False), lambda: plain(False))}
    if forget_files():
        found["from_disk"] = in_turns(lambda: read(True), lambda: plain(True))
    return found
