"""What becomes of pairs that count: granted, refused, or held until a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest
from siyu_plugins.incentives._circles import closing
from siyu_plugins.incentives._reviews import HELD, REFERRAL, words
from siyu_plugins.incentives._suspicions import alike, bursts, families, marks

if TYPE_CHECKING:
    from siyu import View
    from siyu.kinds import Frame
    from siyu_plugins.incentives._referral_rules import Guard

__all__ = ["decided", "judged", "settled", "with_above"]


def judged(view: View, pairs: Frame, due: Frame, guard: Guard) -> Frame:
    """Add the gravest thing that speaks against each pair: verdict (``refused`` or ``held``) and reason, else null.

    Args:
        view: The view.
        pairs: The pairs of all time.
        due: Those that count by now.
        guard: What makes a pair suspicious.
    """
    same = due.filter(nw.col("friend") == nw.col("inviter"))
    found = [
        ("refused", same.select("join", reason=nw.lit("the friend is the inviter"))),
        ("refused", closing(view, pairs).with_columns(reason=nw.lit("the invitations go round in a circle"))),
    ]
    others = due.filter(nw.col("friend") != nw.col("inviter"))
    traits = view.keep(marks(view, pairs, guard.same))
    suspicions = {
        "self": [alike(others, traits)],
        "family": [families(pairs, due, traits, guard.family)],
        "burst": [bursts(pairs, due, burst) for burst in guard.bursts],
    }
    for verdict in ("refused", "held"):
        for name, frames in suspicions.items():
            if (name in guard.review) == (verdict == "held"):
                found += [(verdict, frame) for frame in frames]
    ranked = [
        frame.select("join", "reason", verdict=nw.lit(verdict), grave=nw.lit(-rank, nw.Int64))
        for rank, (verdict, frame) in enumerate(found)
    ]
    gravest = latest(nw.concat(ranked), ["join"], ["grave", "reason"]).drop("grave")
    return due.join(gravest, on="join", how="left")


def settled(view: View, verdicts: Frame, ledger: Frame, incentive: str) -> Frame:
    """Add what becomes of pairs: outcome (granted, refused or waiting), time, reason, and held, suspicion.

    What the ledger holds stays held, since when and whatever is known by now, until a person decides.

    Args:
        view: The view.
        verdicts: The pairs that count, with verdict and reason.
        ledger: The incentive's own lines.
        incentive: Its name.
    """
    lines = ledger.filter(nw.col("kind") == HELD).group_by("cause")
    before = lines.agg(_held=nw.col("time").min(), _why=nw.col("reason").max())
    both = verdicts.join(before, on="cause", how="left").join(words(view, incentive), on="cause", how="left")
    is_held = ~nw.col("_held").is_null() | (nw.col("verdict") == "held").fill_null(value=False)
    known = both.with_columns(
        held=nw.when(is_held).then(nw.coalesce("_held", "time")), suspicion=nw.coalesce("_why", "reason")
    )
    waits = ~nw.col("held").is_null()
    by_hand = (
        nw.when(nw.col("said").is_null())
        .then(nw.lit("waiting"))
        .otherwise(nw.when(nw.col("approved")).then(nw.lit("granted")).otherwise(nw.lit("refused")))
    )
    by_rule = nw.coalesce("verdict", nw.lit("granted"))
    said = nw.when(nw.col("note") == "").then(nw.col("by")).otherwise(nw.concat_str("by", nw.lit(": "), "note"))
    return known.with_columns(
        outcome=nw.when(waits).then(by_hand).otherwise(by_rule),
        time=nw.when(waits).then(nw.max_horizontal("held", nw.coalesce("said", "held"))).otherwise(nw.col("time")),
        reason=nw.when(waits).then(nw.concat_str(nw.lit("refused by "), said)).otherwise(nw.col("reason")),
    )


def decided(view: View, ledger: Frame) -> Frame:
    """Return the friends of whom the ledger says that they count, or do not: friend."""
    causes = ledger.filter(nw.col("cause_kind") == REFERRAL).select("cause").unique()
    joins = view.events.filter(nw.col("type") == "joined").select(friend="member", cause=nw.col("id").cast(nw.String))
    return joins.join(causes, on="cause", how="semi").select("friend").unique()


def with_above(granted: Frame, results: Frame) -> Frame:
    """Clear the reason of granted pairs, and add ``above``: who brought the inviter, if that counted by then.

    One step up, and no further: there are never three levels.
    """
    upper = results.filter(nw.col("outcome") == "granted").select(inviter="friend", above="inviter", earlier="time")
    both = granted.drop("reason").join(upper, on="inviter", how="left")
    counts = (nw.col("earlier") <= nw.col("time")) & (nw.col("above") != nw.col("friend"))
    return both.with_columns(above=nw.when(counts).then(nw.col("above")))
