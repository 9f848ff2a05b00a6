"""What a condition rests on in the end: the columns, tags and events behind all that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.config._walk import parts
from siyu.config.expressions import Condition
from siyu.kinds import Tagger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from siyu.config.programme import Programme

__all__ = ["origins"]


def origins(programme: Programme, needs: Iterable[str]) -> frozenset[str]:
    """Return needs (see ``Condition.needs``) and all that they are made of, through segments, tags and features.

    Beside needs there are ``event:TYPE``, the events that a feature is made of or a condition asks for, and
    ``tagger:NAME`` where a tag comes of no condition of its own. Such a tag rests on all that its tagger names in
    conditions, and by attributes that refer to events, features, tags or segments.

    Args:
        programme: The brand's config.
        needs: Where to start.
    """
    found: set[str] = set()
    rest = set(needs)
    while rest:
        need = rest.pop()
        found.add(need)
        rest |= _behind(programme, need) - found
    return frozenset(found)


def _behind(programme: Programme, need: str) -> set[str]:
    kind, _, name = need.rpartition(":")
    if kind == "segment":
        return set(programme.segments[name].needs)
    if kind == "tag":
        giving = [tagger for tagger in programme.of(Tagger) if name in tagger.gives]
        return {each for tagger in giving for each in _read(tagger, name)}
    if kind in ("did", "last"):
        return {f"event:{name}"}
    if need in programme.features:
        feature = programme.features[need]
        return {f"event:{event}" for event in (feature.event, feature.of) if event}
    return {"event:joined"} if need == "joined" else set()


def _read(tagger: Tagger, tag: str) -> Iterator[str]:
    """Yield what decides one tag: its own condition, else all that its tagger names."""
    found = list(parts(tagger))
    own = [part for path, part in found if tag in path and isinstance(part, Condition)]
    if not own:
        yield f"tagger:{tagger.name}"
    for part in own or (part for _, part in found):
        if isinstance(part, Condition):
            yield from part.needs
        elif part.kind in ("event", "feature", "tag", "segment"):
            yield part.name if part.kind == "feature" else f"{part.kind}:{part.name}"
