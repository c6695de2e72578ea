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

_PROXIES = {name: value for name, value in os.environ.items() if name.lower() in ("http_proxy", "https_proxy", "no_proxy")}
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", **_PROXIES}


def _run(*command, check: bool = True, **more) -> subprocess.CompletedProcess:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_ENVIRONMENT, timeout=600, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done


def _sources(codename: str) -> list[tuple[str, str]]:
    """(address, suite) of each place where this machine gets Debian itself from, the release first."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages", "Origin: Debian", "Component: main"]
    if not _run(*ask).stdout.strip():
        _run("apt-get", "update")
    suites = [codename, f"{codename}-updates", f"{codename}-security"]
    found = [tuple(line.split()) for line in _run(*ask).stdout.splitlines()]
    found = sorted((one for one in found if one[1] in suites), key=lambda one: suites.index(one[1]))
    assert found and found[0][1] == codename, f"apt knows no mirror of Debian {codename}: {found}"
    return found


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
        settings = [line for line in _run("apt-config", "dump").stdout.splitlines() if ours.match(line)]
        (etc / "apt/apt.conf.d/99machine").write_text("\n".join([*settings, 'Acquire::Languages "none";', ""]))
        authorities = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
        copied = [pathlib.Path("/etc/resolv.conf"), pathlib.Path("/etc/hosts")]
        if any(address.startswith("https:") for address, _ in sources):
            copied.append(authorities)
        for file in copied:
            if file.exists():
                inside = self.path / file.relative_to("/")
                inside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, inside)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess:
        """Runs it inside as root; stdout has stderr, too."""
        return _run("chroot", self.path, *command, check=check)

    def start(self, command: list[str], user: "User", log) -> subprocess.Popen:
        return subprocess.Popen(["chroot", f"--userspec={user.number}:{user.group}", "--groups=", self.path, *command],
                                stdout=log, stderr=log, env=_ENVIRONMENT)

    def install(self, package: pathlib.Path) -> str:
        """As an administrator does: apt brings what the package depends on, and nothing else."""
        shutil.copy(package, self.path / "tmp")
        return self.run("apt-get", "install", "-y", "--no-install-recommends", f"/tmp/{package.name}").stdout

    def user(self, name: str) -> "User":
        for line in (self.path / "etc/passwd").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return User(int(fields[2]), int(fields[3]), fields[6])
        raise AssertionError(f"there is no user {name}")

    def close(self) -> None:
        # A debootstrap that was cut off may leave something mounted.
        subprocess.run(["rm", "-rf", "--one-file-system", self.path], check=False)


class User:
    def __init__(self, number: int, group: int, shell: str):
        self.number = number
        self.group = group
        self.shell = shell
