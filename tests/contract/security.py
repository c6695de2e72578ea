"""A secured SeaweedFS: certificates made with openssl, and the security.toml that names them."""

import base64
import hashlib
import hmac
import json
import pathlib
import ssl
import subprocess
import time
from dataclasses import dataclass

import grpc

COMPONENTS = ("master", "volume", "filer", "msg_broker", "client")
SERVER_NAME = "weed.test"  # no host has it: SeaweedFS looks at chains only


@dataclass(frozen=True)
class Identity:
    """PEM files of one certificate, its key, and the CA that it trusts."""

    ca: pathlib.Path
    cert: pathlib.Path
    key: pathlib.Path

    def settings(self) -> tuple[str, ...]:
        """For tidegate's --set."""
        return (f"smq.tls_ca={self.ca}", f"smq.tls_cert={self.cert}", f"smq.tls_key={self.key}")

    def https_settings(self) -> tuple[str, ...]:
        return (f"smq.https_ca={self.ca}", f"smq.https_cert={self.cert}", f"smq.https_key={self.key}")

    def context(self) -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=self.ca)
        made.load_cert_chain(self.cert, self.key)
        return made

    def channel(self, target: str, options: list) -> grpc.Channel:
        credentials = grpc.ssl_channel_credentials(
            self.ca.read_bytes(), self.key.read_bytes(), self.cert.read_bytes()
        )
        return grpc.secure_channel(target, credentials, [*options, ("grpc.ssl_target_name_override", SERVER_NAME)])


class Authority:
    """A CA of its own."""

    def __init__(self, directory: pathlib.Path):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.issued: dict[str, Identity] = {}
        self.cert, self.key = directory / "ca.crt", directory / "ca.key"
        self._openssl("req", "-x509", *self._new_key(self.key), "-subj=/CN=test CA", "-days=30", f"-out={self.cert}")

    def issue(self, common_name: str, days: int = 30, names: str = f"DNS:{SERVER_NAME}") -> Identity:
        """
        A certificate for both directions, the same for each call. A negative number of days: it is over. `names`: its
        subjectAltName.
        """
        if common_name in self.issued:
            return self.issued[common_name]
        path = self.directory / common_name
        cert, key, request = path.with_suffix(".crt"), path.with_suffix(".key"), path.with_suffix(".csr")
        self._openssl("req", *self._new_key(key), f"-subj=/CN={common_name}", f"-out={request}")
        extensions = path.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")
        self._openssl(
            "x509", "-req", f"-in={request}", f"-CA={self.cert}", f"-CAkey={self.key}", "-CAcreateserial",
            f"-days={days}", f"-extfile={extensions}", f"-out={cert}",
        )  # fmt: skip
        return self.issued.setdefault(common_name, Identity(self.cert, cert, key))

    @staticmethod
    def _new_key(path: pathlib.Path) -> tuple[str, ...]:
        return "-newkey=ec", "-pkeyopt=ec_paramgen_curve:prime256v1", "-nodes", f"-keyout={path}"

    @staticmethod
    def _openssl(command: str, *words: str) -> None:
        split = [part for word in words for part in (word.split("=", 1) if word.startswith("-") else [word])]
        done = subprocess.run(["openssl", command, *split], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr


@dataclass
class Security:
    """
    What one cluster demands. `authority`: mTLS for all gRPC. `names`: component -> allowed_commonNames. `https`: mutual
    HTTPS of volume servers with certificates of this CA; there SeaweedFS looks at the address, too.
    """

    authority: Authority | None = None
    names: dict[str, str] | None = None
    write_key: str = ""
    read_key: str = ""
    write_seconds: int = 10  # how long a write token is good
    https: Authority | None = None

    def install(self, directory: pathlib.Path) -> None:
        """Writes security.toml where a `weed` that runs in `directory` looks first."""
        lines = []
        if self.authority:
            lines += ["[grpc]", f'ca = "{self.authority.cert}"']
            for component in COMPONENTS:
                own = self.authority.issue(component)
                lines += [f"[grpc.{component}]", f'cert = "{own.cert}"', f'key = "{own.key}"']
                lines.append(f'allowed_commonNames = "{(self.names or {}).get(component, "")}"')
        if self.https:
            own = self.https.issue("https", names="IP:127.0.0.1")
            files = [f'cert = "{own.cert}"', f'key = "{own.key}"', f'ca = "{own.ca}"']
            lines += ["[https.volume]", *files, "[https.client]", "enabled = true", *files]
        lines += ["[jwt.signing]", f'key = "{self.write_key}"', f"expires_after_seconds = {self.write_seconds}"]
        lines += ["[jwt.signing.read]", f'key = "{self.read_key}"']
        (directory / "security.toml").write_text("\n".join(lines) + "\n")

    def client(self) -> Identity | None:
        return self.authority.issue("test") if self.authority else None


def token(key: str, file_id: str, seconds: int = 10) -> str:
    """What a master signs for a chunk of that id."""
    claims = {"fid": file_id, "exp": int(time.time()) + seconds}
    text = b".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return (text + b"." + _base64url(hmac.digest(key.encode(), text, hashlib.sha256))).decode()


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
