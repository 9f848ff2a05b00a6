"""What one column of a file holds: how much of it is filled, of what type, from where to where."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import frozen

from siyu.audit.roles import OPEN, PERSONAL, likely

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.audit.reading import Reader
    from siyu.kinds import Frame

__all__ = ["DECIMALS", "Column", "column"]

DECIMALS = 4
"""With how many decimals numbers are read."""

_MOST = 0.95
_SOME = 0.8
_FEW = 12
_PHONE = r"^(?:\+|00)?[0-9][0-9 ()-]{5,18}[0-9]$"
_MOBILE = r"^(?:(?:\+|00)?86[ -]?)?1[3-9][0-9]{9}$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
# What a role's values must be, by the name of the count.
_NEEDS = {"time": "moments", "amount": "numbers", "quantity": "integers", "phone": "phones", "email": "emails"}
_SUMS = ("filled", "distinct", "integers", "numbers", "moments", "phones", "mobiles", "emails")
_BY_VALUES = {"emails": "email", "mobiles": "phone", "moments": "time"}


@frozen(kw_only=True)
class Column:
    """One column of a file.

    Attributes:
        name: Its name.
        type: ``moment``, ``whole number``, ``number``, ``text``, or ``nothing`` where no value is filled.
        roles: What it may be, each with a rank: 0 fits best.
        filled: How many rows have a value.
        distinct: How many different values there are.
        least: The least number or the earliest moment; empty for text, and for what says who a person is.
        most: The greatest number or the latest moment.
        odd: How many values are not of the type that the likeliest role takes, such as an amount that is no number.
        values: How often each value is there, of columns that hold few and say nothing of a person.
    """

    name: str
    type: str
    roles: Mapping[str, int]
    filled: int
    distinct: int
    least: str = ""
    most: str = ""
    odd: int = 0
    values: Mapping[str, int] = {}

    @property
    def role(self) -> str:
        """What it most likely is; empty where nothing is likely."""
        return min(self.roles, key=lambda role: self.roles[role], default="")


def column(reader: Reader, rows: Frame, name: str) -> Column:
    """Look at one column.

    Args:
        reader: Converts values.
        rows: The file's rows.
        name: The column.
    """
    counts = _counted(reader, rows, name)
    kind = _type(counts)
    bounds = {"moment": ("earliest", "latest"), "whole number": ("low", "high"), "number": ("low", "high")}
    roles = _roles(name, counts)
    shown = bounds.get(kind, ()) if not roles.keys() & set(PERSONAL) else ()
    least, most = [_written(counts[each], kind) for each in shown] or ("", "")
    needed = _NEEDS.get(min(roles, key=lambda role: roles[role], default=""))
    few = roles.keys() & set(OPEN) and counts["distinct"] <= _FEW
    return Column(
        name=name,
        type=kind,
        roles=roles,
        filled=counts["filled"],
        distinct=counts["distinct"],
        least=least,
        most=most,
        odd=counts["filled"] - counts[needed] if needed else 0,
        values=_values(reader, rows, name) if few else {},
    )


def _counted(reader: Reader, rows: Frame, name: str) -> dict[str, Any]:
    frame = rows.select(given=nw.col(name))
    numeric = frame.collect_schema()["given"].is_numeric()
    for target in ("text", "integer", "money", "moment"):
        frame = reader.intake.convert(frame, "given", target, target)
    text, moment = nw.col("text"), nw.col("moment")
    alike = {"phones": _PHONE, "mobiles": _MOBILE, "emails": _EMAIL}
    counts = {
        "filled": text.count(),
        "distinct": text.n_unique() - nw.when(text.is_null()).then(1).otherwise(0).max(),
        "integers": nw.col("integer").count(),
        "numbers": nw.col("money").count(),
        # A whole number could be an epoch second, and then any number would be a moment.
        "moments": moment.count() * (0 if numeric else 1),
        "low": nw.col("money").min(),
        "high": nw.col("money").max(),
        "earliest": moment.min(),
        "latest": moment.max(),
        **{key: _fitting(text, pattern) for key, pattern in alike.items()},
    }
    found = reader.rows(frame.select(**counts))[0]
    # An empty file has no sums.
    return {key: value or 0 if key in _SUMS else value for key, value in zip(counts, found, strict=True)}


def _fitting(text: nw.Expr, pattern: str) -> nw.Expr:
    return nw.when(text.str.contains(pattern)).then(1).otherwise(0).sum()


def _type(counts: Mapping[str, Any]) -> str:
    if not counts["filled"]:
        return "nothing"
    share = {key: counts[key] / counts["filled"] for key in ("moments", "integers", "numbers")}
    for key, kind in (("moments", "moment"), ("integers", "whole number"), ("numbers", "number")):
        if share[key] >= _MOST:
            return kind
    return "text"


def _roles(name: str, counts: Mapping[str, Any]) -> dict[str, int]:
    filled = counts["filled"]
    if not filled:
        return {}
    fitting = {key: counts[key] / filled >= _SOME for key in (*_NEEDS.values(), *_BY_VALUES)}
    found = {role: rank for role, rank in likely(name).items() if role not in _NEEDS or fitting[_NEEDS[role]]}
    if not found:
        return {role: 200 for key, role in _BY_VALUES.items() if fitting[key]}
    return found


def _written(value: Any, kind: str) -> str:  # noqa: ANN401 - a number or a moment
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if kind == "whole number":
        return str(value // 10**DECIMALS)
    return f"{value / 10**DECIMALS:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _values(reader: Reader, rows: Frame, name: str) -> dict[str, int]:
    texts = reader.intake.convert(rows.select(given=nw.col(name)), "given", "text", "text")
    counted = texts.group_by("text").agg(number=nw.len()).sort("number", "text", descending=[True, False])
    return {text or "": number for text, number in reader.rows(counted.select("text", "number"))}
