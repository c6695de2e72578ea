"""/metrics says exactly what real clients did, is valid, and stays small whatever they are called."""

import concurrent.futures
import socket
import time
import urllib.request

from clients import consumer, create_topic, produce, read
from conftest import Node, free_port
from confluent_kafka import Producer, TopicPartition
from metrics import Difference, scrape, scrape_until
from raw import exchange, frame
from wire import Wire, batch


def commit(wire: Wire, group: str, topic: str, offset: int, generation: int = -1, partition: int = 0) -> int:
    answer = wire.call("OffsetCommit", 8, group_id=group, generation_id_or_member_epoch=generation, member_id="",
                       group_instance_id=None, topics=[{"name": topic, "partitions": [
                           {"partition_index": partition, "committed_offset": offset, "committed_leader_epoch": -1,
                            "committed_metadata": None}]}])
    return answer.topics[0].partitions[0].error_code


def put(wire: Wire, topic: str, records: bytes, partition: int = 0) -> int:
    answer = wire.call("Produce", 9, acks=-1, timeout_ms=10000, transactional_id=None, topic_data=[
        {"name": topic, "partition_data": [{"index": partition, "records": records}]}])
    return answer.responses[0].partition_responses[0].error_code


def test_requests_records_and_commits_are_counted_exactly(node):
    create_topic(node, "exact", partitions=2)
    with Wire(node) as wire:
        assert put(wire, "exact", batch(b"first")) == 0
        before = scrape(node)
        stored = [batch(*[b"v" * 10] * 3), batch(*[b"v" * 20] * 4)]
        assert [put(wire, "exact", one) for one in stored] == [0, 0]
        assert put(wire, "exact", batch(b"x"), partition=7) == 3
        broken = bytearray(batch(b"x"))
        broken[-1] ^= 1
        assert put(wire, "exact", bytes(broken)) == 2
        assert [commit(wire, "g", "exact", o) for o in (1, 2, 3)] == [0, 0, 0]
        assert commit(wire, "g", "exact", 4, generation=5) == 25
        assert commit(wire, "g", "nothing", 4) == 3
        answer = wire.call("Fetch", 12, max_wait_ms=0, min_bytes=0, max_bytes=8 << 20, isolation_level=0, session_id=0,
                           session_epoch=-1, forgotten_topics_data=[], rack_id="", topics=[
                               {"topic": "exact", "partitions": [{"partition": 0, "fetch_offset": 1,
                                "partition_max_bytes": 1 << 20, "current_leader_epoch": -1}]}])
        sent = bytes(answer.responses[0].partitions[0].records)
        change = Difference(before, scrape(node))
    assert change("tidegate_requests_total", api="Produce") == 4
    assert change("tidegate_requests_total", api="OffsetCommit") == 5
    assert change("tidegate_requests_total", api="Fetch") == 1
    assert change("tidegate_requests_total", api="JoinGroup") == 0
    assert change("tidegate_request_seconds_count", api="Produce") == 4
    assert change("tidegate_request_seconds_bucket", api="Produce", le="+Inf") == 4
    assert change("tidegate_request_errors_total", api="Produce", error="UNKNOWN_TOPIC_OR_PARTITION") == 1
    assert change("tidegate_request_errors_total", api="Produce", error="CORRUPT_MESSAGE") == 1
    assert change("tidegate_request_errors_total", api="OffsetCommit", error="UNKNOWN_MEMBER_ID") == 1
    assert change("tidegate_request_errors_total", api="OffsetCommit", error="UNKNOWN_TOPIC_OR_PARTITION") == 1
    assert change("tidegate_batches_refused_total", error="CORRUPT_MESSAGE") == 1
    assert change("tidegate_appended_records_total") == 7
    assert change("tidegate_appended_bytes_total") == sum(map(len, stored))
    assert change("tidegate_topic_records_in_total", topic="exact") == 7
    assert change("tidegate_topic_bytes_in_total", topic="exact") == sum(map(len, stored))
    assert change("tidegate_fetched_records_total") == 7
    assert change("tidegate_fetched_bytes_total") == len(sent) == sum(map(len, stored))
    assert change("tidegate_topic_records_out_total", topic="exact") == 7
    assert change("tidegate_topic_bytes_out_total", topic="exact") == len(sent)
    assert change("tidegate_fetch_reads_total", **{"from": "tail"}) == 1
    assert change("tidegate_offset_commits_total") == 3
    assert change("tidegate_offset_commit_failures_total") == 2
    assert change("tidegate_store_windows_total", outcome="stored") >= 5
    assert change("tidegate_chunk_written_bytes_total") >= sum(map(len, stored))
    assert change("tidegate_sync_seconds_count") >= 5
    assert change("tidegate_invariant_violations_total", what="actor_exception") == 0


def test_what_librdkafka_produces_is_what_is_counted(node):
    create_topic(node, "lib", partitions=3)
    before = scrape(node)
    producer = Producer({"bootstrap.servers": node.address, "linger.ms": 5, "compression.type": "lz4"})
    for i in range(3000):
        producer.produce("lib", b"%d" % i, partition=i % 3)
    assert producer.flush(30) == 0
    change = Difference(before, scrape(node))
    assert change("tidegate_appended_records_total") == 3000
    assert change("tidegate_topic_records_in_total", topic="lib") == 3000
    assert change("tidegate_request_errors_total", api="Produce", error="UNKNOWN_TOPIC_OR_PARTITION") == 0


def without_connections(node):
    """What waited for readiness was accepted, perhaps after its wait was over, and is gone."""
    return scrape_until(node, lambda s: s.get("tidegate_connections_accepted_total") and not s.get("tidegate_connections"))


def test_bytes_and_connections_are_those_of_the_sockets(node):
    before = without_connections(node)
    request = frame(18, 0)
    with socket.create_connection(("127.0.0.1", node.port)) as one:
        one.sendall(request)
        answer = one.recv(65536)
        here = scrape_until(node, lambda s: s.get("tidegate_sent_bytes_total") > before.get("tidegate_sent_bytes_total"))
        change = Difference(before, here)
        assert change("tidegate_received_bytes_total") == len(request)
        assert change("tidegate_sent_bytes_total") == len(answer)
        assert change("tidegate_connections") == 1
        assert change("tidegate_connections_accepted_total") == 1
        scrape_until(node, lambda s: s.get("tidegate_requests_in_flight") == 0)
        assert here.get("tidegate_limit_used", name="kafka.max.connections") == here.get("tidegate_connections")
    scrape_until(node, lambda s: s.get("tidegate_connections") == before.get("tidegate_connections"))


def test_connections_and_requests_that_are_refused_are_counted_by_their_reason(make_node):
    node = make_node("kafka.max.connections.per.ip=1")
    before = without_connections(node)
    with socket.create_connection(("127.0.0.1", node.port)) as first:
        scrape_until(node, lambda s: s.get("tidegate_connections") == 1)
        with socket.create_connection(("127.0.0.1", node.port)) as second:
            assert second.recv(1) == b""
        assert Difference(before, scrape(node))("tidegate_connections_rejected_total",
                                                limit="kafka.max.connections.per.ip") == 1
        first.sendall(b"\x7f\xff\xff\xff")
        assert first.recv(1) == b""
    for payload in (frame(0, 1), frame(3, 1, b"\0\0\0\x05")):
        scrape_until(node, lambda s: s.get("tidegate_connections") == 0)
        exchange(node, payload)
    change = Difference(before, scrape(node))
    assert change("tidegate_connections_closed_total", limit="kafka.socket.request.max.bytes") == 1
    assert change("tidegate_requests_refused_total", reason="version") == 1
    assert change("tidegate_requests_refused_total", reason="body") == 1


def test_groups_and_lag_of_loaded_groups_are_shown(node):
    create_topic(node, "lagging", partitions=2)
    produce(node, "lagging", [b"x"] * 10)
    produce(node, "lagging", [b"x"] * 5, partition=1)
    c = consumer(node, "slow")
    c.subscribe(["lagging"])
    read(c, 15)
    c.commit(offsets=[TopicPartition("lagging", 0, 4), TopicPartition("lagging", 1, 5)], asynchronous=False)
    found = scrape_until(node, lambda s: s.get("tidegate_group_lag", group="slow", topic="lagging") == 6)
    assert found.get("tidegate_groups", state="Stable") == 1
    assert found.get("tidegate_group_members") == 1
    assert found.get("tidegate_actors", kind="coordinator") == 1
    assert found.get("tidegate_group_rebalances_total") >= 1
    scrape_until(node, lambda s: s.get("tidegate_fetches_waiting") == 1)
    produce(node, "lagging", [b"x"] * 7)
    scrape_until(node, lambda s: s.get("tidegate_group_lag", group="slow", topic="lagging") == 13)
    c.close()
    found = scrape_until(node, lambda s: s.get("tidegate_groups", state="Empty") == 1)
    assert found.get("tidegate_group_members") == 0
    scrape_until(node, lambda s: not s.series("tidegate_group_lag"))


def test_a_scrape_loads_no_group(node):
    create_topic(node, "dormant")
    with Wire(node) as wire:
        assert commit(wire, "sleeper", "dormant", 0) == 0
    node.restart()
    for _ in range(3):
        found = scrape(node)
    assert found.get("tidegate_actors", kind="coordinator") == 0
    assert found.get("tidegate_actors", kind="offset_actor") == 0
    assert sum(found.series("tidegate_groups").values()) == 0


def test_names_of_clients_add_no_series(make_node):
    node = make_node("limits.metric_topics=3", "limits.metric_lags=2", "kafka.group.initial.rebalance.delay.ms=0")
    with Wire(node) as wire:
        for i in range(8):
            create_topic(node, f"many-{i}")
            assert put(wire, f"many-{i}", batch(b"x")) == 0
    before = scrape(node)
    for i in range(40):
        name = b"%d\"}\n# \xff\xc0" % i
        exchange(node, frame(18, 0, client=name))
        exchange(node, frame(0, 77 + i, client=name))
        exchange(node, frame(1000 + i, 0, client=name))
    after = scrape(node)
    # Errors that were not seen before may come up, as series of their own.
    assert {n for n, _ in after.samples} - {n for n, _ in before.samples} <= {"tidegate_request_errors_total"}
    assert len(after.samples) - len(before.samples) <= 2
    assert "\\xff" not in after.text and "# \ufffd" not in after.text
    topics = after.series("tidegate_topic_records_in_total")
    assert len(topics) == 4 and topics[(("topic", "_other"),)] == 5 and sum(topics.values()) == 8

    members = [consumer(node, f"evil \"{i}\"\n\\") for i in range(4)]
    for c in members:
        c.subscribe(["many-0"])
    for c in members:
        read(c, 1)
        c.commit(offsets=[TopicPartition("many-0", 0, 0)], asynchronous=False)
    found = scrape_until(node, lambda s: sum(s.series("tidegate_group_lag").values()) == 4)
    lags = {dict(labels)["group"]: lag for labels, lag in found.series("tidegate_group_lag").items()}
    assert lags == {"evil \"0\"%0A\\": 1, "evil \"1\"%0A\\": 1, "_other": 2}
    for c in members:
        c.close()


def test_metrics_answer_while_the_store_is_not_there(tmp_path):
    node = Node(tmp_path, flags=("--engine", "seaweedmq", "--masters", f"127.0.0.1:{free_port()}"))
    node.launch()
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                found = scrape(node)
                break
            except OSError:
                assert time.monotonic() < deadline, node.tail()
                time.sleep(0.05)
        assert found.get("tidegate_healthy") == 0
        assert found.get("process_resident_memory_bytes") > 0
        assert found.get("tidegate_limit", name="kafka.max.connections") == 10000
    finally:
        node.kill()


def test_a_crashed_actor_is_counted(tmp_path):
    node = Node(tmp_path).start(fault="partition.append.before_write:throw:2")
    try:
        create_topic(node, "crash")
        with Wire(node) as wire:
            assert put(wire, "crash", batch(b"x")) == 0
            assert put(wire, "crash", batch(b"x")) == 7
        found = scrape_until(node, lambda s: s.get("tidegate_actor_crashes_total", kind="offset_actor") == 1)
        assert found.get("tidegate_invariant_violations_total", what="actor_exception") == 1
        assert found.get("tidegate_actors", kind="offset_actor") == 0
    finally:
        node.kill()


def test_rotten_records_are_counted_each_time_they_are_met(node):
    create_topic(node, "rotten")
    with Wire(node) as wire:
        assert put(wire, "rotten", batch(b"ROTTEN" * 20)) == 0
    assert node.stop() == 0
    [volume] = (node.directory / "data" / "volumes").iterdir()
    data = volume.read_bytes()
    assert data.count(b"ROTTEN" * 20) == 1
    volume.write_bytes(data.replace(b"ROTTEN" * 20, b"rotten" * 20))
    node.start()
    assert scrape(node).get("tidegate_damaged_total", what="records") == 0
    with Wire(node) as wire:
        for count in (1, 2):
            answer = wire.call("Fetch", 12, max_wait_ms=0, min_bytes=0, max_bytes=8 << 20, isolation_level=0, session_id=0,
                               session_epoch=-1, forgotten_topics_data=[], rack_id="", topics=[
                                   {"topic": "rotten", "partitions": [{"partition": 0, "fetch_offset": 0,
                                    "partition_max_bytes": 1 << 20, "current_leader_epoch": -1}]}])
            assert answer.responses[0].partitions[0].error_code == 56
            found = scrape(node)
            assert found.get("tidegate_damaged_total", what="records") == count
            assert found.get("tidegate_request_errors_total", api="Fetch", error="KAFKA_STORAGE_ERROR") == count
    assert found.get("tidegate_fetched_records_total") == 0


def test_many_scrapes_and_garbage_on_the_admin_port_disturb_nobody(node):
    create_topic(node, "busy")
    before = scrape(node)
    slow = [socket.create_connection(("127.0.0.1", node.admin_port)) for _ in range(40)]
    for s in slow:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)  # and nobody reads
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        scrapes = [pool.submit(scrape, node) for _ in range(40)]
        with socket.create_connection(("127.0.0.1", node.admin_port)) as garbage:
            garbage.sendall(b"\x00\x01GET /metrics\r\n\r\n")
        assert produce(node, "busy", [b"x"] * 100) == list(range(100))
        for one in scrapes:
            assert one.result(30).samples
    for s in slow:
        s.close()
    assert Difference(before, scrape(node))("tidegate_appended_records_total") == 100
    assert node.process.poll() is None


def test_health_and_metrics_share_the_port(node):
    with urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/health", timeout=5) as answer:
        assert answer.read() == b"ok\n"
    assert scrape(node).get("tidegate_healthy") == 1
