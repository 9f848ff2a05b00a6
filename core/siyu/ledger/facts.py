"""What facts earned, settled anew by each incentive's own ``settle`` and compared by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import narwhals as nw
from attrs import evolve

from siyu.claims.earned import LINE, earn
from siyu.frames import total
from siyu.kinds import Incentive
from siyu.ledger.findings import DEBTS, JOINED, OTHER_RULES
from siyu.ledger.opening import opened

if TYPE_CHECKING:
    from siyu.kinds import Campaign, Frame
    from siyu.ledger.findings import Findings
    from siyu.ledger.past import Past
    from siyu.view import View
    from siyu.work import Work

__all__ = ["BY_CLAIMS", "facts", "of_facts"]

BY_CLAIMS = ["granted", "reserved", "confirmed", "released", "waiting", "transferred", "redeemed", "restored"]
"""The kinds of lines that claims write."""

_OWNER = ["incentive", "member"]
_TOLD = [*_OWNER, "kind", "cause_kind"]
_CAUSE = ["incentive", "member", "kind", "cause_kind", "cause"]


def of_facts() -> nw.Expr:
    """Whether a line was settled from events, and stands for units: not what a person reversed, or a claim let end."""
    others = nw.col("kind").is_in([*BY_CLAIMS, "refused"])
    return ~others & ~nw.col("cause_kind").is_in(["line", "restored"])


def facts(work: Work, past: Past, found: Findings) -> None:
    """Settle all facts anew over what claims and reversals wrote, and compare the sums of each cause.

    What limits, budgets and ``to`` refused stays refused: it was decided by what was known then. What expired, and what
    lots paid of debts, rests on when refunds came to be known, and is looked at lot by lot. So are a member's refunds
    where there is such a line of theirs.
    """
    newer = work.view.grants.filter(of_facts(), nw.col("seq") > past.last)
    found.note("newer than the last run", work.size(newer))
    if past.view is None:
        return
    ledger = work.keep(past.view.grants)
    settled = _settled(work, past.view, ledger)
    counted = (nw.col("kind") != "expired") & (nw.col("cause_kind") != "debt")
    stored = work.keep(ledger.filter(of_facts(), counted))
    found.checked["causes"] = work.size(stored.select(*_CAUSE).unique())
    differing = work.keep(_differing(stored, settled.filter(of_facts(), counted)))
    earlier = work.keep(_earlier(stored, past.alike))
    known = differing.join(earlier, on=_CAUSE, how="semi")
    found.note(OTHER_RULES, work.size(known))
    rest = work.keep(differing.join(earlier, on=_CAUSE, how="anti"))
    late = nw.concat([ledger.select(*_TOLD), settled.select(*_TOLD)]).filter(~counted)
    taken = (rest.filter(nw.col("kind") == "reversed")).join(
        late.select("incentive", "member").unique(), on=_OWNER, how="semi"
    )
    found.note(DEBTS, work.size(taken))
    rest = work.keep(rest.join(taken.select(*_CAUSE), on=_CAUSE, how="anti"))
    dated = rest.join(past.joins, on="member", how="left").with_columns(nw.col("seq").fill_null(past.last))
    since = (nw.col("since") > nw.col("seq")).fill_null(value=False)
    found.note(JOINED, work.size(dated.filter(since)))
    found.add("facts", "the events say otherwise", work.session.engine.rows(_told(dated.filter(~since))))


def _settled(work: Work, view: View, ledger: Frame) -> Frame:
    """Return all lines of facts, as the incentives settle them one after the other."""
    refused = ledger.filter(nw.col("kind") == "refused")
    base = ledger.filter(~of_facts() & (nw.col("kind") != "refused"))
    parts = [refused.select(*LINE), base.select(*LINE)]
    before, work.view = work.view, view
    try:
        brought = opened(work, nw.concat(parts))
        parts += [] if brought is None else [brought]
        for incentive in work.programme.of(Incentive):
            new = _earned(work, view, incentive, parts, ledger)
            parts += [] if new is None else [new]
    finally:
        work.view = before
    return work.keep(nw.concat(parts))


def _earned(work: Work, view: View, incentive: Incentive, parts: list[Frame], ledger: Frame) -> Frame | None:
    sofar = work.keep(nw.concat(parts))
    unnumbered = sofar.with_columns(seq=nw.lit(None).cast(nw.Int64), run=nw.lit(None).cast(nw.Int64))
    work.view = view.having(grants=unnumbered)
    new = earn(work, _unbounded(work, incentive), sofar)
    if new is None or incentive.to is None:
        return new
    # Who was among those whom it is for is known by what was given.
    return work.keep(new.join(ledger.select("cause_kind", "cause").unique(), on=["cause_kind", "cause"], how="semi"))


def _unbounded(work: Work, incentive: Incentive) -> Incentive:
    """Return an incentive without what refuses, in the same days."""
    free: dict[str, Any] = {"limit": None, "budget": None, "to": None, "during": None}
    if incentive.during is not None:
        outer = cast("Campaign", work.programme.component("campaign", incentive.during))
        free["from_"] = max(incentive.from_, outer.from_)
        ends = [day for day in (incentive.until, outer.until) if day is not None]
        free["until"] = min(ends, default=None)
    return evolve(incentive, **free)


def _differing(stored: Frame, settled: Frame) -> Frame:
    nothing = nw.lit(0, nw.Int64)
    sums = [
        stored.select(*_CAUSE, "item", "seq", stored="amount", expected=nothing),
        settled.select(*_CAUSE, "item", seq=nw.lit(None).cast(nw.Int64), stored=nothing, expected="amount"),
    ]
    both = nw.concat(sums).group_by(*_CAUSE).agg(
        stored=total("stored"), expected=total("expected"), item=nw.col("item").min(), seq=nw.col("seq").max()
    )  # fmt: skip
    return both.filter(nw.col("stored") != nw.col("expected"))


def _earlier(stored: Frame, alike: Frame) -> Frame:
    """Return the causes of lines that were decided by other rules."""
    return stored.join(alike, on=["incentive", "run"], how="anti").select(*_CAUSE).unique()


def _told(differing: Frame) -> Frame:
    item = nw.when(nw.col("item").fill_null("") == "").then(nw.lit("")).otherwise(
        nw.concat_str(nw.lit(" of "), nw.col("item").fill_null(""))
    )  # fmt: skip
    what = nw.concat_str(nw.col("kind"), item, nw.lit(", "), nw.col("cause_kind"), nw.lit(" "), nw.col("cause"))
    ordered = differing.sort("incentive", "member", "kind", "cause_kind", "cause")
    return ordered.select("incentive", "member", what.alias("what"), "stored", "expected")
