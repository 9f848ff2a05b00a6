"""Members by hand: who is one person and who is not, and what must be forgotten of where they can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.addresses import erase
from siyu.explain import Explanation, explain
from siyu.identities import is_text, numbered, written
from siyu.joining import join
from siyu.keys import identity_id
from siyu.merges import Sharing, parting, sharing
from siyu.passes import Moment, Passes
from siyu.rights.accesses import access
from siyu.stages.ingest import identified, seen
from siyu.stages.record import record

if TYPE_CHECKING:
    from siyu.work import Work

__all__ = ["Members"]


class Members(Passes):
    """A brand's members, as people join, part and look at them."""

    def number(self, member: str | int) -> int:
        """Return the number of an outside id, or the number itself.

        Raises:
            UserError: It is neither.
        """
        if not is_text(member):
            return int(member)
        text = written(member, self.programme.brand.dialling)
        if len(self._keys) == 1:
            return identity_id(self._key, text)
        with self.store.opened() as session:
            return numbered(session, text)

    def link(self, one: str | int, other: str | int, *, evidence: str, now: Moment = None) -> None:
        """Say that two ids are one person."""
        self._join(one, other, evidence, now, undone=False)

    def unlink(self, one: str | int, other: str | int, *, evidence: str, now: Moment = None) -> None:
        """Say that two ids are not one person after all, whether or not other links join them."""
        self._join(one, other, evidence, now, undone=True)

    def merge(self, one: str | int, other: str | int, *, by: str, why: str, now: Moment = None) -> None:
        """Say by hand that two ids are one person; the evidence is who says so, and why."""
        self._join(one, other, f"{by}: {why}", now, undone=False)

    def unmerge(self, one: str | int, other: str | int, *, by: str, why: str, now: Moment = None) -> None:
        """Part two ids that a link joined; the evidence is who says so, and why.

        Raises:
            UserError: They are not one member, or other links join them too; these are told.
        """
        with self.store.opened() as session:
            parting(self.view(session, self._second(now)), self.number(one), self.number(other))
        self._join(one, other, f"{by}: {why}", now, undone=True)

    def sharing(self) -> Sharing:
        """Return the ids that too many share, and the members with two ids of a kind that one person has one of."""
        with self.store.opened() as session:
            return sharing(self.view(session, 0), self.programme.identity.single)

    def explain(self, member: str | int, *, now: Moment = None, by: str = "") -> Explanation:
        """Return all that is known and was decided of one member, stage by stage.

        That it was looked at is kept in ``accesses``, with ``by``, or who runs the program.
        """
        number = self.number(member)
        with self.store.opened() as session:
            found = explain(self.view(session, self._second(now)), self.programme, number, str(member))
        self._accessed("explain", number, by, now)
        return found

    def erase_addresses(self, member: str | int, *, now: Moment = None) -> None:
        """Delete where a member can be reached, under all their ids; what comes in later is kept again."""
        number = self.number(member)
        with self._alone(), self._pass("control", now) as work, work.session.writing(work.run.id) as writer:
            erase(work.session, writer, work.view, number)
            record(work, writer)

    def _accessed(self, what: str, number: int, by: str, now: Moment, reason: str = "") -> None:
        """Keep in ``accesses`` that somebody looked at a member."""
        with self._pass("control", now) as work:
            access(work, number, what, by, reason)
            with work.session.writing(work.run.id) as writer:
                record(work, writer)

    def _join(self, one: str | int, other: str | int, evidence: str, now: Moment, *, undone: bool) -> None:
        with self._alone(), self._grants.lock, self._pass("control", now) as work:
            ids = {"a": self.number(one), "b": self.number(other)}
            row = {**ids, "evidence": evidence, "time": work.run.now, "undone": undone, "by_hand": True}
            texts = [written(each, self.programme.brand.dialling) for each in (one, other) if is_text(each)]
            with work.session.reading():
                identified(work, seen(work, texts))
                work.stage("links", work.row("links", row))
                join(work)
            self._joined(work)

    def _catch_up(self, now: Moment) -> None:
        """Join by the links that came in without it, unless a run is going on, which goes by those of its beginning."""
        if not self._running.acquire(blocking=False):
            return
        try:
            with self._touching, self._grants.lock, self._pass("control", now) as work:
                with work.session.reading():
                    join(work)
                if {"canon"} & (work.state.keys() | work.merged.keys()):
                    self._joined(work)
        finally:
            self._running.release()

    def _joined(self, work: Work) -> None:
        with work.session.writing(work.run.id) as writer:
            record(work, writer)
        self._grants.forget()
