"""Holds every conversation with tidegate and with Apache Kafka and compares the answers. See tools/compare."""

import argparse
import concurrent.futures
import importlib
import pathlib
import signal
import sys
import tempfile
import time

import paths  # first: it says where the others are

import judge
import random_cases
from pair import Pair, Server
from registry import CASES, Case
from talk import Talk

AREAS = ["produce", "batches", "fetch", "sessions", "offsets", "metadata", "topics", "records", "configs", "membership",
         "rounds", "positions", "group_admin", "node", "frames"]  # fmt: skip
USUAL_SEED = 1
AT_ONCE = 4


def load_cases() -> None:
    for area in AREAS:
        importlib.import_module(f"conversations.{area}")


def hold(server: Server, case: Case, version: int) -> list:
    """The steps of one conversation."""
    with Talk(server, case.name, version) as talk:
        try:
            case.hold(talk, version)
        except Exception as error:  # a server's answer was not what the conversation goes on with
            talk.keep("(the conversation)", version, {}, f"breaks on {server.name}: {error!r}"[:2000])
        return talk.steps


class Comparison:
    """Conversations are held some at a time, for most of them wait; those of one case one after the other."""

    def __init__(self, pair: Pair, verdict: judge.Verdict):
        self.pair, self.verdict = pair, verdict
        self.cases = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        self.sides = concurrent.futures.ThreadPoolExecutor(AT_ONCE * 2)
        self.slowest = (0.0, "")

    def hold_with_both(self, case: Case) -> list:
        found = []
        for version in case.choose(self.pair.common_versions(case.api)):
            began = time.monotonic()
            both = [self.sides.submit(hold, server, case, version) for server in self.pair.servers]
            name = f"{case.name} v{version}"
            found.append((name, *(one.result() for one in both)))
            self.slowest = max(self.slowest, (time.monotonic() - began, name))
        return found

    def run(self, cases: list[Case]) -> None:
        try:
            for found in self.cases.map(self.hold_with_both, cases):
                for name, ours, theirs in found:
                    self.verdict.add(name, ours, theirs)
        finally:
            for pool in (self.cases, self.sides):
                pool.shutdown(wait=False, cancel_futures=True)


def report(verdict: judge.Verdict, stale: list) -> None:
    for what in verdict.unexplained:
        print(what, end="\n\n")
    for row in stale:
        print(f"known, but not seen: {' | '.join(row)}")
    print(f"{'API':26}{'requests':>9}{'equal':>8}{'known':>8}{'unknown':>9}")
    for api, count in sorted(verdict.compared.items()):
        known, unknown = verdict.known.get(api, 0), verdict.unknown.get(api, 0)
        print(f"{api:26}{count:9}{count - known - unknown:8}{known:8}{unknown:9}")


def parse() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="tools/compare", description=__doc__)
    words.add_argument("peers", type=pathlib.Path, help="the folder with kafka.sh")
    words.add_argument("--seed", type=int, default=USUAL_SEED, help="of the random cases (default: %(default)s)")
    words.add_argument("--only", default="", help="APIs or conversations, separated by commas (default: all)")
    return words.parse_args()


def chosen(only: str) -> list[Case]:
    names = set(filter(None, only.split(",")))
    unknown = names - {name for case in CASES for name in (case.api, case.name)}
    if unknown:
        sys.exit(f"tools/compare: no conversation is about {', '.join(sorted(unknown))}")
    return [case for case in CASES if not names or names & {case.api, case.name}]


def compare(cases: list[Case], peers: pathlib.Path) -> judge.Verdict:
    cache = paths.ROOT / "build" / "compare" / "class-path"
    cache.parent.mkdir(parents=True, exist_ok=True)
    verdict = judge.Verdict(judge.load())
    with tempfile.TemporaryDirectory(prefix="tidegate-compare.") as folder:
        pair = Pair(peers, pathlib.Path(folder), cache)
        try:
            pair.start()
            comparison = Comparison(pair, verdict)
            comparison.run(cases)
        finally:
            pair.stop()
    print(f"slowest: {comparison.slowest[1]}, {comparison.slowest[0]:.1f} s", file=sys.stderr)
    return verdict


def main() -> int:
    words = parse()
    load_cases()
    CASES.extend(random_cases.make(words.seed))
    cases = chosen(words.only)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    verdict = compare(cases, words.peers.resolve())
    is_whole = len(cases) == len(CASES)
    stale = verdict.stale(words.seed == USUAL_SEED) if is_whole else []
    report(verdict, stale)
    print(
        f"{sum(verdict.compared.values())} requests in {time.monotonic() - began:.0f} s, seed {words.seed}; "
        f"{sum(verdict.known.values())} answers differ as it is known, {len(verdict.unexplained)} are not explained, "
        f"{len(stale)} known departures were not seen"
    )
    return 1 if verdict.unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main())
