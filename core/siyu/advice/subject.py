"""What advice looks at, and what it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from siyu.config.locate import Path as Keys
from siyu.config.programme import Programme
from siyu.rules.facts import Group
from siyu.rules.judge import groups

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Found", "Lived", "Subject"]


@frozen
class Found:
    """Something to give advice on.

    Attributes:
        path: The keys that lead to it.
        message: What is there, and what it should rather be.
        hint: How to get there.
        on: Whether the key or the value is meant.
    """

    path: Keys
    message: str
    hint: str = ""
    on: Literal["key", "value"] = "value"


@frozen
class Lived:
    """What members have been through, by a brand's store.

    Attributes:
        canonical: The config of the last run, as JSON.
        steps: The campaigns' steps that were decided or sent: campaign and step.
    """

    canonical: str
    steps: Collection[tuple[str, str]]


@frozen
class Subject:
    """A programme, as advice looks at it.

    Attributes:
        programme: The programme.
        tree: Its tables, as they are written.
        lived: What its members have been through; None where that is not known.
        groups: The facts of all tables.
    """

    programme: Programme
    tree: Mapping[str, Any]
    lived: Lived | None = None
    groups: Sequence[Group] = field(init=False)

    @groups.default
    def _stated(self) -> Sequence[Group]:
        programme = self.programme
        components = {kind: {each.name: each for each in known} for kind, known in programme.components.items()}
        owners = {kind: {name: programme.owners[kind, name] for name in known} for kind, known in components.items()}
        return tuple(groups(components, owners))

    def stating(self, fact: str) -> Iterator[tuple[Keys, Any]]:
        """Return the tables that state a fact, and its value."""
        return ((group.path, group.facts[fact]) for group in self.groups if fact in group.facts)
