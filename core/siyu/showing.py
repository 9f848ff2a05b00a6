"""A channel's own tags, made to show what the taggers say of members."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.addresses import revealed
from siyu.errors import UserError
from siyu.kinds import Channel, Mark
from siyu.reading import Reading
from siyu.tagging import marker, marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siyu.passes import Moment

__all__ = ["Showing"]

_MOST = 200
_TYPES = {"add": "marked", "remove": "unmarked"}


class Showing(Reading):
    """Has channels change their own tags."""

    def show_marks(self, channel: str, *, now: Moment = None) -> list[Mark]:
        """Have a channel make the changes of ``marks``, so many at a time, and record at once what it made.

        So it is made once, and what is not recorded, as after a crash, is made again, which changes nothing there.

        Returns:
            The changes, each with the reason where it was not made.

        Raises:
            UserError: No tagger says which tags the channel should show, the channel cannot change any, or its
                platform refuses altogether.
        """
        second = self._second(now)
        wanted = self._wanted(self._marking(channel), second)
        done: list[Mark] = []
        for start in range(0, len(wanted), _MOST):
            done += self._shown(channel, wanted[start : start + _MOST], second)
        return done

    def _marking(self, name: str) -> Channel:
        marker(self.programme, name)
        found = next((one for one in self.programme.of(Channel) if one.name == name), None)
        if found is None or not found.shows_marks:
            raise UserError(f"the channel '{name}' cannot change its tags; one of 'wecom-customer' can")
        here = self.programme.environment
        if found.environment not in {here, ""}:
            raise UserError(f"the channel '{name}' does not belong to {here}, so its tags are left alone")
        return found

    def _wanted(self, channel: Channel, second: int) -> list[Mark]:
        """Return the changes, with where the channel finds each member, and whose contact they are."""
        with self.store.opened() as session:
            work = self._work(session, "plan", second)
            rows = session.engine.rows(marks(work, marker(self.programme, channel.name)))
            members = {member for member, *_ in rows}
            known = revealed(work.view, session.vault, channel.address, members)
            open_ = work.view.follows.filter(nw.col("until").is_null()).select("member", "staff")
            asked = work.view.table({"member": sorted(members)}, {"member": nw.Int64()})
            staff: dict[int, list[str]] = {}
            for member, name in sorted(session.engine.rows(open_.join(asked, on="member", how="semi"))):
                staff.setdefault(member, []).append(name)
        return [Mark(who, mark, how, known.get(who, ""), tuple(staff.get(who, ()))) for who, mark, how in rows]

    def _shown(self, name: str, changes: Sequence[Mark], second: int) -> list[Mark]:
        """Have some changes made, and record those that were, whatever becomes of the others."""
        channel, done = self._marking(name), []
        try:
            with self.registry.attributed(self.programme.owners["channel", name], f"channel.{name}"):
                for one in channel.show_marks(changes):
                    done.append(one)  # noqa: PERF402 - what came before an error must be kept
        finally:
            self._remember(name, (one for one in done if not one.reason), second)
        return done

    def _remember(self, name: str, made: Iterable[Mark], second: int) -> None:
        time = datetime.fromtimestamp(second, UTC).isoformat()
        rows = [
            {
                "member": one.member,
                "type": _TYPES[one.change],
                "time": time,
                "source": f"siyu/{name}",
                "source_id": f"{one.change} {one.member} {one.mark} {second}",
                "subject": one.mark,
                "ref": name,
            }
            for one in made
        ]
        if rows:
            self.ingest(rows, now=second)
