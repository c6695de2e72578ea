"""A Debian without anything of ours: debootstrap's smallest root, with the machine's own sources of packages.

It needs root, but no right to mount, so it works in a container, too.
"""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile
import typing

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_ENVIRONMENT |= {name: value for name, value in os.environ.items() if re.fullmatch("(https?|no)_proxy", name.lower())}


def _run(*command) -> str:
    """Its output, stderr too; raises what it said last when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_ENVIRONMENT,
                          timeout=600)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def _sources(codename: str) -> list[tuple[str, str]]:
    """(address, suite) of each place where this machine gets Debian itself from, the release first."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"]
    ask += ["Created-By: Packages", "Origin: Debian", "Component: main"]
    if not _run(*ask).strip():
        _run("apt-get", "update")
    suites = [codename, f"{codename}-updates", f"{codename}-security"]
    found = {tuple(line.split()) for line in _run(*ask).splitlines()}
    found = sorted((one for one in found if one[1] in suites), key=lambda one: suites.index(one[1]))
    assert found and found[0][1] == codename, f"apt knows no mirror of Debian {codename}: {found}"
    return found


class User(typing.NamedTuple):
    number: int
    group: int
    shell: str


class CleanRoot:
    """`close` removes it. What runs inside sees the network, and neither /proc nor a running systemd."""

    def __init__(self):
        codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-root-"))
        self.path.chmod(0o755)  # others than root work in it
        try:
            sources = _sources(codename)
            _run("debootstrap", "--variant=minbase", codename, self.path, sources[0][0])
            self._use(sources)
            self.run("apt-get", "update")
        except BaseException:
            self.close()
            raise

    def _use(self, sources: list[tuple[str, str]]) -> None:
        etc = self.path / "etc"
        (etc / "apt/sources.list").write_text("".join(f"deb {address} {suite} main\n" for address, suite in sources))
        ours = re.compile(r'Acquire::(http|https|Check-)[^ ]* "[^"]+";')
        settings = [line for line in _run("apt-config", "dump").splitlines() if ours.match(line)]
        (etc / "apt/apt.conf.d/99machine").write_text("\n".join([*settings, 'Acquire::Languages "none";', ""]))
        # The last one is for mirrors behind https.
        for file in map(pathlib.Path, ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt")):
            if file.exists():
                inside = self.path / file.relative_to("/")
                inside.parent.mkdir(parents=True, exist_ok=True)
                inside.unlink(missing_ok=True)  # it may be a link to the outside
                shutil.copyfile(file, inside)

    def run(self, *command: str) -> str:
        """Runs it inside as root; its output."""
        return _run("chroot", self.path, *command)

    def start(self, command: list[str], user: User, log) -> subprocess.Popen:
        return subprocess.Popen(["chroot", f"--userspec={user.number}:{user.group}", "--groups=", self.path, *command],
                                stdout=log, stderr=log, env=_ENVIRONMENT)

    def install(self, package: pathlib.Path) -> None:
        """As an administrator does: apt brings what the package depends on, and nothing else."""
        shutil.copy(package, self.path / "tmp")
        self.run("apt-get", "install", "-y", "--no-install-recommends", f"/tmp/{package.name}")

    def user(self, name: str) -> User:
        for line in (self.path / "etc/passwd").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return User(int(fields[2]), int(fields[3]), fields[6])
        raise AssertionError(f"there is no user {name}")

    def close(self) -> None:
        # A debootstrap that was cut off may leave something mounted.
        subprocess.run(["rm", "-rf", "--one-file-system", self.path], check=False)
