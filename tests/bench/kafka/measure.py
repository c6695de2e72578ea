"""Takes the rows of the cases on all servers in turns. As a program: see tools/bench, which sets what it needs."""

import datetime
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time

import report
from cases import AWAKE, CASES, CONSUME_WARM, Row, rows_of, turns, warm_up
from servers import KAFKA, Server, all_servers, share_class_path

ROOT = pathlib.Path(__file__).parents[3]


def note(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr)


def syncs_per_second(folder: pathlib.Path, seconds: float = 0.2) -> int:
    """4 KiB appends, each with fdatasync: what the disk gives at this moment."""
    with tempfile.TemporaryFile(dir=folder) as file:
        done, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
            done += 1
    return round(done / seconds)


class Measurement:
    def __init__(self, load: str, servers: dict[str, Server], out: pathlib.Path, scale: float):
        self.load, self.servers, self.out, self.scale = load, servers, out, scale
        self.failed = 0

    def write(self, row: dict) -> None:
        with open(self.out / "results.jsonl", "a") as file:
            file.write(json.dumps(row) + "\n")

    def run_load(self, server: Server, words: tuple[str, ...], pids: bool = True) -> dict:
        command = [self.load, words[0], "-brokers", server.brokers, *words[1:]]
        if pids:
            command += ["-pid", ",".join(map(str, server.pids()))]
        with open(self.out / "errors.log", "ab") as errors:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        return json.loads(lines[-1]) if lines else {"error": f"no result, exit code {done.returncode}"}

    def unrecorded(self, server: Server, words: tuple[str, ...]) -> None:
        error = self.run_load(server, words, pids=False).get("error")
        if error:
            note(f"{server.name}: {words[0]} that is not recorded: {error}")

    def start(self) -> None:
        """One after the other: each is warm, and stopped, before the next one starts."""
        for server in self.servers.values():
            if server.kind == KAFKA:
                share_class_path(server, self.out / "class-path")
            server.start()
            if server.kind == KAFKA:
                share_class_path(server, self.out / "class-path")
            for words in warm_up(self.scale):
                self.unrecorded(server, words)
            server.pause()
            note(f"{server.name} is warm")

    def take(self, server: Server, row: Row) -> dict:
        if row.disk_bytes:
            server.forget_in_memory(lambda: self.unrecorded(server, CONSUME_WARM))
        os.sync()  # what others left to be written is not on this row's bill
        words = row.words
        if row.looks_at_memory and server.kind == KAFKA:
            words += ("-mem-cmd", server.shell("heap 1"))
        if row.restarts:
            words += ("-restart-cmd", server.shell("bounce"))
        pids, before = server.pids(), server.read_from_disk()
        found = self.run_load(server, words)
        if pids == server.pids() and server.is_alive():
            found["server_read_mb"] = round((server.read_from_disk() - before) / 1e6, 1)
        if "error" not in found and (read := found.get("server_read_mb", 0)) * 1e6 < row.disk_bytes:
            found["error"] = f"only {read} MB came from the disk"
        return found

    def turn(self, case: str, run: int, server: Server) -> None:
        server.resume()
        if not server.is_alive():
            note(f"{server.name} had died and is started again")
            server.start()
        self.unrecorded(server, AWAKE)
        speed = syncs_per_second(server.data)
        for row in rows_of(case, run, self.scale):
            found = self.take(server, row)
            self.failed += "error" in found
            self.write({"target": server.name, "case": row.name, "run": run, "disk_syncs_per_s": speed, **found})
            note(f"{server.name} {row.name} #{run} {found.get('error', '')}".rstrip())
        server.pause()


def machine(peers: pathlib.Path, runs: int, scale: float) -> dict:
    git = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], stdout=subprocess.PIPE, text=True)
    kafka = re.search(r"<kafka.version>([^<]+)", (peers / "pom.xml").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        "tidegate": git.stdout.strip(),
        "kafka": kafka[1] if kafka else "?",
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "runs": runs,
        "scale": scale,
    }


def main() -> int:
    peers, *cases = sys.argv[1:]
    out, load, binary = (os.environ[name] for name in ("OUT", "LOAD", "TIDEGATE_BINARY"))
    runs, scale = int(os.environ.get("RUNS", "2")), float(os.environ.get("SCALE", "1"))
    port = int(os.environ.get("PORT", "19392"))
    for case in cases:
        rows_of(case, 1, scale)  # raises when there is no such case
    results = pathlib.Path(out) / "results.jsonl"
    with tempfile.TemporaryDirectory(prefix="tidegate-bench.") as data:
        servers = all_servers(pathlib.Path(peers).resolve(), load, binary, pathlib.Path(data), port)
        wanted = os.environ.get("TARGETS", " ".join(servers)).split()
        servers = {name: servers[name] for name in wanted}
        results.unlink(missing_ok=True)
        measurement = Measurement(load, servers, results.parent, scale)
        measurement.write({"machine": machine(pathlib.Path(peers), runs, scale)})
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            measurement.start()
            for case, run, name in turns(cases or list(CASES), list(servers), runs):
                measurement.turn(case, run, servers[name])
        finally:
            for server in servers.values():
                server.stop()
    print(report.text(report.load(results)))
    if os.environ.get("KEEP") == "1":
        report.keep(results)
    return 1 if measurement.failed else 0


if __name__ == "__main__":
    sys.exit(main())
