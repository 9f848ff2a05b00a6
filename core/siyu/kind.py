"""What all kinds of components share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from attrs import field, frozen

from siyu.values import doc

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Component"]


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
