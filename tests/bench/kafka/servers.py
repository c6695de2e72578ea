"""The servers that are measured. Only one runs at a time: the others are stopped where they are (SIGSTOP)."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).parent
TIDEGATE, KAFKA = "tidegate", "kafka"
# A stopped node is silent for minutes. This keeps Kafka's controller, in the same process, from taking it for dead.
PATIENCE = "broker.session.timeout.ms=3600000"


def state_of(pid: int) -> str:
    """As in /proc/PID/stat: R runs, S sleeps, T is stopped, Z is dead; X: there is none."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


@dataclass
class Server:
    name: str
    kind: str
    script: pathlib.Path
    port: int
    data: pathlib.Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def brokers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def run(self, *verb: str) -> str:
        with open(self.data / "script.log", "ab") as log:
            environment = {**os.environ, **self.environment}
            done = subprocess.run([self.script, *verb], env=environment, text=True, check=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)  # fmt: skip
        return done.stdout.strip()

    def shell(self, verb: str) -> str:
        """The same as a word for `sh -c`."""
        words = [f"{key}='{value}'" for key, value in self.environment.items()]
        return " ".join(["env", *words, f"'{self.script}'", verb])

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.run("start")

    def pids(self) -> list[int]:
        return [int(pid) for pid in self.run("pids").split(",") if pid]

    def is_alive(self) -> bool:
        pids = self.pids()
        return bool(pids) and all(state_of(pid) not in "ZX" for pid in pids)

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def signal(self, which: signal.Signals) -> None:
        for pid in self.pids():
            try:
                os.kill(pid, which)
            except ProcessLookupError:
                pass  # it crashed: is_alive says so

    def stop(self) -> None:
        """For good: its data are of no use to anybody."""
        if self.data.exists():
            self.resume()
            self.run(*(["kill9", "1"] if self.kind == KAFKA else ["stop"]))

    def read_from_disk(self) -> int:
        """Bytes that it made the disk read so far."""
        counters = [pathlib.Path(f"/proc/{pid}/io").read_text() for pid in self.pids()]
        return sum(int(re.search(r"^read_bytes: (\d+)", text, re.M)[1]) for text in counters)

    def forget_in_memory(self, warm_up: Callable[[], None]) -> None:
        """
        Makes the next reader go to the disk: nothing of its files in the page cache, nothing in the node's own memory.
        Kafka keeps no records in memory, and goes on without a restart, that is, with compiled code. `warm_up` is
        called in between, for both.
        """
        if self.kind == TIDEGATE:
            self.run("bounce")
        warm_up()
        os.sync()
        for path in self.data.rglob("*"):
            try:
                if path.is_file():
                    with open(path, "rb") as file:
                        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            except FileNotFoundError:
                pass  # deleted meanwhile


def tidegate(name: str, data: pathlib.Path, port: int, binary: str, durability: str) -> Server:
    environment = {"BINARY": binary, "DATA": str(data), "PORT": str(port), "DURABILITY": durability}
    return Server(name, TIDEGATE, HERE / "tidegate.sh", port, data, environment)


def kafka(name: str, data: pathlib.Path, port: int, peers: pathlib.Path, load: str, *properties: str) -> Server:
    environment = {"PEERS_DIR": str(data), "KAFKA_PORTS": str(port), "KAFKA_CTRL": str(port + 1), "LOAD": load,
                   "KAFKA_EXTRA": ";".join([PATIENCE, *properties])}  # fmt: skip
    return Server(name, KAFKA, peers / "kafka.sh", port, data, environment)


def all_servers(peers: pathlib.Path, load: str, binary: str, data: pathlib.Path, port: int) -> dict[str, Server]:
    found = [
        tidegate("tidegate-sync", data / "tidegate-sync", port, binary, "fsync"),
        kafka("kafka-sync", data / "kafka-sync", port + 10, peers, load, "log.flush.interval.messages=1"),
        tidegate("tidegate-os", data / "tidegate-os", port + 20, binary, "os"),
        kafka("kafka", data / "kafka", port + 30, peers, load),
    ]
    return {server.name: server for server in found}


def share_class_path(server: Server, cache: pathlib.Path) -> None:
    """kafka.sh asks Maven for the class path of every new folder; once is enough, while pom.xml is older."""
    place = server.data / "kafka" / "cp.txt"
    if cache.exists() and not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(cache, place)
    elif place.exists() and not cache.exists():
        shutil.copy2(place, cache)
