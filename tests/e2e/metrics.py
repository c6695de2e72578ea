"""Scrapes of a node, read by Prometheus' own parser."""

import math
import time
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """The samples of one scrape, and the types of its families."""

    def __init__(self, text: str):
        self.text = text
        self.samples = {}  # (name, labels as a sorted tuple) → value
        self.types = {}  # as written: of a counter with its _total
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types, f"{name} has two types"
                self.types[name] = kind
        for family in text_string_to_metric_families(text):
            assert family.type in ("counter", "gauge", "histogram"), family
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                assert key not in self.samples, f"{key} is there twice"
                assert math.isfinite(sample.value), sample
                self.samples[key] = sample.value

    def get(self, name: str, /, **labels) -> float:
        """One series; 0 when nothing of it was ever counted."""
        return self.samples.get((name, tuple(sorted(labels.items()))), 0)

    def series(self, name: str) -> dict:
        """Labels (sorted tuple) → value."""
        return {labels: value for (of, labels), value in self.samples.items() if of == name}


def scrape(node) -> Scrape:
    with urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Scrape(answer.read().decode("utf-8"))


def scrape_until(node, condition, seconds: float = 20) -> Scrape:
    """What happens behind an answer (a socket that closes, a lag that is reported) shows a little later."""
    deadline = time.monotonic() + seconds
    while not condition(found := scrape(node)):
        assert time.monotonic() < deadline, f"not within {seconds} s:\n{found.text}"
        time.sleep(0.05)
    return found


class Difference:
    """What was counted between two scrapes."""

    def __init__(self, before: Scrape, after: Scrape):
        self.before, self.after = before, after

    def __call__(self, name: str, /, **labels) -> float:
        return self.after.get(name, **labels) - self.before.get(name, **labels)
