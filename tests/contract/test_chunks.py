"""Design §5.1: chunks on volume servers by id, named by one entry, released by the entry (smq.md A.6, B.1, B.4)."""

import http.client
import struct

import formats
import grpc
import pytest
from audit import Audit, audit_partition, read_segment
from native import Publisher
from store import SECOND, Volumes, computed_id
from weed import wait_for

START = 1_790_001_000 * SECOND


def read(volumes: Volumes, chunk) -> int:
    return volumes.get(chunk.file_id)[0]


def put(filer, path: str, chunks) -> None:
    reply = filer.transact([filer.put(path, chunks=chunks)], lock_key=path)
    assert not reply.error and not reply.error_code, reply


def gone(volumes: Volumes, chunk) -> bool:
    wait_for(f"release of chunk {chunk.file_id}", lambda: read(volumes, chunk) == 404, seconds=10)
    return True


# Ids (B.1).


def test_one_assign_gives_many_ids(filer, volumes):
    """key, key + 1, … with one cookie, in the form that entries store."""
    reply = filer.assign(100)
    assert reply.count == 100 and not reply.error and not reply.auth
    url = reply.location.url
    for index in (0, 1, 7, 99):
        file_id, body = computed_id(reply.file_id, index), b"chunk %d" % index
        status, _, text = volumes.post(url, file_id, body)
        assert status == 201, f"smq.md B.1: the computed id {file_id} is refused: {text!r}"
        assert volumes.get(file_id)[2] == body
        assert volumes.get(f"{reply.file_id}_{index}")[2] == body, "smq.md B.1: <id>_N is no longer the same chunk"
    assert volumes.get(computed_id(reply.file_id, 5))[0] == 404, "an id that nobody used must be absent"


def test_an_entry_keeps_the_computed_form(filer, volumes, folder):
    chunk = volumes.upload(b"x" * 100)
    put(filer, f"{folder}/e", [chunk])
    found = filer.lookup(f"{folder}/e").chunks[0]
    assert found.file_id == chunk.file_id, f"smq.md B.1: {chunk.file_id} came back as {found.file_id}"
    assert (found.size, found.offset, found.e_tag) == (100, 0, chunk.e_tag)


def test_an_id_of_another_cookie_is_refused(filer, volumes):
    """What happens to a stock of ids when the master hands keys out again (design: a new id after any upload error)."""
    url, file_id = volumes.take_id()
    assert volumes.post(url, file_id, b"ours")[0] == 201
    other = file_id[:-8] + f"{int(file_id[-8:], 16) ^ 1:08x}"
    status, _, text = volumes.post(url, other, b"theirs")
    assert status == 500 and b"mismatching cookie" in text, f"smq.md B.1: {status} {text!r}"
    assert volumes.get(file_id)[2] == b"ours" and volumes.get(other)[0] == 404


def test_a_repeated_upload_is_taken(volumes):
    """An upload whose answer was lost may be sent again: 204 when the bytes are the same."""
    url, file_id = volumes.take_id()
    assert volumes.post(url, file_id, b"same")[0] == 201
    status, _, text = volumes.post(url, file_id, b"same")
    assert status == 204, f"a repeated upload answered {status} {text!r}"
    assert volumes.get(file_id)[2] == b"same"


def test_content_md5_is_checked_and_answered_only_when_sent(volumes):
    """Not as smq.md B.1 reads: without the header in the request the answer has none."""
    url, file_id = volumes.take_id()
    body = b"hello" * 1000
    sent = {"Content-Type": "application/octet-stream"}
    status, headers, _ = volumes.request(url, "POST", f"/{file_id}", body, sent)
    assert (status, headers["Content-MD5"]) == (201, ""), (
        f"{status}, Content-MD5 {headers['Content-MD5']!r} without asking"
    )
    url, file_id = volumes.take_id()
    status, headers, _ = volumes.post(url, file_id, body)
    assert status == 201 and headers["Content-MD5"], "smq.md B.1: Content-MD5 of the answer is the e_tag of the chunk"
    url, file_id = volumes.take_id()
    status, _, text = volumes.post(url, file_id, body, **{"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="})
    assert status == 400 and b"did not match" in text, f"a wrong Content-MD5 answered {status} {text!r}"
    assert volumes.get(file_id)[0] == 404


def test_a_content_type_is_required(volumes):
    url, file_id = volumes.take_id()
    status, _, text = volumes.request(url, "POST", f"/{file_id}", b"x")
    assert status == 400, f"a POST without Content-Type answered {status} {text!r}"


@pytest.mark.parametrize("size", [1, 4096, 1 << 20, 8 << 20])
@pytest.mark.parametrize("fsync", [False, True])
def test_chunks_come_back(filer, size, fsync):
    volumes = Volumes(filer, fsync)
    body = bytes(i % 253 for i in range(4096)) * (size // 4096) or b"x" * size
    chunk = volumes.upload(body)
    status, _, got = volumes.get(chunk.file_id)
    assert status == 200 and got == body


def test_a_range_of_a_chunk(volumes):
    chunk = volumes.upload(bytes(range(256)) * 16)
    url = volumes.location(chunk.file_id)
    status, headers, got = volumes.request(url, "GET", f"/{chunk.file_id}", headers={"Range": "bytes=250-259"})
    assert (status, got) == (206, bytes([250, 251, 252, 253, 254, 255, 0, 1, 2, 3])), f"range: {status} {got!r}"
    assert headers["Content-Range"] == "bytes 250-259/4096"


def test_a_volume_that_nobody_has_is_an_error(filer):
    with pytest.raises(grpc.RpcError) as raised:
        filer.call("LookupVolume", volume_ids=["99999"])
    assert "not found" in raised.value.details()


def test_more_replicas_than_servers_gives_no_id(filer):
    """Doubt, not success: no chunk is stored with fewer copies than asked for."""
    with pytest.raises((grpc.RpcError, AssertionError)) as raised:
        filer.assign(1, replication="001", timeout=3)
    text = str(raised.value)
    assert "DEADLINE_EXCEEDED" in text or "no writable volumes" in text, f"smq.md B.8: {text}"


# Release (B.4, §5.1).


def test_a_put_releases_chunks_that_it_no_longer_names(filer, volumes, folder):
    path, kept = f"{folder}/e", volumes.upload(b"kept")
    old, new = volumes.upload(b"old", 4), volumes.upload(b"new", 4)
    put(filer, path, [kept, old])
    put(filer, path, [kept, new])
    assert gone(volumes, old), "smq.md B.4: replaced chunks are no longer deleted"
    assert [read(volumes, c) for c in (kept, new)] == [200, 200], "a chunk that is still named must stay"


@pytest.mark.parametrize("is_delete_data", [True, False])
def test_a_delete_releases_chunks_only_when_told(filer, volumes, folder, is_delete_data):
    path, chunk = f"{folder}/e", volumes.upload(b"data")
    put(filer, path, [chunk])
    delete = filer.mutation("DELETE", path, is_delete_data=is_delete_data)
    assert not filer.transact([delete], lock_key=path).error
    assert filer.lookup(path) is None
    if is_delete_data:
        assert gone(volumes, chunk)
    else:
        # Deletions of one filer are in order: once a later one is done, this one would be too.
        marker = volumes.upload(b"marker")
        put(filer, path, [marker])
        assert not filer.transact([filer.mutation("DELETE", path, is_delete_data=True)], lock_key=path).error
        assert gone(volumes, marker)
        assert read(volumes, chunk) == 200, "a DELETE without is_delete_data releases chunks now (design §5.1)"


def test_remove_tree_releases_chunks(filer, volumes, folder):
    chunks = [volumes.upload(b"data%d" % i) for i in range(3)]
    for i, chunk in enumerate(chunks):
        put(filer, f"{folder}/sub{i}/deep/e", [chunk])
    assert not filer.delete(folder, recursive=True).error
    assert all(gone(volumes, c) for c in chunks)


def test_a_merge_is_one_switch(filer, volumes, make_topic):
    """Sixteen chunks become one under the same name, with equal bytes (B.4)."""
    topic = make_topic()
    partition = topic[0]
    for i in range(16):
        partition.append([START + i * 1000])
    old = list(partition.chunks)
    body = b"".join(m.stored for m in partition.messages)
    partition.chunks = [volumes.upload(body)]
    reply = filer.transact([partition.segment_put()], lock_key=partition.path)
    assert not reply.error and not reply.error_code
    assert volumes.get(partition.chunks[0].file_id)[2] == body
    assert all(gone(volumes, c) for c in old)


# Segments (A.6).


def test_segments_are_read_by_their_chunks(filer, volumes, make_topic):
    """Names, attributes, chunk lists, messages: as written, and as protobuf would write them."""
    topic = make_topic(2)
    for index, files in ((0, 1), (1, 3)):
        for i in range(5 * files):
            stamps = [START + (10 * i + j) * 1000 for j in range(10)]
            topic[index].append(stamps, count=3, new_file=i % 5 == 0)
        assert audit_partition(filer, volumes, topic.name, index) == Audit(files, 50 * files, 150 * files)
    for parsed, stored in read_segment(filer, volumes, filer.lookup(topic[0].path)):
        assert parsed.SerializeToString() == stored[4:], "our LogEntry is not what protobuf writes"


def test_a_native_segment_has_the_framing_and_hash_that_we_write(weed, filer, volumes, make_topic):
    topic = make_topic()
    broker_partition = weed.broker.partition(topic.name)
    weed.broker.publish(topic.name, broker_partition, [(START + i, b"key%d" % i, b"value%d" % i) for i in range(3)])
    name = next(n for n in filer.names(topic[0].directory) if n.startswith("20"))
    entry = filer.lookup(f"{topic[0].directory}/{name}")
    assert not entry.content, "smq.md A.6: native segments are chunks, not inline"
    messages = [parsed for parsed, _ in read_segment(filer, volumes, entry)]
    found = [(m.ts_ns, m.key, m.data) for m in messages]
    assert found == [(START + i, b"key%d" % i, b"value%d" % i) for i in range(3)], f"smq.md A.6: {found}"
    assert [m.offset for m in messages] == [0, 1, 2], "smq.md A.6: LogEntry.offset is the message number"
    hashes = [formats.key_hash(m.key) for m in messages]
    assert [m.partition_key_hash for m in messages] == hashes, "design §6.1: SMQ's hash of the key"


def test_native_attributes_have_the_form_of_ours(weed, filer, make_topic):
    """`buffer_start`, `offset_min`, `offset_max`: 8 bytes, big-endian. The first file has no offsets."""
    topic = make_topic()
    partition = weed.broker.partition(topic.name)
    for round_ in range(2):
        with Publisher(weed.broker, topic.name, partition) as publisher:
            numbers = [publisher.send(START + (round_ * 10 + i) * SECOND, b"k%d" % i, b"v") for i in range(5)]
        assert numbers == list(range(round_ * 5, round_ * 5 + 5))
    files = [e for e in filer.entries(topic[0].directory) if e.name.startswith("20")]
    assert len(files) == 2
    first, second = ({k: struct.unpack(">q", v)[0] for k, v in e.extended.items()} for e in files)
    assert (first.get("offset_min"), first.get("offset_max")) == (None, None), f"smq-source.md 4.6: first file {first}"
    assert (second["offset_min"], second["offset_max"]) == (5, 9), f"smq.md A.6: second file {second}"
    assert "buffer_start" in second, f"smq.md A.6: {second}"


def test_a_segment_over_the_filers_http_is_not_http(weed, make_topic):
    """Why chunks are read by id: the attributes stand raw in header lines (A.6). When this fails, they no longer do."""
    partition = make_topic()[0]
    partition.append([START + i for i in range(10)])
    connection = http.client.HTTPConnection("127.0.0.1", weed.filer_port, timeout=20)
    connection.request("GET", partition.path)
    reply = connection.getresponse()
    raw = dict(reply.getheaders())
    connection.close()
    bad = [name for name, value in raw.items() if any(ord(c) < 32 for c in value)]
    assert bad, f"smq.md A.6: no header with raw bytes among {sorted(raw)}: segments can be read through the filer now"
