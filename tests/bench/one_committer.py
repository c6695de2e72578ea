"""One client that commits one position after the other; beside a file that takes as many bytes and a sync each time."""

import os
import pathlib
import statistics
import time

from beside_bare import load
from metrics import scrape
from process_use import verdict

SECONDS, TURNS = 3, 5
WANTED_PER_S, WANTED_RATIO = 2500, 0.8


def commits(bench) -> tuple[float, float, float]:
    """Commits per second, bytes that each added to the volumes, and the median time of one in milliseconds."""
    before = scrape(bench.node).get("tidegate_volume_bytes")
    done = load(bench, "commit", "one", "--groups", "1", "--partitions", "1", "--connections", "1", "--in-flight", "1",
                "--seconds", str(SECONDS))  # fmt: skip
    grown = scrape(bench.node).get("tidegate_volume_bytes") - before
    assert grown > 0, "a commit that writes nothing"
    return done["commits_per_s"], grown / done["commits"], done["request_ms"]["p50"]


def appends(path: pathlib.Path, size: int) -> tuple[float, float]:
    """Durable appends of `size` bytes per second, and the median time of one in milliseconds."""
    took, record = [], os.urandom(size)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        began = before = time.perf_counter()
        while before - began < SECONDS:
            assert os.write(file, record) == size
            os.fdatasync(file)
            now = time.perf_counter()
            took.append(now - before)
            before = now
    finally:
        os.close(file)
    return len(took) / (before - began), 1000 * statistics.median(took)


def run(bench) -> dict:
    load(bench, "commit", "one", "--groups", "1", "--partitions", "1", "--seconds", "0.2")  # the topic is there
    ours, bare, bytes_each = [], [], 0.0
    for _ in range(TURNS):
        ours.append(commits(bench))
        bytes_each = ours[-1][1]
        bare.append(appends(bench.node.directory / "bare", round(bytes_each)))
    rate = statistics.median(o[0] for o in ours)
    ratios = [o[0] / b[0] for o, b in zip(ours, bare)]
    ratio = statistics.median(ratios)
    return {"commits_per_s": round(rate), "bare_per_s": round(statistics.median(b[0] for b in bare)),
            "ratio": round(ratio, 2), "ratios": [round(r, 2) for r in ratios], "bytes_each": round(bytes_each),
            "p50_ms": round(statistics.median(o[2] for o in ours), 3),
            "bare_p50_ms": round(statistics.median(b[1] for b in bare), 3),
            **verdict(f"≥ {WANTED_PER_S}/s, or a ratio ≥ {WANTED_RATIO}",
                      rate >= WANTED_PER_S or ratio >= WANTED_RATIO)}  # fmt: skip
