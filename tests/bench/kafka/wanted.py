"""The ratios that are wanted, and which of them a measurement met."""

from dataclasses import dataclass

from figures import Results, short

OS, SYNC, KAFKA, KAFKA_SYNC = "tidegate-os", "tidegate-sync", "kafka", "kafka-sync"
RATE, CPU = "records_per_s", "server_cpu_s_per_million"
COMMITS = "partition_commits_per_s"


@dataclass(frozen=True)
class Bound:
    figure: str
    at_least: float | None = None  # of ours ÷ Kafka's
    at_most: float | None = None
    below: float | None = None  # of ours alone

    @property
    def text(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least}"
        if self.at_most is not None:
            return f"≤ {self.at_most}"
        return f"ours ≤ {self.below:g}"

    def is_met(self, ours: float, theirs: float) -> bool:
        if self.at_least is not None:
            return ours >= self.at_least * theirs
        if self.at_most is not None:
            return ours <= self.at_most * theirs
        return ours <= self.below


@dataclass(frozen=True)
class Line:
    what: str
    case: str
    ours: str
    theirs: str
    unit: str  # of all figures, between them
    bounds: tuple[Bound, ...]


def lines() -> list[Line]:
    throughput = (Bound(RATE, at_least=1.0), Bound(CPU, at_most=0.6))
    found = []
    for ours, theirs, how in ((OS, KAFKA, "os / default"), (SYNC, KAFKA_SYNC, "sync / sync")):
        for suffix, size in (("100", "100 B"), ("1k", "1 kB")):
            found.append(Line(f"produce {size} ({how})", f"produce_{suffix}", ours, theirs, "/s", throughput))
    for case, place in (("", "memory"), ("_disk", "disk")):
        for suffix, size in (("100", "100 B"), ("1k", "1 kB")):
            what = f"consume {size} from {place} (os / default)"
            found.append(Line(what, f"consume_{suffix}{case}", OS, KAFKA, "/s", throughput))
    for rate, shown in ((1000, "1000"), (10000, "10 000")):
        for figure, name in (("ack", "ack"), ("e2e", "end to end")):
            for quantile in ("p50", "p99"):
                bound = Bound(f"{figure}_{quantile}_ms", at_most=1.0)
                what = f"{name} at {shown}/s, {quantile} (sync / default)"
                found.append(Line(what, f"e2e_{rate}", SYNC, KAFKA, " ms", (bound,)))
    for case in ("100x1", "100x10", "1000x100"):
        shown = case.replace("x", " × ")
        for theirs, least, how in ((KAFKA_SYNC, 3.0, "sync / sync"), (KAFKA, 1.2, "sync / default")):
            found.append(Line(f"commits of {shown} partitions ({how})", f"commit_{case}", SYNC, theirs, "/s",
                              (Bound(COMMITS, at_least=least),)))  # fmt: skip
    found.append(Line("commits of 100 × 10, p99 (sync / sync)", "commit_100x10", SYNC, KAFKA_SYNC, " ms",
                      (Bound("ack_p99_ms", below=10.0),)))  # fmt: skip
    return found


def cells(line: Line, results: Results) -> list[str]:
    """ours, Kafka's, ratio, wanted, outcome; of several figures each in one order; an outcome that is the same once."""
    columns: list[list[str]] = [[], [], [], [], []]
    for bound in line.bounds:
        ours, theirs = (results.median(target, line.case, bound.figure) for target in (line.ours, line.theirs))
        unit = " s" if bound.figure == CPU else line.unit
        has_both = ours is not None and bool(theirs)
        columns[0].append("–" if ours is None else short(ours) + unit)
        columns[1].append("–" if theirs is None else short(theirs) + unit)
        columns[2].append(f"{ours / theirs:.2f}" if has_both else "–")
        columns[3].append(bound.text)
        columns[4].append(("met" if bound.is_met(ours, theirs) else "**missed**") if has_both else "not measured")
    *numbers, outcomes = columns
    return [*(" · ".join(column) for column in numbers), " · ".join(dict.fromkeys(outcomes))]


def table(results: Results) -> str:
    out = ["| what | tidegate | Kafka | ratio | wanted | outcome |", "|---|---|---|---|---|---|"]
    out += ["| " + " | ".join([line.what, *cells(line, results)]) + " |" for line in lines()]
    return "\n".join(out)
