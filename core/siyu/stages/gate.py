"""The gate as a stage: new proposals that are no repeats, and what was held, judged on the newest log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.gate import RULES, Desk
from siyu.repeats import certain, undecided, untouched
from siyu.senders import named
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.tables import Schema
    from siyu.work import Work

__all__ = ["gate"]

_TOUCH = TABLES["touches"].columns
_VERDICT: Schema = {"id": nw.Int64(), "state": nw.String(), "reason": nw.String(), "rule": nw.String()}

# What the rules of the core look at: the fewer columns, the cheaper it is to drop what one stops.
_JUDGED = [
    *("id", "recipient", "recipient_kind", "campaign", "step", "slot", "content", "channel"),
    *("purpose", "priority", "due", "until"),
]


def gate(work: Work) -> None:
    """Judge every new touch, and every held one, by all rules in their order."""
    proposals = work.keep(undecided(work, certain(work, work.results["proposals"])))
    work.results["steps"] = proposals.filter(~nw.col("nominal").is_null())
    sends = proposals.filter(nw.col("branch").fill_null("send") == "send")
    new = work.keep(cast_like(named(work.view, work.programme, untouched(work, sends)), _TOUCH))
    held = work.view.touches.filter(nw.col("state") == "held", nw.col("due") <= work.run.now)
    if work.scope is not None:
        held = held.join(work.scope.select(recipient=nw.col("member")), on="recipient", how="semi")
    work.results["held"] = work.keep(cast_like(held, _TOUCH))
    verdicts = _judged(work, nw.concat([new, work.results["held"]]))
    work.results["touches"] = new
    work.results["verdicts"] = verdicts
    work.results["receipts"] = work.keep(_receipts(work, verdicts))
    work.count("touches", new)


def _judged(work: Work, touches: Frame) -> Frame:
    desk = Desk(work.view, work.programme, work.registry)
    verdicts: list[Frame] = []
    standing = work.keep(touches.select(*_JUDGED))
    for rule in RULES if work.size(standing.head(1)) else ():
        work.progress(f"gate: {rule.name}")
        asked = touches.join(standing.select("id"), on="id", how="semi") if rule.whole else standing
        found = rule.judge(desk, asked)
        if found is not None:
            judged = work.keep(_of_rule(found, rule.name).join(standing.select("id"), on="id", how="semi"))
            if _counted(work, judged):
                verdicts.append(judged)
                standing = work.keep(standing.join(judged, on="id", how="anti"))
    work.count("gate: passed", standing)
    passed = standing.select("id", state=nw.lit("queued"), reason=nw.lit(""), rule=nw.lit(""))
    return work.keep(nw.concat([*verdicts, passed]))


def _of_rule(found: Frame, rule: str) -> Frame:
    """Return verdicts with the rule that each is of, where the ruling does not say it."""
    named = found if "rule" in found.collect_schema() else found.with_columns(rule=nw.lit(rule))
    return cast_like(named, _VERDICT)


def _counted(work: Work, judged: Frame) -> int:
    """Count the verdicts by the rule that each is of; return how many there are."""
    found = dict(work.view.rows(judged.group_by("rule").agg(number=nw.len()).select("rule", "number")))
    for rule, number in sorted(found.items()):
        work.counts[f"gate: {rule}"] = work.counts.get(f"gate: {rule}", 0) + number
    return sum(found.values())


def _receipts(work: Work, verdicts: Frame) -> Frame:
    """Return the receipts to write: a touch that is still held for the same reason gets none."""
    known = work.view.touches.select("id", _state=nw.col("state"), _reason=nw.col("reason"))
    both = verdicts.join(known, on="id", how="left")
    same = (nw.col("state") == nw.col("_state")) & (nw.col("reason") == nw.col("_reason"))
    news = both.filter(~same.fill_null(value=False)).sort("id")
    return cast_like(news.with_columns(touch=nw.col("id"), time=nw.lit(work.run.now)), TABLES["receipts"].columns)
