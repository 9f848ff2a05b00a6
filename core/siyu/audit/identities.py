"""The identities that a file names, to be looked for in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

if TYPE_CHECKING:
    from siyu.audit.reading import Reader
    from siyu.kinds import Frame

__all__ = ["Identities", "identities"]

_DIGITS = r"[^0-9]"
_COUNTRY = r"^(?:00)?86(1[3-9][0-9]{9})$"


@frozen
class Identities:
    """The different identities of one kind in a file.

    Attributes:
        rows: value (as it is written, trimmed), alike (as all would write it), stated (1 where a consent is).
        number: How many there are.
        stating: Whether the file states consents.
    """

    rows: Frame
    number: int
    stating: bool

    def shared(self, reader: Reader, other: Identities, *, alike: bool = False) -> int:
        """Return how many of them are in another file, as they are written or as all would write them."""
        key = "alike" if alike else "value"
        found = self.rows.join(other.rows.select(key).unique(), on=key, how="semi")
        return _counted(reader, found)

    def consented(self, reader: Reader, other: Identities) -> int | None:
        """Return how many of them another file states a consent or a refusal of; None where it states none."""
        if not other.stating:
            return None
        stated = other.rows.filter(nw.col("stated") > 0).select("value")
        return _counted(reader, self.rows.join(stated, on="value", how="semi"))


def identities(reader: Reader, rows: Frame, kind: str, name: str, stated: str) -> Identities:
    """Return the identities of a file.

    Args:
        reader: Converts and keeps.
        rows: The file's rows.
        kind: The kind of identity.
        name: The column that has it.
        stated: The column that states consents; empty where none does.
    """
    texts = reader.intake.convert(rows, name, ":value", "text")
    texts = reader.intake.convert(texts, stated or name, ":stated", "text")
    known = texts.filter(~nw.col(":value").is_null()).select(
        value=nw.col(":value"),
        alike=_alike(kind),
        stated=nw.when(nw.col(":stated").is_null()).then(0).otherwise(1),
    )
    kept = reader.engine.keep(known.group_by("value", "alike").agg(nw.col("stated").max()))
    return Identities(kept, _counted(reader, kept), bool(stated))


def _alike(kind: str) -> nw.Expr:
    value = nw.col(":value")
    if kind == "phone":
        return value.str.replace_all(_DIGITS, "").str.replace_all(_COUNTRY, r"\1")
    return value.str.to_lowercase() if kind == "email" else value


def _counted(reader: Reader, frame: Frame) -> int:
    return int(reader.rows(frame.select(nw.len()))[0][0])
