"""The status page as a browser gets it."""

import html.parser
import shutil
import subprocess
import time
import urllib.request

from clients import consumer, create_topic, produce, read
from confluent_kafka import TopicPartition

EVIL = "<script>document.title='evil'</script>&amp;\"'"


class Page(html.parser.HTMLParser):
    """The title, the texts of the table cells, and every tag."""

    def __init__(self, text: str):
        super().__init__()
        self.cells, self.tags, self.title, self.inside = [], [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.inside = tag
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "td":
            self.cells[-1] += data
        elif self.inside == "title":
            self.title += data


def as_received(node) -> Page:
    with urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/", timeout=5) as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return Page(answer.read().decode())


def as_shown(node, browser: str, tmp_path) -> Page:
    """What a real browser made of it, after it ran whatever it would run."""
    dom = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}",
                          "--dump-dom", f"http://127.0.0.1:{node.admin_port}/"], capture_output=True, timeout=60)
    assert dom.returncode == 0, dom.stderr
    return Page(dom.stdout.decode())


def test_the_page_shows_topics_and_groups_as_text(node, tmp_path):
    create_topic(node, "shown", partitions=2)
    produce(node, "shown", [b"x"] * 3)
    c = consumer(node, EVIL)
    c.subscribe(["shown"])
    read(c, 3)
    c.commit(offsets=[TopicPartition("shown", 0, 1)], asynchronous=False)
    deadline = time.monotonic() + 20
    while EVIL not in as_received(node).cells:
        assert time.monotonic() < deadline, as_received(node).cells
        time.sleep(0.05)
    pages = [as_received(node)]
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser:
        pages.append(as_shown(node, browser, tmp_path))
    for page in pages:
        at = page.cells.index(EVIL)
        assert page.cells[at:at + 5] == [EVIL, "Stable", "1", "1", "2"]
        at = page.cells.index("shown")
        assert page.cells[at:at + 3] == ["shown", "2", "3"]
        assert "script" not in page.tags
        assert page.title == "tidegate"
        assert page.tags.count("table") >= 5
    c.close()
