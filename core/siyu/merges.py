"""By which links ids are one person, and how two of them are parted again."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.components import component
from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["Conflict", "Quarantined", "Sharing", "Tie", "parting", "sharing", "ties"]


@frozen
class Tie:
    """A statement that two ids are one person, or not.

    Attributes:
        time: The moment of it.
        kind: The kind of the first id.
        one: The first id.
        other_kind: The kind of the second id.
        other: The second id.
        evidence: Why.
        state: ``holds``; ``undone``, where it says that they are not; ``overruled``, by a later statement of the two;
            ``shared``, where too many share one of the two.
    """

    time: int
    kind: str
    one: int
    other_kind: str
    other: int
    evidence: str
    state: str


@frozen
class Quarantined:
    """An id that too many share.

    Attributes:
        member: The id.
        kind: Its kind.
        shared_by: How many ids it is linked with.
        of: Of which kind these are.
    """

    member: int
    kind: str
    shared_by: int
    of: str


@frozen
class Conflict:
    """A person with several ids of a kind of which one person has one.

    Attributes:
        member: The person's number.
        kind: The kind.
        ids: The ids.
    """

    member: int
    kind: str
    ids: list[int]


@frozen
class Sharing:
    """What is not clear about who is one person.

    Attributes:
        shared: The ids that too many share, so that their links do not count.
        conflicts: The persons with two ids of a kind of which one person has one; they are one person nevertheless.
    """

    shared: list[Quarantined]
    conflicts: list[Conflict]


def ties(view: View, ids: Collection[int]) -> list[Tie]:
    """Return all that links say of these ids, the newest first."""
    columns = ("time", "seq", "a", "b", "evidence", "undone", "by_hand")
    some = view.table({"member": sorted(ids)}, {"member": nw.Int64()})
    named = [view.raw["links"].join(some, left_on=end, right_on="member", how="semi").select(*columns) for end in "ab"]
    rows = sorted(set(view.rows(nw.concat(named))), key=lambda row: row[:2], reverse=True)
    ends = {end for row in rows for end in row[2:4]}
    kinds, seen, found = _kinds(view, ends), set(), []
    shared = {member for (member,) in view.rows(_those(view, view.raw["shared"], "member", ends).select("member"))}
    parted = {frozenset(row[2:4]) for row in rows if row[5]}
    for time, _, one, other, evidence, undone, by_hand in rows:
        pair = frozenset((one, other))
        late = pair in seen or (pair in parted and not (by_hand or undone))
        states = (("overruled", late), ("undone", undone), ("shared", bool(pair & shared)), ("holds", True))
        state = next(name for name, is_so in states if is_so)
        seen |= set() if late else {pair}
        found.append(Tie(time, kinds.get(one, ""), one, kinds.get(other, ""), other, evidence or "", state))
    return found


def parting(view: View, one: int, other: int) -> None:
    """See that to undo the link of two ids parts them.

    Raises:
        UserError: They are two members, no link names both of them, or others join them too.
    """
    _, ids = component(view, one)
    if one == other or other not in ids:
        raise UserError(f"{one} and {other} are not one member; see siyu explain for the ids of one")
    holding = [tie for tie in ties(view, ids) if tie.state == "holds"]
    direct = [tie for tie in holding if {tie.one, tie.other} == {one, other}]
    way = _way([tie for tie in holding if tie not in direct], one, other)
    if way:
        told = ", ".join(f"{tie.one} and {tie.other} ({tie.evidence})" for tie in way)
        which = "other links join them too" if direct else "no link names both of them"
        raise UserError(f"{which}: {told}; part two of these first, or instead")


def _way(holding: Iterable[Tie], one: int, other: int) -> list[Tie]:
    """Return the fewest links that lead from one id to the other; none where there is no way."""
    near: dict[int, list[tuple[int, Tie]]] = {}
    for tie in holding:
        near.setdefault(tie.one, []).append((tie.other, tie))
        near.setdefault(tie.other, []).append((tie.one, tie))
    ways: dict[int, list[Tie]] = {one: []}
    waiting = deque([one])
    while waiting:
        here = waiting.popleft()
        for there, tie in sorted(near.get(here, []), key=lambda step: step[0]):
            if there not in ways:
                ways[there] = [*ways[here], tie]
                waiting.append(there)
    return ways.get(other, [])


def sharing(view: View, single: Iterable[str]) -> Sharing:
    """Return the ids that too many share, and the persons with two ids of a kind that one person has one of."""
    rows = view.rows(view.raw["shared"].select("member", "n", "kind").sort("member", "kind"))
    kinds = _kinds(view, {member for member, *_ in rows})
    shared = [Quarantined(member, kinds.get(member, ""), n, of) for member, n, of in rows]
    one = view.raw["identities"].filter(nw.col("kind").is_in(list(single))).select("kind", "member").unique()
    joined = one.join(view.raw["canon"], on="member")
    several = joined.group_by("canon", "kind").agg(n=nw.len()).filter(nw.col("n") > 1)
    pairs = view.rows(joined.join(several, on=["canon", "kind"], how="semi").select("canon", "kind", "member"))
    ids: dict[tuple[int, str], list[int]] = {}
    for canon, kind, member in sorted(pairs):
        ids.setdefault((canon, kind), []).append(member)
    return Sharing(shared, [Conflict(member, kind, found) for (member, kind), found in ids.items()])


def _kinds(view: View, ids: Collection[int]) -> dict[int, str]:
    known = _those(view, view.raw["identities"], "value", ids)
    return dict(view.rows(known.select("value", "kind")))


def _those(view: View, frame: Frame, column: str, ids: Collection[int]) -> Frame:
    some = view.table({"member": sorted(ids)}, {"member": nw.Int64()})
    return frame.join(some, left_on=column, right_on="member", how="semi")
