"""Tags for those who resemble a group: by what sets the group apart from the others."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu.config.units import Share
from siyu.frames import row_number
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins._contrast.comparison import Comparison, Contrast
from siyu_plugins._contrast.counting import INSIDE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.view import View
    from siyu_plugins._contrast.comparison import Driver

__all__ = ["LookAlike", "siyu_register_taggers"]

_HUNDRED_PERCENT = 10_000
_TAG = {"member": nw.Int64(), **dict.fromkeys(("tag", "value", "evidence"), nw.String()), "score": nw.Float64()}


@frozen(kw_only=True)
class LookAlike(Comparison, Tagger):
    """Tags the members outside a group who resemble it most, by what sets the group apart.

    The group (``like``) is compared with the others: for each feature and attribute that holds numbers, cut into
    ``parts`` at the quantiles of all; for the most common ``values`` of each that holds text; for flags, and for the
    ``tags`` named. What is significantly more frequent in the group is a driver. The test is Fisher's exact one, with
    a correction for the number of tests, so that at most ``false_discovery`` of the drivers are expected to be due
    to chance. Where nothing is a driver, nobody is tagged. The metric ``drivers`` shows them.

    Left out is what would go round in a circle: whatever the group is defined by. That is what ``like`` reads,
    directly or through segments and the conditions of tags; with ``definition = "events"`` also all else that is
    made of the same events, as the number of orders where the group is those who spent much. A tag that comes of no
    condition, as those of ``rfm``, is made of the event types that its tagger's config names. It is left out also
    where ``features`` or ``tags`` name it. What siyu cannot know of is left out by ``without``.

    The score of a member is the sum of the drivers' weights that they have (the logarithm of how many times as
    likely it is for one of the group, as in a naive Bayes classifier), as a part of the greatest that one can have.
    The tag goes to the first ``reach`` of the members outside the group, and only where the score is ``at_least`` so
    much and above 0; members of equal scores follow each other by id. Its value is the part of the reach that the
    member is in, from 1 for the most alike up to ``bands``, or empty without bands; its evidence the drivers that
    the member has, the surest first. Drivers that say the same of a member add up nevertheless, so a score ranks
    members, and is no probability.

    ```toml
    [tagger.like-vip]
    use = "look-alike"
    like = "tag('vip')"
    among = "days_since('joined') > 30"
    tags = ["active"]
    reach = "5%"
    ```
    """

    scope: ClassVar[Literal["member", "population"]] = "population"

    reach: Share = field(
        default=Share(500), metadata=doc("the share of those outside the group that is tagged at most", example="5%")
    )
    at_least: Share = field(default=Share(0), metadata=doc("the least score of a member who is tagged", example="50%"))
    bands: int = field(default=1, validator=ge(1), metadata=doc("into how many values the reach is parted"))

    @reach.validator
    def _somebody(self, _attribute: Attribute[Share], value: Share) -> None:
        if not value.basis_points:
            message = "expected a share above 0%, as in '5%': nobody could be tagged"
            raise ValueError(message)

    def tags(self, view: View) -> Frame:
        """Return one row for each member who is tagged: member, tag, value, score, evidence."""
        contrast = self.contrast(view)
        places = contrast.others * self.reach.basis_points // _HUNDRED_PERCENT
        if not contrast.drivers or not places:
            return view.table(dict.fromkeys(_TAG, ()), _TAG)
        greatest = _greatest(contrast.drivers)
        scored = view.keep(self._scored(contrast, greatest))
        placed = row_number(scored, [], ["-weight", "member"], "place").filter(nw.col("place") <= places)
        band = ((nw.col("place") - 1) * self.bands // places + 1).cast(nw.Int64) if self.bands > 1 else nw.lit(None)
        return placed.select("member", "evidence", _score(greatest), tag=nw.lit(self.name), value=band.cast(nw.String))

    def _scored(self, contrast: Contrast, greatest: int) -> Frame:
        """Return the members outside the group whose score is high enough: member, weight, evidence."""
        outside = contrast.members.filter(~nw.col(INSIDE))
        scored = outside.select("member", _weight(contrast.drivers), _evidence(contrast.drivers))
        enough = nw.col("weight") * _HUNDRED_PERCENT >= greatest * self.at_least.basis_points
        return scored.filter(enough, nw.col("weight") > 0)


def _weight(drivers: Sequence[Driver]) -> nw.Expr:
    weights = (nw.when(one.trait.holds).then(nw.lit(one.weight, nw.Int64)).otherwise(0) for one in drivers)
    return reduce(add, weights).cast(nw.Int64).alias("weight")


def _evidence(drivers: Sequence[Driver]) -> nw.Expr:
    words = (nw.when(one.trait.holds).then(nw.lit(one.trait.condition)) for one in drivers)
    return nw.concat_str(*words, separator="; ", ignore_nulls=True).alias("evidence")


def _greatest(drivers: Sequence[Driver]) -> int:
    """Return the greatest weight that a member can have: one trait of each column."""
    best: dict[str, int] = {}
    for one in drivers:
        best[one.trait.column] = max(one.weight, best.get(one.trait.column, 0))
    return sum(best.values())


def _score(greatest: int) -> nw.Expr:
    weight = nw.col("weight")
    # Polars multiplies by the reciprocal of a plain number, which differs in the last digit; by a column it divides.
    return (weight.cast(nw.Float64) / (weight * 0 + greatest).cast(nw.Float64)).alias("score")


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``look-alike``."""
    return {"look-alike": LookAlike}
