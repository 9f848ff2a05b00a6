"""Who has whom as a contact, and who is in which group: spans of time, told from events in whatever order they came.

Of a pair (a member and a staff member, a member and a group) some events begin a span and some end it. In the order of
their seconds a beginning counts where no span is open, and an end where one is; of one second the ends come first. So
the same contact that two doors report, or an end that was lost, changes nothing that the other events do not say.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like, latest
from siyu.tables import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.engine import Engine
    from siyu.kinds import Frame

__all__ = ["CONTACTS", "CROWDS", "GROUPS", "ContactsView", "follows", "group_members", "groups"]

CONTACTS = ("followed", "transferred", "unfollowed")
"""The events that follows are told from."""

CROWDS = ("group_joined", "group_left")
"""The events that the members of groups are told from."""

GROUPS = ("group_changed",)
"""The events that groups are told from."""

_FACTS = {"name": nw.String(), "owner": nw.String(), "place": nw.String()}


def follows(events: Frame) -> Frame:
    """Return which staff member has, or had, which member as a contact: the columns of ``follows``.

    A transfer begins a span with the new staff member and ends one with the former.

    Args:
        events: Events with resolved members, of the types of ``CONTACTS`` or of others as well.
    """
    contacts = events.filter(nw.col("type").is_in(list(CONTACTS)))
    begins = nw.col("type") != "unfollowed"
    moments = contacts.select("member", "staff", "second", begins=begins, how=nw.col("type"))
    handed = contacts.filter(nw.col("type") == "transferred", nw.col("subject") != nw.col("staff"))
    ended = handed.select("member", "second", staff=nw.col("subject"), begins=nw.lit(value=False), how=nw.col("type"))
    both = nw.concat([moments, ended.select(*_names(moments))])
    return cast_like(_spans(both, "staff"), STATE["follows"].columns)


def group_members(events: Frame) -> Frame:
    """Return who is, or was, in which group: the columns of ``group_members``.

    Args:
        events: Events with resolved members, of the types of ``CROWDS`` or of others as well.
    """
    crowds = events.filter(nw.col("type").is_in(list(CROWDS)))
    begins = nw.col("type") == "group_joined"
    moments = crowds.select("member", "second", group=nw.col("subject"), begins=begins, how=nw.col("type"))
    return cast_like(_spans(moments, "group"), STATE["group_members"].columns)


def groups(engine: Engine, events: Frame) -> Frame:
    """Return what is known of groups, the newest word on each fact: the columns of ``groups``.

    Args:
        engine: Reads the props.
        events: Events of the types of ``GROUPS``, or of others as well.
    """
    changes = events.filter(nw.col("type").is_in(list(GROUPS)), ~nw.col("ref").is_null())
    told = engine.fields(changes.select("id", "second", "props", group=nw.col("ref")), "props", _FACTS)
    told = engine.keep(told)
    known = told.select("group").unique()
    for name in _FACTS:
        newest = latest(told.filter(~nw.col(name).is_null()), ["group"], ["second", "id"]).select("group", name)
        known = known.join(newest, on="group", how="left")
    return cast_like(known, STATE["groups"].columns)


def _spans(moments: Frame, other: str) -> Frame:
    """Return the spans of each pair: member, the other, since, until (null where it is open), how.

    Args:
        moments: member, the other, second, begins (whether a span begins or ends there), how.
        other: The column of the other one; moments without it are of no pair.
    """
    key = ["member", other]
    known = moments.filter(~nw.col(other).is_null())
    # What several events say of one second is said once.
    once = known.group_by(*key, "second", "begins").agg(nw.col("how").max())
    ranked = once.with_columns(rank=nw.col("second") * 2 + nw.col("begins").cast(nw.Int64))
    before = nw.col("begins").cast(nw.Int64).shift(1).over(*key, order_by=["rank"])
    # Before the first moment no span is open.
    turns = ranked.with_columns(before=before).filter(nw.col("begins").cast(nw.Int64) != nw.col("before").fill_null(0))
    until = nw.col("second").shift(-1).over(*key, order_by=["rank"])
    spans = turns.with_columns(until=until).filter(nw.col("begins"))
    return spans.select(*key, "until", "how", since=nw.col("second"))


def _names(frame: Frame) -> list[str]:
    return frame.collect_schema().names()


class ContactsView:
    """What a view shows of contacts and groups.

    Attributes:
        now: The moment of the view, in epoch seconds.
    """

    now: int
    _tables: Mapping[str, Frame]

    @cached_property
    def follows(self) -> Frame:
        """Who has whom as a contact: member, staff, since, until (null where it goes on), how it began."""
        return self._spans_by_now("follows")

    @cached_property
    def groups(self) -> Frame:
        """What is known of groups: group, name, owner, place."""
        return self._tables["groups"]

    @cached_property
    def group_members(self) -> Frame:
        """Who is in which group: group, member, since, until (null where it goes on)."""
        return self._spans_by_now("group_members")

    def _spans_by_now(self, table: str) -> Frame:
        until = nw.when(nw.col("until") <= self.now).then(nw.col("until")).otherwise(None)
        return self._tables[table].filter(nw.col("since") <= self.now).with_columns(until=until)
