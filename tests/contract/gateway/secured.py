"""What a gateway on a secured cluster must do, whatever secures it, and what one that cannot serve says."""

import time
import urllib.error
import urllib.request

from clients import committed, consumer, create_topic, produce, read
from confluent_kafka import TopicPartition

RECORDS = 300


def health(node) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/health", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except urllib.error.URLError as error:
        return 0, str(error.reason)


def wait_for_health(node, wanted: str, seconds: float) -> tuple[int, str]:
    """The first answer that has `wanted` in it."""
    deadline = time.monotonic() + seconds
    while wanted not in (got := health(node))[1]:
        assert time.monotonic() < deadline, f"/health says {got} after {seconds} s\n{node.tail()}"
        assert node.process.poll() is None, node.tail()
        time.sleep(0.05)
    return got


def wait_for_log(node, wanted: str, times: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (seen := node.log.read_text().count(wanted)) < times:
        assert time.monotonic() < deadline, f"{wanted!r} {seen} times after {seconds} s\n{node.tail()}"
        time.sleep(0.05)


def produce_consume_resume(node, topic: str) -> None:
    """Half of the records before a kill of the gateway, the other half behind the stored position after it."""
    create_topic(node, topic)
    values = [b"%d" % i for i in range(RECORDS)]
    assert produce(node, topic, values) == list(range(RECORDS))
    half = RECORDS // 2
    c = consumer(node, topic)
    c.subscribe([topic])
    assert [m.value() for m in read(c, half)] == values[:half]
    c.commit(offsets=[TopicPartition(topic, 0, half)], asynchronous=False)
    c.close()
    node.restart()
    assert committed(node, topic, topic) == half
    c = consumer(node, topic, **{"auto.offset.reset": "error"})
    c.subscribe([topic])
    assert [m.value() for m in read(c, RECORDS - half)] == values[half:], "nothing skipped, nothing repeated"
    c.close()


def chunk_ids(weed, topic: str) -> list[str]:
    """Of all files below the topic."""

    def below(directory: str) -> list[str]:
        found = []
        for entry in weed.filer.entries(directory):
            path = f"{directory}/{entry.name}"
            found += below(path) if entry.is_directory else [c.file_id for c in entry.chunks]
        return found

    return below(f"/topics/kafka/{topic}")
