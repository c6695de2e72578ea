"""Finds where two answers differ, and whether it is known why."""

import fnmatch
import json
import pathlib
import re
import typing

import plain

TABLE = pathlib.Path(__file__).parent / "departures.txt"
ABSENT = "nothing"
NO_TEXT = '""'
MOST_TOLD = 8


class Difference(typing.NamedTuple):
    place: str  # with names of elements
    ours: object
    theirs: object

    @property
    def field(self) -> str:
        """Without names of elements."""
        return re.sub(r"\[[^]]*]", "", self.place)


class Departure(typing.NamedTuple):
    """
    One line of departures.txt. `case` is a pattern of a shell, with or without a version; the next three may have * and
    name several words, separated by commas. Fields are written with the names of elements or without any.
    """

    title: str  # of the paragraph in README, or one of HOUSEKEEPING
    case: str
    field: str
    ours: str
    theirs: str
    why: str

    def explains(self, case: str, difference: Difference) -> bool:
        return (
            any(fnmatch.fnmatchcase(case, one if " " in one else one + " *") for one in self.case.split(", "))
            and (fits(self.field, difference.field) or fits(self.field, difference.place))
            and fits(self.ours, shown(difference.ours))
            and fits(self.theirs, shown(difference.theirs))
        )


def shown(value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def fits(cell: str, text: str) -> bool:
    words = [word.strip().replace("[", "[[]") for word in cell.split(",")]
    return any(fnmatch.fnmatchcase(text, "" if word == NO_TEXT else word) for word in words)


def load(path: pathlib.Path = TABLE) -> list[Departure]:
    """Lines that begin with # are for the reader; a line "= title" is that of the rows below it."""
    rows, title = [], ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("= "):
            title = line[2:].strip()
        elif line.strip() and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            assert len(cells) == 5 and all(cells) and title, f"{path.name}:{number} has not five cells below a title"
            rows.append(Departure(title, *cells))
    return rows


def differences(ours, theirs, place: str):
    """Of two plain trees."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in {**ours, **theirs}:
            yield from differences(ours.get(key, ABSENT), theirs.get(key, ABSENT), f"{place}.{key}")
    elif is_rows(ours) and is_rows(theirs) and (ours or theirs):
        yield from differences_of_rows(ours, theirs, place)
    elif ours != theirs or isinstance(ours, bool) != isinstance(theirs, bool):
        yield Difference(place, ours, theirs)


def is_rows(value) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def differences_of_rows(ours: list, theirs: list, place: str):
    """Elements are compared with those of the same name; of several with one name the first with the first."""
    left, right = by_name(ours), by_name(theirs)
    for name in sorted({**left, **right}):
        mine, other = left.get(name, []), right.get(name, [])
        for i in range(max(len(mine), len(other))):
            here = f"{place}[{name}]"
            if i < len(mine) and i < len(other):
                yield from differences(mine[i], other[i], here)
            else:
                yield Difference(here, *((mine[i], ABSENT) if i < len(mine) else (ABSENT, other[i])))


def by_name(rows: list) -> dict[str, list]:
    found = {}
    for row in rows:
        found.setdefault(plain.name_of(row), []).append(row)
    return found


class Verdict:
    """What was found in all conversations so far."""

    def __init__(self, table: list[Departure]):
        self.table = table
        self.used = dict.fromkeys(table, 0)
        self.told = {}
        self.compared = {}  # requests, by API
        self.known = {}  # requests with known differences only, by API
        self.unknown = {}

    def add(self, case: str, ours: list, theirs: list) -> None:
        """The steps of one conversation with both servers; `case` is name and version, "Produce/one_record v9"."""
        for number, (mine, other) in enumerate(zip(ours, theirs, strict=False), 1):
            self.compared[mine.api] = self.compared.get(mine.api, 0) + 1
            is_same = (mine.api, mine.version) == (other.api, other.version)
            found = list(differences(mine.answer, other.answer, mine.api) if is_same else [Difference("", mine, other)])
            unknown = [d for d in found if not self.is_known(case, d)]
            counts = self.unknown if unknown else self.known if found else {}
            counts[mine.api] = counts.get(mine.api, 0) + 1
            if unknown:
                self.tell(case, f"step {number}", mine, other, unknown)
        if len(ours) != len(theirs):
            self.told.setdefault((case, len(ours), len(theirs)), ([case], "the conversations have not as many steps"))

    def tell(self, case: str, step: str, mine, other, unknown: list[Difference]) -> None:
        """Versions that differ in the same way are told once."""
        name, version = case.rsplit(" ", 1)
        what = [f"    {d.place}: tidegate {short(d.ours, 200)}, Kafka {short(d.theirs, 200)}" for d in unknown]
        key = name, step, re.sub(r"-\d+-", "-", "".join(what))
        if key not in self.told:
            rest = [f"    and {len(what) - MOST_TOLD} more"] if len(what) > MOST_TOLD else []
            asked = f"{mine.api} v{mine.version} {short(mine.asked, 600)}"
            answers = [f"  tidegate: {short(mine.answer, 600)}", f"  Kafka:    {short(other.answer, 600)}"]
            self.told[key] = [name], "\n".join([f"{step}: {asked}", *what[:MOST_TOLD], *rest, *answers])
        self.told[key][0].append(version)

    @property
    def unexplained(self) -> list[str]:
        return [f"{' '.join(cases)}, {text}" for cases, text in self.told.values()]

    def is_known(self, case: str, difference: Difference) -> bool:
        reasons = [row for row in self.table if row.explains(case, difference)]
        for row in reasons:
            self.used[row] += 1
        return bool(reasons)

    def stale(self, with_random: bool) -> list[Departure]:
        """Rows that explained nothing; those about random cases only count when their seed was the usual one."""
        return [row for row, times in self.used.items() if not times and (with_random or "/random" not in row.case)]


def short(value, most: int) -> str:
    text = shown(value)
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
