"""The names of a config: which may be chosen, and which stand already."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING
from unicodedata import normalize

from siyu.config._grammar import CALLS
from siyu.config._typing import TODAY
from siyu.tables import STATE

if TYPE_CHECKING:
    from siyu.config._build import Builder
    from siyu.kinds import Component

__all__ = ["MEMBER", "TAKEN", "Anything", "check_columns", "check_component", "given"]

MEMBER = {
    "entry": "text",
    "place": "text",
    "zone": "text",
    "region": "text",
    "language": "text",
    "joined": "day",
    "birth_year": "integer",
}
"""What is known of every member, with its type in conditions."""

TAKEN = {TODAY, *CALLS, *STATE["members"].columns, *STATE["features"].columns, "seq", "run", "tag", "segment"}
"""What no feature and no attribute may be called, whatever its capitals."""

_NAME = re.compile(r"\w[\w.-]*")


class Anything(frozenset[str]):
    """Names of which more may exist than could be found."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        """Any name is among them."""
        return True


def check_component(builder: Builder, kind: str, name: str) -> None:
    """Note a problem where a component's or a segment's name cannot stand in keys of the log."""
    if not _NAME.fullmatch(name):
        message = f"'{name}' is no name: it takes letters, digits, - and _, as in 'win-back'"
        builder.problem((kind, name), message, on="key")


def check_columns(builder: Builder) -> None:
    """Note a problem for each feature and attribute whose name conditions or tables could not hold."""
    taken = {name.casefold(): "by siyu itself" for name in TAKEN}
    for table in ("attribute", "feature"):
        for name in sorted(builder.table(table)):
            folded = name.casefold()
            if not name.isidentifier() or keyword.iskeyword(name) or normalize("NFKC", name) != name:
                message = f"'{name}' is no name for a condition: it takes letters, digits and _, as in 'spend_90d'"
                builder.problem((table, name), message, on="key")
            elif folded in taken or folded in ("true", "false"):
                # Engines tell columns apart without case.
                by = taken.get(folded, "by siyu itself")
                builder.problem((table, name), f"the name '{name}' is taken {by}; choose another", on="key")
            taken.setdefault(folded, f"by {table}.{name}")


def given(builder: Builder, tagger: Component) -> tuple[str, ...]:
    """Return the tags that a tagger may give."""
    return tuple(builder.asked(tagger, "gives"))
