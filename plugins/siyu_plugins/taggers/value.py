"""Tags by what members are worth: deciles of net spend, or any other number of parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.units import DAY, Duration
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins.taggers._checks import whole_days
from siyu_plugins.taggers._scores import scored
from siyu_plugins.taggers._spend import spending

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.view import View

__all__ = ["Value", "siyu_register_taggers"]

_FEWEST, _MOST = 2, 100
_NUMBERS = ("orders", "given", "taken", "money")


@frozen(kw_only=True)
class Value(Tagger):
    """Parts members by what they spent in the window, less what was refunded in it: deciles, unless told otherwise.

    Each member has one tag: the component's own name and the number of the part, from 1 for the least net spend to
    ``bins`` for the most, or that part's name in ``names``. The tag's value and score are that number, its evidence
    the net spend, in minor units, and what it is made of.

    Parted are members with a net spend above nothing. Those with none, or with more refunded in the window than
    bought, are ``others``: without a tag; or all of them in the lowest part, which leaves the parts of those who
    spent as they were; or scored with the rest, which in an audience of mostly silent members fills the lower parts
    with them.

    By ``rank``, parts have equally many members; ``ties`` says how equal spends are ranked. By ``value``, they are
    parted at linear quantiles of the net spend: a member's part is 1 and one more for each cut that the spend exceeds.

    ```toml
    [tagger.decile]
    use = "value"
    window = "365d"
    ```
    """

    scope: ClassVar[Literal["member", "population"]] = "population"

    window: Duration = field(
        default=Duration(365 * DAY),
        validator=whole_days,
        metadata=doc("the days up to the run's that count, that day included", unit="days"),
    )
    event: str = field(default="ordered", metadata={**doc("the event that is an order"), "refers": "event"})
    refunds: bool = field(default=True, metadata=doc("whether refunds in the window lessen the spend"))
    bins: int = field(default=10, metadata=doc("how many parts there are, 2 to 100", example=4))
    by: Literal["rank", "value"] = field(
        default="rank",
        metadata=doc("parts of equally many members (rank), or between quantiles of the spend (value)"),
    )
    ties: Literal["member", "same"] = field(
        default="member",
        metadata=doc("by rank: members of equal spend follow each other by id (member), or all share the least rank"),
    )
    others: Literal["untagged", "lowest", "scored"] = field(
        default="untagged", metadata=doc("what becomes of members with no net spend")
    )
    names: tuple[str, ...] = field(
        default=(),
        metadata=doc("the tags, from the least spend to the most", example=["bronze", "silver", "gold", "jade"]),
    )

    @bins.validator
    def _several(self, _attribute: Attribute[int], value: int) -> None:
        if not _FEWEST <= value <= _MOST:
            message = f"expected 2 to 100 parts, as in bins = 10, not {value}"
            raise ValueError(message)

    @names.validator
    def _one_each(self, _attribute: Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
        if value and (len(set(value)) != self.bins or len(value) != self.bins or not all(value)):
            message = f"expected {self.bins} different names, one for each of the parts, not {list(value)}"
            raise ValueError(message)

    @property
    def gives(self) -> Sequence[str]:
        """The tags, from the least spend to the most."""
        return self.names or tuple(f"{self.name}-{part}" for part in range(1, self.bins + 1))

    def facts(self) -> Mapping[str, object]:
        """State that the upper half of the parts is of high value."""
        return {"valuable_tags": tuple(self.gives[(self.bins + 1) // 2 :])}

    def tags(self, view: View) -> Frame:
        """Return one row for each member who is in a part: member, tag, value, score, evidence."""
        spent = view.keep(self._spent(view))
        parted = spent if self.others == "scored" else spent.filter(nw.col("money") > 0)
        parts = scored(parted, "money", "part", bins=self.bins, by=self.by, ties=self.ties)
        if self.others == "lowest":
            lowest = spent.filter(nw.col("money") <= 0).with_columns(part=nw.lit(1, nw.Int64))
            columns = ["member", *_NUMBERS, "part"]
            parts = nw.concat([parts.select(*columns), lowest.select(*columns)])
        named = view.table(
            {"part": range(1, self.bins + 1), "tag": self.gives}, {"part": nw.Int64(), "tag": nw.String()}
        )
        value, score = nw.col("part").cast(nw.String), nw.col("part").cast(nw.Float64)
        return parts.join(named, on="part", how="inner").select(
            "member", "tag", value=value, score=score, evidence=_evidence()
        )

    def _spent(self, view: View) -> Frame:
        """Return member, orders, given, taken, money: all members, or those with orders or refunds."""
        sums = spending(view, self.event, self.window, refunds=self.refunds).select("member", *_NUMBERS)
        if self.others == "untagged":
            return sums
        known = view.members.select("member").join(sums, on="member", how="left")
        return known.with_columns(nw.col(*_NUMBERS).fill_null(0))


def _evidence() -> nw.Expr:
    named = {"net": "money", "orders": "orders", "bought": "given", "refunded": "taken"}
    parts = [nw.concat_str(nw.lit(f"{word} "), nw.col(column).cast(nw.String)) for word, column in named.items()]
    return nw.concat_str(*parts, separator=", ")


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``value``."""
    return {"value": Value}
