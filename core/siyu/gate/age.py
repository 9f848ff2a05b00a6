"""The age gate: from which age on members get marketing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict

if TYPE_CHECKING:
    from siyu.config.tables import Age
    from siyu.kinds import Frame

__all__ = ["underage"]


def underage(desk: Desk, touches: Frame) -> Frame | None:
    """A marketing touch is suppressed for those who may be too young: only years of birth are kept.

    Whoever turns the least age in the course of this year counts as younger until it is over. The least age is that
    of the member's region, or of the brand's where they state none; where neither is known it is the greatest.
    """
    age = desk.programme.gate.age
    if age is None:
        return None
    year = datetime.fromtimestamp(desk.view.now, UTC).year
    known = desk.view.raw["members"].select("birth_year", "region", recipient=nw.col("member"))
    meant = touches.filter(nw.col("purpose") == "marketing", nw.col("recipient_kind") == "member")
    marketing = meant.join(known, on="recipient", how="left")
    limited = marketing.with_columns(_least=_least(age, desk.programme.brand.region))
    words = nw.concat_str(nw.lit("younger than "), nw.col("_least").cast(nw.String))
    young = verdict(limited.filter(nw.col("birth_year") > year - nw.col("_least") - 1), "suppressed", words)
    if age.unknown == "allow":
        return young
    unknown = verdict(marketing.filter(nw.col("birth_year").is_null()), "suppressed", "the age is not known")
    return nw.concat([young, unknown])


def _least(age: Age, home: str) -> nw.Expr:
    """Return the least age by ``region``."""
    region = nw.col("region").fill_null(home)
    found = nw.when(region == "").then(nw.lit(age.greatest, nw.Int64)).otherwise(nw.lit(age.least, nw.Int64))
    for name, least in sorted(age.regions.items()):
        found = nw.when(region == name).then(nw.lit(least, nw.Int64)).otherwise(found)
    return found
