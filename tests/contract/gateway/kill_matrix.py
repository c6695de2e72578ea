"""
Kills each part of a running system again and again under load, and compares what was acknowledged with what is there.
As a program: tools/kill-matrix.
"""

import argparse
import dataclasses
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import time

if __name__ == "__main__":  # pytest has found them already
    sys.path += [str(pathlib.Path(__file__).parents[2] / folder) for folder in ("contract", "e2e")]

from clients import create_topic  # noqa: E402
from fault_load import LIMIT, Commits, PlainRecords, Records  # noqa: E402
from weed import CLUSTER, Weed  # noqa: E402

WHAT = ("gateway", "broker", "filer", "volume", "cluster")
GROUPS = 4


@dataclasses.dataclass
class Row:
    """What came of the rounds of one kind."""

    what: str
    rounds: int
    acked_records: int = 0
    acked_commits: int = 0
    doubtful_records: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)
    lost: int = 0
    twice: int = 0
    back: list[float] = dataclasses.field(default_factory=list)  # seconds from the kill: it runs again
    first_record: list[float] = dataclasses.field(default_factory=list)  # … every producer got an acknowledgement
    first_commit: list[float] = dataclasses.field(default_factory=list)  # … every group did

    def line(self) -> str:
        def seconds(of: list[float]) -> str:
            return f"{statistics.median(of):.2f}/{max(of):.2f}" if of else "-"

        return (
            f"kill={self.what} rounds={self.rounds} acked_records={self.acked_records} "
            f"acked_commits={self.acked_commits} unanswered_records={self.doubtful_records} lost={self.lost} twice={self.twice} "
            f"problems={len(self.problems)} back_s={seconds(self.back)} first_record_s={seconds(self.first_record)} "
            f"first_commit_s={seconds(self.first_commit)}"
        )


def kill(what: str, node, weed) -> None:
    """kill -9."""
    if what == "gateway":
        node.kill()
    for role in reversed(CLUSTER) if what == "cluster" else [what] if what in CLUSTER else []:
        weed.kill(role)


def bring_back(what: str, node, weed) -> None:
    if what == "gateway":
        node.start()
    elif what != "cluster":
        weed.restart(what)
    else:
        for role in CLUSTER:
            weed.launch(role)
            weed.wait_until_open(role)


def wait_until_acknowledged(loads) -> list[float]:
    deadline = time.monotonic() + 2 * LIMIT
    while any(load.acknowledged_after is None for load in loads):
        for load in loads:
            if load.failure:
                raise load.failure
        assert time.monotonic() < deadline, f"no acknowledgement for {2 * LIMIT} s after a kill\n{loads[0].node.tail()}"
        time.sleep(0.01)
    return [load.acknowledged_after for load in loads]


def check_positions(row: Row, groups) -> None:
    for group in groups:
        try:
            group.check()
        except AssertionError as wrong:
            row.lost += 1
            row.problems.append(f"{group.group}: {wrong}")


def check_records(row: Row, producers) -> None:
    for producer in producers:
        wrong = producer.differences()
        row.lost += len(wrong.get("lost", []))
        row.twice += len(wrong.get("twice", []))
        row.problems += [f"{producer.topic}: {kind}: {which[:5]}" for kind, which in wrong.items()]
        row.acked_records += len(producer.acknowledged)
        row.doubtful_records += len(producer.failed)


def run(what: str, rounds: int, node, weed, rng: random.Random) -> Row:
    """The rounds of one kind, with topics and groups of their own."""
    row = Row(what, rounds)
    name = f"{what}-{rng.getrandbits(32):08x}"
    for topic in ("idempotent", "plain", "groups"):
        create_topic(node, f"{name}-{topic}", partitions=3)
    producers = [Records(node, f"{name}-idempotent"), PlainRecords(node, f"{name}-plain")]
    groups = [Commits(node, f"{name}-groups", partitions=3, group=f"{name}-{i}") for i in range(GROUPS)]
    try:
        for _ in range(rounds):
            for load in producers + groups:
                load.wait_for(rng.randrange(1, 30))
            time.sleep(rng.uniform(0, 0.05))
            kill(what, node, weed)
            killed = time.monotonic()
            for load in producers + groups:
                load.mark()
            bring_back(what, node, weed)
            row.back.append(time.monotonic() - killed)
            row.first_record.append(max(wait_until_acknowledged(producers)))
            row.first_commit.append(max(wait_until_acknowledged(groups)))
            check_positions(row, groups)
        for load in producers + groups:
            load.stop()
    finally:
        for load in producers + groups:
            load.stopping.set()
    check_positions(row, groups)
    check_records(row, producers)
    row.acked_commits = sum(group.done for group in groups)
    return row


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/kill-matrix", description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=20, help="of each kind")
    parser.add_argument("--what", default=",".join(WHAT), help="kinds, separated by commas")
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    given.what = given.what.split(",")
    if given.rounds < 1 or not set(given.what) <= set(WHAT):
        parser.error(f"--rounds must be at least 1, --what some of {','.join(WHAT)}")
    return given


def main() -> int:
    from conftest import e2e  # of this folder

    given = arguments()
    seed = given.seed if given.seed is not None else random.randrange(1 << 32)
    print(f"kill-matrix seed={seed}; seconds from the kill as median/max", flush=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-kills-"))
    weed = Weed(directory / "weed", roles=CLUSTER)
    (directory / "gateway").mkdir()
    node = None
    found = 0
    try:
        weed.start()
        flags = ("--engine", "seaweedmq", "--masters", weed.masters)
        node = e2e.Node(directory / "gateway", "kafka.group.initial.rebalance.delay.ms=0", flags=flags).start()
        for what in given.what:
            row = run(what, given.rounds, node, weed, random.Random(f"{seed} {what}"))
            print(row.line(), flush=True)
            for problem in row.problems[:20]:
                print(f"  {problem}", flush=True)
            found += len(row.problems)
    finally:
        if node and node.process.poll() is None:
            node.kill()
        weed.close()
    if found:
        print(f"verdict=failed data={directory}")
        return 1
    shutil.rmtree(directory)
    print("verdict=passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
