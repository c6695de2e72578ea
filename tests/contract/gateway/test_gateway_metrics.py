"""/metrics beside a real SeaweedFS: it answers while the filer is away, and says so."""

import threading

from clients import create_topic, produce
from metrics import Difference, scrape, scrape_until


def test_the_filer_goes_and_comes_back_in_the_metrics(cluster, make_gateway):
    node = make_gateway(cluster)
    create_topic(node, "metered")
    produce(node, "metered", [b"x" * 100] * 20)
    before = scrape(node)
    assert before.get("tidegate_healthy") == 1 and before.get("tidegate_fence_held") == 1
    assert before.get("tidegate_store_calls_total", call="transact", outcome="ok") > 0
    assert before.get("tidegate_store_calls_total", call="chunk_put", outcome="ok") > 0
    assert before.get("tidegate_store_call_seconds_count", call="transact") > 0
    assert before.get("tidegate_chunk_written_bytes_total") > 0
    assert before.get("tidegate_volumes") == 0  # of the embedded engine
    cluster.pause("filer")
    try:
        writer = threading.Thread(target=produce, args=(node, "metered", [b"y"] * 5))
        writer.start()
        scrape_until(node, lambda s: s.get("tidegate_store_windows_undecided") == 1)
        away = scrape_until(node, lambda s: s.get("tidegate_healthy") == 0, 30)
        assert away.get("tidegate_store_undecided_seconds") >= 5
        unknown = Difference(before, scrape_until(
            node, lambda s: s.get("tidegate_store_calls_total", call="transact", outcome="unknown") > 0, 30))
        assert unknown("tidegate_appended_records_total") == 0
    finally:
        cluster.resume("filer")
    writer.join(60)
    after = scrape_until(node, lambda s: s.get("tidegate_healthy") == 1, 30)
    assert Difference(before, after)("tidegate_appended_records_total") == 5
    assert after.get("tidegate_store_windows_undecided") == 0
