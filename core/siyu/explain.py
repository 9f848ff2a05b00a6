"""The trace of one member through every stage: what is known, what was decided, and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import astuple, frozen

from siyu.components import component
from siyu.config.units import Money
from siyu.errors import UserError
from siyu.merges import ties
from siyu.moments import written
from siyu.rights.suppression import ERASED

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["HIDDEN", "Explanation", "Section", "explain", "said"]

_RECENT = 10
_MANY = 100
HIDDEN = "sensitive: not shown"
"""What is shown of a value that is sensitive."""

_COLUMNS = {
    "links": ["time", "kind", "id", "and", "with", "evidence", "state"],
    "tags": ["tag", "value", "score", "evidence", "since", "expires"],
    "tag changes": ["time", "tag", "change", "value", "reason"],
    "journey": ["campaign", "step", "occurrence", "branch", "nominal", "decided"],
    "touches": ["id", "campaign", "step", "content", "channel", "due", "state", "reason", "changed"],
    "consents": ["channel", "purpose", "state", "time", "source", "proof", "basis"],
    "grants": ["time", "incentive", "kind", "item", "amount", "available", "expires", "cause_kind", "cause", "reason"],
    "experiments": ["experiment", "arm", "time"],
    "events": ["time", "type", "entry", "place", "staff", "subject", "ref", "amount"],
}


@frozen
class Section:
    """One stage's part: rows under named columns.

    Attributes:
        stage: The stage of the loop, or the log that the rows are of.
        columns: The columns' names.
        rows: The rows, newest first where they have a time.
    """

    stage: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


@frozen
class Explanation:
    """What is known of a member, stage by stage.

    Attributes:
        member: The member's number, the least of its component.
        ids: All numbers that are this person.
        sections: The stages' parts.
    """

    member: int
    ids: list[int]
    sections: list[Section]


def explain(view: View, programme: Programme, number: int, asked: str = "") -> Explanation:
    """Return the trace of a member; ``asked`` is how a person wrote it, for an error.

    Raises:
        UserError: The log knows no such member.
    """
    member, ids = component(view, number)
    known = view.rows(view.events.filter(nw.col("member") == member).select(nw.len()))[0][0]
    if not known:
        raise UserError(f"no member {asked or number} is known{_why_not(view, programme, number)}")
    sections = [_linked(view, ids), _wide(view, programme, member)]
    sections += [_listed(view, name, frame, member) for name, frame in _parts(view).items()]
    sections.append(_segments(view, programme, member))
    return Explanation(member, ids, [section for section in sections if section.rows])


def _why_not(view: View, programme: Programme, number: int) -> str:
    """Return what is to be said of a member who is not known: that they were erased, where they were."""
    gone = view.raw["suppressions"].filter(nw.col("member") == number, nw.col("origin") == ERASED)
    moment = view.rows(gone.select(nw.col("time").max()))[0][0]
    if moment is not None:
        return f" any more: they were erased on {written(moment, programme.brand.zone)}"
    return "; an outside id is written kind:value, as in the entry's config"


def _parts(view: View) -> dict[str, Frame]:
    return {
        "tags": view.tags,
        "tag changes": view.resolve(view.raw["tag_changes"]),
        "journey": view.steps,
        # As text: an id has more digits than some programs keep of a number.
        "touches": view.touches.rename({"recipient": "member"}).with_columns(nw.col("id").cast(nw.String)),
        "consents": view.consents,
        "grants": view.grants,
        "experiments": view.exposures,
        "events": view.events.drop("time").rename({"second": "time"}),
    }


def _listed(view: View, name: str, frame: Frame, member: int) -> Section:
    columns = _COLUMNS[name]
    rows = view.rows(frame.filter(nw.col("member") == member).select(*columns))
    moment = next((columns.index(one) for one in ("changed", "time", "decided", "since") if one in columns), 0)
    rows.sort(key=lambda row: (row[moment] is None, row[moment]), reverse=True)
    return Section(name, columns, rows[:_RECENT] if name == "events" else rows)


def _linked(view: View, ids: list[int]) -> Section:
    """Return by which links the ids are one person, and which others name them."""
    return Section("links", _COLUMNS["links"], [astuple(tie) for tie in ties(view, ids)][:_MANY])


def _wide(view: View, programme: Programme, member: int) -> Section:
    """Return the attributes and features of the member, one a row."""
    frame = view.members.filter(nw.col("member") == member)
    names = [name for name in frame.collect_schema().names() if ":" not in name]
    values = view.rows(frame.select(*names))
    known = zip(names, values[0], strict=True) if values else ()
    types, exponent = programme.names.columns, programme.brand.exponent
    hidden = {name for name, one in programme.attributes.items() if one.sensitivity == "sensitive"}
    rows = [
        (name, HIDDEN if name in hidden and value is not None else said(value, types.get(name, ""), exponent))
        for name, value in known
    ]
    return Section("features", ["name", "value"], rows)


def said(value: Any, kind: str, exponent: int) -> Any:  # noqa: ANN401 - whatever a feature holds
    """Write money and days as people do."""
    if value is None:
        return None
    if kind == "money":
        return str(Money(value, exponent))
    return (date(1970, 1, 1) + timedelta(days=value)).isoformat() if kind == "day" else value


def _segments(view: View, programme: Programme, member: int) -> Section:
    rows: list[tuple[Any, ...]] = []
    columns = set(view.members.collect_schema().names())
    for name, condition in programme.segments.items():
        if columns.issuperset(need for need in condition.needs if ":" not in need):
            inside = view.rows(view.segment(name).filter(nw.col("member") == member))
            rows.append((name, "yes" if inside else "no", condition.text))
    return Section("segments", ["segment", "in it", "condition"], rows)
