"""The READMEs and the plots are what the kept results give, and a table says what the figures say."""

import re

import plots
import report
import wanted
from figures import Results, load, short, spread


def words_of(svg: str) -> list[str]:
    return sorted(re.findall(r"<text[^>]*>(.*?)</text>", svg, re.S))


def test_the_tables_are_those_of_the_kept_results():
    for path, content in report.documents(load(report.KEPT)).items():
        assert path.read_text() == content, (
            f"{path}: run tests/bench/kafka/report.py tests/bench/kafka/results.jsonl --keep"
        )


def test_the_plots_are_those_of_the_kept_results(tmp_path):
    plots.draw(load(report.KEPT), tmp_path)
    for name in plots.PLOTS:
        kept = words_of((report.HERE / f"{name}.svg").read_text())
        assert len(kept) > 30 and kept == words_of((tmp_path / f"{name}.svg").read_text())
        assert f"({name}.svg)" in (report.HERE / "README.md").read_text()


def test_every_row_of_the_kept_results_is_shown():
    cases = {case for _, case, _ in load(report.KEPT).values}
    assert cases == set(report.SHOWN)


def results(*rows: dict) -> Results:
    found = Results()
    for row in rows:
        found.add({"run": 1, **row})
    return found


def outcomes(bound: wanted.Bound, ours: dict, theirs: dict) -> list[str]:
    line = wanted.Line("", "c", "tidegate-sync", "kafka", "", (bound,))
    return wanted.cells(
        line, results({"target": "tidegate-sync", "case": "c", **ours}, {"target": "kafka", "case": "c", **theirs})
    )


def test_a_bound_is_met_or_missed():
    rate = wanted.Bound("records_per_s", at_least=1.2)
    assert outcomes(rate, {"records_per_s": 120}, {"records_per_s": 100}) == ["120", "100", "1.20", "≥ 1.2", "met"]
    assert outcomes(rate, {"records_per_s": 119}, {"records_per_s": 100})[4] == "**missed**"
    cpu = wanted.Bound("server_cpu_s_per_million", at_most=0.6)
    assert outcomes(cpu, {"server_cpu_s_per_million": 6}, {"server_cpu_s_per_million": 10})[2:] == [
        "0.60",
        "≤ 0.6",
        "met",
    ]
    assert outcomes(cpu, {"server_cpu_s_per_million": 6.1}, {"server_cpu_s_per_million": 10})[4] == "**missed**"
    p99 = wanted.Bound("ack_p99_ms", below=10)
    assert outcomes(p99, {"ack_p99_ms": 10}, {"ack_p99_ms": 1})[3:] == ["ours ≤ 10", "met"]
    assert outcomes(p99, {"ack_p99_ms": 10.1}, {"ack_p99_ms": 99})[4] == "**missed**"


def test_what_failed_is_named_and_not_counted():
    rate = wanted.Bound("records_per_s", at_least=1.0)
    assert outcomes(rate, {"records_per_s": 120, "error": "3 lost"}, {"records_per_s": 100})[4] == "not measured"
    found = results({"target": "kafka", "case": "c", "records_per_s": 1, "error": "3 lost"})
    assert found.errors == ["kafka c #1: 3 lost"] and not found.values


def test_the_widest_table_fits_a_screen():
    found = Results()
    for line in wanted.lines():
        for bound in line.bounds:
            for target in (line.ours, line.theirs):
                found.values[target, line.case, bound.figure] = [0.1234567]  # mixed: met for rates, missed for CPU
    rows = wanted.table(found).splitlines()
    assert len(rows) == 2 + len(wanted.lines()) and "met · **missed**" in rows[2]
    assert max(map(len, rows)) <= 140


def test_numbers_are_short():
    assert [short(v) for v in (0, 0.327, 2.314, 99.6, 4011, 9996, 54_210, 338_700, 999_600)] == [
        "0", "0.327", "2.31", "100", "4011", "10.0 k", "54.2 k", "339 k", "1.00 M"]  # fmt: skip
    assert spread([3, 1, 2]) == "2 [1 .. 3]" and spread([2]) == "2" and spread([]) == ""
