"""What a synchronisation finds of groups, beside what is known: how they are called, who came, who went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest
from siyu_plugins.entries._wecom_contacts import FOUND
from siyu_plugins.entries._wecom_rows import events, name

if TYPE_CHECKING:
    from siyu.kinds import Frame, Intake
    from siyu.view import View

__all__ = ["came", "changed", "ended", "went"]

_PAIR = ["group", "member"]


def changed(intake: Intake, view: View, page: Frame, source: str) -> Frame:
    """Return ``group_changed`` for the groups whose name or owner is not the known one.

    Args:
        intake: Reads.
        view: What is known.
        page: ``GROUP``.
        source: What the ids belong to.
    """
    known = view.groups.select("group", was_name="name", was_owner="owner", known=nw.lit(value=True))
    both = page.join(known, on="group", how="left")
    same = [nw.col(part).fill_null("") == nw.col(f"was_{part}").fill_null("") for part in ("name", "owner")]
    differs = both.filter(nw.col("known").is_null() | ~(same[0] & same[1]))
    packed = intake.pack(differs, {"name": "name", "owner": "owner"}, "props")
    return _of_groups(intake, packed, "synchronised", source, nw.col("props"))


def ended(intake: Intake, view: View, listed: Frame, source: str) -> Frame:
    """Return ``group_left`` for everyone in a group that the platform does not list any more.

    Args:
        intake: Reads.
        view: What is known.
        listed: group, of all that the platform lists.
        source: What the ids belong to.
    """
    gone = view.group_members.filter(nw.col("until").is_null()).join(listed, on="group", how="anti")
    return _left(intake, gone, source)


def went(intake: Intake, view: View, page: Frame, members: Frame, source: str) -> Frame:
    """Return ``group_left`` for those who are in none of the lists of these groups.

    Args:
        intake: Reads.
        view: What is known.
        page: ``GROUP``.
        members: ``MEMBER`` and member, everyone in these groups.
        source: What the ids belong to.
    """
    known = view.group_members.filter(nw.col("until").is_null()).join(page.select("group"), on="group", how="semi")
    return _left(intake, known.join(members.select(*_PAIR), on=_PAIR, how="anti"), source)


def came(intake: Intake, view: View, members: Frame, source: str) -> Frame:
    """Return ``group_joined`` for those who are in a group and are not known to be.

    They came when the platform says so; where they are known to have gone since, from now on.

    Args:
        intake: Reads.
        view: What is known.
        members: ``MEMBER`` and member, everyone in some groups.
        source: What the ids belong to.
    """
    spans = view.group_members.join(members.select("group").unique(), on="group", how="semi")
    new = members.join(spans.filter(nw.col("until").is_null()).select(*_PAIR), on=_PAIR, how="anti")
    gone = latest(spans.filter(~nw.col("until").is_null()).select(*_PAIR, "until"), _PAIR, ["until"])
    both = new.join(gone, on=_PAIR, how="left")
    late = nw.col("until").fill_null(0) > nw.col("since")
    told = both.with_columns(since=nw.when(late).then(nw.lit(intake.now, nw.Int64)).otherwise(nw.col("since")))
    return events(
        intake,
        told,
        source,
        identity=nw.col("identity"),
        type=nw.lit("group_joined"),
        source_id=name("group", "member", "group", "since"),
        second=nw.col("since"),
        staff=nw.col("staff"),
        subject=nw.col("group"),
    )


def _left(intake: Intake, gone: Frame, source: str) -> Frame:
    return events(
        intake,
        gone,
        source,
        member=nw.col("member"),
        type=nw.lit("group_left"),
        source_id=name("group left", "member", "group", "since"),
        second=nw.lit(intake.now, nw.Int64),
        subject=nw.col("group"),
        ref=nw.lit(FOUND),
    )


def _of_groups(intake: Intake, rows: Frame, what: str, source: str, props: nw.Expr) -> Frame:
    return events(
        intake,
        rows.with_columns(second=nw.lit(intake.now, nw.Int64)),
        source,
        identity=nw.concat_str(nw.lit("wecom-group:"), nw.col("group")),
        type=nw.lit("group_changed"),
        source_id=name(what, "group", "second"),
        second=nw.col("second"),
        subject=nw.lit(what),
        ref=nw.col("group"),
        props=props,
    )
