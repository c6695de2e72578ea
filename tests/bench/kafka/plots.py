"""Draws a measurement as SVG by Matplotlib: bars of medians, with whiskers from the least to the most of the runs."""

import pathlib
from dataclasses import dataclass

import matplotlib
from figures import TARGETS, Results, short

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

INK = "#7d8590"  # on white and on black
COLOURS = {"tidegate-sync": "#1f6feb", "tidegate-os": "#79b8ff", "kafka-sync": "#bc4c00", "kafka": "#f0a35e"}
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "tidegate", "font.size": 9, "font.family": "sans-serif",
         "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
         "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y",
         "axes.axisbelow": True, "grid.color": INK, "grid.alpha": 0.25, "legend.frameon": False}  # fmt: skip


@dataclass(frozen=True)
class Panel:
    axis: str  # what is drawn, and its unit
    groups: dict[str, tuple[str, str]]  # name below the bars: case, figure
    below: str = ""
    logarithmic: bool = False


@dataclass(frozen=True)
class Plot:
    title: str
    panels: tuple[Panel, ...]


def log_groups(figure: str) -> dict[str, tuple[str, str]]:
    kinds = (("produce", "", ""), ("consume", "", "\nmemory"), ("consume", "_disk", "\ndisk"))
    return {f"{what}\n{size}{place}": (f"{what}_{suffix}{case}", figure)
            for suffix, size in (("100", "100 B"), ("1k", "1 kB")) for what, case, place in kinds}  # fmt: skip


def latency_groups(which: str) -> dict[str, tuple[str, str]]:
    return {f"{rate}/s\n{p}": (f"e2e_{rate}", f"{which}_{p}_ms") for rate in (100, 1000, 10000) for p in ("p50", "p99")}


def commit_groups(figure: str) -> dict[str, tuple[str, str]]:
    names = {"commit_sync": "1 × 1", "commit_100x1": "100 × 1", "commit_100x10": "100 × 10",
             "commit_1000x100": "1000 × 100"}  # fmt: skip
    return {name: (case, figure) for case, name in names.items()}


COMMITS = "groups × partitions of each commit; 32 connections, 1 for the first bars"
PLOTS = {
    "throughput": Plot("Throughput: 4 partitions, 1 client, acks=all, idempotent", (
        Panel("MB/s", log_groups("mb_per_s")),)),
    "cpu": Plot("Processor time of the server", (
        Panel("s per million records", log_groups("server_cpu_s_per_million")),
        Panel("s per million partition commits (log)", commit_groups("server_cpu_s_per_million"), COMMITS, True))),
    "latency": Plot("Latency at a given rate, 100 B", (
        Panel("send to acknowledgement, ms (log)", latency_groups("ack"), "", True),
        Panel("send to consumer, ms (log)", latency_groups("e2e"), "rate, percentile", True))),
    "commits": Plot("Offset commits", (
        Panel("partition commits/s (log)", commit_groups("partition_commits_per_s"), "", True),
        Panel("acknowledgement p99, ms (log)", commit_groups("ack_p99_ms"), COMMITS, True))),
}  # fmt: skip


def draw_panel(axes, panel: Panel, results: Results) -> None:
    width = 0.8 / len(TARGETS)
    for t, target in enumerate(TARGETS):
        for g, (case, figure) in enumerate(panel.groups.values()):
            runs = results.of(target, case, figure)
            middle = results.median(target, case, figure)
            if middle is None:
                continue
            at = g + (t - (len(TARGETS) - 1) / 2) * width
            axes.bar(at, middle, width * 0.92, color=COLOURS[target])
            if len(runs) > 1:
                axes.errorbar(
                    at, middle, [[middle - min(runs)], [max(runs) - middle]], color=INK, capsize=2, linewidth=1
                )
            axes.annotate(short(middle), (at, max(runs)), (0, 3), textcoords="offset points", rotation=90, ha="center",
                          va="bottom", fontsize=7)  # fmt: skip
    if panel.logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: short(value))
    axes.margins(y=0.2)
    axes.set_ylabel(panel.axis)
    axes.set_xlabel(panel.below)
    axes.set_xticks(range(len(panel.groups)), list(panel.groups))
    axes.tick_params(axis="x", length=0)


def draw(results: Results, folder: pathlib.Path) -> None:
    with pyplot.rc_context(STYLE):
        for name, plot in PLOTS.items():
            figure, all_axes = pyplot.subplots(len(plot.panels), squeeze=False, layout="constrained",
                                               figsize=(8, 0.9 + 2.7 * len(plot.panels)))  # fmt: skip
            for axes, panel in zip(all_axes[:, 0], plot.panels):
                draw_panel(axes, panel, results)
            handles = [pyplot.Rectangle((0, 0), 1, 1, color=COLOURS[target]) for target in TARGETS]
            figure.suptitle(plot.title)
            figure.legend(handles, list(TARGETS.values()), loc="outside lower center", ncols=len(TARGETS))
            figure.savefig(folder / f"{name}.svg", transparent=True, metadata={"Date": None})
            pyplot.close(figure)
