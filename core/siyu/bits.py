"""Which of many names hold for each member, as bits of whole numbers: tags and segments that are plain yes or no.

Forty tags of a million members are one column of eight megabytes: to compare it with yesterday's is to compare two
numbers a member, and what it is about is told from the few that differ. Arithmetic takes the place of bit operators,
which not every engine has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.frames import total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.stores.session import Session
    from siyu.tables import Schema

__all__ = ["Bits", "packed", "stored"]

# A sum of 62 powers of two is still a positive Int64.
_WIDTH = 62
_NAMES: Schema = {
    **dict.fromkeys(("set", "name", "column"), nw.String()),
    **dict.fromkeys(("power", "since", "place"), nw.Int64()),
}
_CHANGE: Schema = {"member": nw.Int64(), "place": nw.Int64(), "now": nw.Boolean()}


@frozen
class Bits:
    """Sets of names, each set in as many columns as it needs.

    Attributes:
        frame: member, and for each set ``SET:0`` and so on (Int64): bit k of the first is the set's name k; and
            ``SET:n``, how many of the names hold.
        names: The names of each set in the order of their bits, each with the second when it was first looked at.
    """

    frame: Frame
    names: Mapping[str, Mapping[str, int]]

    def holding(self, name: str) -> list[nw.Expr]:
        """Return for each set that has this name whether it holds, over the columns of ``frame``."""
        return [
            _holds(nw.col(column), power).fill_null(value=False)
            for _, one, column, power, _ in self._places()
            if one == name
        ]

    def place(self, kind: str, name: str) -> tuple[str, int, nw.Expr]:
        """Return the column and the power of two of a name's bit in a set, and whether it holds."""
        number = list(self.names[kind]).index(name)
        column, power = f"{kind}:{number // _WIDTH}", 2 ** (number % _WIDTH)
        return column, power, _holds(nw.col(column), power)

    def held(self, kind: str) -> list[str]:
        """Return the columns of ``frame`` that a set is kept in."""
        return [f"{kind}:n", *(f"{kind}:{at}" for at in range(-(-len(self.names[kind]) // _WIDTH)))]

    @property
    def columns(self) -> list[str]:
        """The columns of ``frame`` that hold bits."""
        return sorted({column for _, _, column, _, _ in self._places()})

    @property
    def places(self) -> list[tuple[str, str]]:
        """The set and the name of each bit; where one stands in this list is its place."""
        return [(kind, name) for kind, name, *_ in self._places()]

    def definitions(self) -> dict[str, str]:
        """Return what each set is, for ``stored`` to read it back."""
        return {kind: json.dumps(list(names.items()), ensure_ascii=False) for kind, names in self.names.items()}

    def sizes(self, engine: Engine) -> dict[tuple[str, str], int]:
        """Return for how many members each name holds, by set and name."""
        places = list(self._places())
        # Many members have the same bits, so that each bit is looked at in what there is, and not in every member.
        alike = self.frame.group_by(*self.columns).agg(nw.len().alias("alike")) if places else self.frame
        ones = [
            total(nw.when(_holds(nw.col(column), power)).then(nw.col("alike")).otherwise(0)).alias(f"{number}")
            for number, (_, _, column, power, _) in enumerate(places)
        ]
        row = engine.rows(alike.select(*ones))[0] if ones else ()
        return {(kind, name): size for (kind, name, *_), size in zip(places, row, strict=True)}

    def long(self, engine: Engine) -> Frame:
        """Return one row for each member and name that holds: member, set, name, since (when first looked at)."""
        return self._spread(self.frame, engine, _bit(self.columns)).select("member", "set", "name", "since")

    def changes(self, before: Bits, engine: Engine) -> Frame:
        """Return what differs from before, of the names that were looked at before: member, place, now (flag).

        Of members who are not known any more, as after a joining, nothing is told.
        """
        if not self.columns:
            return engine.frame({name: [] for name in _CHANGE}, _CHANGE)
        old, columns = before.aligned(self, engine), self.columns
        both = self.frame.join(old.rename({name: f"old:{name}" for name in columns}), on="member", how="left")
        both = both.with_columns(nw.col(f"old:{name}").fill_null(0) for name in columns)
        moved = nw.any_horizontal(*(nw.col(name) != nw.col(f"old:{name}") for name in columns), ignore_nulls=True)
        now, then = _bit(columns), _bit([f"old:{name}" for name in columns], columns)
        known = {kind: names.keys() & before.names.get(kind, {}).keys() for kind, names in self.names.items()}
        spread = self._spread(both.filter(moved), engine, now != then, known)
        return spread.select("member", "place", now=now)

    def aligned(self, other: Bits, engine: Engine) -> Frame:
        """Return these bits in the places of another's: member, and its columns; a name of only one side is none."""
        if all(list(self.names.get(kind, {})) == list(names) for kind, names in other.names.items()):
            return self.frame.select("member", *other.columns)
        places = engine.frame(_columns(enumerate(other._places())), _NAMES)
        here = self._spread(self.frame, engine, _bit(self.columns)).select("member", "set", "name")
        there = here.join(places.select("set", "name", nw.col("column").alias("to"), "power"), on=["set", "name"])
        sums = [
            total(nw.when(nw.col("to") == column).then(nw.col("power")).otherwise(0)).alias(column)
            for column in other.columns
        ]
        return there.group_by("member").agg(*sums)

    def _places(self) -> Iterator[tuple[str, str, str, int, int]]:
        """Yield the set, name, column, power of two and first look of each bit."""
        for kind, names in self.names.items():
            for number, (name, since) in enumerate(names.items()):
                yield kind, name, f"{kind}:{number // _WIDTH}", 2 ** (number % _WIDTH), since

    def _spread(
        self, frame: Frame, engine: Engine, keep: nw.Expr, known: Mapping[str, set[str]] | None = None
    ) -> Frame:
        """Return a row for each member and name that an expression over both lets pass."""
        places = ((at, one) for at, one in enumerate(self._places()) if known is None or one[1] in known[one[0]])
        return frame.join(engine.frame(_columns(places), _NAMES), how="cross").filter(keep)


def packed(flags: Frame, kind: str, names: Sequence[str], prefix: str = "") -> Frame:
    """Pack flags into bits: member, the columns of the set, and ``SET:n``, how many hold of a member.

    Args:
        flags: member, and one Boolean column for each name; null is no.
        kind: The set.
        names: The names, in the order of their bits.
        prefix: What stands before each name in the columns of ``flags``.
    """
    nothing = nw.lit(0, nw.Int64)
    powers = [
        nw.when(nw.col(prefix + name)).then(nw.lit(2 ** (number % _WIDTH), nw.Int64)).otherwise(nothing)
        for number, name in enumerate(names)
    ]
    held = sum((nw.when(nw.col(prefix + name)).then(1).otherwise(0) for name in names), nothing).alias(f"{kind}:n")
    chunks = [powers[start : start + _WIDTH] for start in range(0, len(powers), _WIDTH)]
    bits = (sum(part, nothing).alias(f"{kind}:{at}") for at, part in enumerate(chunks))
    return flags.select("member", held, *bits)


def _holds(bits: nw.Expr, power: nw.Expr | int) -> nw.Expr:
    # What is left of the bits above is at least the power where its own bit is set.
    return bits % (power * 2) >= power


def stored(session: Session, table: str) -> Bits:
    """Return the bits that the last run left in a table of state."""
    rows = [row for row in session.folds() if row["state"] == table and row["name"]]
    return Bits(session.table(table), {row["name"]: dict(json.loads(row["definition"])) for row in rows})


def _bit(columns: Sequence[str], names: Sequence[str] | None = None) -> nw.Expr:
    """Return whether the bit is set that a row's ``column`` and ``power`` point at."""
    found: nw.Expr = nw.lit(0, nw.Int64)
    for column, name in zip(columns, names or columns, strict=True):
        found = nw.when(nw.col("column") == name).then(nw.col(column)).otherwise(found)
    return _holds(found, nw.col("power"))


def _columns(places: Iterable[tuple[int, tuple[str, str, str, int, int]]]) -> dict[str, list[object]]:
    rows = [(*one, place) for place, one in places]
    return {name: [row[number] for row in rows] for number, name in enumerate(_NAMES)}
