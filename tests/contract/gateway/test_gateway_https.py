"""tidegate on a SeaweedFS whose volume servers speak HTTPS and want certificates: [https.volume], [https.client]."""

import dataclasses

import pytest
from audit import audit_partition
from clients import admin, create_topic, produce
from secured import RECORDS, chunk_ids, produce_consume_resume, wait_for_health, wait_for_log
from security import Authority, Security
from store import Volumes
from sweeping import age, ids, orphans
from turns import all_batches
from weed import Weed, wait_for

WITHIN = 5  # seconds until a person who made a mistake is told


@pytest.fixture(scope="module")
def https(tmp_path_factory, authority):
    """mTLS on everything, by one CA, and tokens for what is written."""
    security = Security(authority, write_key="the key of writes", https=authority)
    server = Weed(tmp_path_factory.mktemp("https"), security=security)
    yield server.start()
    server.close()


@pytest.fixture(scope="module")
def identity(authority):
    return authority.issue("gateway")


def told(node, reason: str) -> str:
    """What a gateway says that does not start; it tries again."""
    status, text = wait_for_health(node, "not serving", WITHIN)
    assert status == 503 and text.count("\n") == 1 and reason in text
    wait_for_log(node, "start failed, trying again", 2, 2 * WITHIN)
    assert node.stop() == 0
    return text


def test_records_and_positions_over_https(https, make_gateway, identity):
    node = make_gateway(https, *identity.settings(), "smq.https=true")
    produce_consume_resume(node, "over-https")
    found = audit_partition(https.filer, Volumes(https.filer, https=identity), "over-https", 0)
    assert found.next_offset == RECORDS
    assert all_batches(https, "over-https", RECORDS)[-1].next_offset == RECORDS, "native subscribers read it"


def test_large_records_over_https(https, make_gateway, identity):
    """Many TLS records each, several connections at once."""
    node = make_gateway(https, *identity.settings(), "smq.https=true", "kafka.message.max.bytes=20000000")
    create_topic(node, "https-large", 4)
    values = [b"%d" % i * 3_000_000 for i in range(4)]
    for partition in range(4):
        sizes = {"message.max.bytes": 20_000_000}
        assert produce(node, "https-large", values, partition=partition, **sizes) == [0, 1, 2, 3]
    node.restart()
    volumes = Volumes(https.filer, https=identity)
    for partition in range(4):
        assert audit_partition(https.filer, volumes, "https-large", partition).next_offset == 4


def test_deleting_a_topic_frees_its_chunks(https, make_gateway, identity):
    node = make_gateway(https, *identity.settings(), "smq.https=true")
    create_topic(node, "https-short-lived")
    produce(node, "https-short-lived", [b"x" * 1000] * 100)
    volumes, ids = Volumes(https.filer, https=identity), chunk_ids(https, "https-short-lived")
    assert ids and all(volumes.get(i)[0] == 200 for i in ids)
    client = admin(node)  # its futures die with it
    client.delete_topics(["https-short-lived"])["https-short-lived"].result(20)
    wait_for("404 for every chunk", lambda: all(volumes.get(i)[0] == 404 for i in ids))


def test_orphans_go_although_writes_want_tokens(https, make_gateway, identity, binary):
    settings = (*identity.settings(), "smq.https=true")
    node = make_gateway(https, *settings)
    create_topic(node, "https-orphans")
    node.kill()
    node.start(fault="partition.append.before_write:kill:1")
    with pytest.raises(AssertionError):
        produce(node, "https-orphans", [b"lost"], **{"message.timeout.ms": 3000})
    node.process.wait(20)
    age()
    flags = [word for one in settings for word in ("--set", one)]
    code, found, errors = orphans(binary, https, *flags, "--delete")
    assert (code, errors) == (0, "")
    (orphan,) = ids(found)
    assert Volumes(https.filer, https=identity).get(orphan)[0] == 404
    assert not orphans(binary, https, *flags)[1]["orphans"]


def test_plain_http_is_turned_down_and_told(https, make_gateway, identity):
    node = make_gateway(https, *identity.settings(), starts=False)
    told(node, "turns plain HTTP down: it may want smq.https")


def test_volume_servers_without_https_are_told(secured, make_gateway, identity):
    node = make_gateway(secured, *identity.settings(), "smq.https=true", starts=False)
    told(node, "it speaks no HTTPS, as smq.https says")


MISTAKES = {
    "another CA": (lambda right, other: dataclasses.replace(right, ca=other.ca), "not of a CA in {other.ca}"),
    "certificate of another CA": (
        lambda right, other: dataclasses.replace(other, ca=right.ca),
        "it may not accept {other.cert} (another CA, or out of date)",
    ),
    "key of another certificate": (
        lambda right, other: dataclasses.replace(right, key=other.key),
        "{other.key} is not the key of {right.cert}",
    ),
    "file is missing": (
        lambda right, other: dataclasses.replace(right, ca=other.ca.with_name("missing.crt")),
        "cannot read ",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_wrong_certificates_are_told_and_tried_again(https, make_gateway, identity, tmp_path, case):
    other = Authority(tmp_path / "other").issue("gateway")
    change, reason = MISTAKES[case]
    settings = (*identity.settings(), "smq.https=true", *change(identity, other).https_settings())
    node = make_gateway(https, *settings, starts=False)
    told(node, reason.format(other=other, right=identity))


def test_https_with_plain_grpc(tmp_path, make_gateway, authority, identity):
    """Only [https.*] in security.toml: the CA is named alone first, which is a certificate too few."""
    server = Weed(tmp_path, security=Security(https=authority))
    try:
        server.start()
        wrong = make_gateway(server, "smq.https=true", f"smq.https_ca={identity.ca}", starts=False)
        told(wrong, "it may want a certificate, and smq.https_cert is not set")
        node = make_gateway(server, "smq.https=true", *identity.https_settings())
        produce_consume_resume(node, "plain-grpc")
    finally:
        server.close()
