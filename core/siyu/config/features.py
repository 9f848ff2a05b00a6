"""Features: a number, a day or a word per member over a window."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

from attrs import field, frozen

from siyu.config._words import closest
from siyu.config.expressions import Condition
from siyu.config.units import DAY, Duration
from siyu.kinds import doc

__all__ = ["AGGREGATES", "COLUMNS", "EVENT_COLUMNS", "Aggregate", "Feature"]

Aggregate: TypeAlias = Literal[
    "count", "sum", "mean", "min", "max", "distinct", "first", "last", "top", "share", "rate", "trend", "days_since"
]

AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)
COLUMNS = ("amount", "quantity", "subject", "place", "ref", "staff", "entry", "day")
EVENT_COLUMNS = {
    **dict.fromkeys(("entry", "place", "staff", "subject", "ref"), "text"),
    "amount": "money",
    "quantity": "integer",
    "day": "day",
}
"""What ``where`` may name, with its type in conditions."""

_NUMBERS = ("amount", "quantity")
_TEXTS = ("subject", "place", "ref", "staff", "entry")
_TAKES: dict[Aggregate, tuple[str, ...]] = {
    "sum": _NUMBERS,
    "mean": _NUMBERS,
    "min": (*_NUMBERS, "day"),
    "max": (*_NUMBERS, "day"),
    "distinct": COLUMNS,
    "top": _TEXTS,
    "share": _NUMBERS,
    "trend": _NUMBERS,
}
# These take a column or, to count events, none.
_EITHER = ("share", "trend")
_TYPES = {"amount": "money", "quantity": "integer", "day": "day", "": "integer"}
_OF = {"count": "integer", "distinct": "integer", "days_since": "integer", "first": "day", "last": "day"} | {
    "top": "text",
    "share": "real",
    "rate": "real",
}
_HALVES = 2


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
    top: str | None = _of("the most frequent value of a column; of several the first by name", "ordered.subject")
    share: str | None = _of(
        "the part of a column's sum, or of the events, that the filters leave, from 0 to 1", "ordered.amount"
    )
    rate: str | None = _of("events of a type for each event of the type that 'of' names", "read")
    trend: str | None = _of(
        "a column's sum, or the events, in the later half of the window, less those in the earlier half",
        "ordered.amount",
    )
    days_since: str | None = _of("the days since the last event of a type", "ordered")
    of: str | None = _of("of a rate, the events that it is divided by", "delivered")
    window: Literal["lifetime"] | Duration = field(
        default="lifetime", metadata=doc("the days that count, today included", unit="whole days", example="90d")
    )
    entry: str | None = field(default=None, metadata=doc("only events that came in at this entry", example="shop"))
    subject: str | None = field(default=None, metadata=doc("only events about this", example="green tea"))
    place: str | None = field(default=None, metadata=doc("only events at this place", example="store-1"))
    where: Condition | None = field(
        default=None,
        metadata=doc(f"only events that meet this, over their {', '.join(EVENT_COLUMNS)}", example="amount >= '50.00'"),
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what no feature can be made of.

        Raises:
            ValueError: There is not exactly one aggregate, it takes no such column, it lacks what it needs, or the
                window is no whole days.
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
        self._check_needs()

    def _check_column(self) -> None:
        takes = _TAKES.get(self.aggregate, ())
        if self.column in takes or (not self.column and (not takes or self.aggregate in _EITHER)):
            return
        example = f"{self.aggregate} = '{self.event}{'.' + takes[0] if takes else ''}'"
        hint = closest(self.column, takes)
        message = f"{self.aggregate} takes an event type{' and a column' if takes else ' alone'}, as in {example}"
        message += f" ({', '.join(takes)})" if takes else ""
        raise ValueError(f"{message}; {hint}" if hint else message)

    def _check_needs(self) -> None:
        flaws = {
            "rate needs the events that it is divided by, as in of = 'delivered'": self.rate and not self.of,
            "'of' belongs to a rate": self.of and not self.rate,
            "share needs a filter, as in subject = 'green tea'": self.share and not self.filtered,
            "trend needs a window of an even number of days, as in '60d'": self.trend and (self.days or 1) % _HALVES,
        }
        for message, found in flaws.items():
            if found:
                raise ValueError(message)

    @property
    def aggregate(self) -> Aggregate:
        """Which aggregate it is."""
        return next(name for name in AGGREGATES if getattr(self, name) is not None)

    @property
    def event(self) -> str:
        """The type of the events that it looks at."""
        return self._asked.partition(".")[0]

    @property
    def column(self) -> str:
        """The column of ``events`` that it looks at; empty where it takes none."""
        return self._asked.partition(".")[2]

    @property
    def days(self) -> int | None:
        """The length of its window in days; None for a lifetime."""
        return self.window.days if isinstance(self.window, Duration) else None

    @property
    def filtered(self) -> bool:
        """Whether it looks at some events of its type only."""
        return any(one is not None for one in (self.entry, self.subject, self.place, self.where))

    @property
    def type(self) -> str:
        """Its type in conditions: ``integer``, ``money``, ``real``, ``text`` or ``day``."""
        if self.aggregate == "mean" and self.column == "quantity":
            return "real"
        return _OF.get(self.aggregate) or _TYPES[self.column]

    @property
    def _asked(self) -> str:
        return str(getattr(self, self.aggregate))
