"""Servers are measured in turns, one at a time, with programs that stand in for them and for the load."""

import json
import os
import pathlib
import signal
import tempfile
import time

import pytest
from cases import CASES, RESTARTING, Row, rows_of, turns
from measure import ROOT, Measurement
from servers import KAFKA, TIDEGATE, Server, all_servers

SERVER = """#!/usr/bin/env bash
case $1 in
  start) setsid sleep 600 >/dev/null 2>&1 </dev/null & echo $! >"$DATA/pid" ;;
  bounce) "$0" stop && "$0" start ;;
  stop | kill9) kill "$(<"$DATA/pid")" && rm "$DATA/pid" ;;
  pids) cat "$DATA/pid" 2>/dev/null || true ;;
esac
"""
# How many of the servers run, and which one the load is for.
LOAD = """#!/usr/bin/env bash
running=0
for pid in $(cat DATA/*/pid); do [[ $(cut -d' ' -f3 /proc/$pid/stat) == T ]] || running=$((running + 1)); done
echo "{\\"running\\": $running, \\"words\\": \\"$*\\"}"
"""


def program(path: pathlib.Path, text: str) -> pathlib.Path:
    path.write_text(text)
    path.chmod(0o700)
    return path


@pytest.fixture
def measurement(tmp_path):
    script, load = (
        program(tmp_path / "server", SERVER),
        program(tmp_path / "load", LOAD.replace("DATA", str(tmp_path / "data"))),
    )
    servers = {}
    for port, (name, kind) in enumerate({"a": TIDEGATE, "b": TIDEGATE, "c": KAFKA}.items(), 1):
        data = tmp_path / "data" / name
        servers[name] = Server(name, kind, script, port, data, {"DATA": str(data)})
    found = Measurement(str(load), servers, tmp_path, 1)
    found.start()
    yield found
    for server in servers.values():
        server.stop()


def written(measurement: Measurement) -> list[dict]:
    return [json.loads(line) for line in (measurement.out / "results.jsonl").read_text().splitlines()]


def test_every_server_does_a_case_before_the_next_run_and_the_next_case():
    assert turns(["e2e", "log_1k", "conns"], ["a", "b", "c"], 2) == [
        ("e2e", 1, "a"), ("e2e", 1, "b"), ("e2e", 1, "c"), ("e2e", 2, "b"), ("e2e", 2, "c"), ("e2e", 2, "a"),
        ("log_1k", 1, "a"), ("log_1k", 1, "b"), ("log_1k", 1, "c"),
        ("log_1k", 2, "b"), ("log_1k", 2, "c"), ("log_1k", 2, "a"),
        ("conns", 1, "a"), ("conns", 1, "b"), ("conns", 1, "c")]  # fmt: skip
    order = [case for case, _, _ in turns(["groups", *CASES], ["a"], 1)]
    assert all(case in RESTARTING for case in order[-2:]) and not any(case in RESTARTING for case in order[:-2])


def test_only_the_server_that_is_measured_runs(measurement):
    for case, run, name in turns(["commit_sync", "groups"], list(measurement.servers), 1):
        measurement.turn(case, run, measurement.servers[name])
    rows = written(measurement)
    assert [(row["target"], row["case"]) for row in rows] == [(s, c) for c in ("commit_sync", "groups") for s in "abc"]
    assert all(row["running"] == 1 for row in rows)
    for port, row in enumerate(rows[:3], 1):
        assert f"-brokers 127.0.0.1:{port} " in row["words"]
        assert f"-pid {measurement.servers[row['target']].pids()[0]}" in row["words"]
    assert not measurement.failed


def test_a_row_whose_load_failed_is_counted_and_says_why(measurement):
    measurement.load = str(
        program(measurement.out / "failing", '#!/bin/sh\necho "{\\"error\\": \\"3 lost\\"}"; exit 1\n')
    )
    measurement.turn("commit_sync", 1, measurement.servers["a"])
    measurement.load = "/bin/false"
    measurement.turn("commit_sync", 2, measurement.servers["a"])
    assert [row["error"] for row in written(measurement)] == ["3 lost", "no result, exit code 1"]
    assert measurement.failed == 2


def test_a_row_from_disk_that_was_served_from_memory_fails(measurement):
    before = {name: server.pids() for name, server in measurement.servers.items()}
    for server in measurement.servers.values():
        server.resume()
        found = measurement.take(server, Row("consume_1k_disk", ("consume",), disk_bytes=1000))
        assert found["error"] == "only 0.0 MB came from the disk"
    restarted = {name for name, server in measurement.servers.items() if server.pids() != before[name]}
    assert restarted == {"a", "b"}, "tidegate forgets what it has in memory; Kafka keeps its compiled code"


def test_files_of_a_row_from_disk_leave_the_page_cache():
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:  # on a disk; /tmp may be none
        data = pathlib.Path(folder)
        (data / "log").write_bytes(os.urandom(8 << 20))
        server = Server("k", KAFKA, data / "no script", 1, data)
        assert read_from_disk(data / "log") < 1 << 20
        server.forget_in_memory(lambda: (data / "log").read_bytes())
        assert read_from_disk(data / "log") >= 8 << 20


def read_from_disk(path: pathlib.Path) -> int:
    """Bytes that reading a file makes the disk read."""
    before = own_reads()
    path.read_bytes()
    return own_reads() - before


def own_reads() -> int:
    return int(pathlib.Path("/proc/self/io").read_text().split("read_bytes: ")[1].split()[0])


def test_a_server_that_died_is_started_again_and_its_row_is_taken(measurement, capfd):
    server = measurement.servers["a"]
    os.kill(server.pids()[0], signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    measurement.turn("commit_sync", 1, server)
    assert written(measurement)[0]["running"] == 1 and "a had died" in capfd.readouterr().err


def test_every_case_has_rows_and_scales():
    for case in CASES:
        assert rows_of(case, 1, 1.0) and rows_of(case, 1, 1.0) != rows_of(case, 1, 0.5)
    with pytest.raises(ValueError, match="no case produce"):
        rows_of("produce", 1, 1.0)


def test_the_four_servers_differ_in_what_waits_for_the_disk(tmp_path):
    servers = all_servers(tmp_path, "load", "tidegate", tmp_path, 1000)
    assert servers["tidegate-sync"].environment["DURABILITY"] == "fsync"
    assert servers["tidegate-os"].environment["DURABILITY"] == "os"
    assert "log.flush.interval.messages=1" in servers["kafka-sync"].environment["KAFKA_EXTRA"]
    assert "flush" not in servers["kafka"].environment["KAFKA_EXTRA"]
    ports = [port + i for port in (server.port for server in servers.values()) for i in (0, 1)]
    assert len(set(ports)) == 8
