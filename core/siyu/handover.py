"""Handovers (客户继承): members who get another staff member as their contact, by the platform's own way.

The platform takes a day for it, and the member may refuse. So what was asked for is in the log before it is asked
(``handover_asked``), and what came of it when it is looked at again (``transferred``, ``handover_refused``). Who is
handed over joins nothing and is nobody new.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.errors import UserError
from siyu.kinds import Batch, Entry
from siyu.receiving import Receiving
from siyu.rows import frame_of
from siyu.stages.ingest import take
from siyu.stages.record import record
from siyu.values import HandingOver, Handover

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from siyu.config.programme import Programme
    from siyu.passes import Moment

__all__ = ["Handovers"]

_TYPES = ["handover_asked", "handover_refused", "transferred"]


@frozen
class _Errand:
    """What is to be handed over, by whom to whom, and when."""

    entry: HandingOver
    folder: Path
    former: str
    new: str
    second: int
    resigned: bool

    @property
    def pair(self) -> tuple[str, str]:
        return self.former, self.new

    def row(self, kind: str, one: Handover, member: int) -> dict[str, object]:
        """Return an event; its id names nobody."""
        second = one.second or self.second
        props = {"props": json.dumps({"reason": one.reason}, ensure_ascii=False)} if one.reason else {}
        return {
            "identity": one.identity,
            "type": kind,
            "time": datetime.fromtimestamp(second, UTC).isoformat(),
            "source_id": f"{kind} {member} {self.former} {self.new} {second}",
            "staff": self.new,
            "subject": self.former,
            **props,
        }


class Handovers(Receiving):
    """Hands members over, and looks at what came of it."""

    def handover(
        self,
        former: str,
        new: str,
        *,
        members: Sequence[str] = (),
        everybody: bool = False,
        resigned: bool = False,
        dry: bool = False,
        now: Moment = None,
    ) -> list[Handover]:
        """Hand members from one staff member to another, and record what came of earlier handovers between the two.

        Args:
            former: Whose contacts they are.
            new: Whose they shall be.
            members: Their outside ids, as ``wecom:wm7…``.
            everybody: All contacts of ``former`` that the platform knows, in place of ``members``.
            resigned: Whether ``former`` has left the company; the platform has another way for that.
            dry: True to ask the platform for nothing and to record nothing.
            now: The moment of it.

        Returns:
            What is known of each member: earlier handovers as the platform tells them, and the new ones, ``asked`` or
            ``refused``. Those that wait already are not asked for again.

        Raises:
            UserError: No entry can hand members over, or several can; or the platform refuses altogether.
        """
        if former == new:
            raise UserError(f"'{former}' cannot hand members over to '{new}': name two staff members")
        entry, folder = _able(self.programme), self.programme.folder.resolve()
        errand = _Errand(entry, folder, former, new, self._second(now), resigned)
        told = self._looked(errand, dry=dry)
        wanted = list(entry.customers(folder, former, resigned=resigned)) if everybody else list(members)
        waiting = {one.identity for one in told if one.state == "waiting"}
        rest = [one for one in dict.fromkeys(wanted) if one not in waiting]
        if dry:
            return [*told, *(Handover(one, "to be asked for") for one in rest)]
        return [*told, *self._asked(errand, rest)]

    def _looked(self, errand: _Errand, *, dry: bool) -> list[Handover]:
        """Return what the platform tells of earlier handovers, and record what is news of it.

        Of one that waits and is not in the log, as after a crash, it is recorded that it was asked for.
        """
        told = list(errand.entry.handed(errand.folder, errand.pair, resigned=errand.resigned))
        numbers, asked = self._numbers(told), self._open(errand)
        ends = {"done": "transferred", "refused": "handover_refused"}
        rows = [
            errand.row(ends.get(one.state, "handover_asked"), one, numbers[one.identity])
            for one in told
            if (numbers[one.identity] in asked) == (one.state in ends)
        ]
        if not dry:
            self._record(errand, rows)
        return told

    def _asked(self, errand: _Errand, people: Sequence[str]) -> Iterator[Handover]:
        """Ask for members, so many at once, each time with the intent in the log before."""
        entry = errand.entry
        for start in range(0, len(people), entry.most):
            part = [Handover(one, "asked") for one in people[start : start + entry.most]]
            numbers = self._numbers(part)
            self._note(
                errand.entry.name,
                errand.second,
                [errand.row("handover_asked", one, numbers[one.identity]) for one in part],
            )
            try:
                names = [one.identity for one in part]
                refused = list(entry.ask(errand.folder, errand.pair, names, resigned=errand.resigned))
            except UserError as error:
                if getattr(error, "code", None) is not None:
                    every = [Handover(one.identity, "refused", reason=str(error)) for one in part]
                    self._refused(errand, every, numbers)
                raise
            self._refused(errand, refused, numbers)
            known = {one.identity: one for one in refused}
            yield from (known.get(one.identity, one) for one in part)

    def _refused(self, errand: _Errand, refused: Iterable[Handover], numbers: dict[str, int]) -> None:
        self._note(
            errand.entry.name,
            errand.second,
            [errand.row("handover_refused", one, numbers[one.identity]) for one in refused],
        )

    def _record(self, errand: _Errand, rows: Sequence[dict[str, object]]) -> None:
        self._note(errand.entry.name, errand.second, rows)

    def _note(self, entry: str, second: int, rows: Sequence[dict[str, object]]) -> None:
        """Take events into the log."""
        if not rows:
            return
        with self._pass("ingest", second) as work:
            with work.session.reading():
                take(work, entry, Batch(rows=frame_of(work.session.engine, rows, "events")))
            # As for what is ingested: nothing comes into the log while claims are decided.
            with self._grants.lock, work.session.writing(work.run.id) as writer:
                record(work, writer)

    def _open(self, errand: _Errand) -> set[int]:
        """Return the members of whom a handover was asked for, and of whom nothing came yet."""
        with self.store.opened() as session:
            events = self.view(session, errand.second).events
            meant = events.filter(nw.col("staff") == errand.new, nw.col("subject") == errand.former)
            told = meant.filter(nw.col("type").is_in(_TYPES)).select("member", "second", "type")
            last: dict[int, tuple[int, bool]] = {}
            for member, second, kind in session.engine.rows(told):
                last[member] = max(last.get(member, (0, False)), (second, kind != "handover_asked"))
        return {member for member, (_, over) in last.items() if not over}

    def _numbers(self, people: Iterable[Handover]) -> dict[str, int]:
        """Return the members' numbers by their outside ids."""
        with self.store.opened() as session:
            asked = session.engine.frame({"id": [one.identity for one in people]}, {"id": nw.String()})
            found = self.view(session, 0).identified(asked, "id", "member").select("id", "member")
            return dict(session.engine.rows(found))


def _able(programme: Programme) -> HandingOver:
    """Return the entry whose platform can be asked to hand members over."""
    known = [one for one in programme.of(Entry) if isinstance(one, HandingOver)]
    able = [one for one in known if one.hands_over]
    if len(able) == 1:
        return able[0]
    if able:
        names = " and ".join(f"[entry.{one.name}]" for one in able)
        raise UserError(f"{names} can both hand members over; tell only one of them how to ask its platform")
    hint = f"give [entry.{known[0].name}] an 'app' to ask with" if known else "an entry 'wecom' with an 'app' can"
    raise UserError(f"no entry can hand members over; {hint}")
