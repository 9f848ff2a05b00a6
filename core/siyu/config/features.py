"""Features: a number, or a day, per member over a window."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from siyu.config._words import closest
from siyu.config.units import DAY, Duration
from siyu.kinds import doc

__all__ = ["AGGREGATES", "COLUMNS", "Aggregate", "Feature"]

Aggregate: TypeAlias = Literal["count", "sum", "mean", "min", "max", "distinct", "first", "last"]

AGGREGATES: tuple[Aggregate, ...] = ("count", "sum", "mean", "min", "max", "distinct", "first", "last")
COLUMNS = ("amount", "quantity", "subject", "place", "ref", "day")
_TAKES: dict[Aggregate, tuple[str, ...]] = {
    "count": (),
    "sum": ("amount", "quantity"),
    "mean": ("amount", "quantity"),
    "min": ("amount", "quantity", "day"),
    "max": ("amount", "quantity", "day"),
    "distinct": COLUMNS,
    "first": (),
    "last": (),
}
_TYPES = {"amount": "money", "quantity": "integer", "day": "day"}


def _of(text: str, example: str) -> Any:  # noqa: ANN401 - as attrs.field
    return field(default=None, metadata=doc(text, example=example))


@frozen(kw_only=True)
class Feature:
    """One feature: ``[feature] spend_90d = { sum = "ordered.amount", window = "90d" }``.

    Exactly one of the aggregates is given, as an event type or as a type and a column of ``events``.
    """

    count: str | None = _of("counts the events of a type", "ordered")
    sum: str | None = _of("adds up a column", "ordered.amount")
    mean: str | None = _of("the mean of a column, in whole minor units where it is money", "ordered.amount")
    min: str | None = _of("the least value of a column", "ordered.amount")
    max: str | None = _of("the greatest value of a column", "ordered.amount")
    distinct: str | None = _of("counts the different values of a column", "ordered.place")
    first: str | None = _of("the day of the first event of a type", "ordered")
    last: str | None = _of("the day of the last event of a type", "ordered")
    window: Literal["lifetime"] | Duration = field(
        default="lifetime", metadata=doc("the days that count, today included", unit="whole days", example="90d")
    )
    entry: str | None = field(default=None, metadata=doc("only events that came in at this entry", example="shop"))
    subject: str | None = field(default=None, metadata=doc("only events about this", example="green tea"))
    place: str | None = field(default=None, metadata=doc("only events at this place", example="store-1"))

    def __attrs_post_init__(self) -> None:
        """Refuse what no feature can be made of.

        Raises:
            ValueError: There is not exactly one aggregate, it takes no such column, or the window is no whole days.
        """
        given = [name for name in AGGREGATES if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"not {' and '.join(given)}" if given else "and there is none"
            message = f"expected exactly one of {', '.join(AGGREGATES)}, {found}"
            raise ValueError(message)
        self._check_column()
        if isinstance(self.window, Duration) and (self.window.seconds % DAY or not self.window.seconds):
            message = f"expected a window of whole days, as in '90d', not '{self.window}'"
            raise ValueError(message)

    def _check_column(self) -> None:
        takes = _TAKES[self.aggregate]
        if self.column in takes or (not self.column and not takes):
            return
        example = f"{self.aggregate} = '{self.event}{'.' + takes[0] if takes else ''}'"
        hint = closest(self.column, takes)
        message = f"{self.aggregate} takes an event type{' and a column' if takes else ' alone'}, as in {example}"
        message += f" ({', '.join(takes)})" if takes else ""
        raise ValueError(f"{message}; {hint}" if hint else message)

    @property
    def aggregate(self) -> Aggregate:
        """Which aggregate it is."""
        return next(name for name in AGGREGATES if getattr(self, name) is not None)

    @property
    def event(self) -> str:
        """The type of the events that it looks at."""
        return self._of.partition(".")[0]

    @property
    def column(self) -> str:
        """The column of ``events`` that it looks at; empty where it takes none."""
        return self._of.partition(".")[2]

    @property
    def days(self) -> int | None:
        """The length of its window in days; None for a lifetime."""
        return self.window.days if isinstance(self.window, Duration) else None

    @property
    def type(self) -> str:
        """Its type in conditions: ``integer``, ``money``, ``real`` or ``day``."""
        if self.aggregate in ("count", "distinct"):
            return "integer"
        if self.aggregate in ("first", "last"):
            return "day"
        if self.aggregate == "mean" and self.column == "quantity":
            return "real"
        return _TYPES[self.column]

    @property
    def _of(self) -> str:
        return str(getattr(self, self.aggregate))
