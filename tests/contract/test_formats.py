"""formats.py against the golden bytes of the C++ tests: native readers are shown what tidegate really writes."""

import pathlib
import re
import struct
import uuid

import formats
import pytest

TESTS = pathlib.Path(__file__).parents[1] / "smq"


def cpp_test(file: str, name: str) -> str:
    """The body of one CAF_TEST."""
    source = (TESTS / file).read_text()
    start = source.find(f"CAF_TEST({name})")
    assert start >= 0, f"tests/smq/{file} has no test {name!r} any more: find its golden bytes again"
    return source[start : source.find("\n}\n", start)]


def golden(file: str, name: str, after: str = "") -> str:
    """The hex digits of the string literals that follow `after`, which C++ joins."""
    body = cpp_test(file, name)
    at = body.find(after)
    assert at >= 0, f"{after!r} is not in {name!r} of tests/smq/{file}"
    found = re.search(r'((?:"[0-9a-f]+"\s*)+)\)', body[at + len(after) :])
    assert found, f"no golden bytes after {after!r} in {name!r} of tests/smq/{file}"
    return "".join(re.findall(r'"([0-9a-f]+)"', found[1]))


def id_of(first: int) -> uuid.UUID:
    return uuid.UUID(bytes=bytes(range(first, first + 16)))


def small_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


TOPIC = id_of(0x10)
CODECS = "segments/codecs_test.cpp"
CREATED = 1787419353  # some_second of topics_test.cpp


def example_batch() -> bytes:
    """make_batch(100, 5, 3, 1700000000000, 4) of segments_fixture.hpp."""
    return formats.batch(100, 5, 3, 1_700_000_000_000 - 1, 1_700_000_000_000, b"rrrr")


def test_crc32c_is_the_one_of_castagnoli():
    assert formats.crc32c(b"123456789") == 0xE3069283


def test_frame():
    made = formats.frame(TOPIC, 3, 0x0102030405060708, example_batch())
    assert made.hex()[:72] == golden(CODECS, "a frame has golden bytes", "substr(0, 72),")
    covered = made[:36] + example_batch()[:21]
    assert made[36:] == struct.pack(">I", formats.crc32c(covered))


def test_message():
    name = "a message is what protobuf makes of its fields"
    made = formats.log_entry(TOPIC, 3, 1_700_000_000_000_000_001, 7, example_batch())
    assert len(example_batch()) + formats.FRAME_BYTES == 105
    assert made.hex()[8:28] == golden(CODECS, name, "substr(8, 20),")
    assert made.hex()[28:30] == golden(CODECS, name, "substr(28, 2),")
    assert made.hex()[-32:] == "220c" + formats.message_key(100, 5).hex() + "2807"
    assert '"220c" + key + "2807"' in cpp_test(CODECS, name)
    assert struct.unpack(">I", made[:4])[0] == len(made) - 4
    head = len(made) - len(example_batch()) - 16
    assert made[head - 42 : head - 40].hex() == golden(CODECS, name, "frame::size - 2, 2)),")


def test_key_hash():
    assert formats.key_hash(b"123456789") == 0x25F9E794
    assert formats.key_hash(b"") == 0xD41D8CD9 - (1 << 32)


def test_segment_attributes():
    made = formats.segment_attributes(1, 2, 3, 4, 5, 6, TOPIC, 7, 8, 9, 10)
    for attribute, value in made.items():
        after = f'stored["{attribute}"])),'
        assert value.hex() == golden(CODECS, "segment attributes have golden bytes", after), attribute


def test_partition_entry():
    made = formats.partition_entry(TOPIC, 3, 1, 2, 4, 5, [(6, 7)], [(8, 9, 10)], 11, b"\xab", [(12, 13), (12, 14)])
    assert made.hex() == golden(CODECS, "the partition entry has golden bytes", "hex(as_byte_view(content)),")


@pytest.mark.parametrize(("second", "base_offset"), [(1_700_000_399, 42), (951_782_400, 2**63 - 1)])
def test_segment_names(second, base_offset):
    body = cpp_test("segments/names_test.cpp", "a name is the second and twenty digits")
    assert f'"{formats.segment_name(second, base_offset)}"' in body


def test_name_seconds():
    body = cpp_test("segments/names_test.cpp", "the name second is the end of the span and never goes back")
    rows = re.findall(r"\{([0-9* second+']+), (\d+), (-?\d+), (\d+)\}", body)
    assert len(rows) == 7
    for first, span, newest, expected in rows:
        first_ts_ns = eval(first.replace("'", ""), {"second": 10**9})
        assert formats.name_second_for(first_ts_ns, int(span), int(newest)) == int(expected)


def test_position():
    body = cpp_test("positions_test.cpp", "a position has its golden bytes")
    content = "".join(re.findall(r'R"\((.*?)\)"', body))
    assert formats.position_json(1787419353000000001, 1787419353123, "meta").decode() == content
    made = formats.position_attribute(1787419353000000001, 42, 6, small_id(7), small_id(3), 5, b"meta")
    assert made.hex() == golden("positions_test.cpp", "a position has its golden bytes", 'at("tg.pos")),')


def test_topic_entries():
    name = "the entries have their golden bytes"
    record = formats.name_record(2, small_id(7), CREATED, small_id(9), "orders")
    assert record.hex() == golden("topics_test.cpp", name, '"orders"})),')
    entry = formats.topic_entry("orders", small_id(7), CREATED, 2, 600, {"retention.ms": "-1"})
    assert entry.hex() == golden("topics_test.cpp", name, "encode_topic_entry(sample()).value()),")


def test_topic_conf():
    body = cpp_test("topics_test.cpp", "topic conf is the protojson that brokers adopt")
    assert formats.topic_conf(1, CREATED).decode() == re.search(r'R"\((.*)\)"', body, re.DOTALL)[1]


def test_escapes():
    source = (TESTS / "names_test.cpp").read_text()
    rows = re.findall(r'^ +\{"([^"\\]*)", "([^"]*)"\},$', source, re.MULTILINE)
    assert len(rows) >= 9
    for name, escaped in rows:
        assert formats.escape(name) == escaped


def test_paths():
    body = cpp_test("names_test.cpp", "paths are the ones of SMQ")
    directory = formats.partition_directory("orders", CREATED, 1)
    assert f'"{directory}"' in body


def test_a_message_is_decoded_again():
    values = (b"", b"a", b"x" * 300)
    stored = formats.batch(1000, 5, 3, 7, 7, formats.records(values))
    message = formats.frame(TOPIC, 3, 42, stored) + stored
    assert formats.decode_message(message) == formats.Batch(1000, 1003, values)
    for at in (0, 30, 45, len(message) - 1):
        with pytest.raises(AssertionError):
            formats.decode_message(message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :])
