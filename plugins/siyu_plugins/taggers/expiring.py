"""Tags members with something that expires soon, so that a campaign can remind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.units import DAY, Duration
from siyu.frames import total
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins.incentives._lots import left_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.view import View

__all__ = ["Expiring", "siyu_register_taggers"]


@frozen(kw_only=True)
class Expiring(Tagger):
    """Tags members of whose points, or of what else a ledger counts in lots, some expire soon.

    The value, and the score, is how many; the evidence says until when the first of them can be used. The tag ends
    with the last of them, and when they are used. What can not be used yet counts as well, and debts do not.

    ```toml
    [tagger.points-expiring]
    use = "expiring"
    of = "points"
    within = "30d"
    ```
    """

    of: str = field(metadata={**doc("the incentive whose lots are meant", example="points"), "refers": "incentive"})
    within: Duration = field(default=Duration(30 * DAY), metadata=doc("how long before they expire", example="14d"))
    least: int = field(default=1, metadata=doc("how many must expire", example=100))

    @least.validator
    def _check_least(self, _: Attribute[int], value: int) -> None:
        if value < 1:
            message = f"expected 1 or more, not {value}"
            raise ValueError(message)

    def tags(self, view: View) -> Frame:
        """Return the tag: member, tag, value, score, evidence, expires."""
        left = left_of(view.grants.filter(nw.col("incentive") == self.of)).filter(nw.col("amount") > 0)
        ahead = nw.col("expires") - view.now
        soon = left.filter(ahead > 0, ahead <= self.within.seconds)
        sums = soon.group_by("member").agg(
            total("amount"), first=nw.col("expires").min(), expires=nw.col("expires").max()
        )
        ends_in = ((nw.col("first") - view.now) // DAY).cast(nw.String)
        said = nw.concat_str(nw.lit(f"of {self.of}, the first in "), ends_in, nw.lit(" d"))
        return sums.filter(nw.col("amount") >= self.least).select(
            "member",
            "expires",
            tag=nw.lit(self.name),
            value=nw.col("amount").cast(nw.String),
            score=nw.col("amount").cast(nw.Float64),
            evidence=nw.concat_str(nw.col("amount").cast(nw.String), nw.lit(" "), said),
        )


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``expiring``."""
    return {"expiring": Expiring}
