"""Tags and segments that only a member's own facts decide: they are told again of those of whom something changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.bits import Bits, packed
from siyu.config.expressions import TODAY
from siyu.folds import fold_of
from siyu.joining import anybody_parted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from siyu.config.expressions import Condition
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.view import View
    from siyu.work import Work

__all__ = ["Again", "Told", "again", "basis", "brought", "steady", "stirred", "turning"]

# The states that say what is known of members.
_FACTS = ("members", "features")


@frozen
class Again:
    """Whom a run has to look at again.

    Attributes:
        members: member: those of whom something changed since the last run, kept.
        gone: member: the ids whose rows of the last run are out of date, kept; those of ``members`` are among them.
        known: Their rows of the tables that say what is known of members.
        day: The day of the last run.
    """

    members: Frame
    gone: Frame
    known: Mapping[str, Frame]
    day: int

    def and_also(self, work: Work, members: Frame) -> Again:
        """Return the same with further members."""
        more = work.keep(members.join(self.gone, on="member", how="anti").unique())
        if not work.some(more):
            return self
        known = {table: nw.concat([rows, _stored(work, table, rows, more)]) for table, rows in self.known.items()}
        return Again(nw.concat([self.members, more]), nw.concat([self.gone, more]), known, self.day)

    def among(self, view: View) -> View:
        """Return a view of the pass with what is known of these members alone."""
        return view.having(members=self.known["members"], features=self.known["features"])


@frozen
class Told:
    """The bits of a set as they are now.

    Attributes:
        bits: All of them.
        rows: Those rows that were told anew, kept; None where all were.
        gone: member: whose rows of the last run are out of date, kept; None where all are.
    """

    bits: Bits
    rows: Frame | None = None
    gone: Frame | None = None


def steady(programme: Programme, condition: Condition, known: Collection[str] = ()) -> bool:
    """Return whether a condition can change of a member only when their own features or attributes do.

    Args:
        programme: The config, of which a feature or an attribute can change as time passes.
        condition: The condition.
        known: Those of its needs, as ``tag:NAME`` or ``segment:NAME``, whose changes are seen to.
    """
    return TODAY not in condition.names and all(need in known or _lasting(programme, need) for need in condition.needs)


def turning(programme: Programme, condition: Condition) -> bool:
    """Return whether nothing but a member's own features and attributes, and the day, can change a condition."""
    return all(need.startswith("last:") or _lasting(programme, need) for need in condition.needs)


def _lasting(programme: Programme, need: str) -> bool:
    if ":" in need:
        return need.startswith("did:")
    if need in programme.features:
        return programme.features[need].aggregate not in {"last", "days_since"}
    attribute = programme.attributes.get(need)
    return attribute is None or attribute.keep is None


def basis(work: Work) -> str:
    """Return what tags and segments are told by beside the members' own facts: where it changes, all are told anew."""
    versions = json.dumps(work.registry.versions(), sort_keys=True)
    return f"{work.programme.hash} {versions}"


def again(work: Work) -> Again | None:
    """Return whom a run has to look at again; None for everybody."""
    if not work.merged.keys() >= set(_FACTS):
        return None
    fold = fold_of(work.session, "flags")
    if fold is None or fold.definitions.get("") != basis(work):
        return None
    members = [work.merged[table][1].select("member") for table in _FACTS]
    gone = [work.merged[table][0].select("member") for table in _FACTS]
    changed = work.keep(nw.concat(members).unique())
    # Only who was joined or parted goes without coming anew.
    out = work.keep(nw.concat([changed, *gone]).unique()) if anybody_parted(work) else changed
    return Again(changed, out, _known(work, changed), fold.day)


def _known(work: Work, members: Frame) -> dict[str, Frame]:
    """Return what is known of members, all of whom this run has looked at: of each, what it made anew counts."""
    if not work.some(members):
        return {table: work.merged[table][1] for table in _FACTS}
    found = {}
    for table in _FACTS:
        fresh = work.merged[table][1]
        others = members.join(fresh, on="member", how="anti")
        found[table] = nw.concat([fresh, _stored(work, table, fresh, others)])
    return found


def _stored(work: Work, table: str, like: Frame, members: Frame) -> Frame:
    """Return the rows that the last run left of some members, with the columns of others."""
    stored = work.session.table(table).select(*like.collect_schema().names())
    return stored.join(members, on="member", how="semi")


def stirred(work: Work, before: Bits, kind: str, gone: Frame, rest: Frame, prefix: str) -> Frame | None:
    """Return the bits, as they are now, of those others of whom a flag is not what its bit was; kept, None for none.

    Args:
        work: The pass.
        before: The bits of the last run.
        kind: The set.
        gone: member: those who are looked at again in any case.
        rest: member, and a flag for each name that all have to be asked of; only ``member`` where there is none.
        prefix: What stands before each name in the columns of ``rest``.
    """
    known = rest.collect_schema().names()
    asked = [name for name in before.names[kind] if prefix + name in known]
    if not asked:
        return None
    old = before.frame.select("member", *before.held(kind)).join(gone, on="member", how="anti")
    return work.keep(_changed(old.join(rest, on="member"), before, kind, asked, prefix))


def brought(work: Work, before: Bits, kind: str, fresh: Frame, gone: Frame, others: Frame | None, prefix: str) -> Told:
    """Bring the bits of a set forward.

    Args:
        work: The pass.
        before: The bits of the last run, which have the same names in the set.
        kind: The set.
        fresh: member, and a flag for each name, of those who were looked at again.
        gone: member: whose bits of the last run are out of date.
        others: What ``stirred`` found.
        prefix: What stands before each name in the columns of ``fresh``.
    """
    parts, columns = [packed(fresh, kind, list(before.names[kind]), prefix)], before.held(kind)
    if others is not None:
        parts.append(others)
        gone = nw.concat([gone, others.select("member")])
    rows = work.keep(nw.concat([part.select("member", *columns) for part in parts]))
    lasting = before.frame.select("member", *columns).join(gone, on="member", how="anti")
    return Told(Bits(nw.concat([lasting, rows]), {kind: before.names[kind]}), rows, gone)


def _changed(both: Frame, before: Bits, kind: str, asked: Sequence[str], prefix: str) -> Frame:
    """Return those of whom a flag is not what its bit was, with the bits as they are now."""
    changed: dict[str, nw.Expr] = {}
    for name in asked:
        column, power, held = before.place(kind, name)
        flag = nw.col(prefix + name).fill_null(value=False)
        step = nw.when(flag & ~held).then(1).otherwise(nw.when(~flag & held).then(-1).otherwise(0)).cast(nw.Int64)
        changed[column] = changed.get(column, nw.col(column)) + step * power
        changed[f"{kind}:n"] = changed.get(f"{kind}:n", nw.col(f"{kind}:n")) + step
    moved = (nw.col(prefix + name).fill_null(value=False) != before.place(kind, name)[2] for name in asked)
    return both.filter(nw.any_horizontal(*moved, ignore_nulls=False)).with_columns(**changed)
