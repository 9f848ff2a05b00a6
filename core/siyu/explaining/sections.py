"""A touch for a colleague: all that is told of it, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import astuple

from siyu.config.units import Money
from siyu.explain import HIDDEN, Section, said
from siyu.moments import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from siyu.config.programme import Programme
    from siyu.events import EventType
    from siyu.explaining.conditions import Judged
    from siyu.explaining.touch import Row, Told

__all__ = ["sections"]

_INTENT = ("campaign", "edition", "step", "occurrence", "arm", "slot", "offer", "channel", "purpose", "priority")
_RULING = ["rule", "verdict", "since", "until", "reason"]


def sections(told: Told, programme: Programme, events: Mapping[str, EventType]) -> list[Section]:
    """Return the parts that have something to tell; moments are written in the brand's zone, amounts as money."""
    zone, exponent = programme.brand.zone, programme.brand.exponent

    def rows(name: str, given: Sequence[Row], *columns: str) -> Section:
        return Section(name, list(columns), [tuple(_shown(one, column, zone) for column in columns) for one in given])

    found = [
        Section("touch", ["what", "value"], list(_touch(told, zone))),
        rows("what started it", [_priced(one, events, exponent) for one in told.started], *_event(told.started)),
        Section("what had to hold", ["of", "condition", "held"], [_condition(one) for one in told.conditions]),
        Section("what it was judged by", ["name", "value then"], list(_values(told, programme))),
        rows("tags then", told.tags, "tag", "value", "evidence", "since"),
        rows("what else was looked at", [_priced(one, events, exponent) for one in told.events], *_event(told.events)),
        rows("steps of this round", told.steps, "step", "branch", "nominal", "decided"),
        rows("consents then", told.consents, "channel", "purpose", "state", "time", "source", "proof", "basis"),
        Section("the gate, rule by rule", _RULING, [_dated(astuple(one), zone) for one in told.rulings]),
        rows("receipts", told.receipts, "time", "state", "reason", "rule", "provider_id", "run"),
        rows("what came with it", told.grants, "time", "incentive", "kind", "item", "amount", "expires", "reason"),
    ]
    return [section for section in found if section.rows]


def _touch(told: Told, zone: str) -> Iterator[tuple[str, Any]]:
    touch, run = told.touch, told.run
    yield "id", str(touch["id"])
    if told.erased is not None:
        yield "recipient", f"erased on {written(told.erased, zone)}: nothing is left that says who it was"
    else:
        yield "recipient", f"{touch['recipient_kind']} {touch['recipient']}"
    yield "decided by", f"{run.kind} {run.id} of {run.actor} at {written(run.now, zone)}, seq up to {run.watermark}"
    yield "config", f"{run.config[:12]}, {'which is still in force' if told.current else 'which was changed since'}"
    yield from ((name, touch[name]) for name in _INTENT if touch[name] is not None)
    if told.arm:
        share = told.campaign.get("holdout", "a share that is not known any more")
        yield "experiment", f"{told.arm['arm']} since {written(told.arm['time'], zone)}; held out: {share}"
    if touch["sender"]:
        yield "sender", touch["sender"]
    yield "due", written(touch["due"], zone)
    yield "until", written(touch["until"], zone)
    yield "content", f"{touch['content'] or 'none fitted'} {touch['content_version'] or ''}".strip()
    if told.words is not None:
        yield "words", " / ".join(part for part in told.words if part)


def _condition(one: Judged) -> tuple[str, str, str]:
    words = {True: "yes", False: "no", None: "cannot be told: the config means something else by it today"}
    return one.where, one.text, words[one.holds]


def _values(told: Told, programme: Programme) -> Iterator[tuple[str, Any]]:
    hidden = {name for name, one in programme.attributes.items() if one.sensitivity == "sensitive"}
    known = {name: value for one in told.conditions for name, value in one.values.items()} | dict(told.attributes)
    for name, value in sorted(known.items()):
        kind = "day" if name.startswith("last:") else programme.names.columns.get(name, "")
        shown = HIDDEN if name in hidden and value is not None else said(value, kind, programme.brand.exponent)
        yield name, {True: "yes", False: "no"}.get(shown, shown) if isinstance(shown, bool) else shown


def _event(rows: Sequence[Row]) -> list[str]:
    return [name for name in (rows[0] if rows else ()) if any(row[name] is not None for row in rows)]


def _priced(row: Row, events: Mapping[str, EventType], exponent: int) -> Row:
    amount = row["amount"]
    money = amount is not None and row["type"] in events and events[row["type"]].money
    return {**row, "amount": str(Money(amount, exponent))} if money else row


def _dated(row: tuple[Any, ...], zone: str) -> tuple[Any, ...]:
    return tuple(written(one, zone) if isinstance(one, int) and one is not None else one for one in row)


_MOMENTS = {"time", "since", "nominal", "decided", "expires"}


def _shown(row: Row, column: str, zone: str) -> Any:  # noqa: ANN401 - whatever a log has
    value = row[column]
    return written(value, zone) if column in _MOMENTS and value is not None else value
