"""A real SeaweedFS with SeaweedMQ on loopback: one process, or one process per role."""

import atexit
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time

import grpc
from native import Broker, Filer, Master
from security import Security

WEED = os.environ.get("WEED_BINARY") or str(pathlib.Path(sys.executable).parent / "weed")
SINGLE = ("server",)
CLUSTER = ("master", "volume", "filer", "broker")  # in the order in which they start


def wait_for(what: str, probe, seconds: float = 60, pause: float = 0.05):
    """Calls `probe` until it answers something true; gRPC errors count as "not yet"."""
    deadline = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = probe()
            if last:
                return last
        except grpc.RpcError as error:
            last = f"{error.code()}: {error.details()}"
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s, the last answer was {last!r}"
        time.sleep(pause)


def is_free(port: int) -> bool:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_pair(shift: int) -> tuple[int, int]:
    """An HTTP port and its gRPC port, both below the range that the kernel gives to outgoing connections."""
    for _ in range(1000):
        port = random.randrange(10000, 32000 - shift)
        if is_free(port) and is_free(port + shift):
            return port, port + shift
    raise AssertionError("no free ports")


class Weed:
    """
    `roles`: SINGLE (`weed server -filer -mq.broker`) or CLUSTER.
    `shift`: gRPC port − HTTP port. 10000 is the rule of SeaweedFS; with another number its addresses look like
    "host:http.grpc" everywhere.
    `security`: what security.toml demands; a `weed` reads it where it runs.
    Data and ports stay the same over restarts. Nothing outlives this process: each has its own process group, and the
    kernel kills it when we die.
    """

    def __init__(
        self,
        directory: pathlib.Path,
        roles=SINGLE,
        shift: int = 10000,
        flush_seconds: int = 5,
        security: Security | None = None,
    ):
        self.directory = directory
        self.identity = security.client() if security else None
        if security:
            security.install(directory)
        self.roles = roles
        self.shift = shift
        self.flush_seconds = flush_seconds
        self.processes: dict[str, subprocess.Popen] = {}
        self.scratch = 0
        self.master_port, self.master_grpc = free_pair(shift)
        self.filer_port, self.filer_grpc = free_pair(shift)
        self.volume_port, self.volume_grpc = free_pair(shift)
        self.broker_port, _ = free_pair(shift)
        self.clients: dict = {}
        atexit.register(self.close)

    # Addresses.

    def address(self, port: int, grpc_port: int) -> str:
        """As SeaweedFS writes it, with the gRPC port only where it is not the usual one."""
        return f"127.0.0.1:{port}" if grpc_port == port + 10000 else f"127.0.0.1:{port}.{grpc_port}"

    @property
    def masters(self) -> str:
        return self.address(self.master_port, self.master_grpc)

    @property
    def broker_address(self) -> str:
        return f"127.0.0.1:{self.broker_port}"

    # Clients. One channel each; gRPC connects again after a restart.

    def client(self, kind, port: int):
        if kind not in self.clients:
            self.clients[kind] = kind(f"127.0.0.1:{port}", self.identity)
        return self.clients[kind]

    @property
    def master(self) -> Master:
        return self.client(Master, self.master_grpc)

    @property
    def filer(self) -> Filer:
        return self.client(Filer, self.filer_grpc)

    @property
    def broker(self) -> Broker:
        return self.client(Broker, self.broker_port)

    # Processes.

    def command(self, role: str) -> list[str]:
        here = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        data = self.directory / role
        data.mkdir(parents=True, exist_ok=True)
        if role == "server":
            return [
                "server",
                *here,
                f"-dir={data}",
                "-master.peers=none",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=100",
                "-volume.preStopSeconds=0",
                "-filer",
                "-mq.broker",
                f"-master.port={self.master_port}",
                f"-master.port.grpc={self.master_grpc}",
                f"-volume.port={self.volume_port}",
                f"-volume.port.grpc={self.volume_grpc}",
                f"-filer.port={self.filer_port}",
                f"-filer.port.grpc={self.filer_grpc}",
                f"-mq.broker.port={self.broker_port}",
                f"-mq.broker.logFlushInterval={self.flush_seconds}",
            ]
        if role == "master":
            return [
                "master",
                *here,
                f"-port={self.master_port}",
                f"-port.grpc={self.master_grpc}",
                f"-mdir={data}",
                "-peers=none",
                "-telemetry=false",
                "-volumeSizeLimitMB=64",
            ]
        if role == "volume":
            return [
                "volume",
                *here,
                f"-port={self.volume_port}",
                f"-port.grpc={self.volume_grpc}",
                f"-dir={data}",
                "-max=100",
                "-preStopSeconds=0",
                f"-master={self.masters}",
            ]
        if role == "filer":
            return [
                "filer",
                *here,
                f"-port={self.filer_port}",
                f"-port.grpc={self.filer_grpc}",
                f"-master={self.masters}",
                f"-defaultStoreDir={data}",
            ]
        return [
            "mq.broker",
            "-ip=127.0.0.1",
            f"-port={self.broker_port}",
            f"-master={self.masters}",
            f"-logFlushInterval={self.flush_seconds}",
        ]

    def log(self, role: str) -> pathlib.Path:
        return self.directory / f"{role}.log"

    def launch(self, role: str) -> None:
        assert not self.is_running(role), f"{role} runs already"
        command = ["setpriv", "--pdeathsig", "KILL", WEED, *self.command(role)]
        with open(self.log(role), "ab") as out:
            self.processes[role] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.directory, start_new_session=True
            )

    def is_running(self, role: str) -> bool:
        return role in self.processes and self.processes[role].poll() is None

    def check_running(self) -> bool:
        for role, process in self.processes.items():
            assert process.poll() is None, f"weed {role} ended with {process.returncode}:\n{self.tail(role)}"
        return True

    def start(self) -> "Weed":
        for role in self.roles:
            self.launch(role)
            self.wait_until_open(role)
        self.wait_until_ready()
        return self

    def wait_until_open(self, role: str) -> None:
        """The role takes connections; it may still not answer."""
        port = {"master": self.master_grpc, "volume": self.volume_port, "filer": self.filer_grpc}.get(role)

        def probe() -> bool:
            self.check_running()
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port or self.broker_port)) == 0

        wait_for(f"port of weed {role}", probe)

    def wait_until_stored(self) -> None:
        """The filer answers and hands out ids of chunks: what tidegate needs."""
        wait_for("AssignVolume", lambda: self.check_running() and self.filer.assign(1))

    def wait_until_ready(self) -> None:
        """
        Broker and storage serve. A look-up before the broker has joined its balancer would be cached for 30 s with an
        empty leader, so the probe is ConfigureTopic of a topic that nobody has asked for.
        """
        self.wait_until_stored()
        wait_for("FindBrokerLeader", lambda: self.check_running() and self.broker.find_leader())
        self.scratch += 1
        name = f"scratch-{os.getpid()}-{time.time_ns()}-{self.scratch}"
        wait_for("ConfigureTopic", lambda: self.check_running() and self.broker.configure("contract", name, 1))

    def kill(self, role: str = "server") -> None:
        """kill -9 of the whole process group."""
        process = self.processes.pop(role)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)

    def pause(self, role: str = "server") -> None:
        """SIGSTOP: connections stay open and nothing is answered."""
        os.killpg(self.processes[role].pid, signal.SIGSTOP)

    def resume(self, role: str = "server") -> None:
        os.killpg(self.processes[role].pid, signal.SIGCONT)

    def restart(self, role: str = "server") -> None:
        """kill -9 and start again. Returns when it is open; see wait_until_ready()."""
        if self.is_running(role):
            self.kill(role)
        if role == "broker":
            # The dead broker's balancer lock (7 s) would make the new one wait for 18 s.
            wait_for("expiry of the balancer lock", lambda: self.filer.lock_owner("broker_balancer") == "")
        self.launch(role)
        self.wait_until_open(role)

    def close(self) -> None:
        for role in reversed(self.roles):
            if role in self.processes:
                self.kill(role)
        for client in self.clients.values():
            client.close()
        self.clients.clear()

    # Other ways in.

    def shell(self, command: str) -> str:
        done = subprocess.run(
            [WEED, "shell", f"-master={self.masters}"], input=command + "\n", capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"weed shell ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def tail(self, role: str, lines: int = 25) -> str:
        text = self.log(role).read_text(errors="replace") if self.log(role).exists() else ""
        return "\n".join(text.splitlines()[-lines:])
