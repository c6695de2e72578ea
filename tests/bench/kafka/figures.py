"""Reads result files and writes numbers for people."""

import json
import pathlib
import statistics
from dataclasses import dataclass, field

TARGETS = {"tidegate-sync": "tidegate, sync", "tidegate-os": "tidegate, os",
           "kafka-sync": "Kafka, sync", "kafka": "Kafka, default"}  # fmt: skip


@dataclass
class Results:
    machine: dict = field(default_factory=dict)
    values: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)  # target, case, figure: one per run
    errors: list[str] = field(default_factory=list)

    def of(self, target: str, case: str, figure: str) -> list[float]:
        return self.values.get((target, case, figure), [])

    def all_of(self, figure: str) -> list[float]:
        return [value for (_, _, name), values in self.values.items() if name == figure for value in values]

    def median(self, target: str, case: str, figure: str) -> float | None:
        found = self.of(target, case, figure)
        return statistics.median(found) if found else None

    def add(self, row: dict) -> None:
        if "machine" in row:
            self.machine = row["machine"]
            return
        if "error" in row:  # what a failed row measured means nothing
            self.errors.append(f"{row['target']} {row['case']} #{row['run']}: {row['error']}")
            return
        for step in row.get("steps", []):
            self.add({**step, "target": row["target"], "case": f"{row['case']}_{step['rate']:g}", "run": row["run"]})
        for figure, value in row.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self.values.setdefault((row["target"], row["case"], figure), []).append(value)


def load(path: pathlib.Path) -> Results:
    results = Results()
    for line in path.read_text().splitlines():
        results.add(json.loads(line))
    return results


def short(value: float) -> str:
    """1.16 M, 54.2 k, 339, 2.31."""
    if abs(value) >= 999_500:
        return f"{value / 1e6:.2f} M"
    if abs(value) >= 9_995:
        return f"{value / 1e3:.0f} k" if abs(value) >= 99_950 else f"{value / 1e3:.1f} k"
    return f"{value:.0f}" if abs(value) >= 99.5 or value == 0 else f"{value:.3g}"


def spread(values: list[float]) -> str:
    """median [least .. most]"""
    if not values:
        return ""
    middle, least, most = map(short, (statistics.median(values), min(values), max(values)))
    return middle if least == most else f"{middle} [{least} .. {most}]"
