"""What content there is, as its sources state it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.rules.facts import stated

if TYPE_CHECKING:
    from siyu.config.programme import Programme

__all__ = ["themes"]


def themes(programme: Programme) -> dict[str, str]:
    """Return the theme of each content item that states one, by the item's name; of two of a name the first counts."""
    found: dict[str, str] = {}
    for content in programme.components["content"]:
        for group in stated(content, programme.owners["content", content.name]):
            if group.path[2:3] == ("items",) and "theme" in group.facts:
                found.setdefault(str(group.path[-1]), group.facts["theme"])
    return found
