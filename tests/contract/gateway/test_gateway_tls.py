"""tidegate on a SeaweedFS whose gRPC is mutual TLS (security.toml), and what it says when the TLS is wrong."""

import dataclasses
import pathlib

import pytest
from audit import audit_partition
from clients import create_topic, produce
from secured import RECORDS, health, produce_consume_resume, wait_for_health, wait_for_log
from security import Authority, Identity, Security
from store import Volumes
from turns import all_batches
from weed import Weed

WITHIN = 5  # seconds until a person who made a mistake is told


@pytest.fixture(scope="session")
def identity(authority):
    return authority.issue("gateway")


def test_records_and_positions_over_tls(secured, make_gateway, identity):
    node = make_gateway(secured, *identity.settings())
    produce_consume_resume(node, "over-tls")
    found = audit_partition(secured.filer, Volumes(secured.filer), "over-tls", 0)
    assert found.next_offset == RECORDS
    assert all_batches(secured, "over-tls", RECORDS)[-1].next_offset == RECORDS, "native subscribers read it"


def test_the_filer_may_be_named(secured, make_gateway, identity):
    node = make_gateway(secured, *identity.settings(), f"smq.filer=127.0.0.1:{secured.filer_port}")
    assert health(node) == (200, "ok\n")


def files(case: str, right, other, directory: pathlib.Path):
    """The three files of a mistake; None: no TLS."""
    if case in ("no certificate", "cluster without TLS"):
        return None if case == "no certificate" else right
    change = {
        "another CA": lambda: other,
        "certificate of another CA": lambda: dataclasses.replace(other, ca=right.ca),
        "server of another CA": lambda: dataclasses.replace(right, ca=other.ca),
        "file is missing": lambda: dataclasses.replace(right, key=directory / "missing.key"),
        "key of another certificate": lambda: dataclasses.replace(right, key=other.key),
        "no key in the file": lambda: dataclasses.replace(right, key=right.cert),
        "no certificate in the file": lambda: dataclasses.replace(right, cert=right.key),
        "no CA in the file": lambda: dataclasses.replace(right, ca=right.key),
    }
    return change[case]()


MISTAKES = [
    ("no certificate", "smq.tls_ca, smq.tls_cert and smq.tls_key are not set"),
    ("another CA", "the server's certificate is not of the CA in smq.tls_ca"),
    ("server of another CA", "the server's certificate is not of the CA in smq.tls_ca"),
    ("certificate of another CA", "it may not accept smq.tls_cert"),
    ("expired certificate", "it may not accept smq.tls_cert"),
    ("cluster without TLS", "the server speaks no TLS"),
    ("file is missing", "cannot read {directory}/missing.key"),
    ("key of another certificate", "{other.key} is not the key of {right.cert}"),
    ("no key in the file", "no private key in {right.cert}"),
    ("no certificate in the file", "no certificate in {right.key}"),
    ("no CA in the file", "no certificate in {right.key}"),
]


@pytest.mark.parametrize("named", [False, True], ids=["masters", "filer"])
@pytest.mark.parametrize(("case", "reason"), MISTAKES, ids=[case for case, _ in MISTAKES])
def test_wrong_tls_is_told_and_tried_again(
    weed, secured, make_gateway, authority, identity, tmp_path, case, reason, named
):
    other = Authority(tmp_path / "other").issue("gateway")
    if case == "expired certificate":
        wrong = authority.issue("expired", days=-1)
    else:
        wrong = files(case, identity, other, tmp_path)
    cluster = weed if case == "cluster without TLS" else secured
    settings = wrong.settings() if wrong else ()
    if named:
        settings += (f"smq.filer=127.0.0.1:{cluster.filer_port}",)
    node = make_gateway(cluster, *settings, starts=False)
    status, told = wait_for_health(node, "not serving", WITHIN)
    assert status == 503 and told.startswith("not serving: ") and told.count("\n") == 1
    assert reason.format(directory=tmp_path, other=other, right=identity) in told
    wait_for_log(node, "start failed, trying again", 2 if named else 1, 2 * WITHIN)
    assert all(" event=" in line for line in node.tail().splitlines()), f"one line per event:\n{node.tail()}"
    assert node.stop() == 0


def test_a_mistake_that_is_repaired_lets_the_gateway_start(secured, make_gateway, identity, tmp_path):
    late = dataclasses.replace(identity, key=tmp_path / "late.key")
    node = make_gateway(secured, *late.settings(), starts=False)
    wait_for_health(node, "cannot read", WITHIN)
    late.key.write_bytes(identity.key.read_bytes())
    assert wait_for_health(node, "ok", 10)[0] == 200


PARTS = "master,volume,filer,msg_broker,client,test"


@pytest.fixture
def choosy(tmp_path, authority):
    """A cluster whose filer allows the names of its own parts only; the master takes everybody of the CA."""
    server = Weed(tmp_path, security=Security(authority, names={"filer": PARTS}))
    yield server.start()
    server.close()


def test_a_renewed_certificate_is_used_without_a_restart(choosy, make_gateway, authority, tmp_path):
    """Names stand for dates here: first the filer allows the old certificate, later only the new one."""
    old, new = authority.issue("client"), authority.issue("renewed")
    own = Identity(old.ca, tmp_path / "own.crt", tmp_path / "own.key")
    own.cert.write_bytes(old.cert.read_bytes())
    own.key.write_bytes(old.key.read_bytes())
    node = make_gateway(choosy, *own.settings())
    create_topic(node, "renewed")
    assert produce(node, "renewed", [b"old"]) == [0]
    own.cert.write_bytes(new.cert.read_bytes())
    own.key.write_bytes(new.key.read_bytes())
    Security(authority, names={"filer": PARTS.replace("client", "renewed")}).install(choosy.directory)
    choosy.restart()
    assert produce(node, "renewed", [b"new"]) == [1]


def test_a_filer_that_does_not_allow_us(choosy, make_gateway, authority, identity):
    node = make_gateway(choosy, *identity.settings(), starts=False)
    status, told = wait_for_health(node, "not serving", WITHIN)
    assert status == 503 and told.count("\n") == 1
    assert f"the filer {choosy.address(choosy.filer_port, choosy.filer_grpc)}" in told
    assert "it may not accept smq.tls_cert" in told and "allowed_commonNames" in told
    wait_for_log(node, "start failed, trying again", 2, 2 * WITHIN)
    assert node.stop() == 0
    allowed = make_gateway(choosy, *authority.issue("client").settings())
    assert health(allowed) == (200, "ok\n")
