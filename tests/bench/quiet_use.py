"""What a node costs while nobody asks anything: memory, and processor time."""

import statistics
import time

from fill import close_all, commit_groups, connect_idle, create_topics, produce_to_all, topic_name
from metrics import scrape
from process_use import cpu_percent, megabytes, resident_bytes, settled_bytes, verdict
from wire import Wire, produce

CONNECTIONS, GROUPS, TOPICS, PARTITIONS = 5000, 100_000, 1000, 10_000
RESTARTS = 3
IDLE_SECONDS = 20
QUIET_SECONDS = 15


def restarted_bytes(node, end) -> int:
    """Resident memory after a start and one record; the median of some."""
    found = []
    for _ in range(RESTARTS):
        end()
        node.start()
        with Wire(node) as wire:
            produce(wire, "base", b"x")
        found.append(settled_bytes(node.process.pid))
    return round(statistics.median(found))


def memory_idle(bench) -> dict:
    bench.node.kill()
    bench.node.start()
    now = settled_bytes(bench.node.process.pid)
    return {"megabytes": megabytes(now), **verdict("≤ 48", now <= 48e6)}


def memory_connections(bench) -> dict:
    """Idle ones, beside the same node with none."""
    create_topics(bench.node, ["base"])
    close_all(connect_idle(bench.node, 10, "base"))
    alone = settled_bytes(bench.node.process.pid)
    wires = connect_idle(bench.node, CONNECTIONS, "base")
    each = (settled_bytes(bench.node.process.pid) - alone) / CONNECTIONS
    assert scrape(bench.node).get("tidegate_connections") == CONNECTIONS
    close_all(wires)
    return {"connections": CONNECTIONS, "kilobytes_each": round(each / 1000, 2), "megabytes_alone": megabytes(alone),
            **verdict("≤ 12 each", each <= 12_000)}  # fmt: skip


def memory_groups(bench) -> dict:
    """Dormant ones after a restart, beside the same node with none."""
    node = bench.node
    create_topics(node, ["base", topic_name(0)])
    alone = restarted_bytes(node, node.kill)
    commit_groups(node, GROUPS)
    awake = resident_bytes(node.process.pid)
    killed, stopped = restarted_bytes(node, node.kill), restarted_bytes(node, lambda: node.stop(20))
    more = max(killed, stopped) - alone
    return {"groups": GROUPS, "megabytes_alone": megabytes(alone), "more_after_kill": megabytes(killed - alone),
            "more_after_stop": megabytes(stopped - alone), "more_while_in_memory": megabytes(awake - alone),
            **verdict("≤ 8 more after a restart", more <= 8e6)}  # fmt: skip


def memory_partitions(bench) -> dict:
    """Quiet ones that have a record each: with their actors, without them, after restarts; beside the same node with none."""
    node = bench.node
    names = [topic_name(i) for i in range(PARTITIONS // 100)]
    create_topics(node, ["base"])
    alone = restarted_bytes(node, node.kill)
    create_topics(node, names, 100)
    node.settings = (*node.settings, f"limits.partition_idle_ms={1000 * QUIET_SECONDS}")
    node.restart()
    with Wire(node, 60) as wire:
        for name in names:
            produce_to_all(wire, [name], 100)
    with_actors = settled_bytes(node.process.pid)
    assert scrape(node).get("tidegate_actors", kind="offset_actor") >= PARTITIONS
    deadline = time.monotonic() + 120
    while scrape(node).get("tidegate_actors", kind="offset_actor"):
        assert time.monotonic() < deadline, "offset actors stay"
        time.sleep(0.5)
    time.sleep(3 * QUIET_SECONDS)  # until the timers of the last ones are over, and all is in the index
    without = settled_bytes(node.process.pid)
    killed, stopped = restarted_bytes(node, node.kill), restarted_bytes(node, lambda: node.stop(20))
    more = {"more_with_actors": with_actors, "more_without_actors": without, "more_after_kill": killed,
            "more_after_stop": stopped}  # fmt: skip
    quiet = max(without, killed, stopped) - alone
    return {"partitions": PARTITIONS, "megabytes_alone": megabytes(alone),
            **{name: megabytes(value - alone) for name, value in more.items()},
            **verdict("≤ 20 more, once their actors are gone", quiet <= 20e6)}  # fmt: skip


def idle_cpu(bench) -> dict:
    """Of one core: an empty node, and one with topics and connections."""
    node = bench.node
    time.sleep(2)
    empty = cpu_percent(node.process.pid, IDLE_SECONDS)
    names = [topic_name(i) for i in range(TOPICS)]
    create_topics(node, names)
    with Wire(node, 60) as wire:
        produce_to_all(wire, names)
    wires = connect_idle(node, CONNECTIONS, names[0])
    time.sleep(2)
    full = cpu_percent(node.process.pid, IDLE_SECONDS)
    assert scrape(node).get("tidegate_connections") == CONNECTIONS
    close_all(wires)
    return {"empty_percent": round(empty, 2), "full_percent": round(full, 2), "topics": TOPICS, "connections": CONNECTIONS,
            **verdict("each < 0.5", max(empty, full) < 0.5)}  # fmt: skip
