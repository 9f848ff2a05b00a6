"""What a config needs to know of the plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.events import EventType
    from siyu.kinds import Component

__all__ = ["Registered"]


class Registered(Protocol):
    """The loaded plugins, as a registry has them."""

    @property
    def components(self) -> Mapping[str, Mapping[str, type[Component]]]:
        """Component classes by kind and by the name that ``use`` takes."""

    @property
    def events(self) -> Mapping[str, EventType]:
        """All event types by name."""

    def owner(self, kind: str, name: str) -> str:
        """Return the name of the plugin that brought a component class; empty where there is none."""
