"""Reading one entry by itself, without the rest of the loop."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from attrs import evolve, fields

from siyu.errors import UserError
from siyu.joining import join
from siyu.kinds import Entry
from siyu.outcome import Outcome
from siyu.passes import Passes
from siyu.stages.ingest import read
from siyu.stages.record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from siyu.passes import Moment
    from siyu.work import Work

__all__ = ["Reading"]


class Reading(Passes):
    """Passes that only bring in what one entry reads; the next run or tick goes by it."""

    def read(
        self,
        entry: str,
        *,
        files: Sequence[str] = (),
        keep: bool = True,
        growing: bool = False,
        now: Moment = None,
        progress: Callable[[str], None] | None = None,
    ) -> Outcome:
        """Read an entry from where it ended, and commit what is new; where nothing is, nothing is written.

        Args:
            entry: The entry's name in the config.
            files: Paths or globs to read instead of those that the config names, for an entry that reads files. How
                far they were read is remembered apart from the entry's own files.
            keep: False to forget how far these files were read: they are read whole the next time.
            growing: Whether half a line at the end of a file waits until it is whole.
            now: The moment of the intake.
            progress: Is told what goes on.

        Returns:
            What was counted: new rows by table, and ``rejects``.

        Raises:
            UserError: There is no such entry, it reads no files, or one of the files cannot be read.
        """
        found = self._entry(entry, {"files": tuple(files)} if files else {})
        if growing and "growing" in _attributes(found):
            found = evolve(found, growing=True)  # type: ignore[call-arg]
        label = " ".join((entry, *files))
        with self._pass("ingest", now, progress) as work:
            with work.session.reading(), work.attributed(found):
                read(work, found, label if keep else "")
            if work.staged:
                self._recorded(work)
            return Outcome.of(work)

    def entry(self, name: str) -> Entry:
        """Return an entry of the config.

        Raises:
            UserError: There is none of that name.
        """
        named = {one.name: one for one in self.programme.of(Entry)}
        if name not in named:
            raise UserError(f"there is no entry '{name}' in the config; it has: {', '.join(named) or 'none'}")
        return named[name]

    def _entry(self, name: str, changes: Mapping[str, object]) -> Entry:
        found = self.entry(name)
        if not set(changes) <= _attributes(found):
            raise UserError(f"entry '{name}' reads no files; leave the path out, or name an entry that reads files")
        return evolve(found, **changes)  # type: ignore[arg-type]

    def _recorded(self, work: Work) -> None:
        """Commit what was read; who is one person is told anew where links came in."""
        joining = bool(work.staged.get("links"))
        with self._alone() if joining else nullcontext():
            if joining:
                with work.session.reading():
                    for table in ("links", "identities"):
                        work.show(table)
                    join(work)
            # Claims are decided in the order of the log, so none may come into it while others are decided.
            with self._grants.lock:
                with work.session.writing(work.run.id) as writer:
                    record(work, writer)
                if joining:
                    self._grants.forget()


def _attributes(entry: Entry) -> set[str]:
    return {one.name for one in fields(type(entry))}
