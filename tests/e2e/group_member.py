"""One member of a group in a process of its own, so that a test may kill it. Prints a JSON line for all that happens.

Arguments: address, group, topic, client (confluent or python), assignor. It commits everything it reads, and leaves on SIGTERM."""

import json
import signal
import sys
import threading

LEAVE = threading.Event()


def say(**what) -> None:
    print(json.dumps(what), flush=True)


def confluent(address: str, group: str, topic: str, assignor: str) -> None:
    from confluent_kafka import Consumer, KafkaException

    c = Consumer({"bootstrap.servers": address, "group.id": group, "auto.offset.reset": "earliest",
                  "enable.auto.commit": False, "session.timeout.ms": 6000, "heartbeat.interval.ms": 300,
                  "partition.assignment.strategy": assignor, "log_level": 0})
    c.subscribe([topic], on_assign=lambda _, p: say(assigned=[t.partition for t in p]),
                on_revoke=lambda _, p: say(revoked=[t.partition for t in p]),
                on_lost=lambda _, p: say(revoked=[t.partition for t in p]))
    while not LEAVE.is_set():
        messages = [m for m in c.consume(100, timeout=0.2) if not m.error()]
        say(owns=sorted(t.partition for t in c.assignment()), read=[(m.partition(), m.offset()) for m in messages])
        try:
            if messages:
                c.commit(asynchronous=False)
        except KafkaException as failure:  # a rebalance came first: the next owner reads these again
            say(commit=failure.args[0].name())
    c.close()
    say(left=True)


def python(address: str, group: str, topic: str, assignor: str) -> None:
    from kafka import KafkaConsumer
    from kafka.coordinator.assignors.range import RangePartitionAssignor
    from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
    from kafka.errors import KafkaError

    chosen = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}[assignor]
    c = KafkaConsumer(topic, bootstrap_servers=address, group_id=group, auto_offset_reset="earliest",
                      enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=300,
                      partition_assignment_strategy=[chosen], max_poll_records=100)
    while not LEAVE.is_set():
        found = c.poll(timeout_ms=200)
        say(owns=sorted(p.partition for p in c.assignment()),
            read=[(p.partition, m.offset) for p, messages in found.items() for m in messages])
        try:
            if found:
                c.commit()
        except KafkaError as failure:
            say(commit=type(failure).__name__)
    c.close()
    say(left=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: LEAVE.set())
    {"confluent": confluent, "python": python}[sys.argv[4]](*sys.argv[1:4], sys.argv[5])
