"""Rules by which the filer erases entries after a time (`fs.configure -ttl`): a gateway stores nothing under one."""

import subprocess

import pytest
from secured import health, wait_for_health, wait_for_log
from weed import WEED, Weed, wait_for

WEEK = 7 * 24 * 3600
VIEW = "/topics/.tidegate/view"


@pytest.fixture
def weed(tmp_path):
    server = Weed(tmp_path / "weed")
    yield server.start()
    server.close()


def configure(weed, prefix: str, ttl: str) -> None:
    weed.shell(f"fs.configure -locationPrefix={prefix} -ttl={ttl} -apply")


def ttl_of(weed, path: str) -> int:
    """Of an entry that is written now."""
    assert not weed.filer.transact([weed.filer.put(path, b"x")], lock_key=path).error
    return weed.filer.lookup(path).attributes.ttl_sec


def test_a_rule_decides_how_long_our_entries_live(weed):
    """Why a gateway looks at the rules: what it writes cannot say that it stays."""
    mine = "/topics/kafka/mine"
    assert ttl_of(weed, mine) == 0
    created = weed.filer.lookup(mine).attributes.crtime
    configure(weed, "/topics", "7d")
    wait_for("a ttl", lambda: ttl_of(weed, mine) == WEEK)
    assert weed.filer.lookup(mine).attributes.crtime == created, "the time counts from the first write"
    volume = weed.filer.assign(1, path="/topics/kafka/").file_id.partition(",")[0]
    (line,) = (li for li in weed.shell("volume.list").splitlines() if f"volume Id:{volume}," in li)
    assert "Ttl:1w," in line, "chunks go to volumes that are deleted"
    configure(weed, "/topics/", "0d")
    wait_for("no ttl", lambda: ttl_of(weed, mine) == 0)


@pytest.mark.parametrize("prefix", ["/topics", "/topics/kafka/orders"])
def test_a_rule_that_would_erase_ours_is_told_before_anything_is_stored(weed, make_gateway, prefix):
    configure(weed, "/topics/other", "1d")  # nothing of ours
    configure(weed, prefix, "7d")
    node = make_gateway(weed, starts=False)
    status, told = wait_for_health(node, "not serving", 10)
    assert status == 503 and told.count("\n") == 1
    assert f"the filer would erase what we store under {prefix} after 7d" in told
    wait_for_log(node, "start failed, trying again", 2, 10)
    assert weed.filer.lookup(VIEW) is None, "nothing was stored"
    weed.shell(told.rpartition("weed shell: ")[2])
    wait_for("a start", lambda: health(node) == (200, "ok\n"))
    assert weed.filer.lookup(VIEW).attributes.ttl_sec == 0


def test_a_rule_that_comes_later_is_told_while_it_is_there(weed, make_gateway):
    node = make_gateway(weed)
    configure(weed, "/topics", "7d")
    status, told = wait_for_health(node, "would erase", 30)
    assert status == 503
    wait_for_log(node, "the store will not keep what it is given", 1, 10)
    weed.shell(told.rpartition("weed shell: ")[2])
    wait_for("peace", lambda: health(node) == (200, "ok\n"))
    wait_for_log(node, "the store keeps everything again", 1, 10)


def test_rules_that_were_copied_to_the_filer_are_not_overlooked(weed, make_gateway):
    """A copied file lies in chunks, of any size, and the filer follows it."""
    file = weed.directory / "filer.conf"
    file.write_text('{"locations":[{"locationPrefix":"/topics","ttl":"7d"}]}')
    target = f"http://{weed.address(weed.filer_port, weed.filer_grpc)}/etc/seaweedfs/"
    subprocess.run([WEED, "filer.copy", str(file), target], check=True, capture_output=True, timeout=60)
    wait_for("a ttl", lambda: ttl_of(weed, "/topics/kafka/mine") == WEEK)
    node = make_gateway(weed, starts=False)
    status, told = wait_for_health(node, "not serving", 10)
    assert status == 503 and "they are in chunks" in told
