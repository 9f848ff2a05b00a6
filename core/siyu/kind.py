"""What all kinds of components share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from attrs import Attribute, field, frozen

from siyu.values import doc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

__all__ = ["Component", "not_before"]


@frozen(kw_only=True)
class Component:
    """What all kinds share: the name that the config gave it.

    Attributes:
        kind: The kind's name, as in ``[KIND.NAME]``.
        scope: ``member`` where the work for one member needs no other member, so that a tick can do it;
            ``population`` where it needs everybody.
    """

    kind: ClassVar[str] = ""
    scope: ClassVar[Literal["member", "population"]] = "member"

    name: str = field(metadata=doc("the component's name, from its table's header"))

    def facts(self) -> Mapping[str, object]:
        """Return what it states of itself, for rule packs and advice to judge; ``siyu.rules.facts`` lists the names.

        Facts of an inner table or array of tables stand where its TOML has them, as in
        ``{"depth": 1, "earn": [{"rewarded_events": ("paid",)}]}``, so that a problem points there.
        """
        return {}


def not_before(component: Component, _: Attribute[date | None], value: date | None) -> None:
    """Judge the last day of a component that has its first in ``from_``.

    Raises:
        ValueError: It is before the first.
    """
    first: date = getattr(component, "from_")  # noqa: B009 - a kind's own attribute, which not every kind has
    if value is not None and value < first:
        raise ValueError(f"expected a day from {first} on, since it begins then, not {value}")
