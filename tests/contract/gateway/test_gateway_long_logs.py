"""A partition of very many segment files: loads list the newest ones, and others when somebody needs them (design §6.4)."""

import time

import pytest
from asked import commit, list_offset, positions
from clients import consumer, read
from confluent_kafka import TopicPartition
from formats import position_json
from store import Topic
from wire import Wire, produce
from wire import read_all as read_records

FILES, RECORDS = 300, 3
SECOND = 10**9


def long_log(filer, name: str, files: int) -> Topic:
    """A topic whose partition 0 was written by an earlier leader, a file an hour."""
    topic = Topic(filer, name)
    start = (int(time.time()) - (files + 1) * 3600) * SECOND
    for i in range(files):
        topic[0].append([start + i * 3600 * SECOND], RECORDS, new_file=True)
    return topic


def records_from(node, topic: str, offset: int, count: int) -> list[tuple[int, bytes]]:
    c = consumer(node, "reader", **{"auto.offset.reset": "error"})
    try:
        c.assign([TopicPartition(topic, 0, offset)])
        return [(m.offset(), m.value()) for m in read(c, count)]
    finally:
        c.close()


@pytest.fixture(scope="module")
def served(weed, shared_gateway):
    """Appended to, so that the partition's entry has marks; (topic, offset of the appended record)."""
    topic = long_log(weed.filer, "long-log", FILES)
    with Wire(shared_gateway) as wire:
        last = produce(wire, "long-log", b"newest")
    assert last == FILES * RECORDS
    shared_gateway.restart()
    return topic, last


def expected(offset: int, last: int) -> bytes:
    return b"newest" if offset == last else f"record-{offset}".encode()


@pytest.mark.parametrize("at", [0, 1, 95, 96, 97, 450, 896, 899, 900])
def test_any_record_is_found_after_a_restart(shared_gateway, served, at):
    _, last = served
    shared_gateway.restart()
    count = min(50, last + 1 - at)
    wanted = [(o, expected(o, last)) for o in range(at, at + count)]
    assert records_from(shared_gateway, "long-log", at, count) == wanted


def test_everything_is_read_in_order(shared_gateway, served):
    _, last = served
    shared_gateway.restart()
    with Wire(shared_gateway) as wire:
        assert read_records(wire, "long-log") == {o: expected(o, last) for o in range(last + 1)}


def test_times_and_native_positions_are_found(shared_gateway, served):
    topic, last = served
    shared_gateway.restart()
    for i in (0, 10, FILES // 2, FILES - 1):
        message = topic[0].messages[i]
        assert list_offset(shared_gateway, "long-log", 0, message.ts_ns // 10**6) == (0, message.base_offset)
    shared_gateway.restart()
    for i in (5, FILES - 2):
        value = topic[0].messages[i].ts_ns  # everything up to this one was read
        topic[0].write_position(f"native-{i}", position_json(value, time.time_ns() // 10**6))
        assert positions(shared_gateway, f"native-{i}", "long-log", 1) == [(0, topic[0].messages[i + 1].base_offset)]


def test_commits_need_no_list(shared_gateway, served):
    shared_gateway.restart()
    assert commit(shared_gateway, "committer", "long-log", {0: 7}) == [0]
    assert positions(shared_gateway, "committer", "long-log", 1) == [(0, 7)]
