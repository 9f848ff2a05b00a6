"""Reading rule packs: the dated TOML files that travel with siyu."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from siyu.config._converter import converter
from siyu.config._fields import structured

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["Pack", "Rule", "known", "read"]


@frozen(kw_only=True)
class Rule:
    """One rule of a pack.

    It applies to a table whose facts meet ``when`` and do not meet ``unless``. Where either is given, the fact that
    it looks at has to be stated; otherwise tables that do not state it are left alone.

    Attributes:
        name: Its name, as ``waive`` and ``tighten`` take it.
        pack: The name of its pack.
        demand: What it asks for, in one sentence.
        source: Where that stands.
        grade: How well the source is known: ``O``, an official page or the statute was read; ``S``, a secondary
            source; ``K``, from memory.
        waivable: Whether a brand can waive it.
        mend: How to meet it.
        check: How the fact is held against the limit.
        fact: The fact that it looks at.
        limit: The limit: a number, money or a part of the day as text, or several texts; None where there is none.
        currency: The currency of a limit in money.
        prefix: What a text that has to be stated starts with.
        when: The facts that a table must have, with their values.
        unless: The facts that a table must have, with other values than these.
    """

    name: str
    pack: str
    demand: str
    source: str
    grade: Literal["O", "S", "K"]
    waivable: bool
    mend: str
    check: Literal["at-least", "at-most", "covers", "none-of", "not", "one-of", "stated", "words"]
    fact: str
    limit: int | str | tuple[str, ...] | None = None
    currency: str = ""
    prefix: str = ""
    when: dict[str, bool | str] = field(factory=dict)
    unless: dict[str, tuple[str, ...]] = field(factory=dict)


@frozen
class Pack:
    """A rule pack.

    Attributes:
        name: Its name, as ``[rules] packs`` takes it.
        title: Whose rules they are, and as of when.
        rules: The rules by name.
    """

    name: str
    title: str
    rules: dict[str, Rule]


def known() -> list[str]:
    """Return the names of the packs that travel with siyu."""
    return sorted(file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))


@cache
def read(name: str) -> Pack:
    """Return a pack.

    Raises:
        FileNotFoundError: There is no such pack; ``known`` lists them.
    """
    tree = tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    rules = {
        each: structured(Rule, table, converter(2), {"name": each, "pack": name})
        for each, table in tree["rule"].items()
    }
    return Pack(name, tree["title"], rules)


def _folder() -> Traversable:
    return files("siyu") / "packs"
