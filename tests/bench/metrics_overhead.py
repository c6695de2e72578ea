"""What a load notices of somebody who scrapes /metrics once a second and looks at the page now and then."""

import multiprocessing
import urllib.request

from beside_bare import in_turns, load
from fill import commit_groups, create_topics, produce_to_all, topic_name
from process_use import verdict
from wire import Wire

TOPICS, GROUPS = 200, 8000  # there is something to show
SECONDS = 6
WANTED = 0.95


class Scraper(multiprocessing.Process):
    """Every fifth time the page for people, and that first."""

    def __init__(self, node):
        super().__init__()
        self.port, self.stopping, self.bytes = node.admin_port, multiprocessing.Event(), multiprocessing.Value("q", 0)
        self.count = multiprocessing.Value("i", 0)

    def run(self) -> None:
        while True:
            path = "/" if self.count.value % 5 == 0 else "/metrics"
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                self.bytes.value += len(answer.read())
            self.count.value += 1
            if self.stopping.wait(1):
                return


def scraped(node, run) -> float:
    scraper = Scraper(node)
    scraper.start()
    rate = run()
    scraper.stopping.set()
    scraper.join()
    assert scraper.exitcode == 0 and scraper.count.value >= SECONDS / 2, "nobody scraped"
    return rate


def run(bench) -> dict:
    names = [topic_name(i) for i in range(TOPICS)]
    create_topics(bench.node, names)
    with Wire(bench.node, 60) as wire:
        produce_to_all(wire, names)
    commit_groups(bench.node, GROUPS, TOPICS)

    def produce(records: int) -> float:
        return load(bench, "produce", "overhead", "--partitions", "4", "--batch-bytes", "16384", "--records", str(records),
                    "--connections", "4", "--in-flight", "16")["records_per_s"]  # fmt: skip

    def commit() -> float:
        return load(bench, "commit", "overhead-commits", "--groups", "100", "--partitions", "10", "--connections", "16",
                    "--seconds", str(SECONDS))["commits_per_s"]  # fmt: skip

    records = int(SECONDS * produce(300_000))
    found = {"produce": in_turns(lambda: scraped(bench.node, lambda: produce(records)), lambda: produce(records)),
             "commit": in_turns(lambda: scraped(bench.node, commit), commit)}  # fmt: skip
    for of in found.values():
        of["scraped"], of["alone"] = of.pop("ours"), of.pop("bare")
    worst = min(of["ratio"] for of in found.values())
    return {"topics": TOPICS, "groups": GROUPS, **found, **verdict(f"each ratio ≥ {WANTED}", worst >= WANTED)}
