"""What facts earned, settled anew by each incentive's own ``settle`` and compared by cause."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw

from siyu.claims.earned import LINE, earn
from siyu.frames import total
from siyu.kinds import Incentive
from siyu.ledger.findings import DEBTS, JOINED, LATER, NEXT, OTHER_RULES
from siyu.ledger.opening import opened
from siyu.ledger.past import seen

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
_MOST = 30
_RUNS = 3
_CAUSE = ["incentive", "member", "kind", "cause_kind", "cause"]


def of_facts() -> nw.Expr:
    """Whether a line was settled from events, and stands for units: not what a person reversed, or a claim let end."""
    others = nw.col("kind").is_in([*BY_CLAIMS, "refused"])
    return ~others & ~nw.col("cause_kind").is_in(["line", "restored"])


def facts(work: Work, past: Past, found: Findings) -> None:
    """Settle all facts anew over what claims and reversals wrote, and compare the sums of each cause.

    What limits, budgets and ``to`` refused stays refused: it was decided by what was known then. What expired, and what
    lots paid of debts, rests on when refunds came to be known, and is looked at lot by lot. So are a member's refunds
    where there is such a line of theirs. A line that differs is settled once more, with what its own run knew.
    """
    newer = work.view.grants.filter(of_facts(), nw.col("seq") > past.last)
    found.note("newer than the last run", work.size(newer))
    if past.view is None:
        return
    ledger = work.keep(past.view.grants)
    settled = _settled(work, past.view, ledger)
    stored = work.keep(ledger.filter(of_facts(), _counted()))
    found.checked["causes"] = work.size(stored.select(*_CAUSE).unique())
    rest = work.keep(_differing(stored, settled))
    if not work.some(rest):
        return
    late = nw.concat([lines.filter(~_counted()).select(*_OWNER) for lines in (ledger, settled)]).unique()
    since = rest.join(past.joins, on="member").filter(nw.col("since") > nw.col("seq").fill_null(past.last))
    refunds = rest.filter(nw.col("kind") == "reversed").join(late, on=_OWNER, how="semi")
    excuses = {OTHER_RULES: _earlier(stored, past.alike), DEBTS: refunds, JOINED: since}
    for words, excused in excuses.items():
        rest = _without(work, rest, excused, words, found)
    rest = _without(work, rest, _right_then(work, rest), LATER, found)
    rest = _without(work, rest, _resting(work, past.view, ledger, rest), NEXT, found)
    found.add("facts", "the events say otherwise", work.session.engine.rows(_told(rest)))


def _without(work: Work, rest: Frame, excused: Frame, words: str, found: Findings) -> Frame:
    """Note what cannot be compared, and leave it out."""
    causes = work.keep(excused.select(*_CAUSE).unique())
    found.note(words, work.size(rest.join(causes, on=_CAUSE, how="semi")))
    return work.keep(rest.join(causes, on=_CAUSE, how="anti"))


def _counted() -> nw.Expr:
    return (nw.col("kind") != "expired") & (nw.col("cause_kind") != "debt")


def _right_then(work: Work, rest: Frame) -> Frame:
    """Return the causes of lines that are what the events said by the run that wrote them, and no more are."""
    named = rest.join(work.view.raw["runs"].select("now", run="id", last="seq"), on="run")
    passes = work.session.engine.rows(named.select("run", "last", "now").unique().sort("last"))
    right = [named.head(0).select(*_CAUSE)]
    for run, last, now in passes[:_MOST]:
        view = seen(work, last, now)
        ledger = work.keep(view.grants)
        then = _differing(ledger.filter(of_facts(), _counted()), _settled(work, view, ledger))
        right.append(named.filter(nw.col("run") == run).select(*_CAUSE).join(then, on=_CAUSE, how="anti"))
    return nw.concat(right)


def _resting(work: Work, view: View, ledger: Frame, rest: Frame) -> Frame:
    """Return what is missing and rests on lines that the last run itself wrote: such as a draw among its tickets."""
    missing = work.keep(rest.filter(nw.col("seq").is_null()))
    if not work.some(missing):
        return missing
    last = work.session.engine.rows(ledger.select(nw.col("run").max()))[0][0]
    before, parts = work.view, [ledger.filter(nw.col("run") != last).select(*LINE)]
    try:
        each = [_earned(work, view, incentive, parts, ledger) for incentive in work.programme.of(Incentive)]
    finally:
        work.view = before
    told = [lines.select(*_CAUSE) for lines in each if lines is not None]
    return missing.join(nw.concat(told).unique(), on=_CAUSE, how="anti") if told else missing


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
            # What one run brings into a ledger a later one may take back, or draw among.
            for _ in range(_RUNS):
                new = _earned(work, view, incentive, parts, ledger)
                if new is None or not work.some(new):
                    break
                parts.append(new)
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
    # Made without its own checks: a config without what refuses may be none that a person could write.
    copied = copy(incentive)
    for name, value in free.items():
        object.__setattr__(copied, name, value)
    return copied


def _differing(stored: Frame, settled: Frame) -> Frame:
    nothing, nobody = nw.lit(0, nw.Int64), nw.lit(None).cast(nw.Int64)
    sums = [
        stored.select(*_CAUSE, "item", "seq", "run", stored="amount", expected=nothing),
        settled.filter(of_facts(), _counted()).select(
            *_CAUSE, "item", seq=nobody, run=nobody, stored=nothing, expected="amount"
        ),
    ]
    aggregates = {"stored": total("stored"), "expected": total("expected"), "item": nw.col("item").min()}
    newest = {name: nw.col(name).max() for name in ("seq", "run")}
    both = nw.concat(sums).group_by(*_CAUSE).agg(**aggregates, **newest)
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
