"""What a pass came to, for those who started it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import narwhals as nw
from attrs import evolve, field, frozen

from siyu.frames import total
from siyu.goals import progress
from siyu.waterfall import GATED

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["DROPPED", "MEASURED", "TAKEN", "TOUCHED", "WHO", "Outcome"]

TOUCHED = ["campaign", "step", "content", "channel", "state", "reason"]
TAKEN = ["entry", "type", "events", "members", "amount"]
DROPPED = ["entry", "type", "fields", "events"]
MEASURED = ["metric", "period", "slice", "key", "value", "n"]
WHO = ["id", "recipient", "campaign", "step", "content", "channel", "due", "state", "reason"]


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
        gated: How many of them each rule of the gate stopped: the columns of ``siyu.waterfall.GATED``.
        sample: The first judged touches: the columns of ``WHO``.
        measured: The numbers that are new: the columns of ``MEASURED``.
        goals: How far the goals are: the columns of ``PROGRESS``.
        judged: Of a plan, all touches that the gate judged: the columns of ``touches``, state, reason, rule, waited
            (whether it was held before).
        grants: Of a plan, the new lines of the ledgers.
        closing: Of a plan, frees what its frames hold.
    """

    run: int
    now: int
    counts: dict[str, int]
    taken: list[tuple[Any, ...]]
    dropped: list[tuple[Any, ...]]
    touched: list[tuple[Any, ...]]
    gated: list[tuple[str, str, bool, int]]
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
            gated=[],
            sample=[],
            measured=_measured(work),
            goals=progress(work.view, work.programme.goals) if work.run.kind in {"run", "plan"} else [],
        )
        if "verdicts" not in work.results:
            return outcome
        planned, some = work.run.kind == "plan", work.some(work.results["verdicts"])
        if not planned and not some:
            return outcome
        judged = work.keep(_judged(work).sort("id")) if planned else _judged(work)
        if some:
            first = engine.rows(judged.select(*WHO).sort("id").head(sample))
            touched, gated = _numbers(work, judged)
            outcome = evolve(outcome, touched=touched, gated=gated, sample=first)
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
    grouped = (nw.concat(parts) if len(parts) > 1 else parts[0]).group_by("entry", "type")
    # The keys come first, then these in their order: the columns of ``TAKEN``.
    counted = grouped.agg(events=nw.len(), members=nw.col("member").n_unique(), amount=total("amount"))
    return sorted(work.session.engine.rows(counted))


def _measured(work: Work) -> list[tuple[Any, ...]]:
    rows = [row for part in work.staged.get("measures", ()) for row in work.session.engine.rows(part.select(*MEASURED))]
    return sorted(rows, key=lambda row: tuple(str(value) for value in row[:4]))


def _judged(work: Work) -> Frame:
    """Return the touches that this pass judged, held ones of earlier passes included."""
    new = work.results["touches"]
    columns = new.collect_schema().names()
    older = work.results["held"].select(*columns, waited=nw.lit(value=True))
    both = nw.concat([older, new.with_columns(waited=nw.lit(value=False))])
    return both.join(work.results["verdicts"], on="id")


def _numbers(work: Work, judged: Frame) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """Return how many touches there are of each sort, once as ``touched`` and once as ``gated``."""
    columns = [*TOUCHED, *(name for name in GATED[:-1] if name not in TOUCHED)]
    grouped = judged.group_by(*columns).agg(number=nw.len()).select(*columns, "number")
    touched: Counter[tuple[Any, ...]] = Counter()
    gated: Counter[tuple[Any, ...]] = Counter()
    for *row, number in work.session.engine.rows(grouped):
        named = dict(zip(columns, row, strict=True))
        touched[tuple(named[name] for name in TOUCHED)] += number
        gated[tuple(named[name] for name in GATED[:-1])] += number
    ordered = sorted(touched.items(), key=lambda item: tuple(str(value) for value in item[0]))
    return [(*key, number) for key, number in ordered], sorted((*key, number) for key, number in gated.items())
