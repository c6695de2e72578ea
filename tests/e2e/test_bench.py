"""`tidegate bench` against a real gateway: what it says it wrote, read or committed is what other clients see."""

import json
import signal
import struct
import subprocess
import time

import pytest
from bench_words import batches_in, delete_records, ordered, records_in
from clients import admin, committed, consumer, create_topic, produce, read
from conftest import BINARY, free_port
from forger import forged  # noqa: F401
from operator_words import document, failure, run, table


@pytest.fixture(scope="module")
def node(shared_node):
    return shared_node


def test_produce_writes_what_it_says(node):
    done = document(node, "bench", "produce", "--topic", "written", "--partitions", "3", "--records", "1000", "--size",
                    "100", "--batch-bytes", "4096", "--connections", "2", "--in-flight", "3")
    assert done["records"] == 1000 and done["partitions"] == 3 and done["bytes"] > 100_000
    assert done["seconds"] > 0 and done["records_per_s"] > 0 and ordered(done["ack_ms"])
    assert sum(records_in(node, "written", p) for p in range(3)) == 1000
    c = consumer(node, "reader")
    c.subscribe(["written"])
    messages = read(c, 1000)
    c.close()
    assert {len(m.value()) for m in messages} == {100} and {m.key() for m in messages} == {None}
    assert len({(m.partition(), m.offset()) for m in messages}) == 1000


def test_a_batch_has_one_record_at_least(node):
    done = document(node, "bench", "produce", "--topic", "large", "--records", "3", "--size", "5000", "--batch-bytes", "10")
    assert done["records"] == 3 and done["partitions"] == 1 and records_in(node, "large") == 3


def producers_in(node, topic: str, partition: int) -> dict[int, list[tuple[int, int]]]:
    """First sequence and number of records of each batch, by producer id."""
    found = {}
    for batch in batches_in(node, topic, partition):
        producer, _, sequence, count = struct.unpack(">qhii", batch[43:61])
        found.setdefault(producer, []).append((sequence, count))
    return found


@pytest.mark.parametrize("acks", ["-1", "1"])
def test_idempotent_producers_number_their_records(node, acks):
    topic = f"idempotent{acks}"
    done = document(node, "bench", "produce", "--topic", topic, "--partitions", "2", "--records", "5000", "--size", "10",
                    "--batch-bytes", "500", "--idempotent", "--connections", "3", f"--acks={acks}")
    assert done["records"] == 5000 and sum(records_in(node, topic, p) for p in range(2)) == 5000
    found = [producers_in(node, topic, p) for p in range(2)]
    assert len(found[0]) == 3 and found[0].keys() == found[1].keys() and min(found[0]) >= 0
    for batches in (*found[0].values(), *found[1].values()):
        assert [first for first, _ in batches] == [sum(n for _, n in batches[:i]) for i in range(len(batches))]


def test_all_acks_have_a_name(node):
    assert document(node, "bench", "produce", "--topic", "all", "--records", "5", "--acks", "all")["records"] == 5
    assert document(node, "bench", "e2e", "--topic", "all", "--seconds", "0.1", "--acks=all")["records"] == 10


def test_without_idempotence_there_is_no_producer(node):
    document(node, "bench", "produce", "--topic", "anonymous", "--records", "100", "--batch-bytes", "2000")
    assert producers_in(node, "anonymous", 0).keys() == {-1}


def test_the_rate_is_kept(node):
    done = document(node, "bench", "produce", "--topic", "paced", "--records", "300", "--size", "10", "--batch-bytes", "1",
                    "--rate", "200")
    assert 1.4 < done["seconds"] < 5 and done["ack_ms"]["p50"] < 500


def test_what_waits_behind_a_stop_counts_as_slow(make_node):
    node = make_node()
    create_topic(node, "stopped")
    command = [BINARY, "bench", "produce", "--topic", "stopped", "--records", "400", "--size", "10", "--batch-bytes", "1",
               "--rate", "200", "--in-flight", "1", "--json", "--bootstrap", node.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bench:
        while not records_in(node, "stopped"):
            assert bench.poll() is None
        node.process.send_signal(signal.SIGSTOP)
        time.sleep(1)
        node.process.send_signal(signal.SIGCONT)
        done = json.loads(bench.communicate(timeout=30)[0])
    # One request was without an answer for a second. The 200 that were due meanwhile could not be sent.
    assert done["ack_ms"]["max"] >= 900 and done["ack_ms"]["p99"] >= 800


def test_produce_goes_on_in_a_topic_that_is_there(node):
    create_topic(node, "there", 3)
    assert document(node, "bench", "produce", "--topic", "there", "--records", "30", "--batch-bytes", "1")["partitions"] == 3
    assert [records_in(node, "there", p) for p in range(3)] == [10, 10, 10]
    done = document(node, "bench", "produce", "--topic", "there", "--partitions", "2", "--records", "30", "--batch-bytes", "1")
    assert done["partitions"] == 2 and [records_in(node, "there", p) for p in range(3)] == [25, 25, 10]
    assert failure(node, "bench", "produce", "--topic", "there", "--partitions", "4") == "there: has 3 partitions, not 4"


def test_what_a_broker_refuses_ends_produce(node):
    create_topic(node, "small", **{"max.message.bytes": "1000"})
    line = failure(node, "bench", "produce", "--topic", "small", "--records", "10", "--size", "2000")
    assert line.startswith("small-0: MESSAGE_TOO_LARGE: ")
    assert failure(node, "bench", "produce", "--topic", "no/name") == "no/name: INVALID_TOPIC_EXCEPTION"


@pytest.mark.parametrize("more", [(), ("--connections", "2", "--in-flight", "2"), ("--in-flight", "9", "--check-crcs"),
                                  ("--max-bytes", "3000"), ("--partition-max-bytes", "1")])
def test_consume_reads_everything(node, more):
    if not records_in_or_none(node, "read", 4):
        for p in range(5):
            produce(node, "read", [b"x" * 200] * (50 * p), partition=p, **{"compression.type": "lz4" if p == 3 else "none"})
    done = document(node, "bench", "consume", "--topic", "read", "--from-beginning", *more)
    assert done["records"] == 500 and done["partitions"] == 5 and done["bytes"] > 350 * 200 and ordered(done["fetch_ms"])


def records_in_or_none(node, topic: str, partition: int) -> int:
    if topic in admin(node).list_topics(timeout=20).topics:
        return records_in(node, topic, partition)
    create_topic(node, topic, partition + 1)
    return 0


def test_consume_of_nothing(node):
    create_topic(node, "empty", 2)
    done = document(node, "bench", "consume", "--topic", "empty")
    assert done["records"] == 0 and done["bytes"] == 0 and done["fetch_ms"]["max"] == 0


def test_consume_from_behind_the_end_is_no_success(node):
    create_topic(node, "short", 2)
    produce(node, "short", [b"x"] * 3)
    produce(node, "short", [b"x"] * 5, partition=1)
    assert document(node, "bench", "consume", "--topic", "short", "--offset", "3")["records"] == 2
    for offset in ("4", "5", "6"):
        line = failure(node, "bench", "consume", "--topic", "short", "--offset", offset)
        assert line == f"short-0: OFFSET_OUT_OF_RANGE: the log ends at 3, before offset {offset}"


def test_consume_what_produce_wrote(node):
    wrote = document(node, "bench", "produce", "--topic", "both", "--partitions", "4", "--records", "20000", "--size", "500")
    got = document(node, "bench", "consume", "--topic", "both", "--check-crcs", "--connections", "4")
    assert [got[key] for key in ("records", "bytes", "partitions")] == [wrote[key] for key in ("records", "bytes", "partitions")]


def test_deleted_records_are_missed_when_they_are_asked_for(node):
    create_topic(node, "trimmed")
    produce(node, "trimmed", [b"x"] * 20)
    delete_records(node, "trimmed", 5)
    assert document(node, "bench", "consume", "--topic", "trimmed")["records"] == 15
    assert document(node, "bench", "consume", "--topic", "trimmed", "--offset", "7")["records"] == 13
    line = failure(node, "bench", "consume", "--topic", "trimmed", "--offset", "0")
    assert line.startswith("trimmed-0: OFFSET_OUT_OF_RANGE: ") and line.endswith(" at offset 0")


def test_a_lost_record_is_noticed(forged):
    node, forger = forged
    assert document(node, "bench", "consume", "--topic", "t")["records"] == 10
    # Record 6 gets the offset 7: the base offset stands outside of the CRC, so nothing else tells.
    header, record = 61 - 12, 14  # bytes that the batch's length counts
    forger.old, forger.new = (struct.pack(">qi", offset, header + record) for offset in (6, 7))
    line = failure(node, "bench", "consume", "--topic", "t", "--check-crcs")
    assert forger.done and line == "t-0: missing: offset 6"


def test_damage_is_noticed_when_it_is_looked_for(forged):
    node, forger = forged
    forger.old, forger.new = b"value-3", b"value-X"
    assert document(node, "bench", "consume", "--topic", "t")["records"] == 10 and forger.done
    assert failure(node, "bench", "consume", "--topic", "t", "--check-crcs") == (
        "t-0: damaged: the batch at offset 3 does not match its CRC")


def test_a_log_that_ends_early_is_noticed(forged):
    node, forger = forged
    # ListOffsets says that there are 11 records: time −1, offset 10, epoch.
    forger.old, forger.new = (struct.pack(">hqq", 0, -1, offset) for offset in (10, 11))
    line = failure(node, "bench", "consume", "--topic", "t", "--timeout", "1500")
    assert forger.done and line == "t-0: missing: offset 10 was not sent within 1500 ms, and the log ends at 11"


def test_commits_are_there(node):
    done = document(node, "bench", "commit", "--topic", "positions", "--groups", "7", "--partitions", "3", "--connections",
                    "2", "--in-flight", "2", "--seconds", "0.5", "--group-prefix", "storm-", "--mode", "simple")
    assert (done["groups"], done["partitions"]) == (7, 3) and ordered(done["request_ms"])
    assert done["commits"] == 3 * done["requests"] and 0.5 <= done["seconds"] < 5
    positions = [[committed(node, f"storm-{g}", "positions", p) for p in range(3)] for g in range(7)]
    assert all(len(set(row)) == 1 for row in positions), "a request commits all partitions"
    assert sum(row[0] + 1 for row in positions) == done["requests"], "offsets count a group's requests from 0"


def test_end_to_end(node):
    words = ("bench", "e2e", "--topic", "journey", "--partitions", "2", "--rate", "200", "--seconds", "1")
    for before in (0, 200):  # the second time there is something already
        assert sum(records_in_or_none(node, "journey", p) for p in (1, 0)) == before
        done = document(node, *words)
        assert done["records"] == 200 and ordered(done["ack_ms"]) and ordered(done["e2e_ms"])
        assert done["e2e_ms"]["max"] >= done["ack_ms"]["p50"] / 10 and 0.9 < done["seconds"] < 5


def test_tables(node):
    rows = table(node, "bench", "produce", "--topic", "shown", "--records", "10")
    assert rows[0] == ["TOPIC", "PARTITIONS", "RECORDS", "BYTES", "SECONDS", "RECORDS/S", "MB/S", "CPU S"]
    assert rows[1][:3] == ["shown", "1", "10"] and len(rows[1]) == 8
    assert rows[2] == ["LATENCY", "COUNT", "P50 MS", "P99 MS", "P99.9 MS", "MAX MS"]
    assert rows[3][:2] == ["ack", "1"] and len(rows) == 4
    assert table(node, "bench", "consume", "--topic", "shown")[3][0] == "fetch"
    assert table(node, "bench", "commit", "--topic", "shown", "--partitions", "1", "--seconds", "0.1")[3][0] == "request"
    assert [row[0] for row in table(node, "bench", "e2e", "--topic", "shown", "--seconds", "0.1")[3:]] == ["ack", "end to end"]


@pytest.mark.parametrize("command", ["consume", "produce", "commit", "e2e", "resume"])
def test_nobody_answers(command):
    done = subprocess.run([BINARY, "bench", command, "--topic", "t", "--bootstrap", f"127.0.0.1:{free_port()}", "--timeout",
                           "700"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and not done.stdout and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("tidegate: _")


def test_a_topic_that_is_not_there_is_not_read(node):
    assert failure(node, "bench", "consume", "--topic", "nowhere") == "nowhere: UNKNOWN_TOPIC_OR_PARTITION"
    assert "nowhere" not in run(node, "topics", "list", "--names").stdout, "asking creates nothing"


def test_a_gateway_that_dies_is_no_success(make_node):
    node = make_node()
    create_topic(node, "cut")
    command = [BINARY, "bench", "produce", "--topic", "cut", "--records", "100000", "--rate", "100", "--batch-bytes", "1",
               "--bootstrap", node.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as bench:
        while not records_in(node, "cut"):
            assert bench.poll() is None
        node.kill()
        out, error = bench.communicate(timeout=30)
    assert bench.returncode == 1 and not out and error.startswith(f"tidegate: NETWORK_EXCEPTION: {node.address}: ")


def test_memory_is_bounded():
    done = subprocess.run([BINARY, "bench", "produce", "--topic", "t", "--size", "50000000", "--connections", "100"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and done.stderr == (
        "tidegate: --connections times --batch-bytes (or --size) is above 2 GiB\n")


@pytest.mark.parametrize("words, message", [
    (("produce",), "--topic is required"),
    (("produce", "--topic", "t", "--acks", "0"), "--acks"),
    (("produce", "--topic", "t", "--acks", "some"), "--acks"),
    (("produce", "--topic", "t", "--records", "0"), "--records"),
    (("produce", "--topic", "t", "--rate", "-1"), "--rate"),
    (("consume", "--topic", "t", "--in-flight", "0"), "--in-flight"),
    (("consume", "--topic", "t", "--offset", "3", "--from-beginning"), "--from-beginning excludes --offset"),
    (("commit", "--topic", "t", "--mode", "quick"), "--mode"),
    (("e2e", "--topic", "t", "--seconds", "none"), "--seconds"),
    (("resume", "--topic", "t", "--leave", "--return"), "excludes"),
    (("resume", "--topic", "t", "--records", "0"), "--records"),
    (("resume", "--topic", "t", "--partitions", "0"), "--partitions"),
    (("resume", "--topic", "t", "--in-flight", "1001"), "--in-flight"),
    (("return", "--topic", "t"), "no command"),
])
def test_bad_words(words, message):
    done = subprocess.run([BINARY, "bench", *words], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and message in done.stderr and not done.stdout, done.stderr


def test_json_is_one_object_on_one_line(node):
    done = run(node, "bench", "produce", "--topic", "object", "--records", "1", "--json")
    assert done.returncode == 0 and not done.stderr and len(done.stdout.splitlines()) == 1
    assert list(json.loads(done.stdout))[:3] == ["topic", "partitions", "records"]
