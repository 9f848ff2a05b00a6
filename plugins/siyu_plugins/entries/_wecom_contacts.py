"""What a synchronisation finds of contacts, beside what is known: who came, who went, and whose tags changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest
from siyu_plugins.entries._wecom_rows import events, name

if TYPE_CHECKING:
    from siyu.kinds import Frame, Intake
    from siyu.view import View

__all__ = ["FOUND", "came", "joined", "links", "marked", "went"]

FOUND = "unknown, found by synchronisation"
"""The subject of an end that nobody called back."""

# A contact that an administrator gave to the staff member. Source: developer.work.weixin.qq.com/document/path/92114
_ASSIGNED = 202
_NEVER = 2**62
_BEGINNINGS = ["joined", "followed", "transferred"]
_PAIR = ["member", "staff"]


def went(intake: Intake, view: View, listed: Frame, staff: str, source: str) -> Frame:
    """Return ``unfollowed`` for the contacts of a staff member that the platform does not list any more.

    Args:
        intake: Reads.
        view: What is known.
        listed: identity, of all that the platform lists for the staff member.
        staff: The staff member.
        source: What the ids belong to.
    """
    known = view.follows.filter(nw.col("staff") == staff, nw.col("until").is_null())
    there = view.identified(listed, "identity", "member").select("member")
    gone = known.join(there, on="member", how="anti")
    return events(
        intake,
        gone,
        source,
        member=nw.col("member"),
        type=nw.lit("unfollowed"),
        source_id=name("gone", "member", "staff", "since"),
        second=nw.lit(intake.now, nw.Int64),
        staff=nw.col("staff"),
        subject=nw.lit(FOUND),
    )


def came(intake: Intake, view: View, page: Frame, source: str) -> Frame:
    """Return ``followed`` for the contacts of a page that are not known, ``transferred`` for those handed over.

    Handed over are those that an administrator assigned, and those that siyu asked for (``handover_asked``).

    A contact that the member ended stays in the staff member's list, so what is known to have ended after it began is
    no news; unless it was a synchronisation that did not find it: then it goes on from now.

    Args:
        intake: Reads.
        view: What is known.
        page: ``CONTACT`` and member.
        source: What the ids belong to.
    """
    spans = view.follows.select(*_PAIR, "until", begun="since")
    both = page.join(spans, on=_PAIR, how="inner")
    covered = both.filter(nw.col("until").is_null() | (nw.col("until") > nw.col("since")))
    lost = view.events.filter(nw.col("type") == "unfollowed", nw.col("subject") == FOUND)
    lost = lost.select(*_PAIR, until="second").unique()
    last = latest(covered, _PAIR, ["begun"])
    again = last.join(lost, on=[*_PAIR, "until"], how="semi").with_columns(since=nw.lit(intake.now, nw.Int64))
    new = page.join(covered.select(*_PAIR), on=_PAIR, how="anti")
    columns = ["identity", *_PAIR, "since", "state", "way"]
    found = nw.concat([new.select(*columns), again.select(*columns)])
    asked = view.events.filter(nw.col("type") == "handover_asked").select(*_PAIR, "second", "id", former="subject")
    asked = latest(asked, _PAIR, ["second", "id"]).select(*_PAIR, "former", asked="second")
    told = found.join(asked, on=_PAIR, how="left")
    handed = (nw.col("way").fill_null(0) == _ASSIGNED) | (nw.col("asked").fill_null(_NEVER) <= nw.col("since"))
    return events(
        intake,
        told,
        source,
        identity=nw.col("identity"),
        type=nw.when(handed).then(nw.lit("transferred")).otherwise(nw.lit("followed")),
        source_id=name("contact", "member", "staff", "since"),
        second=nw.col("since"),
        staff=nw.col("staff"),
        subject=nw.when(handed).then(nw.col("former")).otherwise(nw.col("state")),
    )


def joined(intake: Intake, view: View, page: Frame, source: str) -> Frame:
    """Return ``joined`` for the people of a page who are new: of whom nothing is known that begins.

    One who was assigned is the brand's already, and so nobody who joins.

    Args:
        intake: Reads.
        view: What is known.
        page: ``CONTACT`` and member.
        source: What the ids belong to.
    """
    known = view.events.filter(nw.col("type").is_in(_BEGINNINGS)).select("member")
    new = page.filter(nw.col("way").fill_null(0) != _ASSIGNED).join(known, on="member", how="anti")
    backwards = new.with_columns(earlier=-nw.col("since"))
    first = latest(backwards, ["member"], ["earlier", "staff"])
    return events(
        intake,
        first,
        source,
        identity=nw.col("identity"),
        type=nw.lit("joined"),
        source_id=name("joined", "member", "since"),
        second=nw.col("since"),
        staff=nw.col("staff"),
        subject=nw.col("state"),
    )


def links(intake: Intake, view: View, people: Frame) -> Frame:
    """Return links of the people of a page to their unionids, where these are not one member yet: rows of ``links``.

    Args:
        intake: Reads.
        view: What is known.
        people: identity, member, union, since.
    """
    named = people.filter(~nw.col("union").is_null())
    other = view.identified(named, "union", "other_member").filter(nw.col("other_member") != nw.col("member"))
    told = view.raw["links"].select(member="a", other_member="b")
    other = other.join(told, on=["member", "other_member"], how="anti")
    once = other.group_by("identity", "union").agg(nw.col("since").min())
    dated = intake.convert(once, "since", "time", "moment")
    return dated.select("identity", "time", other=nw.col("union"), evidence=nw.lit("WeCom tells the unionid"))


def marked(intake: Intake, view: View, page: Frame, tags: Frame, channel: str, source: str) -> Frame:
    """Return ``marked`` and ``unmarked`` for the tags that differ from those known.

    A tag that two staff members gave and one took away is still there: it is said again of the other, a second after.

    Args:
        intake: Reads.
        view: What is known.
        page: identity, staff and member of contacts.
        tags: ``TAG`` and member, all tags of those contacts.
        channel: The channel that the tags belong to.
        source: What the ids belong to.
    """
    told = view.events.filter(nw.col("type").is_in(["marked", "unmarked"]), nw.col("ref") == channel)
    told = told.join(page.select("member").unique(), on="member", how="semi").rename({"subject": "mark"})
    newest = latest(told.select(*_PAIR, "mark", "type", "second", "id"), [*_PAIR, "mark"], ["second", "id"])
    held = intake.keep(newest.filter(nw.col("type") == "marked").select(*_PAIR, "mark"))
    people = page.select("identity", *_PAIR).unique()
    ours = held.join(people, on=_PAIR, how="inner")
    gained = tags.join(held, on=[*_PAIR, "mark"], how="anti")
    lost = intake.keep(ours.join(tags, on=[*_PAIR, "mark"], how="anti"))
    taken = lost.select("member", "mark", "identity", giver="staff")
    still = taken.join(held, on=["member", "mark"], how="inner").filter(nw.col("staff") != nw.col("giver"))
    again = still.select("identity", *_PAIR, "mark").unique()
    columns = ["identity", *_PAIR, "mark"]
    return nw.concat(
        [
            _said(intake, nw.concat([gained.select(*columns), again.select(*columns)]), "marked", channel, source),
            _said(intake, lost.select(*columns), "unmarked", channel, source),
        ]
    )


def _said(intake: Intake, rows: Frame, kind: str, channel: str, source: str) -> Frame:
    second = intake.now if kind == "marked" else intake.now - 1
    return events(
        intake,
        rows.with_columns(second=nw.lit(second, nw.Int64)),
        source,
        identity=nw.col("identity"),
        type=nw.lit(kind),
        source_id=name(kind, "member", "staff", "mark", "second"),
        second=nw.col("second"),
        staff=nw.col("staff"),
        subject=nw.col("mark"),
        ref=nw.lit(channel),
    )
