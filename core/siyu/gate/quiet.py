"""Quiet hours, in the zone of the member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["quiet"]


def quiet(desk: Desk, touches: Frame) -> Frame | None:
    """A marketing touch waits until the clocks where the member lives are outside the quiet hours, or is skipped.

    A member of no known zone lives where the config says, or, with ``unknown_zone = "strictest"``, in whichever of
    the members' zones it is quiet. One that waits expires at its ``until``, if the hours do not end before.
    """
    gate, brand = desk.programme.gate, desk.programme.brand
    hours = gate.quiet
    marketing = touches.filter(nw.col("purpose") == "marketing")
    lives = desk.view.raw["members"].select(recipient=nw.col("member"), zone=nw.col("zone"))
    clock = (nw.lit(desk.view.now, nw.Int64) + nw.col("offset")) % 86400
    after, before = clock >= hours.start, clock < hours.end
    within = (after & before) if hours.start < hours.end else (after | before)
    zones = desk.view.zones.select("zone", quiet=within)
    known = dict(desk.view.rows(zones))
    somewhere = any(known.values()) if gate.unknown_zone == "strictest" else known[brand.member_zone]
    placed = marketing.join(lives, on="recipient", how="left").join(zones, on="zone", how="left")
    state = "held" if gate.in_quiet == "hold" else "suppressed"
    return verdict(placed.filter(nw.col("quiet").fill_null(value=somewhere)), state, f"quiet hours {hours}")
