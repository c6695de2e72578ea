"""Memory and processor time of a process, as the kernel counts them; and the form in which rows say what was wanted."""

import os
import pathlib
import time

MB = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return 1024 * int(line.split()[1])
    raise AssertionError(f"process {pid} has no memory")


def settled_bytes(pid: int) -> int:
    """Resident memory when what a start or a load leaves behind is done and given back: it stays the same for 3 s."""
    last = resident_bytes(pid)
    for _ in range(20):
        time.sleep(3)
        now = resident_bytes(pid)
        if abs(now - last) < MB // 5:
            return now
        last = now
    raise AssertionError("resident memory does not settle")


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads; in steps of 10 ms."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_percent(pid: int, seconds: float) -> float:
    """Of one core."""
    before, began = cpu_seconds(pid), time.perf_counter()
    time.sleep(seconds)
    return 100 * (cpu_seconds(pid) - before) / (time.perf_counter() - began)


def verdict(target: str, is_met: bool) -> dict:
    return {"target": target, "is_met": is_met}


def megabytes(count: float) -> float:
    return round(count / MB, 1)
