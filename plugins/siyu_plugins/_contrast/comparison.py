"""A group of members beside the others: which features, attributes and tags set it apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu.config.expressions import Condition
from siyu.config.units import Share
from siyu.kinds import Frame, doc
from siyu_plugins._contrast import traits
from siyu_plugins._contrast.counting import INSIDE, common, counts, cuts
from siyu_plugins._contrast.significance import Correction, Counts, adjusted
from siyu_plugins._contrast.traits import WHOLE, Trait

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from siyu.view import View

__all__ = ["MILLION", "Comparison", "Contrast", "Driver"]

MILLION = 1_000_000
"""What weights are multiplied with, so that they are whole and add up alike on every engine."""

_HUNDRED_PERCENT = 10_000
# A value at the level itself is a discovery, whatever its last digits were rounded to.
_ALMOST_ONE = 1 + 1e-9
_NUMBERS = (*WHOLE, "real")


@frozen
class Driver:
    """A trait that sets the group apart.

    Attributes:
        trait: The trait.
        counts: Who has it.
        p: The p-value of its test.
        q: The same, corrected for all tests.
    """

    trait: Trait
    counts: Counts
    p: float
    q: float

    @property
    def weight(self) -> int:
        """How much it speaks for belonging to the group: the log ratio of its shares, in millionths."""
        return round(self.counts.log_ratio * MILLION)


@frozen
class Contrast:
    """What a comparison found.

    Attributes:
        members: Those compared: member, ``in:group``, and the columns that were looked at.
        drivers: The traits that set the group apart, the surest first.
        circular: The columns that were left out, since the group is defined by what they are made of.
        group: How many of the members are in the group.
        others: How many are not.
    """

    members: Frame
    drivers: Sequence[Driver]
    circular: Sequence[str]
    group: int
    others: int


@frozen(kw_only=True, slots=False)
class Comparison:
    """What a group is compared by; the base of components that compare."""

    like: Condition = field(metadata=doc("the group: who is meant", example="tag('vip')"))
    among: Condition | None = field(
        default=None, metadata=doc("whom the group is compared with, itself included; all members by default")
    )
    features: tuple[str, ...] = field(
        default=(),
        metadata={
            **doc("the features and attributes to look at; all by default", example=["region"]),
            "refers": "feature",
        },
    )
    tags_: tuple[str, ...] = field(
        default=(), metadata={**doc("the tags to look at; none by default", example=["active"]), "refers": "tag"}
    )
    without: tuple[str, ...] = field(
        default=(),
        metadata={**doc("features and attributes to leave out", example=["birth_year"]), "refers": "feature"},
    )
    definition: Literal["events", "columns"] = field(
        default="events",
        metadata=doc(
            "what is left out, as it defines the group: all made of the same events, or what like reads alone"
        ),
    )
    parts: int = field(default=4, validator=ge(2), metadata=doc("into how many equal parts numbers are cut"))
    values: int = field(default=5, validator=ge(1), metadata=doc("how many of the most common texts are looked at"))
    least_support: int = field(
        default=10, validator=ge(1), metadata=doc("how many members must have a trait for it to be tested")
    )
    least_lift: float = field(
        default=1.2, validator=ge(1.0), metadata=doc("how many times as frequent it must be in the group as among all")
    )
    false_discovery: Share = field(
        default=Share(500), metadata=doc("the share of the drivers that may be due to chance", example="5%")
    )
    correction: Correction = field(
        default="benjamini-yekutieli",
        metadata=doc("for tests that depend on each other in any way, or do so positively (benjamini-hochberg)"),
    )

    @false_discovery.validator
    def _between(self, _attribute: Attribute[Share], value: Share) -> None:
        if not 0 < value.basis_points < _HUNDRED_PERCENT:
            message = f"expected a share between 0% and 100%, as in '5%', not '{value}'"
            raise ValueError(message)

    def contrast(self, view: View) -> Contrast:
        """Compare the group with the others."""
        columns, circular = self._columns(view)
        members = view.keep(self._members(view, columns))
        found = list(self._traits(view, members, columns))
        group, others, counted = counts(view, members, found)
        both = zip(found, counted, strict=True)
        drivers = self._drivers([(trait, each) for trait, each in both if each.support >= self.least_support])
        return Contrast(members, drivers, circular, group, others)

    def _columns(self, view: View) -> tuple[dict[str, str], list[str]]:
        """Return the types of the columns to look at, and those that the group is defined by."""
        known = view.names.columns
        wanted = [name for name in self.features or sorted(known) if name not in self.without]
        kinds = {name: known[name] for name in wanted} | {f"tag:{name}": "tag" for name in self.tags_}
        group = view.origins(*self.like.needs)
        circular = [name for name in kinds if self._decisive(group & view.origins(name))]
        return {name: kind for name, kind in kinds.items() if name not in circular}, circular

    def _decisive(self, shared: frozenset[str]) -> bool:
        return any(self.definition == "events" or not one.startswith("event:") for one in shared)

    def _members(self, view: View, columns: Mapping[str, str]) -> Frame:
        tags = [Condition.parse(f"tag('{name}')") for name in self.tags_]
        profile = view.profile(self.like, self.among, *tags)
        if self.among:
            profile = profile.filter(view.compile(self.among))
        return profile.select("member", view.compile(self.like).alias(INSIDE), *columns)

    def _traits(self, view: View, members: Frame, columns: Mapping[str, str]) -> Iterator[Trait]:
        """Yield all traits of the columns."""
        numbers = {name: kind for name, kind in columns.items() if kind in _NUMBERS}
        for name, found in cuts(view, members, numbers, self.parts).items():
            yield from traits.ranges(name, numbers[name], found, view.names.exponent)
        texts = [name for name, kind in columns.items() if kind == "text"]
        for name, words in common(view, members, texts, self.values).items():
            yield from (traits.value(name, text) for text in words)
        for name, kind in columns.items():
            if kind in ("flag", "tag"):
                yield traits.flag(name) if kind == "flag" else traits.tag(name.removeprefix("tag:"))

    def _drivers(self, tested: Sequence[tuple[Trait, Counts]]) -> list[Driver]:
        values = [each.p for _, each in tested]
        corrected = zip(tested, values, adjusted(values, self.correction), strict=True)
        drivers = [Driver(trait, each, p, q) for (trait, each), p, q in corrected]
        level = self.false_discovery.basis_points / _HUNDRED_PERCENT * _ALMOST_ONE
        sure = [one for one in drivers if one.q <= level and one.counts.lift >= self.least_lift]
        return sorted(sure, key=lambda one: (one.p, -one.counts.lift, one.trait.name))
