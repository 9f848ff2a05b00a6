"""Keeping features up to date: what the last run left is brought forward, and the rest is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.features.build import assembled, compute, pairs_of, valued
from siyu.features.cells import declared, marked, state_columns, state_of
from siyu.features.forward import Forward
from siyu.features.moves import moves
from siyu.folds import definition, fold_of
from siyu.joining import joined_since, judged
from siyu.tables import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.features import Feature
    from siyu.folds import Fold
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["Upkeep", "build", "definitions", "keep_up"]

_PAIR = ["feature", "member", "value", "n"]


@frozen
class Upkeep:
    """The state of features as of now.

    Attributes:
        state: The table ``features``: one row a member.
        pairs: Rows of ``pairs``.
        fresh: The rows of ``state`` that differ from the stored ones; None where all are new.
        gone: The members whose stored rows are out of date.
        unpaired: Of which feature and member the stored pairs are out of date; None where all of them are.
    """

    state: Frame
    pairs: Frame
    fresh: Frame | None = None
    gone: Frame | None = None
    unpaired: Frame | None = None


def definitions(work: Work) -> dict[str, str]:
    """Return what each feature is, by name, and under no name what members are: what changes is built anew."""
    zone = work.programme.brand.zone
    own = {name: definition(feature=one, zone=zone) for name, one in declared(work.programme).items()}
    return {"": judged(work)} | own


def keep_up(work: Work) -> Upkeep:
    """Return the features of all members, at the least cost: the last run's and what changed since, where it goes."""
    features = declared(work.programme)
    fold = fold_of(work.session, "features")
    now = definitions(work)
    if fold is None or fold.now > work.run.now or fold.definitions[""] != now[""]:
        return build(work, features)
    same = {name: one for name, one in features.items() if fold.definitions.get(name) == now[name]}
    fresh = {name: one for name, one in features.items() if name not in same}
    brought = _brought(work, same, fold)
    if fold.definitions.keys() - {""} == features.keys() and not fresh:
        return brought
    built = build(work, fresh)
    state = brought.state.join(built.state, on="member", how="left")
    kept = work.session.table("pairs").filter(nw.col("feature").is_in([*same, ""]))
    kept = kept.join(brought.unpaired, on=_PAIR[:2], how="anti") if brought.unpaired is not None else kept
    return Upkeep(work.keep(state), work.keep(nw.concat([kept.select(*_PAIR), brought.pairs, built.pairs])))


def build(work: Work, features: Mapping[str, Feature]) -> Upkeep:
    """Return the features of all members in view, from all events in view."""
    return _built(work, features, work.view.raw["members"], work.view.events)


def _built(work: Work, features: Mapping[str, Feature], members: Frame, events: Frame) -> Upkeep:
    """Build the state of these members from their events."""
    parts = compute(events, features, work.view.today, work.keep) if features else []
    pairs = []
    for name, feature in _paired(features).items():
        pairs.append(work.keep(pairs_of(marked(events, {name: feature}), name, feature, work.view.today)))
        parts.append(valued(name, feature, pairs[-1]))
    return Upkeep(work.keep(assembled(members, parts, features)), nw.concat([_none(work), *pairs]))


def _brought(work: Work, features: Mapping[str, Feature], fold: Fold) -> Upkeep:
    """Bring members forward; those who were joined or parted are built anew."""
    # Nobody is new or joined with others but of whom the run tells anew what is known.
    known = work.merged["members"][1] if "members" in work.merged else work.view.raw["members"]
    members, stored = known.select("member"), work.session.table("pairs")
    columns = [column for name, one in features.items() for column in state_columns(name, one)]
    old = work.session.table("features").select("member", *columns)
    parted = joined_since(work, fold)
    anew = None if parted is None else _anew(work, features, members, parted)
    if parted is not None:
        members, old, stored = (frame.join(parted, on="member", how="anti") for frame in (members, old, stored))
    moved = moves(work, fold, features, parted)
    if parted is None and not work.some(moved) and not work.some(members):
        nobody, none = work.keep(old.head(0)), _none(work)
        return Upkeep(old, none, nobody, nobody.select("member"), none.select(*_PAIR[:2]))
    forward = Forward(work, features, fold.day, old, moved)
    pairs = {name: forward.pairs(name, one, stored) for name, one in _paired(features).items()}
    values = {name: valued(name, features[name], found) for name, (found, _) in pairs.items()}
    fresh, none = forward.fresh(members, values), _none(work)
    rows = nw.concat([none, *(found for found, _ in pairs.values())])
    unpaired = nw.concat([none.select(*_PAIR[:2]), *(touched for _, touched in pairs.values())])
    if anew is not None and parted is not None:
        fresh, rows = nw.concat([fresh, anew.state]), nw.concat([rows, anew.pairs])
        unpaired = nw.concat([unpaired, *(parted.select(nw.lit(name).alias("feature"), "member") for name in pairs)])
    fresh = work.keep(fresh)
    gone = fresh.select("member")
    state = nw.concat([old.join(gone, on="member", how="anti"), fresh])
    gone = gone if parted is None else work.keep(nw.concat([gone, parted]).unique())
    return Upkeep(state, rows, fresh, gone, unpaired)


def _anew(work: Work, features: Mapping[str, Feature], members: Frame, parted: Frame) -> Upkeep:
    events = work.view.raw["events"].filter(nw.col("second") <= work.run.now).join(parted, on="member", how="semi")
    return _built(work, features, members.join(parted, on="member", how="semi"), work.view.resolve(events))


def _paired(features: Mapping[str, Feature]) -> dict[str, Feature]:
    return {name: one for name, one in features.items() if state_of(one) == "pairs"}


def _none(work: Work) -> Frame:
    return work.session.engine.frame({name: [] for name in _PAIR}, STATE["pairs"].columns)
