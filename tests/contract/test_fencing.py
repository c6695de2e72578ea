"""Design §5.2: a fence entry stops what comes late; without it a replay deletes acknowledged data (smq.md B.5)."""

import threading

import pytest
from store import SECOND
from weed import wait_for

START = 1_790_002_000 * SECOND


class Appender:
    """Appends chunks to one segment entry; with a fence every transaction is conditional on it and puts it again."""

    def __init__(self, filer, volumes, folder: str, fenced: bool):
        self.filer, self.volumes, self.fenced = filer, volumes, fenced
        self.path, self.fence = f"{folder}/segment", f"{folder}/tidegate.offset"
        self.content, self.seq, self.chunks = b"a 0", 0, []
        filer.create(self.fence, self.content)

    def request(self) -> dict:
        """Uploads a chunk; the ObjectTransaction that appends it."""
        self.chunks = [*self.chunks, self.volumes.upload(b"x" * 50, 50 * len(self.chunks))]
        mutations, condition = [self.filer.put(self.path, chunks=self.chunks)], None
        if self.fenced:
            condition = self.filer.content_is(self.content)
            self.seq += 1
            self.content = b"a %d" % self.seq
            mutations.append(self.filer.put(self.fence, self.content))
        return {"mutations": mutations, "lock_key": self.fence, "condition": condition}

    def send(self, request: dict) -> int:
        reply = self.filer.transact(**request)
        assert bool(reply.error) == (reply.error_code != 0), reply
        return reply.error_code

    def stored(self) -> list[str]:
        return [c.file_id for c in self.filer.lookup(self.path).chunks]


def test_a_replayed_append_without_a_fence_deletes_acknowledged_data(filer, volumes, folder):
    """The trap. When this fails, the filer refuses replays by itself."""
    a = Appender(filer, volumes, folder, fenced=False)
    requests = [a.request() for _ in range(3)]
    assert [a.send(r) for r in requests] == [0, 0, 0]
    third = a.chunks[2].file_id
    assert a.send(requests[1]) == 0, "smq.md B.5: a replayed PUT is refused now"
    assert third not in a.stored(), "smq.md B.5: a replay no longer takes the third append away"
    wait_for("deletion of the third append's chunk", lambda: volumes.get(third)[0] == 404, seconds=10)


@pytest.mark.parametrize("late", [0, 1, 2])
def test_a_replayed_append_with_a_fence_is_refused(filer, volumes, folder, late):
    a = Appender(filer, volumes, folder, fenced=True)
    requests = [a.request() for _ in range(4)]
    assert [a.send(r) for r in requests] == [0] * 4
    before = filer.lookup(a.path)
    assert a.send(requests[late]) == 6, f"design §5.2: append {late} was applied again after append 3"
    assert filer.lookup(a.path) == before and filer.lookup(a.fence).content == b"a 4"
    assert all(volumes.get(c.file_id)[0] == 200 for c in a.chunks), "a refused replay released a chunk"


def test_an_identical_retry_of_the_last_append_is_recognised_by_the_fence(filer, volumes, folder):
    """A lost answer: the retry is refused, and the fence shows our own seq, so it was applied."""
    a = Appender(filer, volumes, folder, fenced=True)
    request = a.request()
    assert (a.send(request), a.send(request)) == (0, 6)
    assert filer.lookup(a.fence).content == a.content


def test_an_identical_retry_completes_a_prefix(filer, volumes, folder):
    """The fence comes last: while it has not moved, the same transaction may be sent again."""
    a = Appender(filer, volumes, folder, fenced=True)
    request = a.request()
    assert a.send({**request, "mutations": request["mutations"][:1]}) == 0
    assert filer.lookup(a.fence).content == b"a 0"
    assert a.send(request) == 0
    assert a.stored() == [c.file_id for c in a.chunks] and filer.lookup(a.fence).content == b"a 1"
    assert all(volumes.get(c.file_id)[0] == 200 for c in a.chunks), "completing a prefix released its own chunk"


def test_nothing_of_the_old_owner_is_applied_after_a_take_over(filer, volumes, folder):
    """Twenty take-overs against a busy appender: what it acknowledged is there, nothing else is, and no more comes."""
    for turn in range(20):
        a = Appender(filer, volumes, f"{folder}/{turn}", fenced=True)
        acknowledged, refused, started = [], [], threading.Event()

        def work(a=a, acknowledged=acknowledged, refused=refused, started=started):
            while not refused and len(acknowledged) < 5000:
                request = a.request()
                code = a.send(request)
                (refused if code else acknowledged).append(a.chunks[-1].file_id)
                started.set()

        def take_over(a=a) -> bool:
            seen = a.filer.lookup(a.fence).content
            put = a.filer.put(a.fence, b"b" + seen)
            return not a.filer.transact([put], lock_key=a.fence, condition=a.filer.content_is(seen)).error_code

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        assert started.wait(20)
        wait_for("a take-over", take_over, seconds=20, pause=0)
        found = a.stored()
        thread.join(20)
        assert refused and found == acknowledged, (
            f"smq.md B.5: after take-over {turn} the new owner saw {len(found)} appends of {len(acknowledged)}"
        )
        assert a.stored() == acknowledged, "smq.md B.5: the old owner wrote after the take-over"


def test_a_file_of_another_leader_is_never_put_again(filer, make_topic):
    """Design §6.3: names of two leaders in one span differ by base offset, so that both stay in order."""
    topic = make_topic()
    first = topic[0].append([START])
    path = topic[0].path
    topic[0].epoch += 1
    topic[0].append([START + 2], new_file=True)
    assert topic[0].path > path and filer.lookup(path).chunks[0].size == len(first[0].stored)
