"""Campaigns and channels that a person stopped."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest
from siyu.gate.rule import Desk, verdict

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["stopped", "targets"]


def targets(view: View) -> Frame:
    """Return what is stopped now: target (``campaign:NAME``, ``channel:NAME`` or ``all``), reason."""
    ordered = view.raw["controls"].filter(nw.col("action").is_in(["stop", "resume"]))
    newest = latest(ordered, ["target"], ["seq"]).filter(nw.col("action") == "stop")
    return newest.select("target", reason=nw.concat_str(nw.lit("stopped by "), nw.col("actor").fill_null("somebody")))


def stopped(desk: Desk, touches: Frame) -> Frame | None:
    """A touch waits while its campaign, its channel, or everything is stopped."""
    if not desk.some(desk.view.raw["controls"]):
        return None
    halted = dict(desk.view.rows(targets(desk.view)))
    if not halted:
        return None
    reason = nw.lit(None, nw.String())
    # Of several that stop it, the alphabetically first reason is given.
    for target, words in sorted(halted.items(), key=itemgetter(1), reverse=True):
        reason = nw.when(_meant(target)).then(nw.lit(words)).otherwise(reason)
    return verdict(touches.with_columns(_reason=reason).filter(~nw.col("_reason").is_null()), "held", nw.col("_reason"))


def _meant(target: str) -> nw.Expr:
    column, _, name = target.partition(":")
    return nw.col(column) == name if name else ~nw.col("id").is_null()
