"""What a pass came to, for those who started it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import narwhals as nw
from attrs import evolve, field, frozen

from siyu.frames import total
from siyu.goals import progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["DROPPED", "MEASURED", "TAKEN", "TOUCHED", "WHO", "Outcome"]

TOUCHED = ["campaign", "step", "content", "channel", "state", "reason"]
TAKEN = ["entry", "type", "events", "members", "amount"]
DROPPED = ["entry", "type", "fields", "events"]
MEASURED = ["metric", "period", "slice", "key", "value", "n"]
WHO = ["recipient", "campaign", "step", "content", "channel", "due", "state", "reason"]


@frozen(kw_only=True)
class Outcome:
    """The counts of a pass and short tables of it; of a plan the frames too, usable until it or the brand is closed.

    Attributes:
        run: The pass's number.
        now: Its moment, in epoch seconds.
        counts: What it did, by name, as ``events``, ``rejects``, ``touches``, ``gate: caps``, ``grants``.
        taken: What came in, by entry and type: the columns of ``TAKEN``; amounts in minor units.
        dropped: The fields that nothing declares, and how many events lost them: the columns of ``DROPPED``.
        touched: How many touches the gate judged, by campaign, step, content, channel, state and reason: the columns
            of ``TOUCHED`` and the number.
        sample: The first judged touches: the columns of ``WHO``.
        measured: The numbers that are new: the columns of ``MEASURED``.
        goals: How far the goals are: the columns of ``PROGRESS``.
        judged: Of a plan, all touches that the gate judged: the columns of ``touches``, state, reason, rule.
        grants: Of a plan, the new lines of the ledgers.
        closing: Of a plan, frees what its frames hold.
    """

    run: int
    now: int
    counts: dict[str, int]
    taken: list[tuple[Any, ...]]
    dropped: list[tuple[Any, ...]]
    touched: list[tuple[Any, ...]]
    sample: list[tuple[Any, ...]]
    measured: list[tuple[Any, ...]]
    goals: list[tuple[Any, ...]]
    judged: Frame | None = None
    grants: Frame | None = None
    closing: Callable[[], None] = field(default=lambda: None, repr=False, eq=False)

    @classmethod
    def of(cls, work: Work, sample: int = 5) -> Self:
        """Return the outcome of a pass, as long as its session is open."""
        engine = work.session.engine
        outcome = cls(
            run=work.run.id,
            now=work.run.now,
            counts=dict(work.counts),
            taken=_taken(work),
            dropped=sorted((*key, number) for key, number in work.dropped.items()),
            touched=[],
            sample=[],
            measured=_measured(work),
            goals=progress(work.view, work.programme.goals) if work.run.kind in {"run", "plan"} else [],
        )
        if "verdicts" not in work.results:
            return outcome
        planned = work.run.kind == "plan"
        judged = work.keep(_judged(work).sort("id")) if planned else _judged(work)
        if work.size(work.results["verdicts"].head(1)):
            grouped = judged.group_by(*TOUCHED).agg(number=nw.len()).select(*TOUCHED, "number")
            touched = sorted(engine.rows(grouped), key=lambda row: tuple(str(value) for value in row))
            first = engine.rows(judged.select("id", *WHO).sort("id").head(sample).select(*WHO))
            outcome = evolve(outcome, touched=touched, sample=first)
        return evolve(outcome, judged=judged, grants=work.results["grants"]) if planned else outcome

    def close(self) -> None:
        """Free what a plan's frames hold, as a program that plans again and again should."""
        self.closing()

    @property
    def touches(self) -> Frame | None:
        """Of a plan, the touches that would go out now."""
        return self._in(["queued"])

    @property
    def held(self) -> Frame | None:
        """Of a plan, the touches that would wait, with the reason."""
        return self._in(["held"])

    @property
    def suppressed(self) -> Frame | None:
        """Of a plan, the touches that would never go out, with the reason."""
        return self._in(["suppressed", "expired"])

    def _in(self, states: list[str]) -> Frame | None:
        return None if self.judged is None else self.judged.filter(nw.col("state").is_in(states))


def _taken(work: Work) -> list[tuple[Any, ...]]:
    parts = [part.select("entry", "type", "member", "amount") for part in work.staged.get("events", ())]
    if not parts:
        return []
    grouped = nw.concat(parts).group_by("entry", "type")
    counted = grouped.agg(events=nw.len(), members=nw.col("member").n_unique(), amount=total("amount"))
    return sorted(work.session.engine.rows(counted.select(*TAKEN)))


def _measured(work: Work) -> list[tuple[Any, ...]]:
    rows = [row for part in work.staged.get("measures", ()) for row in work.session.engine.rows(part.select(*MEASURED))]
    return sorted(rows, key=lambda row: tuple(str(value) for value in row[:4]))


def _judged(work: Work) -> Frame:
    """Return the touches that this pass judged, held ones of earlier passes included."""
    new = work.results["touches"]
    columns = new.collect_schema().names()
    older = work.results["held"].select(*columns)
    return nw.concat([older, new]).join(work.results["verdicts"], on="id")
