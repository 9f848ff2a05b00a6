"""All that is known of a person, every table explained, in a form that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import frozen

from siyu.components import component
from siyu.errors import UserError
from siyu.moments import written
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.config.privacy import Attribute, Field
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["Export", "Part", "exported"]

_ENDS = {"links": ("a", "b"), "touches": ("recipient",)}
# What is of a person by way of another row of theirs: the column, and the table whose ids it names.
_BY = {"items": ("event", "events"), "receipts": ("touch", "touches")}
_ASIDE = {"suppressions", "accesses"}


@frozen
class Part:
    """One table of an export.

    Attributes:
        about: What one row of the table is.
        columns: The columns' names and types.
        rows: The person's rows, each by column.
    """

    about: str
    columns: dict[str, str]
    rows: list[dict[str, Any]]


@frozen
class Export:
    """All that is known of a person.

    Attributes:
        brand: The brand.
        member: The person's number, the least of their ids.
        ids: All numbers that are this person.
        moment: When it was exported.
        units: How numbers are to be read.
        purposes: What each declared field and attribute is kept for, and for how long.
        tables: Every table that holds anything of people, those without a row of this person too.
        without: The tables that hold nothing of people, and what they hold.
    """

    brand: str
    member: int
    ids: list[int]
    moment: str
    units: dict[str, str]
    purposes: dict[str, dict[str, str]]
    tables: dict[str, Part]
    without: dict[str, str]


def exported(work: Work, number: int, asked: str) -> Export:
    """Return all that the store holds of a person, under all their ids; addresses are in clear text.

    Raises:
        UserError: Nothing is known of them.
    """
    programme, view = work.programme, work.view
    member, ids = component(view, number)
    found = {name: _part(work, name, ids) for name in TABLES if _columns(name)}
    if not any(part.rows for name, part in found.items() if name not in _ASIDE):
        raise UserError(f"nothing is known of {asked}; an outside id is written kind:value, as in the entry's config")
    return Export(
        brand=programme.brand.name,
        member=member,
        ids=ids,
        moment=written(work.run.now, programme.brand.zone),
        units=_units(programme),
        purposes=_purposes(programme),
        tables=found,
        without={name: table.doc for name, table in TABLES.items() if name not in found},
    )


def _columns(name: str) -> Sequence[str]:
    """Return the columns by which a table's rows are of a person; none where they are of nobody."""
    if name in _BY:
        return (_BY[name][0],)
    return _ENDS.get(name, ("member",) if "member" in TABLES[name].columns else ())


def _part(work: Work, name: str, ids: Sequence[int]) -> Part:
    view, frame = work.view, work.session.table(name)
    some = view.table({"_of": list(ids)}, {"_of": nw.Int64()})
    if name in _BY:
        column, owner = _BY[name]
        (end,) = _columns(owner)
        rows = work.session.table(owner).join(some, left_on=end, right_on="_of", how="semi").select(_of=nw.col("id"))
        mine = frame.join(rows.unique(), left_on=column, right_on="_of", how="semi")
    else:
        mine = _whose(frame, some, _columns(name))
    names = frame.collect_schema().names()
    told = [dict(zip(names, row, strict=True)) for row in view.rows(mine)]
    told.sort(key=lambda row: row.get("seq", 0))
    if name == "addresses":
        told = [row | {"value": work.session.vault.opened(row["member"], row["kind"], row["value"])} for row in told]
    return Part(TABLES[name].doc, {one: str(dtype) for one, dtype in frame.collect_schema().items()}, told)


def _whose(frame: Frame, some: Frame, columns: Sequence[str]) -> Frame:
    found = frame.join(some, left_on=columns[0], right_on="_of", how="semi")
    for column in columns[1:]:
        rest = frame.join(some, left_on=columns[0], right_on="_of", how="anti")
        found = nw.concat([found, rest.join(some, left_on=column, right_on="_of", how="semi")])
    return found


def _units(programme: Programme) -> dict[str, str]:
    brand = programme.brand
    return {
        "ids": "member, recipient, id, event, touch: numbers that outside ids and facts are hashed to",
        "moments": "second, since, until, due and the like: seconds since 1970-01-01 UTC",
        "days": f"days since 1970-01-01 in {brand.zone}",
        "amounts": f"{brand.currency} with {brand.exponent} decimals left out, where an amount is money",
        "flags and segments": "yes or no, one bit each; the words are in tag_changes",
    }


def _purposes(programme: Programme) -> dict[str, dict[str, str]]:
    told = {}
    declared: list[tuple[str, Attribute | Field]] = [*programme.attributes.items(), *programme.fields.items()]
    for name, one in declared:
        keep = "for ever" if one.keep is None else str(one.keep)
        told[name] = {"purpose": one.purpose, "sensitivity": one.sensitivity, "kept": keep}
    return told
