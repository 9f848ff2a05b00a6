"""The rows of a spreadsheet, as JSON Lines whose lines are the sheet's rows."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, BinaryIO

from siyu.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["written"]


def written(file: BinaryIO, name: str, sheet: str, path: Path) -> None:
    """Write a sheet: its first row names the columns; the other rows are objects, each on the line of its row.

    Args:
        file: The spreadsheet: .xlsx, .xlsb, .xls or .ods.
        name: What it is called.
        sheet: Which of its sheets; empty for the first.
        path: Where to write.

    Raises:
        UserError: The library is missing, the file is no spreadsheet, or has no such sheet.
    """
    rows = _rows(file, name, sheet)
    names = [str(value).strip() for value in rows[0]] if rows else []
    if not any(names):
        raise UserError(f"{name}: the sheet has no header; its first row must name the columns")
    with path.open("w", encoding="utf-8") as out:
        out.write("\n")
        # A reader of spreadsheets hands out rows; this is no pass over a frame.
        for row in rows[1:]:
            values = {one: _plain(value) for one, value in zip(names, row, strict=False) if one}
            out.write((json.dumps(values, ensure_ascii=False) if any(map(_there, row)) else "") + "\n")


def _rows(file: BinaryIO, name: str, sheet: str) -> list[list[object]]:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise UserError(f"{name}: spreadsheets need a library; install it with: pip install 'siyu[excel]'") from None
    try:
        book = CalamineWorkbook.from_filelike(file)
        if sheet and sheet not in book.sheet_names:
            raise UserError(f"{name}: it has no sheet '{sheet}'; it has: {', '.join(book.sheet_names)}")
        found = book.get_sheet_by_name(sheet) if sheet else book.get_sheet_by_index(0)
        # Rows above the first one that holds something count too, as they do in the program that shows them.
        return [list(row) for row in found.to_python(skip_empty_area=False)]
    except CalamineError as error:
        raise UserError(f"{name}: cannot be read as a spreadsheet: {error}") from None


def _there(value: object) -> bool:
    return value not in ("", None)


def _plain(value: object) -> object:
    """Return a cell's value as JSON has it; a whole number without a decimal point."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value if _there(value) else None
