"""What the dashboard and the alerts ask for is what a node exports."""

import json
import pathlib

import promql_parser
import pytest
import yaml
from clients import consumer, create_topic, produce, read
from conftest import Node
from metrics import scrape_until
from wire import Wire, batch

CONFIGS = pathlib.Path(__file__).parents[2] / "configs"


def put_to_nowhere(wire: Wire) -> int:
    answer = wire.call("Produce", 9, acks=-1, timeout_ms=10000, transactional_id=None, topic_data=[
        {"name": "load", "partition_data": [{"index": 9, "records": batch(b"x")}]}])
    return answer.responses[0].partition_responses[0].error_code


def walk(expression, found: list) -> None:
    """Every selector below `expression`."""
    if isinstance(expression, promql_parser.VectorSelector):
        found.append(expression)
    for part in ("lhs", "rhs", "expr", "vector_selector", "param"):
        inner = getattr(expression, part, None)
        if inner is not None:
            walk(inner, found)
    for inner in getattr(expression, "args", None) or []:
        walk(inner, found)


def dashboard_queries() -> list[str]:
    def panels(of):
        for panel in of.get("panels", []):
            yield panel
            yield from panels(panel)

    board = json.loads((CONFIGS / "grafana/tidegate.json").read_text())
    return [target["expr"] for panel in panels(board) for target in panel.get("targets", [])]


def alert_queries() -> list[str]:
    rules = yaml.safe_load((CONFIGS / "alerts.yml").read_text())
    return [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


def unknown_in(query: str, exported: dict[str, set[str]]) -> list[str]:
    """What a query asks for and a node does not export: metrics, and labels in matchers."""
    query = query.replace("$__rate_interval", "5m").replace("$instance", ".*")
    found = []
    for selector in parsed_selectors(query):
        if selector.name == "up":
            continue
        if selector.name not in exported:
            found.append(selector.name)
            continue
        for matcher in selector.matchers.matchers:
            if matcher.name not in exported[selector.name] | {"instance", "job"}:
                found.append(f"{selector.name}{{{matcher.name}}}")
    return found


def parsed_selectors(query: str) -> list:
    found = []
    walk(promql_parser.parse(query), found)
    return found


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> dict[str, set[str]]:
    """Names and labels of what a node exports after some load."""
    node = Node(tmp_path_factory.mktemp("exported")).start()
    try:
        create_topic(node, "load")
        produce(node, "load", [b"x"] * 10)
        c = consumer(node, "readers")
        c.subscribe(["load"])
        read(c, 10)
        c.commit(asynchronous=False)
        with Wire(node) as wire:
            assert put_to_nowhere(wire) == 3
        found = scrape_until(node, lambda s: s.series("tidegate_group_lag"))
        c.close()
    finally:
        node.kill()
    names = {}
    for name, labels in found.samples:
        names.setdefault(name, set()).update(label for label, _ in labels)
    return names


def test_every_query_of_the_dashboard_asks_for_what_a_node_exports(exported):
    queries = dashboard_queries()
    assert len(queries) >= 20
    wrong = {query: found for query in queries if (found := unknown_in(query, exported))}
    assert not wrong


def test_every_alert_asks_for_what_a_node_exports(exported):
    queries = alert_queries()
    assert len(queries) >= 5
    wrong = {query: found for query in queries if (found := unknown_in(query, exported))}
    assert not wrong


def test_a_query_for_what_is_not_there_is_found(exported):
    assert unknown_in("rate(tidegate_nonsense_total[5m])", exported) == ["tidegate_nonsense_total"]
    assert unknown_in('sum by (api) (tidegate_requests_total{color="red"}) / 2', exported) == [
        "tidegate_requests_total{color}"]


def test_the_prometheus_example_loads_the_alerts_and_scrapes_metrics():
    config = yaml.safe_load((CONFIGS / "prometheus.yml").read_text())
    assert config["rule_files"] == ["alerts.yml"]
    job = config["scrape_configs"][0]
    assert job.get("metrics_path", "/metrics") == "/metrics"
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:9094"]
