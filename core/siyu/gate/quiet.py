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
    clock = (nw.lit(desk.view.now, nw.Int64) + nw.col("offset")) % 86400
    after, before = clock >= hours.start, clock < hours.end
    within = (after & before) if hours.start < hours.end else (after | before)
    known = dict(desk.view.rows(desk.view.zones.select("zone", quiet=within)))
    somewhere = any(known.values()) if gate.unknown_zone == "strictest" else known[brand.member_zone]
    # Whoever is not known to live elsewhere has the clocks of most, so that only the others are looked up.
    others = sorted(zone for zone, quiet in known.items() if quiet != somewhere)
    if not others and not somewhere:
        return None
    lives = desk.view.raw["members"].filter(nw.col("zone").is_in(others)).select(recipient=nw.col("member"))
    found = marketing.join(lives, on="recipient", how="anti" if somewhere else "semi") if others else marketing
    state = "held" if gate.in_quiet == "hold" else "suppressed"
    return verdict(found, state, f"quiet hours {hours}")
