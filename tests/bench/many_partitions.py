"""What a durable append to many partitions at once costs, beside as many bytes to one."""

import statistics

from beside_bare import load
from process_use import cpu_seconds, verdict

COUNTS = (1, 16, 256, 4096)
RECORD_BYTES = 1000
CONNECTIONS, IN_FLIGHT = 16, 64
TURNS = 3
SIZES = {"16_kib_batches": (16384, 300_000), "4_kib_batches": (4096, 100_000)}  # bytes of a batch, records of a load
MOST = 2.0


def run_load(bench, partitions: int, batch_bytes: int, records: int) -> dict:
    before = cpu_seconds(bench.node.process.pid)
    done = load(bench, "produce", f"partitions-{partitions}", "--partitions", str(partitions), "--size", str(RECORD_BYTES),
                "--batch-bytes", str(batch_bytes), "--records", str(records), "--connections", str(CONNECTIONS),
                "--in-flight", str(IN_FLIGHT))  # fmt: skip
    used = cpu_seconds(bench.node.process.pid) - before
    assert done["records"] == records
    return {"cpu_us_per_record": 1e6 * used / records, "records_per_s": done["records_per_s"]}


def of_size(bench, batch_bytes: int, records: int) -> dict:
    turns: dict[int, list[dict]] = {n: [] for n in COUNTS}
    for _ in range(TURNS):
        for n in COUNTS:
            turns[n].append(run_load(bench, n, batch_bytes, records))
    found = {n: {what: statistics.median(t[what] for t in turns[n]) for what in turns[n][0]} for n in COUNTS}
    cpu = found[256]["cpu_us_per_record"] / found[1]["cpu_us_per_record"]
    speed = found[1]["records_per_s"] / found[256]["records_per_s"]
    return {"of": {n: {what: round(value, 2) for what, value in of.items()} for n, of in found.items()},
            "cpu_grows": round(cpu, 2), "time_grows": round(speed, 2),
            **verdict(f"each ≤ {MOST} from 1 to 256", max(cpu, speed) <= MOST)}  # fmt: skip


def run(bench) -> dict:
    for n in COUNTS:  # they are there, with their actors
        run_load(bench, n, 4096, max(2000, 4 * n))
    return {"record_bytes": RECORD_BYTES, **{name: of_size(bench, *size) for name, size in SIZES.items()}}
