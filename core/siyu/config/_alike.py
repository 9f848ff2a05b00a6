"""Messages that are the same for all who get them: nothing in their words can be of one member."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from siyu.config._walk import sayings
from siyu.kinds import Channel, Content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from siyu.config._build import Builder
    from siyu.kinds import Component

__all__ = ["check_alike"]

# What people write where a name is to stand: {name}, {{ name }}, ${name}, %name%, #name#.
_PLACE = re.compile(r"\{\{?\s*[\w.]+\s*\}?\}|%\w+%|#\w+#")


def check_alike(builder: Builder, components: Mapping[str, Mapping[str, Component]]) -> None:
    """Note a problem for each campaign that says, by a channel whose messages are alike, words of one member.

    Args:
        builder: Takes the problems.
        components: The components that could be made, by kind and name.
    """
    alike = {name for name, one in components["channel"].items() if isinstance(one, Channel) and one.alike}
    if not alike:
        return
    items = {name: text for one in components["content"].values() for name, text in _texts(builder, one)}
    slots = {slot: one for one in components["content"].values() for slot in builder.asked(one, "slots")}
    for said, channel in sayings(components["campaign"]):
        if channel not in alike:
            continue
        # Which item fills a slot is decided for each member, so each of its source may.
        source = slots.get(said.name)
        names = [said.name] if said.name in items else [name for name, _ in _texts(builder, source)]
        for name in names:
            place = _PLACE.search(items[name])
            if place:
                words = f"'{name}' says {place[0]}, and channel.{channel} sends the same words to all"
                hint = "write items of their own for those who are to read something else"
                builder.problem(said.path, words, hint=hint)


def _texts(builder: Builder, content: Component | None) -> Iterator[tuple[str, str]]:
    if isinstance(content, Content):
        for item in builder.asked(content, "items"):
            yield item.name, f"{item.title}\n{item.text}"
