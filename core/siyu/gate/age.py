"""The age gate: from which age on members get marketing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["underage"]


def underage(desk: Desk, touches: Frame) -> Frame | None:
    """A marketing touch is suppressed for those who may be too young: only years of birth are kept.

    Whoever turns the least age in the course of this year counts as younger until it is over.
    """
    age = desk.programme.gate.age
    if age is None:
        return None
    latest = datetime.fromtimestamp(desk.view.now, UTC).year - age.least - 1
    known = desk.view.raw["members"].select(recipient=nw.col("member"), birth_year=nw.col("birth_year"))
    marketing = touches.filter(nw.col("purpose") == "marketing").join(known, on="recipient", how="left")
    young = verdict(marketing.filter(nw.col("birth_year") > latest), "suppressed", f"younger than {age.least}")
    if age.unknown == "allow":
        return young
    unknown = verdict(marketing.filter(nw.col("birth_year").is_null()), "suppressed", "the age is not known")
    return nw.concat([young, unknown])
