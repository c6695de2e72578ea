"""Design §8: a filer lock may choose who acts, but never who may write (smq.md A.9)."""

import time

import grpc
import pytest


def test_a_lock_has_one_owner_and_a_new_token_for_each_renewal(filer, folder):
    first = filer.lock(folder, "a", 10)
    assert first.renew_token and not first.error
    for owner in ("b", "a"):  # also the owner itself when it has lost its token
        other = filer.lock(folder, owner, 10)
        assert (other.error, other.lock_owner) == ("lock already owned by a", "a"), f"smq.md A.9: {other}"
    second = filer.lock(folder, "a", 10, first.renew_token)
    assert second.renew_token not in ("", first.renew_token), "smq.md A.9: a renewal gives a new token"
    assert second.generation == first.generation, "smq.md A.9: renewals keep the generation"
    assert filer.lock(folder, "a", 10, first.renew_token).error == "lock: token mismatch", "smq.md A.9: the old token"
    assert filer.lock_owner(folder) == "a"


def test_a_lock_ends_with_its_time_and_the_next_generation_is_higher(filer, folder):
    first = filer.lock(folder, "a", 2)
    since = time.monotonic()
    while (second := filer.lock(folder, "b", 2)).error:
        assert time.monotonic() - since < 10, f"smq.md A.9: the lock of 2 s is still held: {second}"
        time.sleep(0.05)
    assert time.monotonic() - since > 1.5, "smq.md A.9: the lock was free before its time"
    assert second.generation == first.generation + 1, "smq.md A.9: the next owner's generation is one higher"
    assert filer.lock(folder, "a", 2, first.renew_token).error, "smq.md A.9: a stale renewal must be refused"


def test_tokens_that_do_not_fit(filer, folder):
    assert filer.lock(folder, "a", 5, "wrong").error == "lock: non-empty token on a new lock"
    with pytest.raises(grpc.RpcError) as raised:
        filer.call("FindLockOwner", name=folder)
    assert raised.value.code() == grpc.StatusCode.NOT_FOUND
    held = filer.lock(folder, "a", 5)
    assert filer.call("DistributedUnlock", name=folder, renew_token="wrong").error == "unlock: token mismatch"
    assert not filer.call("DistributedUnlock", name=folder, renew_token=held.renew_token).error
    assert filer.lock_owner(folder) == ""
