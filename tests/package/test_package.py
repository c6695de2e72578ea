"""The .deb in a clean Debian: installed, used, removed, installed again, purged. tools/package makes it."""

import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import time
import tomllib

import pytest
from clean_root import CleanRoot
from confluent_kafka import Consumer, Producer

REPOSITORY = pathlib.Path(__file__).parents[2]
CONFIG = "etc/tidegate/tidegate.toml"
DATA = "var/lib/tidegate"
UNIT = "lib/systemd/system/tidegate.service"


def output_of(*command) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(scope="module")
def package() -> pathlib.Path:
    found = list((REPOSITORY / "build/package").glob("*.deb"))
    assert len(found) == 1, "tools/package makes one"
    return found[0]


@pytest.fixture(scope="module")
def root(package):
    clean = CleanRoot()
    try:
        clean.install(package)
        yield clean
    finally:
        clean.close()


def unit_of(root: CleanRoot) -> dict[str, str]:
    lines = (root.path / UNIT).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """What the unit runs, as the user it says; only the ports are others, which may be taken on this machine."""

    def __init__(self, root: CleanRoot):
        unit = unit_of(root)
        self.address = f"127.0.0.1:{free_port()}"
        self.log = root.path / "tmp/service.log"
        command = [*unit["ExecStart"].split(), "--listen", self.address, "--admin-listen", "127.0.0.1:0"]
        with open(self.log, "ab") as out:
            self.process = root.start(command, root.user(unit["User"]), out)

    def __enter__(self):
        try:
            self.wait_until_ready()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while f"tidegate ready on {self.address}" not in self.log.read_text():
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"not ready:\n{self.log.read_text()}"
            time.sleep(0.05)

    def __exit__(self, *failure):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        assert code == 0 or failure[0], self.log.read_text()


def produce(address: str, value: bytes) -> None:
    errors = []
    producer = Producer({"bootstrap.servers": address, "message.timeout.ms": 20000})
    producer.produce("orders", value, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(30) == 0 and errors == [None]


def consume(address: str, reset: str) -> bytes:
    """The next record of a group, which commits it."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "billing", "auto.offset.reset": reset,
                         "enable.auto.commit": False})
    try:
        consumer.subscribe(["orders"])
        record = consumer.poll(30)
        assert record is not None and not record.error(), record and record.error()
        consumer.commit(record, asynchronous=False)
        return record.value()
    finally:
        consumer.close()


def names_below(root: CleanRoot) -> set[str]:
    return {str(path.relative_to(root.path)) for path in (root.path / DATA).rglob("*")}


def test_the_package_says_what_it_is(package):
    fields = dict(line.split(": ", 1) for line in output_of("dpkg-deb", "-f", package).splitlines() if ": " in line)
    architecture = output_of("dpkg", "--print-architecture").strip()
    assert (fields["Package"], fields["Architecture"], fields["Section"]) == ("tidegate", architecture, "net")
    needs = {need.split()[0] for need in fields["Depends"].split(", ")}
    assert {"adduser", "libc6", "librocksdb7.8", "librdkafka1"} <= needs


def test_the_program_runs_on_what_apt_brought(root):
    assert root.run("tidegate", "--version").startswith("tidegate ")
    assert root.run("tidegate", "check-config", f"/{CONFIG}") == ""
    # What tells functions and lines apart stays at home.
    sections = output_of("readelf", "-SW", root.path / "usr/bin/tidegate")
    assert ".text" in sections and ".debug_info" not in sections and ".symtab" not in sections


def test_shells_complete_its_words(root):
    ask = ". /usr/share/bash-completion/completions/tidegate; COMP_LINE=$0 COMP_POINT=${#0}; "
    ask += "_tidegate; echo ${COMPREPLY[*]}"
    assert root.run("bash", "--norc", "-c", ask, "tidegate gro") == "groups\n"
    share = root.path / "usr/share"
    assert (share / "zsh/vendor-completions/_tidegate").read_text().startswith("#compdef tidegate\n")
    assert "complete -c tidegate" in (share / "fish/vendor_completions.d/tidegate.fish").read_text()


def test_systemd_takes_the_unit(root, package, tmp_path):
    # The package alone, among the units of this machine's systemd: a clean root has none.
    output_of("dpkg-deb", "-x", package, tmp_path)
    shutil.copytree("/lib/systemd/system", tmp_path / "lib/systemd/system", symlinks=True, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("tidegate.service"))
    (tmp_path / "bin").mkdir(exist_ok=True)
    shutil.copy2("/bin/kill", tmp_path / "bin/kill")  # of procps, on which the package depends
    checked = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", "tidegate.service"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert checked.returncode == 0 and "tidegate" not in checked.stdout, checked.stdout
    unit = unit_of(root)
    assert int(unit["TimeoutStopSec"]) > 10 and unit["Restart"] == "on-failure"
    connections = tomllib.loads((root.path / CONFIG).read_text())["kafka"]["max.connections"]
    assert int(unit["LimitNOFILE"]) > connections + 1000, "of these the store's files"
    assert (root.path / "etc/systemd/system/multi-user.target.wants/tidegate.service").is_symlink(), "enabled"


def test_the_user_owns_its_data_and_nothing_else(root):
    user = root.user("tidegate")
    assert 0 < user.number < 1000 and user.shell == "/usr/sbin/nologin"
    data = (root.path / DATA).stat()
    assert (data.st_uid, data.st_gid, stat.S_IMODE(data.st_mode)) == (user.number, user.group, 0o750)
    config = (root.path / CONFIG).stat()
    assert (config.st_uid, config.st_gid, stat.S_IMODE(config.st_mode)) == (0, user.group, 0o640), "it may hold a key"


def test_records_stay_until_somebody_deletes_them(root, package):
    with Service(root) as service:
        produce(service.address, b"first")
        produce(service.address, b"second")
        assert consume(service.address, "earliest") == b"first"
    stored = names_below(root)
    owners = {(root.path / name).stat().st_uid for name in stored}
    assert owners == {root.user("tidegate").number}
    with open(root.path / CONFIG, "a") as config:
        config.write("# an administrator's line\n")

    root.run("apt-get", "remove", "-y", "tidegate")
    assert not (root.path / "usr/bin/tidegate").exists() and not (root.path / UNIT).exists()
    assert (root.path / CONFIG).read_text().endswith("# an administrator's line\n")
    assert names_below(root) == stored

    root.install(package)
    assert (root.path / CONFIG).read_text().endswith("# an administrator's line\n")
    with Service(root) as service:
        assert consume(service.address, "error") == b"second"
    stored = names_below(root)

    said = root.run("apt-get", "purge", "-y", "tidegate")
    assert "/var/lib/tidegate has records and stays" in said
    assert not (root.path / "etc/tidegate").exists() and not (root.path / "usr/bin/tidegate").exists()
    assert not list((root.path / "etc/systemd/system").rglob("tidegate.service"))
    assert names_below(root) == stored
