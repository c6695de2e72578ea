"""One round of each kind of tools/kill-matrix, and proof that it sees what it is for."""

import random

import pytest
from fault_load import compare
from kill_matrix import WHAT, Row, check_records, run


@pytest.fixture
def node(cluster, make_gateway):
    return make_gateway(cluster)


@pytest.mark.parametrize("what", WHAT)
def test_a_kill_under_load_loses_and_repeats_nothing_acknowledged(cluster, node, what):
    row = run(what, 1, node, cluster, random.Random())
    print(row.line())
    assert row.problems == [] and row.lost == 0 and row.twice == 0
    assert row.acked_records > 0 and row.acked_commits > 0
    assert len(row.back) == len(row.first_record) == len(row.first_commit) == 1


def test_what_is_missing_or_wrong_is_counted():
    class Producer:
        topic, failed = "t", {b"v5"}
        acknowledged = {0: b"v0", 1: b"v1", 2: b"v2", 3: b"v3"}

        def differences(self):
            return compare(self.stored, self.acknowledged, self.failed)

    def problems(stored: dict[int, bytes]) -> Row:
        producer, row = Producer(), Row("gateway", 1)
        producer.stored = stored
        check_records(row, [producer])
        return row

    right = dict(Producer.acknowledged)
    assert problems(right).problems == []
    assert problems({**right, 4: b"v5"}).problems == [], "what was not acknowledged may be there"
    row = problems({0: b"v0", 1: b"v1", 2: b"v3", 3: b"v2"})
    assert row.lost == 2 and any("disordered" in p for p in row.problems)
    assert problems({0: b"v0", 1: b"v1", 2: b"v2"}).lost == 1
    assert problems({**right, 4: b"v5", 5: b"v5"}).twice == 1
    assert any("holes: [4]" in p for p in problems({**right, 5: b"v5"}).problems)
    assert any("strange: [b'v6']" in p for p in problems({**right, 4: b"v6"}).problems)
