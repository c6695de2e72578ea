"""
What is measured. A case is a list of rows, each one run of the load program. One server does all of them before it is
the turn of the next one.
"""

from dataclasses import dataclass

RATES = (100, 1000, 10000)  # records/s of the case e2e
COMMITS = {"commit_sync": (1, 1, 1), "commit_100x1": (100, 1, 32), "commit_100x10": (100, 10, 32),
           "commit_1000x100": (1000, 100, 32)}  # groups, partitions, connections  # fmt: skip
CASES = ("log_100", "log_1k", "e2e", *COMMITS, "conns", "groups")
ONCE = ("conns", "groups")  # measured in the first run only: they take long, and no ratio is wanted of them
RESTARTING = ("groups",)  # last, because what a JVM compiled is gone after it


@dataclass(frozen=True)
class Row:
    name: str
    words: tuple[str, ...]  # for the load program, without those that say which server
    disk_bytes: int = 0  # that the server must have read from the disk, or the row is worth nothing
    looks_at_memory: bool = False
    restarts: bool = False


def count(full: int, scale: float) -> int:
    return max(1, round(full * scale))


def seconds(full: int, scale: float) -> str:
    return f"{max(1.0, full * scale):g}"


def log_rows(suffix: str, size: int, records: int, buffered: int, topic: str) -> list[Row]:
    consume = ("consume", "-topic", topic, "-expect", str(records))
    # A tenth may come with what the kernel reads for others: indexes, the end of a file that a start looks at.
    return [
        Row(f"produce_{suffix}", ("produce", "-topic", topic, "-size", str(size), "-records", str(records),
                                  "-buffered", str(buffered))),
        Row(f"consume_{suffix}", consume),
        Row(f"consume_{suffix}_disk", consume, disk_bytes=records * size * 9 // 10),
    ]  # fmt: skip


def rows_of(case: str, run: int, scale: float) -> list[Row]:
    """`scale`: multiplies records, groups and seconds (not below one second)."""
    topic = f"{case}-{run}"
    if case == "log_100":
        return log_rows("100", 100, count(1_500_000, scale), 50_000, topic)
    if case == "log_1k":
        return log_rows("1k", 1000, count(500_000, scale), 20_000, topic)
    if case == "e2e":
        rates = ",".join(map(str, RATES))
        return [Row(case, ("e2e", "-topic", topic, "-rates", rates, "-seconds", seconds(5, scale),
                           "-warmup", "1"))]  # fmt: skip
    if case in COMMITS:
        groups, partitions, conns = map(str, COMMITS[case])
        return [Row(case, ("commit", "-topic", case, "-groups", groups, "-partitions", partitions, "-conns", conns,
                           "-seconds", seconds(4, scale), "-warmup", "1"))]  # fmt: skip
    if case == "conns":
        words = ("conns", "-topic", case, "-conns", str(count(5000, scale)), "-hold", "3s")
        return [Row(case, words, looks_at_memory=True)]
    if case == "groups":
        words = ("groups", "-topic", case, "-groups", str(count(100_000, scale)), "-conns", "32")
        return [Row(case, words, looks_at_memory=True, restarts=True)]
    raise ValueError(f"no case {case}; there are {', '.join(CASES)}")


CONSUME_WARM = ("consume", "-topic", "warm")  # what the warm-up left


def warm_up(scale: float) -> list[tuple[str, ...]]:
    """Unrecorded: so that a JIT has seen produce, fetch and commit."""
    produce = ("produce", "-topic", "warm", "-records", str(count(500_000, scale)))
    return [produce, produce, produce, CONSUME_WARM,
            ("commit", "-topic", "warm-commit", "-seconds", seconds(6, scale), "-warmup", "1"),
            ("e2e", "-topic", "warm-e2e", "-rates", "1000", "-seconds", "1", "-warmup", "1")]  # fmt: skip


# Unrecorded, when it is a server's turn again: connects, appends, and lets caches and threads come back.
AWAKE = ("produce", "-topic", "awake", "-records", "50000")


def turns(cases: list[str], servers: list[str], runs: int) -> list[tuple[str, int, str]]:
    """(case, run, server) in the order of measuring: every server once, the first one rotates, then the next run."""
    order = sorted(cases, key=lambda case: case in RESTARTING)
    return [(case, run + 1, servers[(run + i) % len(servers)])
            for case in order for run in range(1 if case in ONCE else runs) for i in range(len(servers))]  # fmt: skip
