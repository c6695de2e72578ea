"""`tidegate orphans` as tests call it."""

import json
import subprocess
import time

OLD = 4  # seconds after which an upload of a living gateway has its name, also on a busy machine


def orphans(binary: str, weed, *flags: str, older_than: str = f"{OLD}s") -> tuple[int, dict, str]:
    """(exit code, the JSON document, errors)."""
    command = [binary, "orphans", "--masters", weed.masters, "--older-than", older_than, "--json", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    return done.returncode, json.loads(done.stdout), done.stderr


def ids(found: dict) -> set[str]:
    return {one["chunk"] for one in found["orphans"]}


def age() -> None:
    """Until what is there is old by clocks that count whole seconds."""
    time.sleep(OLD + 1.5)
