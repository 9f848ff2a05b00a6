"""A brand's side of what people may ask of it: to be forgotten, left alone, told all that is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.errors import UserError
from siyu.identities import is_text, written
from siyu.members import Members
from siyu.rights.accesses import access, whoever
from siyu.rights.exporting import Export, exported
from siyu.rights.forgetting import Forgotten, carry_out, known_texts, left, prepare, stage, swept
from siyu.rights.suppression import LISTED, suppress
from siyu.stages.ingest import identified, seen
from siyu.stages.record import record
from siyu.stores.erasing import Eraser

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siyu.passes import Moment
    from siyu.work import Work

__all__ = ["Rights"]


class Rights(Members):
    """Erases people, keeps the suppression list, and hands out all that is known of a person."""

    def forget(self, member: str | int, *, by: str, reason: str = "", now: Moment = None) -> Forgotten:
        """Erase a person, under all their ids, at once and for good.

        What goes: addresses, consents, links, tags, all attributes, fields and texts, and every event but those that
        the law asks to keep. What stays, under a number that leads to nobody: orders, claims and the events that a
        ledger's line names; the lines of ledgers; touches and the journeys' steps, for sums and counts. The ids are
        put on the suppression list, so that the same rows handed in again are dropped, and nobody is touched.

        Args:
            member: An outside id, or a number. Name an outside id where it is at hand: then it is replaced as well
                where facts of others name it, as the inviter's.
            by: Who does it.
            reason: Why, as the number of the request.
            now: The moment of it.

        Raises:
            UserError: Nobody does it, the member is no id, or nothing is known of them.
        """
        _signed(by)
        number, text = self.number(member), self._text(member)
        self._catch_up(now)
        with self._alone(), self._grants.lock, self._pass("control", now) as work:
            with work.session.reading():
                ids, pseudonym = prepare(work, number, str(member))
                texts = known_texts(work.view, work, ids, text)
                named = left(work, texts, self.store.path)
                stage(work, ids, pseudonym, by, reason)
                access(work, pseudonym, "forget", by, reason)
            eraser = Eraser(work.session.cursor, ids, pseudonym)
            with work.session.writing(work.run.id) as writer:
                carry_out(work, eraser, texts, swept(texts, ids, pseudonym))
                record(work, writer)
            self._grants.forget()
        return Forgotten(pseudonym, eraser.counts, self.store.rewrite(), named)

    def suppress(
        self, ids: Iterable[str | int], *, by: str, reason: str, lift: bool = False, now: Moment = None
    ) -> int:
        """Put outside ids on the list of those that are never touched; return how many were not on it.

        The list holds keyed hashes, of people who are known or not, and outlives an erasure. Who is joined with one
        of them is not touched either.

        Args:
            ids: The outside ids, or members' numbers.
            by: Who does it.
            reason: Why.
            lift: Whether to take them off the list instead, as of somebody who comes back and asks for it.
            now: The moment of it.

        Raises:
            UserError: Nobody does it, it lacks a reason, or one of them is no id; then none is put on the list.
        """
        _signed(by, reason)
        asked = list(ids)
        texts = [text for one in asked if (text := self._text(one))]
        numbers = [self.number(one) for one in asked]
        with self._alone(), self._pass("control", now) as work:
            with work.session.reading():
                # Known by its hash, an id is found again under a later key.
                identified(work, seen(work, texts))
                action = "lift" if lift else "add"
                done = suppress(work, numbers, action=action, origin=LISTED, by=by, reason=reason)
                for number in numbers if done else ():
                    access(work, number, "lift" if lift else "suppress", by, reason)
            if done:
                self._write(work)
            return done

    def export(self, member: str | int, *, by: str = "", reason: str = "", now: Moment = None) -> Export:
        """Return all that is known of a person, as values that JSON can write: see ``siyu.rights.exporting``.

        Raises:
            UserError: The member is no id, or nothing is known of them.
        """
        number = self.number(member)
        with self._pass("control", now) as work, work.session.reading():
            found = exported(work, number, str(member))
        self._accessed("export", number, by, now, reason)
        return found

    def _write(self, work: Work) -> None:
        with work.session.writing(work.run.id) as writer:
            record(work, writer)

    def _text(self, member: str | int) -> str:
        return written(member, self.programme.brand.dialling) if is_text(member) else ""


def _signed(by: str, reason: str = "-") -> None:
    if not (whoever(by) and by.strip() and reason.strip()):
        raise UserError("say who does it, and why: both are kept in the log")
