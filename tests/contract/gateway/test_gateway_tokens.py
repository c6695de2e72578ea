"""tidegate on a SeaweedFS whose volume servers want tokens: [jwt.signing] for writes, [jwt.signing.read] for reads."""

import time

import grpc
import pytest
from clients import admin, create_topic, produce
from confluent_kafka import Producer
from secured import chunk_ids, produce_consume_resume, wait_for_health, wait_for_log
from security import Security, token
from store import Volumes
from turns import native_peek
from weed import Weed, wait_for

WRITE_KEY, READ_KEY = "the key of writes", "the key of reads"
WRITE_SECONDS = 2  # less than ids are kept in stock: some come with a token that is over


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, authority):
    """A single process with both keys, and TLS on all gRPC."""
    security = Security(authority, None, WRITE_KEY, READ_KEY, WRITE_SECONDS)
    server = Weed(tmp_path_factory.mktemp("guarded"), security=security)
    yield server.start()
    server.close()


@pytest.fixture(scope="module")
def tls(authority):
    return authority.issue("gateway").settings()


@pytest.fixture
def node(guarded, make_gateway, tls):
    return make_gateway(guarded, *tls, f"smq.jwt_read_key={READ_KEY}")


def status_of(weed, file_id: str, key: str = "") -> int:
    volumes = Volumes(weed.filer)
    headers = {"Authorization": f"Bearer {token(key, file_id)}"} if key else {}
    return volumes.request(volumes.location(file_id), "GET", f"/{file_id}", headers=headers)[0]


def test_records_and_positions_with_tokens(guarded, node):
    produce_consume_resume(node, "guarded")
    ids = chunk_ids(guarded, "guarded")
    assert ids
    for file_id in ids:
        assert [status_of(guarded, file_id, key) for key in ("", WRITE_KEY, READ_KEY)] == [401, 401, 200]
    assert READ_KEY not in node.log.read_text()


def test_uploads_outlive_the_ids_and_the_token_of_one_assignment(guarded, node):
    """Ids come a hundred at a time, with one token for the first of them."""
    create_topic(node, "many", 120)
    producer, errors = Producer({"bootstrap.servers": node.address}), []
    for _ in range(2):  # a chunk per partition
        for partition in range(120):
            producer.produce("many", b"x", partition=partition, on_delivery=lambda error, _: errors.append(error))
        assert producer.flush(30) == 0
        time.sleep(WRITE_SECONDS + 1)
    assert errors == [None] * 240
    assert len(set(chunk_ids(guarded, "many"))) == 240
    assert "refused" not in node.log.read_text()


def test_deleting_a_topic_frees_its_chunks(guarded, node):
    create_topic(node, "short-lived")
    produce(node, "short-lived", [b"x" * 1000] * 100)
    ids = chunk_ids(guarded, "short-lived")
    assert ids and all(status_of(guarded, i, READ_KEY) == 200 for i in ids)
    client = admin(node)  # its futures die with it
    client.delete_topics(["short-lived"])["short-lived"].result(20)
    wait_for("404 for every chunk", lambda: all(status_of(guarded, i, READ_KEY) == 404 for i in ids))


def test_native_subscribers_get_an_error_where_reads_want_tokens(guarded, node):
    """SMQ's brokers of 4.48 read chunks without a token. README says so; should it fail, take that away."""
    create_topic(node, "native")
    produce(node, "native", [b"one"])
    with pytest.raises(grpc.RpcError, match="no data processed"):
        native_peek(guarded, "native", "anybody")


@pytest.mark.parametrize("key", ["", WRITE_KEY], ids=["no key", "another key"])
def test_a_wrong_key_is_told_before_anything_is_stored(guarded, make_gateway, tls, key):
    node = make_gateway(guarded, *tls, *([f"smq.jwt_read_key={key}"] if key else []), starts=False)
    status, told = wait_for_health(node, "not serving", 5)
    assert status == 503 and told.count("\n") == 1
    assert "does not let us read: smq.jwt_read_key is not the key of [jwt.signing.read]" in told
    wait_for_log(node, "start failed, trying again", 2, 10)
    assert not key or key not in node.log.read_text()
    assert node.stop() == 0
