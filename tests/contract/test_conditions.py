"""Design §5: conditions and transactions of the filer, which every fence and every guard stands on (smq.md A.3)."""

import hashlib
import threading
import time

import grpc
import pytest

MET, EXISTS, REFUSED = 0, 5, 6


def outcome(reply) -> int:
    """error_code; with 6 and 5 there is an error text too, without an error there is no code."""
    assert bool(reply.error) == (reply.error_code != 0), f"smq.md A.3: error and error_code disagree: {reply}"
    return reply.error_code


def etag(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def entry(filer, folder) -> str:
    """An entry with the content "1" and the attribute epoch=7."""
    path = f"{folder}/entry"
    assert outcome(filer.create(path, b"1", extended={"epoch": b"7"})) == MET
    return path


CONDITIONS = [
    ("IF_NOT_EXISTS", {}, REFUSED, MET),
    ("IF_EXISTS", {}, MET, REFUSED),
    ("IF_ETAG_MATCH", {"etags": [etag(b"1")]}, MET, REFUSED),
    ("IF_ETAG_MATCH", {"etags": [f'"{etag(b"1")}"']}, MET, REFUSED),
    ("IF_ETAG_MATCH", {"etags": [etag(b"1").upper()]}, REFUSED, REFUSED),
    ("IF_ETAG_MATCH", {"etags": [etag(b"2")]}, REFUSED, REFUSED),
    ("IF_ETAG_MATCH", {"etags": [""]}, REFUSED, REFUSED),
    ("IF_EXTENDED_NOT_EQUAL", {"ext_key": "epoch", "ext_value": b"7"}, REFUSED, None),
    ("IF_EXTENDED_NOT_EQUAL", {"ext_key": "epoch", "ext_value": b"8"}, MET, None),
    ("IF_ENTRY_EQUAL", {}, REFUSED, MET),
]


@pytest.mark.parametrize("way", ["CreateEntry", "ObjectTransaction"])
@pytest.mark.parametrize(("kind", "fields", "present", "missing"), CONDITIONS)
def test_conditions(filer, entry, way, kind, fields, present, missing):
    def write(path: str) -> int:
        condition = filer.condition(kind, **fields)
        if way == "CreateEntry":
            return outcome(filer.create(path, b"new", condition=condition))
        return outcome(filer.transact([filer.put(path, b"new")], lock_key=path, condition=condition))

    for path, expected in ((entry, present), (entry + "-missing", missing)):
        if expected is None:
            continue
        before = filer.lookup(path)
        got = write(path)
        assert got == expected, f"smq.md A.3: {way} with {kind} {fields} answered {got}, not {expected} (design §5.2)"
        after = filer.lookup(path)
        if got == MET:
            assert after.content == b"new"
        else:
            assert after == before, f"smq.md A.3: {way} was refused and changed the entry"


def test_an_entry_without_md5_has_no_etag(filer, folder):
    """Why design §5.2 sets the MD5 on every write."""
    assert outcome(filer.create(f"{folder}/e", b"1", md5=False)) == MET
    for tag in (etag(b"1"), "", '""'):
        got = outcome(filer.create(f"{folder}/e", b"2", condition=filer.condition("IF_ETAG_MATCH", etags=[tag])))
        assert got == REFUSED, f"smq.md A.3: etag {tag!r} matches an entry without md5"


def test_if_entry_equal(filer, entry):
    stale = filer.lookup(entry)
    condition = filer.condition("IF_ENTRY_EQUAL", expected_entry=stale)
    assert outcome(filer.create(entry, b"2", condition=condition)) == MET
    assert outcome(filer.create(entry, b"3", condition=condition)) == REFUSED
    assert filer.lookup(entry).content == b"2"


def test_o_excl(filer, entry):
    reply = filer.create(entry, b"2", o_excl=True)
    assert (reply.error_code, reply.error) == (EXISTS, f"{entry}: entry already exists")


@pytest.mark.parametrize(
    ("name", "fields", "code", "text"),
    [
        ("entry", {"expected_extended": {"epoch": b"8"}}, "FAILED_PRECONDITION", 'extended attribute "epoch" changed'),
        ("entry", {"condition": True}, "FAILED_PRECONDITION", "precondition failed: "),
        ("missing", {}, "UNKNOWN", "no entry is found in filer store"),
    ],
)
def test_update_entry_refuses_by_status(filer, folder, entry, name, fields, code, text):
    if "condition" in fields:
        fields = {"condition": filer.content_is(b"other")}
    with pytest.raises(grpc.RpcError) as raised:
        filer.call("UpdateEntry", directory=folder, entry=filer.entry(name, b"2"), **fields)
    assert raised.value.code().name == code and text in raised.value.details(), f"smq.md A.3: {raised.value}"


def test_absent_is_unknown_with_this_text(filer, folder):
    """The only proof of "absent" (design §5.1); any other text is an unknown outcome."""
    for path in (f"{folder}/nothing", "/contract/no/such/folder/nothing"):
        with pytest.raises(grpc.RpcError) as raised:
            directory, _, name = path.rpartition("/")
            filer.call("LookupDirectoryEntry", directory=directory, name=name)
        assert raised.value.code() == grpc.StatusCode.UNKNOWN, "smq.md A.3: absent has another status"
        assert raised.value.details() == "filer: no entry is found in filer store", (
            "smq.md A.3: absent has another text"
        )


def test_many_lookups_in_one_call(filer, folder):
    for i in range(0, 200, 2):
        filer.create(f"{folder}/{i:03}", b"%d" % i, extended={"tg.pos": b"%d" % i})
    requests = [{"directory": folder, "name": f"{i:03}"} for i in range(200)]
    results = filer.call("LookupDirectoryEntries", requests=requests).results
    assert [r.found for r in results] == [i % 2 == 0 for i in range(200)], (
        "smq.md A.3: one result per request, in order"
    )
    assert all(not r.error for r in results), "an absent entry is no error"
    assert all(r.entry.content == b"%d" % i == r.entry.extended["tg.pos"] for i, r in enumerate(results) if r.found)


# Transactions.


def test_a_transaction_needs_a_lock_key(filer, folder):
    reply = filer.transact([filer.put(f"{folder}/a", b"1")], lock_key="")
    assert (reply.error, reply.error_code) == ("lock_key is required", 0), (
        "smq.md A.3: an error without a code must be seen by its text"
    )
    assert filer.lookup(f"{folder}/a") is None


def test_a_transaction_with_the_condition_on_another_entry(filer, folder):
    """The shape of every write of a node: locked on the fence, conditional on its content, which it puts last."""
    fence = f"{folder}/fence"
    filer.create(fence, b"seq 1")
    for key in ({}, {"condition_key": fence}):
        puts = [filer.put(f"{folder}/{i:03}", b"data") for i in range(127)]

        def write(content: bytes, condition: bytes, puts=puts, key=key):
            return outcome(
                filer.transact(
                    [*puts, filer.put(fence, content)], lock_key=fence, condition=filer.content_is(condition), **key
                )
            )

        assert write(b"seq 2", b"seq 1") == MET
        assert filer.lookup(fence).content == b"seq 2" and len(filer.names(folder)) == 128
        filer.call("DeleteEntry", directory=folder, name="000")
        assert write(b"seq 3", b"seq 1") == REFUSED, "design §5.2: a delayed duplicate must be refused"
        assert len(filer.names(folder)) == 127 and filer.lookup(fence).content == b"seq 2", "nothing may be written"
        filer.create(fence, b"seq 1")


def test_lock_key_and_condition_key_may_differ(filer, folder):
    filer.create(f"{folder}/other", b"1")
    for content, expected in ((b"2", REFUSED), (b"1", MET)):
        put = filer.put(f"{folder}/entry", content)
        got = outcome(
            filer.transact(
                [put], lock_key=f"{folder}/lock", condition_key=f"{folder}/other", condition=filer.content_is(content)
            )
        )
        assert got == expected


def test_a_transaction_is_not_rolled_back(filer, folder):
    """Why any prefix must be valid and the fence comes last (design §5.1)."""
    puts = [filer.put(f"{folder}/a", b"1"), filer.put(f"{folder}/{'n' * 300}", b"2"), filer.put(f"{folder}/c", b"3")]
    reply = filer.transact(puts, lock_key=f"{folder}/a")
    assert reply.error == "mutation 1: entry name too long" and reply.error_code == 0, f"smq.md A.3: {reply}"
    assert filer.names(folder) == ["a"], "smq.md A.3: mutation 0 stays, mutation 2 is not tried"


def test_an_identical_transaction_completes_a_partial_one(filer, folder):
    puts = [filer.put(f"{folder}/{name}", b"1") for name in "abc"]
    for mutations in (puts[:1], puts, puts):
        assert outcome(filer.transact(mutations, lock_key=f"{folder}/a")) == MET
    assert filer.names(folder) == ["a", "b", "c"]


def test_a_batch_of_transactions_has_an_outcome_each(filer, folder):
    filer.create(f"{folder}/b", b"1")
    condition = filer.condition("IF_NOT_EXISTS")
    transactions = [
        {"lock_key": f"{folder}/{n}", "mutations": [filer.put(f"{folder}/{n}", b"2")], "condition": condition}
        for n in "abc"
    ]
    replies = filer.call("ObjectTransactionBatch", transactions=transactions).responses
    assert [outcome(r) for r in replies] == [MET, REFUSED, MET], "smq.md A.3: each transaction is separate"


def test_names_of_255_bytes_are_taken_and_256_are_not(filer, folder):
    for size, refused in ((255, False), (256, True)):
        reply = filer.transact([filer.put(f"{folder}/{'n' * size}", b"1")], lock_key=folder)
        assert bool(reply.error) == refused, f"a name of {size} bytes: {reply.error!r} (names.cpp counts on 255)"


def test_a_put_below_a_file_succeeds(filer, entry):
    assert outcome(filer.transact([filer.put(f"{entry}/below", b"1")], lock_key=entry)) == MET, (
        "smq.md A.3: transactions check parents now"
    )
    assert filer.lookup(f"{entry}/below").content == b"1"


def test_a_patch_of_content_leaves_the_etag(filer, entry, folder):
    """Why tidegate only puts."""
    patch = filer.mutation("PATCH_EXTENDED", entry, set_content=True, content=b"patched")
    assert outcome(filer.transact([patch], lock_key=entry)) == MET
    found = filer.lookup(entry)
    assert (found.content, found.attributes.md5.hex()) == (b"patched", etag(b"1")), (
        "smq.md A.3: PATCH updates the MD5 now"
    )
    absent = filer.mutation("PATCH_EXTENDED", f"{folder}/none", set_content=True, content=b"patched")
    assert outcome(filer.transact([absent], lock_key=entry)) == MET
    assert filer.lookup(f"{folder}/none") is None


def test_a_delete_of_nothing_succeeds(filer, folder):
    delete = filer.mutation("DELETE", f"{folder}/none", is_delete_data=True)
    assert outcome(filer.transact([delete], lock_key=folder)) == MET


def test_a_put_replaces_content_and_attributes_as_a_whole(filer, entry):
    assert outcome(filer.transact([filer.put(entry, b"2", extended={"new": b"1"})], lock_key=entry)) == MET
    found = filer.lookup(entry)
    assert (found.content, dict(found.extended)) == (b"2", {"new": b"1"})


@pytest.mark.parametrize("size", [0, 300, 64 * 1024, 256 * 1024])
def test_inline_content_comes_back(filer, folder, size):
    content = bytes(i % 251 for i in range(size))
    assert outcome(filer.transact([filer.put(f"{folder}/e", content)], lock_key=folder)) == MET
    found = filer.lookup(f"{folder}/e")
    assert found.content == content and not found.chunks, f"{size} bytes of inline content do not come back"


@pytest.mark.parametrize("way", ["CreateEntry", "ObjectTransaction"])
def test_concurrent_compare_and_set_loses_nothing(filer, folder, way):
    path, rounds, workers = f"{folder}/counter", 25, 8
    filer.create(path, b"0")

    def increment() -> None:
        done, deadline = 0, time.monotonic() + 40
        while done < rounds and time.monotonic() < deadline:
            seen = filer.lookup(path).content
            content, condition = b"%d" % (int(seen) + 1), filer.content_is(seen)
            if way == "CreateEntry":
                done += outcome(filer.create(path, content, condition=condition)) == MET
            else:
                done += outcome(filer.transact([filer.put(path, content)], lock_key=path, condition=condition)) == MET

    threads = [threading.Thread(target=increment, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert int(filer.lookup(path).content) == rounds * workers, (
        f"smq.md A.3: {way} lost an update under {workers} writers"
    )


# Listing and removing.


def test_listings_are_in_byte_order_and_paged(filer, folder):
    names = sorted([f"{i:04}" for i in range(1100)] + ["A", "a", "~", "é"], key=str.encode)
    for first in range(0, len(names), 100):
        puts = [filer.put(f"{folder}/{n}", b"1") for n in names[first : first + 100]]
        assert outcome(filer.transact(puts, lock_key=folder)) == MET
    assert filer.names(folder) == names
    assert len(filer.entries(folder, limit=0)) == 1000, "smq.md A.4: limit 0 of `weed server` means 1000"
    page = filer.entries(folder, limit=10, startFromFileName=names[500])
    assert [e.name for e in page] == names[501:511], "startFromFileName is exclusive by default"
    assert filer.names(folder + "/none") == [], "smq-source.md 7.1: a missing directory lists nothing, without an error"


def test_remove_tree_is_idempotent(filer, folder):
    for name in ("a", "sub/b", "sub/deep/c"):
        filer.create(f"{folder}/{name}", b"1")
    assert filer.delete(f"{folder}/sub").error, "a directory with entries needs is_recursive"
    for _ in range(2):
        assert not filer.delete(f"{folder}/sub", recursive=True).error
    assert filer.names(folder) == ["a"] and filer.lookup(f"{folder}/sub/deep/c") is None
