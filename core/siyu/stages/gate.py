"""The gate as a stage: new proposals that are no repeats, and what was held, judged on the newest log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.gate import RULES, Desk
from siyu.gate.asking import by_each, by_one
from siyu.repeats import certain, decided, touched
from siyu.senders import named
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Frame
    from siyu.tables import Schema
    from siyu.work import Work

__all__ = ["gate"]

_TOUCH = TABLES["touches"].columns
_RECEIPT = TABLES["receipts"].columns
_HELD: Schema = {**_TOUCH, "reason": nw.String()}
# Up to so many touches it is cheaper to look first for what concerns their recipients.
_FEW = 50_000
_VERDICT: Schema = {"id": nw.Int64(), "state": nw.String(), "reason": nw.String(), "rule": nw.String()}


def gate(work: Work) -> None:
    """Judge every new touch, and every held one, by all rules in their order.

    What is written of them stays lazy: the columns of millions of touches are copied once, into the log.
    """
    new = _new(work)
    held = _held(work)
    given = [frame for frame in (new, held) if work.some(frame)]
    work.counts.setdefault("gate: passed", 0)
    work.results["touches"], work.results["held"] = new, held.select(*_TOUCH)
    work.results["verdicts"] = _judged(work, given) if given else _none(work, _VERDICT)
    if given:
        work.results["receipts"] = _receipts(work, work.results["verdicts"], held)
    work.count("touches", new)


def _new(work: Work) -> Frame:
    """Return the proposals that nobody made before, and leave what journeys decide."""
    proposals = work.results["proposals"]
    if not work.size(proposals):
        return cast_like(proposals, _TOUCH)
    sure = certain(work, proposals)
    proposals = proposals if sure is proposals else work.keep(sure)
    proposals = _without(work, proposals, decided(work, proposals.filter(~nw.col("nominal").is_null())))
    work.results["steps"] = proposals.filter(~nw.col("nominal").is_null())
    sends = proposals.filter(nw.col("branch").fill_null("send") == "send")
    new = _without(work, sends, touched(work, sends))
    return cast_like(named(work.view, work.programme, new), _TOUCH)


def _without(work: Work, proposals: Frame, gone: Frame | None) -> Frame:
    return proposals if gone is None else work.keep(proposals.join(gone, on="id", how="anti"))


def _held(work: Work) -> Frame:
    """Return what waits and is due, with the reason for which it waits."""
    if not work.holds("receipts") or not work.some(work.view.raw["receipts"].filter(nw.col("state") == "held")):
        return _none(work, _HELD)
    receipts = work.view.receipts
    # Few were ever held: only of these the newest receipt is looked for.
    ever = receipts.filter(nw.col("state") == "held").select("touch").unique()
    touches = work.view.having(receipts=receipts.join(ever, on="touch", how="semi")).touches
    held = touches.filter(nw.col("state") == "held", nw.col("due") <= work.run.now)
    if work.scope is not None:
        held = held.join(work.scope.select(recipient=nw.col("member")), on="recipient", how="semi")
    return work.keep(cast_like(held, _HELD))


def _judged(work: Work, given: Sequence[Frame]) -> Frame:
    touches, among = nw.concat([frame.select(*_TOUCH) for frame in given]), None
    if sum(work.size(frame) for frame in given) < _FEW:
        touches = work.keep(touches)
        among = touches.select(member=nw.col("recipient"))
    desk = Desk(work.view, work.programme, work.registry, among)
    work.progress("gate: what concerns one touch")
    numbers, verdicts = by_each(desk, [rule for rule in RULES if not rule.counts], touches)
    _count(work, numbers)
    counted, standing = _counted(work, desk, _without_any(touches, verdicts))
    passed = work.keep(standing.select("id"))
    work.count("gate: passed", passed)
    queued = passed.select("id", state=nw.lit("queued"), reason=nw.lit(""), rule=nw.lit(""))
    return nw.concat([*verdicts, *counted, queued])


def _counted(work: Work, desk: Desk, touches: Frame) -> tuple[list[Frame], Frame]:
    """Ask the rules that look at touches together; return their verdicts, and what stands after them."""
    verdicts: list[Frame] = []
    standing = touches
    for rule in (rule for rule in RULES if rule.counts):
        work.progress(f"gate: {rule.name}")
        numbers, found = by_one(desk, rule, standing)
        _count(work, numbers)
        if found:
            verdicts += found
            ids = work.keep(_without_any(standing.select("id"), found))
            standing = touches.join(ids, on="id", how="semi")
    return verdicts, standing


def _without_any(touches: Frame, verdicts: Sequence[Frame]) -> Frame:
    if not verdicts:
        return touches
    return touches.join(nw.concat([part.select("id") for part in verdicts]), on="id", how="anti")


def _count(work: Work, numbers: dict[str, int]) -> None:
    for rule, number in sorted(numbers.items()):
        work.counts[f"gate: {rule}"] = work.counts.get(f"gate: {rule}", 0) + number


def _none(work: Work, schema: Schema) -> Frame:
    return work.session.engine.frame({name: [] for name in schema}, schema)


def _receipts(work: Work, verdicts: Frame, held: Frame) -> Frame:
    """Return the receipts to write: a touch that is still held for the same reason gets none."""
    news = verdicts
    if work.some(held):
        before = held.select("id", state=nw.lit("held"), _reason=nw.col("reason").fill_null(""))
        both = verdicts.with_columns(_reason=nw.col("reason"))
        news = both.join(before, on=["id", "state", "_reason"], how="anti")
    return cast_like(news.with_columns(touch=nw.col("id"), time=nw.lit(work.run.now)).sort("id"), _RECEIPT)
