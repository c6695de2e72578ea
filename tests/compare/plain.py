"""Answers as plain data that may be compared: what has to differ between two servers is named instead of shown."""

import hashlib
import re
import time
import uuid

import batches

UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME_TEXT = re.compile(r"(?<!\d)\d{13}(?!\d)")
OTHERS = re.compile("[A-Z][A-Za-z]+-[a-z_]+-|marker-|first$|__|$")  # topics and groups
LONG_AGO_TEXT = re.compile(r"-92233702\d{11}")  # as long before now as can be
NOW_MS = 2 * 3600 * 1000  # so near to the clock's time a number is "now"
EPOCHS = {"leader_epoch", "epoch"}
# Fields that name an element of an array. Arrays are compared in the order of these; clients look for names, too.
NAMES = ["api_key", "node_id", "broker_id", "key", "group_id", "resource_type", "resource_name",
         "log_dir", "topic", "name", "partition", "partition_index", "index", "batch_index"]  # fmt: skip
NAMES_OF_MEMBERS = ["group_instance_id", "metadata", "member_metadata", "member_id"]
ITS_OWN = {"cluster_id": "its id", "log_dir": "its directory"}
SIZES_OF_DISKS = {"total_bytes", "usable_bytes"}
PARTS = ["partitions", "partition_responses"]
IGNORED = {"throttle_time_ms"}


class Aliases:
    """Names for what one server made up in one conversation, in the order in which it said them."""

    def __init__(self, server):
        self.server = server
        self.given = {}

    def of(self, kind: str, value) -> str:
        same = [known for known in self.given if known[0] == kind]
        return self.given.setdefault((kind, value), f"{kind} {len(same) + 1}")

    def learn(self, kind: str, value, alias: str) -> None:
        self.given.setdefault((kind, value), alias)

    def text(self, text: str) -> str:
        text = UUID_TEXT.sub(lambda found: self.of("uuid", found[0]), text)
        text = TIME_TEXT.sub(lambda found: "now" if is_now(int(found[0])) else found[0], text)
        text = LONG_AGO_TEXT.sub("long ago", text)
        return text.replace(f":{self.server.port}", ":its port")


def is_now(number: int) -> bool:
    return abs(number - time.time() * 1000) < NOW_MS


def of(value, aliases: Aliases, field: str = ""):
    """Anything decoded, or a request's field, without what has to differ."""
    if isinstance(value, dict):
        if value.get("name") and isinstance(value.get("topic_id"), uuid.UUID):
            aliases.learn("id", value["topic_id"], f"id of {value['name']}")
        return {key: of(inner, aliases, key) for key, inner in value.items() if key not in IGNORED}
    if isinstance(value, (list, tuple)):
        return in_order([of(inner, aliases, field) for inner in value])
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, uuid.UUID):
        return str(value) if value.int < 1 << 16 else aliases.of("id", value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return of_bytes(bytes(value), aliases, field)
    if isinstance(value, str):
        return ITS_OWN.get(field) or shortened(aliases.text(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return of_number(value, aliases, field)
    return value


def of_number(value: int, aliases: Aliases, field: str):
    if field == "port" and value == aliases.server.port:
        return "its port"
    if field == "producer_id" and value >= 0 or field == "session_id" and value > 0:
        return aliases.of(field, value)
    if field in SIZES_OF_DISKS and value > 0:
        return "some"
    if field in EPOCHS and value >= 0:
        return value - aliases.server.first_epoch
    return "now" if is_now(value) else value


def of_bytes(value: bytes, aliases: Aliases, field: str):
    if field == "records":
        return [of(row, aliases) for row in batches.read(value)]
    return shortened(value.decode("latin-1").encode("unicode_escape").decode())


def shortened(text: str) -> str:
    """With a hash in the place of what is left out."""
    if len(text) <= 300:
        return text
    return f"{text[:60]}… ({len(text)} characters, {hashlib.sha256(text.encode()).hexdigest()[:8]})"


def name_of(row: dict) -> str:
    names = NAMES_OF_MEMBERS if "member_id" in row else NAMES
    if "key" in row:
        names = ["key"]
    if "topic_id" in row and not row.get("name"):
        names = ["topic_id"]  # else it says nothing more
    return ",".join(str(row[name]) for name in names if row.get(name) is not None)


def in_order(rows: list) -> list:
    """Topics that are named again with other partitions are put together: answers group them in many ways."""
    if not rows or not all(isinstance(row, dict) for row in rows):
        return rows
    found = []
    for row in sorted(rows, key=name_of):
        parts = next((key for key in PARTS if key in row), None)
        if parts and found and name_of(found[-1]) == name_of(row) and row[parts] and found[-1].get(parts):
            found[-1] = {**row, parts: in_order(found[-1][parts] + row[parts])}
        else:
            found.append(row)
    return found


def of_own(tree, prefix: str, asked: str):
    """Without elements of arrays that belong to other conversations: those neither asked for nor called `prefix`…"""
    if isinstance(tree, dict):
        return {key: of_own(inner, prefix, asked) for key, inner in tree.items()}
    if isinstance(tree, list):
        return [of_own(inner, prefix, asked) for inner in tree if is_own(inner, prefix, asked)]
    return tree


def is_own(row, prefix: str, asked: str) -> bool:
    if not isinstance(row, dict):
        return True
    named = str(next((row[key] for key in ("name", "topic", "group_id", "resource_name") if row.get(key)), ""))
    named_group = "group_id" in row or named
    return not named_group or not OTHERS.match(named) or named.startswith(prefix) or repr(named) in asked
