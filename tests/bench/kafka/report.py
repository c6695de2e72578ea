"""
Says what a measurement found. As a program: report.py RESULTS [--keep]; prints the ratios and all figures as Markdown.
--keep makes it the measurement of the record: the results beside this file, their plots, and both READMEs.
"""

import argparse
import pathlib
import re
import shutil
import sys

import wanted
from cases import COMMITS, RATES
from figures import TARGETS, Results, load, spread

HERE = pathlib.Path(__file__).parent
KEPT = HERE / "results.jsonl"
README = HERE.parents[2] / "README.md"
CPU = {"server_cpu_s_per_million": "server CPU, s per million"}
LOG = {"records_per_s": "records/s", **CPU}
ACKS = {"ack_p50_ms": "ack p50, ms", "ack_p99_ms": "ack p99, ms"}
ENDS = {"e2e_p50_ms": "end to end p50, ms", "e2e_p99_ms": "end to end p99, ms"}
MEMORY = {"server_rss_mb": "resident memory, MB"}
SHOWN: dict[str, dict[str, str]] = {
    **{f"produce_{size}": {**LOG, **ACKS} for size in ("100", "1k")},
    **{f"consume_{size}{place}": LOG for size in ("100", "1k") for place in ("", "_disk")},
    **{f"e2e_{rate}": {**ACKS, **ENDS} for rate in RATES},
    "e2e": CPU,
    **{case: {"partition_commits_per_s": "partition commits/s", **CPU, **ACKS} for case in COMMITS},
    "conns": {"opened_per_s": "opened/s", "open_p50_ms": "open p50, ms", "open_p99_ms": "open p99, ms",
              "rss_bytes_per_conn": "resident bytes each", "live_bytes_per_conn": "live heap bytes each",
              "idle_cpu_percent": "CPU while idle, %"},
    "groups": {"groups_per_s": "new groups/s", **CPU,
               "rss_bytes_per_group": "resident bytes each", "live_bytes_per_group": "live heap bytes each",
               "restart_to_first_fetch_ms": "restart to first fetch, ms", "fetch_p50_ms": "fetch p50, ms",
               "fetch_p99_ms": "fetch p99, ms", **MEMORY},
}  # fmt: skip


def figures_table(results: Results) -> str:
    out = ["| case | figure | " + " | ".join(TARGETS.values()) + " |", "|---|---|" + "---|" * len(TARGETS)]
    for case, figures in SHOWN.items():
        shown = case
        for figure, name in figures.items():
            of = [results.of(target, case, figure) for target in TARGETS]
            if any(of):
                out.append(f"| {shown} | {name} | " + " | ".join(map(spread, of)) + " |")
                shown = ""
    return "\n".join(out)


def conditions(results: Results) -> str:
    m = results.machine
    runs = f"{m['runs']} runs" if m["runs"] != 1 else "1 run"
    scale = "" if m["scale"] == 1 else f", at {m['scale']:g} of the full length"
    syncs, others = spread(results.all_of("disk_syncs_per_s")), spread(results.all_of("other_cpu_cores"))
    said = [
        f"{m['date']}, tidegate {m['tidegate']}, Kafka {m['kafka']}, medians of {runs}{scale}.",
        f"{m['cores']} cores, {m['memory_gb']} GB, {m['system']}.",
        f"4 KiB syncs/s of the disk: {syncs}. Cores that other programs used: {others}.",
    ]
    return "\n".join(said + [f"Failed: {error}"[:140] for error in results.errors])


def ratios(results: Results) -> str:
    return conditions(results) + "\n\n" + wanted.table(results)


def text(results: Results) -> str:
    return ratios(results) + "\n\n" + figures_table(results)


def replaced(document: str, name: str, content: str) -> str:
    """The document with another content between the marks `<!-- NAME: begin… -->` and `<!-- NAME: end -->`."""
    marked = re.compile(rf"(<!-- {name}: begin[^>]*-->\n).*?(<!-- {name}: end -->)", re.S)
    assert marked.search(document), f"no place for {name}"
    return marked.sub(lambda match: match[1] + content + "\n" + match[2], document)


def documents(results: Results) -> dict[pathlib.Path, str]:
    """What the READMEs are for these results."""
    ours = HERE / "README.md"
    return {README: replaced(README.read_text(), "ratios", ratios(results)),
            ours: replaced(ours.read_text(), "figures", figures_table(results))}  # fmt: skip


def keep(path: pathlib.Path) -> None:
    import plots

    results = load(path)
    if path.resolve() != KEPT:
        shutil.copyfile(path, KEPT)
    for document, content in documents(results).items():
        document.write_text(content)
    plots.draw(results, HERE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true")
    words = parser.parse_args()
    print(text(load(words.results)))
    if words.keep:
        keep(words.results)
    sys.exit(0)
