"""The components of a config: made of their tables, and put in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from siyu.config import _names
from siyu.config._canonical import canonical
from siyu.config._fields import fields_of
from siyu.config._order import CycleError, topological
from siyu.config._walk import Named, parts
from siyu.config._words import closest, listed, shown
from siyu.config.expressions import Condition, unfolded

if TYPE_CHECKING:
    from collections.abc import Collection

    from siyu.config._build import Builder
    from siyu.config.segments import Segment
    from siyu.kinds import Component

__all__ = ["arranged", "made"]


def made(builder: Builder, kind: str) -> dict[str, tuple[str, Component]]:
    """Make the components of a kind; return their ``use`` and themselves, by name."""
    found: dict[str, tuple[str, Component]] = {}
    for name, table in sorted(builder.table(kind).items()):
        _names.check_component(builder, kind, name)
        component = _made(builder, kind, name, table)
        if component:
            found[name] = component
    return found


def _made(builder: Builder, kind: str, name: str, table: object) -> tuple[str, Component] | None:
    path, known = (kind, name), builder.registry.components.get(kind, {})
    if not isinstance(table, Mapping):
        builder.problem(path, f"expected a table, as in [{kind}.{name}], not {shown(table)}")
        return None
    use = table.get("use")
    if use is None:
        message = f"the key 'use' is missing: it names the plugin's {kind}"
        builder.problem(path, message, hint=listed(known), on="key")
    elif not isinstance(use, str) or use not in known:
        message = f"no {kind} {shown(use)}; {listed(known)}"
        hint = closest(use, known) if isinstance(use, str) else ""
        builder.problem((*path, "use"), message, hint=hint)
    else:
        rest = {key: value for key, value in table.items() if key != "use"}
        given = {"name": name, **_own(builder, known[use], table)}
        component = builder.structured(known[use], rest, path, builder.registry.owner(kind, use), **given)
        return None if component is None else (use, component)
    return None


def _own(builder: Builder, cls: type[Component], table: Mapping[str, object]) -> dict[str, object]:
    """Return what siyu itself gives a component that asks for it: the brand's folder, its url, its table as JSON."""
    asked = {field.name for field in fields_of(cls) if field.metadata.get("given")}
    own = {"folder": builder.source.folder.resolve(), "brand_url": builder.url, "written": canonical(table)}
    return {name: value for name, value in own.items() if name in asked}


def arranged(
    builder: Builder, components: Mapping[str, Mapping[str, Component]], segments: Mapping[str, Segment]
) -> dict[str, tuple[Component, ...]]:
    """Return the components of each kind in the order in which they work."""
    waits = {
        "tagger": _tagger_waits(builder, components["tagger"], {name: one.needs for name, one in segments.items()}),
        "incentive": _incentive_waits(builder, components["incentive"]),
    }
    found = {}
    for kind, known in components.items():
        after = waits.get(kind) or {name: set() for name in known}
        try:
            order = topological(after)
        except CycleError as error:
            order = sorted(known)
            path, message = (kind, error.cycle[0]), f"{kind}s wait for each other in {error}"
            builder.problem(path, message, hint="take one out of the circle")
        found[kind] = tuple(known[name] for name in order)
    return found


def _tagger_waits(
    builder: Builder, taggers: Mapping[str, Component], segments: Mapping[str, Collection[str]]
) -> dict[str, set[str]]:
    gives = {name: set(_names.given(builder, tagger)) for name, tagger in taggers.items()}
    asked = {name: _tags(tagger, segments) for name, tagger in taggers.items()}
    return {name: {other for other, tags in gives.items() if tags & asked[name]} for name in taggers}


def _tags(tagger: Component, segments: Mapping[str, Collection[str]]) -> set[str]:
    """Return the tags that a tagger reads: by name, in its conditions, and in those of the segments in them."""
    found = [part for _, part in parts(tagger)]
    needs = unfolded((need for part in found if isinstance(part, Condition) for need in part.needs), segments)
    named = {part.name for part in found if isinstance(part, Named) and part.kind == "tag"}
    return named | {need.removeprefix("tag:") for need in needs if need.startswith("tag:")}


def _incentive_waits(builder: Builder, incentives: Mapping[str, Component]) -> dict[str, set[str]]:
    after: dict[str, set[str]] = {name: set() for name in incentives}
    for name, incentive in incentives.items():
        for reward in builder.asked(incentive, "rewards"):
            if reward.incentive != name:
                after.setdefault(reward.incentive, set()).add(name)
    return {name: waits for name, waits in after.items() if name in incentives}
