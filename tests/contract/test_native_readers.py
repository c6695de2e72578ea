"""Design §6.1-6.3: brokers and native subscribers read our segments in full, and RESUME over our names is exact."""

import formats
import pytest
from formats import native_group
from store import SECOND, Partition

START = 1_790_000_400 * SECOND  # the first second of a span


def read_all(weed, name: str, count: int, index: int = 0) -> list:
    partition = weed.broker.partition(name, index)
    with weed.broker.subscribe(name, partition, "RESET_TO_EARLIEST") as s:
        return s.read(count, seconds=10)


def told(messages) -> list[tuple]:
    return [(m.ts_ns, m.key, m.value) for m in messages]


def ours(partition: Partition) -> list[tuple]:
    return [(m.ts_ns, formats.message_key(m.base_offset, partition.epoch), m.value) for m in partition.messages]


def fill(
    partition: Partition, files: int, chunks: int, per_chunk: int, records: int = 1, step: int = 1_000_000
) -> None:
    """Equal files, all messages `step` ns apart."""
    ts_ns = START
    for _ in range(files):
        for chunk in range(chunks):
            partition.append([ts_ns + i * step for i in range(per_chunk)], count=records, new_file=chunk == 0)
            ts_ns += per_chunk * step


@pytest.mark.parametrize(
    ("name", "files", "chunks", "per_chunk", "records", "step"),
    [
        ("one.chunk", 1, 1, 100, 1, 1000),
        ("many.chunks", 1, 16, 20, 5, 1_000_000),
        ("one-second-many-files", 5, 2, 10, 3, 2),
        ("over_spans", 3, 2, 20, 7, 30 * SECOND),
        (".hidden", 2, 2, 10, 1, SECOND),
        ("__system", 2, 2, 10, 1, SECOND),
    ],
)
def test_everything_is_read(weed, make_topic, name, files, chunks, per_chunk, records, step):
    topic = make_topic(name=name)
    fill(topic[0], files, chunks, per_chunk, records, step)
    stored, expected = formats.escape(name), ours(topic[0])
    count = len(expected)
    got = told(read_all(weed, stored, count))
    assert got == expected, (
        f"smq.md B.7: RESET_TO_EARLIEST gave {len(got)} of {count} messages of {name}, or other bytes"
    )
    partition = weed.broker.partition(stored)
    for start in (0, 1, count // 2, count - 1):
        reply = weed.broker.fetch(stored, partition, start)
        assert not reply.error, reply.error
        assert told(reply.messages) == expected[start:], f"smq.md B.7: FetchMessage at {start} is not exact for {name}"
        assert reply.high_water_mark == count
    found = weed.broker.range_info(stored, partition)
    assert found.offset_range.high_water_mark == count, (
        "smq.md B.7: the high water mark no longer comes from offset_max"
    )


def test_partitions_are_apart(weed, make_topic):
    topic = make_topic(3)
    for index in range(3):
        fill(topic[index], 1, 2, 5 + index)
    for index in range(3):
        assert told(read_all(weed, topic.name, 10 + 2 * index, index)) == ours(topic[index])


# Names decide RESUME (smq.md B.10).


def windows(topic, name_second) -> None:
    """120 messages 0.5 s apart in three files of 40; `name_second(first, last)` in seconds."""
    for file in range(3):
        stamps = [START + (file * 40 + i) * SECOND // 2 for i in range(40)]
        topic[0].append(stamps, new_file=True, name_second=name_second(stamps[0] // SECOND, stamps[-1] // SECOND))


def resumes_at(weed, topic, index: int, behind: int) -> int:
    """Where RESUME goes from `behind` ns after the index-th message; 120: nothing came."""
    messages, group = topic[0].messages, f"g{index}-{behind}"
    topic[0].commit(group, messages[index].ts_ns + behind, messages[index].base_offset + 1)
    partition = weed.broker.partition(topic.name)
    with weed.broker.subscribe(topic.name, partition, "RESUME_OR_EARLIEST", group=native_group(group)) as s:
        got = s.read(1, seconds=5)
    return [m.ts_ns for m in messages].index(got[0].ts_ns) if got else len(messages)


@pytest.mark.parametrize(
    "name_second",
    [
        lambda _, last: last,
        lambda _, last: last + 120,
        lambda first, _: formats.name_second_for(first * SECOND, 600, -1),
        lambda *_: 4_000_000_000,
    ],
    ids=["last-message", "after-the-last", "end-of-span", "future"],
)
def test_names_of_the_end_of_a_window_make_resume_exact(weed, make_topic, name_second):
    topic = make_topic()
    windows(topic, name_second)
    starts = [(index, behind) for index in range(0, 119, 7) for behind in (0, 1)]
    wrong = [(i, b, at) for i, b in starts if (at := resumes_at(weed, topic, i, b)) != i + 1]
    assert not wrong, (
        f"smq.md B.10, design §6.3: of 34 native RESUMEs these (message, + ns, went on at) are wrong: {wrong}"
    )
    assert told(read_all(weed, topic.name, 120)) == ours(topic[0])


def test_names_of_the_first_message_would_lose_records(weed, make_topic):
    """The trap that design §6.3 avoids; when this fails, SeaweedMQ has repaired RESUME and the rule may go."""
    topic = make_topic()
    windows(topic, lambda first, _: first)
    starts = [(7, 40), (21, 40), (35, 40), (49, 80), (63, 80)]
    went = [(index, resumes_at(weed, topic, index, 1)) for index, _ in starts]
    assert went == starts, f"smq.md B.10: with names of the first message RESUME (from, to) goes {went}, not {starts}"


def test_the_lower_bound_of_a_position_repeats_but_never_skips(weed, make_topic):
    """Design §7.1: where ts_ns is not known, `value` is the first ts_ns of the segment − 1."""
    topic = make_topic()
    windows(topic, lambda _, last: last)
    for file in range(3):
        topic[0].commit(f"f{file}", topic[0].messages[file * 40].ts_ns - 1)
        partition = weed.broker.partition(topic.name)
        with weed.broker.subscribe(topic.name, partition, "RESUME_OR_EARLIEST", group=native_group(f"f{file}")) as s:
            got = s.read(1)
        assert got[0].ts_ns == topic[0].messages[file * 40].ts_ns, (
            f"smq.md A.2: file {file} does not start at its first"
        )


# The tail, and what is not read.


def test_a_subscriber_does_not_follow_our_tail_but_a_new_one_reads_it(weed, make_topic):
    """README, "Said plainly". When this fails, native subscribers follow: say so there."""
    topic = make_topic()
    fill(topic[0], 1, 1, 100)
    partition = weed.broker.partition(topic.name)
    with weed.broker.subscribe(topic.name, partition, "RESET_TO_EARLIEST") as s:
        assert len(s.read(100)) == 100
        topic[0].append([START + SECOND + i for i in range(5)])
        assert s.read(1, seconds=3) == [], "smq.md A.2, B.7: a caught-up subscriber now sees later messages"
        assert told(read_all(weed, topic.name, 105)) == ours(topic[0])
        assert len(s.read(5, seconds=5)) == 5, "smq.md B.7: a leaving subscriber no longer wakes the others"


def test_a_loaded_partition_shows_new_messages_to_subscribers_and_not_to_fetch(weed, make_topic):
    topic = make_topic()
    fill(topic[0], 1, 1, 50)
    assert len(read_all(weed, topic.name, 50)) == 50
    partition = weed.broker.partition(topic.name)
    with weed.broker.subscribe(topic.name, partition, "RESET_TO_EARLIEST") as s:  # keeps the partition loaded
        assert len(s.read(50)) == 50
        topic[0].append([START + SECOND + i for i in range(30)])
        assert told(weed.broker.fetch(topic.name, partition, 0).messages) == ours(topic[0])
        late = weed.broker.fetch(topic.name, partition, 60)
        assert (len(late.messages), late.high_water_mark) == (0, 50), (
            f"smq.md B.7: FetchMessage at the new tail gave {len(late.messages)}, mark {late.high_water_mark}, "
            "not 0 and 50; the README says that native fetches lag"
        )


def test_inline_records_are_not_read(weed, make_topic):
    """Why segments have chunks (smq.md B.4)."""
    topic = make_topic()
    fill(topic[0], 1, 1, 10)
    messages = [topic[0].make(START + SECOND + i) for i in range(3)]
    path = f"{topic[0].directory}/{formats.segment_name(topic[0].name_second + 1, messages[0].base_offset)}"
    reply = weed.filer.create(path, b"".join(m.stored for m in messages))
    assert not reply.error
    got = read_all_within(weed, topic.name, 2)
    assert len(got) == 10, f"smq.md B.4: {len(got)} of 13 messages were read, the three inline ones included?"


def read_all_within(weed, name: str, seconds: float) -> list:
    partition = weed.broker.partition(name)
    with weed.broker.subscribe(name, partition, "RESET_TO_EARLIEST") as s:
        return s.read(1000, seconds=seconds)


# Native publishers in our topics.


def native_files(topic) -> list[str]:
    files = [n for n in topic.filer.names(topic[0].directory) if n[:2] == "20"]
    return [n for n in files if len(n) != 40 or n[19] != "."]


def test_a_native_publisher_is_recognised_by_file_name(weed, make_topic):
    topic = make_topic()
    fill(topic[0], 1, 1, 10)
    partition = weed.broker.partition(topic.name)
    now = START + 3600 * SECOND
    offsets = weed.broker.publish(topic.name, partition, [(now + i, b"n%d" % i, b"native") for i in range(5)])
    names = native_files(topic)
    assert names and all(len(n) == 19 for n in names), (
        f"smq.md B.7: native files are called {names}, not by a plain second"
    )
    assert offsets == list(range(5)), f"smq.md B.7: without checkpoint.offset a native publisher got offsets {offsets}"
    found = weed.filer.lookup(topic[0].path)
    assert [c.file_id for c in found.chunks] == [c.file_id for c in topic[0].chunks], "our files must stay as they are"


def test_checkpoint_offset_keeps_native_message_numbers_above_ours(weed, make_topic):
    topic = make_topic()
    fill(topic[0], 1, 1, 10)
    topic[0].checkpoint()
    partition = weed.broker.partition(topic.name)
    offsets = weed.broker.publish(topic.name, partition, [(START + 3600 * SECOND, b"n", b"native")])
    assert offsets == [10], f"smq.md B.7: with checkpoint.offset = 9 a native publisher got {offsets}, not [10]"
