"""The comparison itself, without servers: what it takes for a difference, and that its table is README's."""

import re
import time
import types
import uuid

import paths  # first: it says where the others are

import batches
import compare
import judge
import plain
import pytest
import random_cases
from judge import Departure, Difference, Verdict, differences
from talk import Step
from test_every_version import ADVERTISED
from wire import batch

SERVER = types.SimpleNamespace(port=1234, first_epoch=1)
# Titles in departures.txt that are not README's.
HOUSEKEEPING = {"How it is compared", "The same in other words", "To be mended"}


def found(ours, theirs) -> list:
    return [tuple(d) for d in differences(ours, theirs, "A")]


def test_fields_are_compared_and_elements_by_their_names():
    rows = lambda *errors: {"topics": [{"name": n, "error_code": e} for n, e in errors]}
    assert found(rows(("a", 0), ("b", 3)), rows(("a", 0), ("b", 3))) == []
    assert found(rows(("a", 0), ("b", 3)), rows(("b", 5), ("a", 0))) == [("A.topics[b].error_code", 3, 5)]
    assert found(rows(("a", 0)), rows()) == [("A.topics[a]", {"name": "a", "error_code": 0}, "nothing")]
    second = {"name": "a", "error_code": 1}
    assert found(rows(("a", 0)), rows(("a", 0), ("a", 1))) == [("A.topics[a]", "nothing", second)]
    assert found({"x": None}, {"x": ""}) == [("A.x", None, "")]
    assert found({"x": []}, {"x": None}) == [("A.x", [], None)]
    assert found("closes", {"x": 1}) == [("A", "closes", {"x": 1})]
    assert found({"x": True}, {"x": 1}) == [("A.x", True, 1)]


def test_a_departure_explains_its_case_its_field_and_its_values_only():
    known = Departure("t", "Produce/bad*", "Produce.responses.error_code", "87, 2", "*", "why")
    difference = Difference("Produce.responses[a].error_code", 87, -1)
    assert known.explains("Produce/bad_crc v3", difference)
    assert not known.explains("Produce/good v3", difference)
    assert not known.explains("Produce/bad_crc v3", difference._replace(ours=3))
    assert not known.explains("Produce/bad_crc v3", difference._replace(place="Produce.responses[a].base_offset"))
    assert known._replace(case="Produce/bad* v[34]").explains("Produce/bad_crc v4", difference)
    assert not known._replace(case="Produce/bad* v[34]").explains("Produce/bad_crc v5", difference)
    assert known._replace(ours="87", theirs="[]").explains("Produce/bad v3", difference._replace(theirs=[]))


def test_what_is_not_known_is_told_and_what_was_not_seen_is_stale():
    known = Departure("t", "Fetch/*", "Fetch.x", "1", "2", "why")
    rare = known._replace(case="Fetch/random*")
    verdict = Verdict([known, rare])
    step = lambda **fields: Step("Fetch", 4, {"asked": 1}, fields)
    verdict.add("Fetch/a v4", [step(x=1)], [step(x=1)])
    assert verdict.stale(True) == [known, rare] and verdict.stale(False) == [known]
    verdict.add("Fetch/a v4", [step(x=1)], [step(x=2)])
    assert verdict.stale(False) == [] and not verdict.unexplained
    verdict.add("Fetch/a v4", [step(x=1, y=1)], [step(x=2, y=2)])
    (story,) = verdict.unexplained
    assert "Fetch.y: tidegate 1, Kafka 2" in story and "Fetch.x:" not in story and '"asked": 1' in story
    verdict.add("Fetch/a v5", [step(x=1, y=1)], [step(x=2, y=2)])  # the same again
    assert [s.split(",")[0] for s in verdict.unexplained] == ["Fetch/a v4 v5"]
    verdict.add("Fetch/a v4", [step()], [])
    assert len(verdict.unexplained) == 2
    assert (verdict.compared, verdict.known, verdict.unknown) == ({"Fetch": 4}, {"Fetch": 1}, {"Fetch": 2})


def test_what_a_server_makes_up_gets_a_name():
    aliases = plain.Aliases(SERVER)
    one, two = (f"compare-{uuid.UUID(int=n << 64)}" for n in (1, 2))
    assert plain.of({"leader": two, "member_id": two, "other": one}, aliases) == {
        "leader": "compare-uuid 1", "member_id": "compare-uuid 1", "other": "compare-uuid 2"}  # fmt: skip
    assert plain.of({"topic_id": uuid.UUID(int=1 << 100)}, aliases) == {"topic_id": "id 1"}
    assert plain.of({"topic_id": uuid.UUID(int=7)}, aliases) == {"topic_id": str(uuid.UUID(int=7))}
    assert plain.of({"port": 1234, "cluster_id": "x", "throttle_time_ms": 5}, aliases) == {
        "port": "its port", "cluster_id": "its id"}  # fmt: skip
    assert plain.of({"leader_epoch": 1, "generation_id": 1}, aliases) == {"leader_epoch": 0, "generation_id": 1}
    now = round(time.time() * 1000)
    assert plain.of({"log_append_time_ms": now, "text": f"at {now}", "offset": 1_000_000_000_000}, aliases) == {
        "log_append_time_ms": "now", "text": "at now", "offset": 1_000_000_000_000}  # fmt: skip


def test_what_others_left_is_not_looked_at():
    rows = [{"name": name} for name in ("Fetch-a-4-t", "Fetch-b-4-t", "Fetch-b-4-other", "marker-3", "x/y")]
    assert plain.of_own(rows, "Fetch-a-", "['Fetch-b-4-other']") == [rows[0], rows[2], rows[4]]


def test_batches_are_read_back():
    plain_one = batch(b"a", b"b" * 100)
    assert [row.get("count") for row in batches.read(plain_one + plain_one[:50])] == [2, None]
    assert batches.read(plain_one[:-1]) == [{"rest": len(plain_one) - 1}]
    assert batches.changed(plain_one) == plain_one
    for codec in (batches.GZIP, batches.SNAPPY, batches.LZ4, batches.ZSTD):
        (row,) = batches.read(batches.compressed(plain_one, codec))
        assert (row["attributes"], row["count"]) == (codec, 2)
    assert [len(batches.of_size(size)) for size in (200, 201, 5000)] == [200, 201, 5000]


def test_every_api_has_a_conversation_and_the_random_ones_repeat():
    compare.load_cases()
    assert {case.api for case in compare.CASES} == {api for api, _, _ in ADVERTISED.values()}
    names = [case.name for case in compare.CASES]
    assert len(names) == len(set(names))
    both = range(14)
    drawn = lambda seed: [(case.name, case.choose(both)) for case in random_cases.make(seed)]
    assert drawn(1) == drawn(1) and drawn(1)[0] != drawn(2)[0]


def bullets(section: str) -> set[str]:
    text = (paths.ROOT / "README.md").read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^- \*\*([^*]+?)[.,]?\*\*", text, re.M))


def test_the_table_says_what_readme_says():
    titles = {row.title for row in judge.load()}
    meant = bullets("What answers otherwise than Kafka")
    assert titles >= meant, f"README names {meant - titles}, which no row is about"
    assert titles <= meant | bullets("What is not there yet") | HOUSEKEEPING


def test_a_broken_table_is_refused(tmp_path):
    for text in ("a | b | c | d | e", "= t\na | b | c | d", "= t\na | b || d | e"):
        (tmp_path / "table").write_text(text)
        with pytest.raises(AssertionError, match="table:"):
            judge.load(tmp_path / "table")
