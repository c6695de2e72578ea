"""Which conversations there are."""

import typing
from collections.abc import Callable, Iterable


class Case(typing.NamedTuple):
    api: str
    name: str
    hold: Callable  # with a Talk and the version
    choose: Callable[[range], Iterable[int]]  # some of the versions that both servers speak


CASES: list[Case] = []


def case(api: str, since: int = 0, before: int = 100):
    """Registers a conversation about an API, which is held in every version of it that both servers speak."""

    def register(hold):
        CASES.append(Case(api, f"{api}/{hold.__name__}", hold, lambda both: [v for v in both if since <= v < before]))
        return hold

    return register
