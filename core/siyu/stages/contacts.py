"""Follows and groups: brought forward by the events that came since the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.contacts import CONTACTS, CROWDS, GROUPS, follows, group_members, groups
from siyu.folds import arrived, definition, fold_of, may_have_arrived
from siyu.frames import cast_like
from siyu.joining import joined_since
from siyu.tables import STATE, TABLES

if TYPE_CHECKING:
    from collections.abc import Collection

    from siyu.folds import Fold
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["bring", "known"]

_TYPES = {*CONTACTS, *CROWDS, *GROUPS}
_PERSONAL = {"follows": (CONTACTS, follows), "group_members": (CROWDS, group_members)}


def bring(work: Work) -> None:
    """Bring ``follows``, ``groups`` and ``group_members`` up to date, and show them to the later stages.

    Events of a pair may come in late, so of everybody of whom one came all are read again.
    """
    fold = _fold(work)
    if fold is None or _anything(work, fold):
        for table, parts in _brought(work, fold).items():
            _show(work, table, parts)
    if not work.ticking:
        work.folded |= {table: {"": definition()} for table in (*_PERSONAL, "groups")}


def known(work: Work) -> dict[str, Frame]:
    """Return the three tables as the log has them now, before a run brings them up to date; nothing is written."""
    fold = _fold(work)
    if fold is not None and not _anything(work, fold):
        return {table: work.session.table(table).select(*STATE[table].columns) for table in (*_PERSONAL, "groups")}
    return {table: _together(work, table, *parts) for table, parts in _brought(work, fold).items()}


def _brought(work: Work, fold: Fold | None) -> dict[str, tuple[Frame | None, Frame]]:
    """Return what is out of date of each table, and its rows now: see ``_of_members`` and ``_of_groups``."""
    tables = (*_PERSONAL, "groups")
    if fold is None and not work.some(_of_types(_events(work), _TYPES).select("id")):
        return {table: (None, _nothing(work, table)) for table in tables}
    return {table: _of_members(work, table, fold) for table in _PERSONAL} | {"groups": _of_groups(work, fold)}


def _fold(work: Work) -> Fold | None:
    fold = fold_of(work.session, "follows")
    return None if fold is None or fold.now > work.run.now else fold


def _anything(work: Work, fold: Fold) -> bool:
    """Return whether an event came that the tables are told by, or who is one person changed."""
    if joined_since(work, fold) is not None:
        return True
    if not may_have_arrived(work, fold, _TYPES):
        return False
    came = _of_types(arrived(work, "events", fold), _TYPES)
    return work.some(came)


def _show(work: Work, table: str, parts: tuple[Frame | None, Frame]) -> None:
    gone, fresh = parts
    everything = _together(work, table, gone, fresh)
    if not work.ticking and (gone is None or work.some(gone)):
        everything = work.renew(table, everything, None if gone is None else fresh, gone)
    tables = {table: everything}
    work.view = work.view.having(bits=None, **tables)


def _together(work: Work, table: str, gone: Frame | None, fresh: Frame) -> Frame:
    """Return the stored rows but for the keys of ``gone``, and the fresh ones; all are fresh where ``gone`` is None."""
    if gone is None:
        return fresh
    stored = work.session.table(table).join(gone, on=gone.collect_schema().names(), how="anti")
    return nw.concat([stored.select(*STATE[table].columns), fresh])


def _of_members(work: Work, table: str, fold: Fold | None) -> tuple[Frame | None, Frame]:
    """Return the members whose stored rows are out of date, None for all, and the rows that they have now; kept."""
    types, tell = _PERSONAL[table]
    events = _of_types(_events(work), types)
    if fold is None:
        return None, work.keep(tell(events))
    came = work.view.resolve(_of_types(arrived(work, "events", fold), types)).select("member")
    parted = joined_since(work, fold)
    touched = work.keep((came if parted is None else nw.concat([came, parted])).unique())
    if not work.some(touched):
        return touched, _nothing(work, table)
    return touched, work.keep(tell(events.join(touched, on="member", how="semi")))


def _of_groups(work: Work, fold: Fold | None) -> tuple[Frame | None, Frame]:
    """Return the groups whose stored rows are out of date, None for all, and the rows that they have now; kept."""
    changes = _of_types(_events(work), GROUPS)
    if fold is None:
        return None, work.keep(groups(work.session.engine, changes))
    came = _of_types(arrived(work, "events", fold), GROUPS).filter(~nw.col("ref").is_null())
    touched = work.keep(came.select(group=nw.col("ref")).unique())
    if not work.some(touched):
        return touched, _nothing(work, "groups")
    own = changes.join(touched.rename({"group": "ref"}), on="ref", how="semi")
    return touched, work.keep(groups(work.session.engine, own))


def _events(work: Work) -> Frame:
    """Return all events up to now, in a tick too, whose view has those of some members only."""
    if not work.ticking:
        return work.view.events
    stored = cast_like(work.session.table("events"), TABLES["events"].schema)
    return work.view.resolve(stored.filter(nw.col("second") <= work.run.now))


def _of_types(events: Frame, types: Collection[str]) -> Frame:
    return events.filter(nw.col("type").is_in(list(types)))


def _nothing(work: Work, table: str) -> Frame:
    return work.session.engine.frame({name: [] for name in STATE[table].columns}, STATE[table].columns)
