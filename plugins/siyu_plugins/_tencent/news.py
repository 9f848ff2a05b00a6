"""What a new contact is: a handover, the confirmation of one that is known, or a person who joins.

The callback of a new contact does not say that it is the work of a handover (客户继承). What is possible:

- Handovers that were asked for by siyu are in the log as ``handover_asked``, so the contact that comes of one is
  ``transferred``, whatever else the callback says.
- Of handovers by WeCom's own console only the other half tells: the former staff member loses the contact, and that
  callback says so (``Source`` is ``DELETE_BY_TRANSFER``). The new contact then looks like any other.
- A handover to somebody who has the member as a contact already, or had, brings no callback at all.

Source: developer.work.weixin.qq.com/document/path/96325
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest
from siyu_plugins._tencent.contacts import HALF

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["NEEDED", "handed", "joining", "unconfirmed"]

NEEDED = ("joined", "followed", "unfollowed", "transferred", "handover_asked", "handover_refused")
"""The events of a person that tell what a new one is."""

_PAIR = ["identity", "staff"]


def handed(facts: Frame, known: Frame) -> Frame:
    """Make ``transferred`` of contacts that a handover brought, and say whom the member was with before.

    A handover is open from when it was asked for until the member was transferred or refused. What happened in the
    second of the fact itself is the fact: a callback that comes again finds the same handover open.

    Args:
        facts: Events of ``contact``.
        known: What the log has of the same people: see ``Intake.events_of``.
    """
    asked = known.filter(nw.col("type") == "handover_asked").select(*_PAIR, asked="second", former="subject")
    ends = known.filter(nw.col("type").is_in(["transferred", "handover_refused"])).select(*_PAIR, ended="second")
    meant = facts.filter(nw.col("type").is_in(["followed", "handover_refused"]))
    pairs = meant.join(asked, on=_PAIR, how="inner").filter(nw.col("asked") <= nw.col("second"))
    over = pairs.join(ends, on=_PAIR, how="inner")
    over = over.filter(nw.col("ended") >= nw.col("asked"), nw.col("ended") < nw.col("second"))
    still = pairs.join(over.select("source_id", "asked").unique(), on=["source_id", "asked"], how="anti")
    former = latest(still.select("source_id", "asked", "former"), ["source_id"], ["asked", "former"])
    merged = facts.join(former.drop("asked"), on="source_id", how="left")
    moved = (nw.col("type") == "followed") & ~nw.col("former").is_null()
    return merged.with_columns(
        type=nw.when(moved).then(nw.lit("transferred")).otherwise(nw.col("type")),
        subject=nw.coalesce("former", "subject"),
        # No welcome: the member is an old one.
        props=nw.when(moved).then(nw.lit(None, nw.String())).otherwise(nw.col("props")),
    ).drop("former")


def unconfirmed(facts: Frame, known: Frame) -> Frame:
    """Leave out contacts that only confirm what is known: the member added the staff member, who now agreed to it."""
    half = known.filter(nw.col("type") == "followed", nw.col("source_id").str.ends_with(HALF))
    ends = known.filter(nw.col("type") == "unfollowed").select(*_PAIR, ended="second")
    meant = facts.filter(nw.col("type") == "followed", ~nw.col("source_id").str.ends_with(HALF))
    pairs = meant.join(half.select(*_PAIR, half="second"), on=_PAIR, how="inner")
    pairs = pairs.filter(nw.col("half") <= nw.col("second"))
    over = pairs.join(ends, on=_PAIR, how="inner")
    over = over.filter(nw.col("ended") >= nw.col("half"), nw.col("ended") <= nw.col("second"))
    still = pairs.join(over.select("source_id", "half").unique(), on=["source_id", "half"], how="anti")
    return facts.join(still.select("source_id").unique(), on="source_id", how="anti")


def joining(facts: Frame, known: Frame) -> Frame:
    """Add an event ``joined`` for everyone who follows, and did not before; sorted, as a union has no order.

    A person has one at most: two callbacks that come at once, of two contacts of one person, are the same to it.
    """
    before = known.filter(nw.col("type").is_in(["joined", "followed", "transferred"]))
    new = facts.filter(nw.col("type") == "followed")
    pairs = new.join(before.select("identity", known="second"), on="identity", how="inner")
    old = pairs.filter(nw.col("known") != nw.col("second")).select("identity").unique()
    joined = new.join(old, on="identity", how="anti").with_columns(
        type=nw.lit("joined"),
        source_id=nw.concat_str(nw.col("person"), nw.lit("-joined")),
        props=nw.lit(None, nw.String()),
    )
    return nw.concat([facts, joined]).sort("second", "type", "source_id")
