"""Keeping features up to date: what the last run left is brought forward, and the rest is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.features.build import assembled, compute, pairs_of, valued
from siyu.features.cells import declared, marked, state_columns, state_of
from siyu.features.forward import Forward
from siyu.features.moves import moves
from siyu.folds import definition, fold_of, joined_since
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
        gone: Of which feature and member the stored pairs are out of date.
        whole: Whether the stored pairs are replaced by ``pairs`` altogether.
    """

    state: Frame
    pairs: Frame
    gone: Frame
    whole: bool


def definitions(work: Work) -> dict[str, str]:
    """Return what each feature is, by name: where that changes, its columns are built anew."""
    zone = work.programme.brand.zone
    return {name: definition(feature=one, zone=zone) for name, one in declared(work.programme).items()}


def keep_up(work: Work) -> Upkeep:
    """Return the features of all members, at the least cost: the last run's and what changed since, where it goes."""
    features = declared(work.programme)
    fold = fold_of(work.session, "features")
    if fold is None or fold.now > work.run.now:
        return build(work, features)
    now = definitions(work)
    same = {name: one for name, one in features.items() if fold.definitions.get(name) == now[name]}
    fresh = {name: one for name, one in features.items() if name not in same}
    brought = _brought(work, same, fold)
    if fold.definitions.keys() - {""} == features.keys() and not fresh:
        return brought
    built = build(work, fresh)
    state = brought.state.join(built.state, on="member", how="left")
    kept = work.session.table("pairs").filter(_named(same)).join(brought.gone, on=_PAIR[:2], how="anti")
    pairs = nw.concat([kept.select(*_PAIR), brought.pairs, built.pairs])
    return Upkeep(work.keep(state), work.keep(pairs), brought.gone, whole=True)


def build(work: Work, features: Mapping[str, Feature]) -> Upkeep:
    """Return the features of all members in view, from all events in view."""
    return _built(work, features, work.view.raw["members"], work.view.events)


def _built(work: Work, features: Mapping[str, Feature], members: Frame, events: Frame) -> Upkeep:
    """Build the state of these members from their events."""
    parts = compute(events, features, work.view.today, work.keep) if features else []
    pairs = [_none(work)]
    for name, feature in _paired(features).items():
        pairs.append(work.keep(pairs_of(marked(events, {name: feature}), name, feature, work.view.today)))
        parts.append(valued(name, feature, pairs[-1]))
    rows = work.keep(nw.concat(pairs))
    return Upkeep(work.keep(assembled(members, parts, features)), rows, rows.select(*_PAIR[:2]).head(0), whole=True)


def _named(features: Mapping[str, Feature]) -> nw.Expr:
    """Return whether a row of ``pairs`` is of one of these features."""
    return nw.col("feature").is_in([*features, ""])


def _brought(work: Work, features: Mapping[str, Feature], fold: Fold) -> Upkeep:
    """Bring members forward; those who were joined or parted are built anew."""
    members, stored = work.view.raw["members"].select("member"), work.session.table("pairs")
    columns = [column for name, one in features.items() for column in state_columns(name, one)]
    old = work.session.table("features").select("member", *columns)
    parted = joined_since(work, fold)
    anew = None if parted is None else _anew(work, features, members, parted)
    if parted is not None:
        members, old, stored = (frame.join(parted, on="member", how="anti") for frame in (members, old, stored))
    forward = Forward(work, features, fold.day, old, moves(work, fold, features, parted))
    pairs = {name: forward.pairs(name, one, stored) for name, one in _paired(features).items()}
    values = {name: valued(name, features[name], found) for name, found in pairs.items()}
    state = assembled(members, [forward.state(values)], features)
    rows = nw.concat([_none(work), *pairs.values()])
    gone = rows.select(*_PAIR[:2]).unique()
    if anew is not None and parted is not None:
        state, rows = nw.concat([state, anew.state]), nw.concat([rows, anew.pairs])
        gone = nw.concat([gone, *(parted.select(nw.lit(name).alias("feature"), "member") for name in pairs)])
    return Upkeep(work.keep(state), work.keep(rows), work.keep(gone), whole=False)


def _anew(work: Work, features: Mapping[str, Feature], members: Frame, parted: Frame) -> Upkeep:
    events = work.view.raw["events"].filter(nw.col("second") <= work.run.now).join(parted, on="member", how="semi")
    return _built(work, features, members.join(parted, on="member", how="semi"), work.view.resolve(events))


def _paired(features: Mapping[str, Feature]) -> dict[str, Feature]:
    return {name: one for name, one in features.items() if state_of(one) == "pairs"}


def _none(work: Work) -> Frame:
    return work.session.engine.frame({name: [] for name in _PAIR}, STATE["pairs"].columns)
