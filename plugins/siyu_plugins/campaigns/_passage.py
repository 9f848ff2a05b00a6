"""One pass over a journey: who has started, which steps are due by now, and what becomes of each."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.config.units import DAY
from siyu.frames import next_after
from siyu_plugins.campaigns._clocks import next_clock
from siyu_plugins.campaigns._conditions import judged
from siyu_plugins.campaigns._route import STARTED
from siyu_plugins.campaigns._starts import accepted

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View
    from siyu_plugins.campaigns._route import Step
    from siyu_plugins.campaigns.journey import Journey

__all__ = ["Passage"]

_NEVER = 2**53
_VERSION_DIGITS = 12


class Passage:
    """A journey at one moment."""

    def __init__(self, journey: Journey, view: View) -> None:
        """Look at a journey by what a run sees."""
        self.journey = journey
        self.view = view

    def decisions(self) -> Frame:
        """Return all decisions that the run makes: see ``Journey.propose``."""
        starts = self.view.keep(self._starts())
        timeline = self.view.keep(self._timeline(starts))
        parts = [self._decided(timeline, position, step) for position, step in enumerate(self.journey.steps)]
        if self.journey.start.segment:
            parts.append(self._begun(starts))
        return nw.concat(parts)

    def _starts(self) -> Frame:
        """Return the starts that count: member, start."""
        begin, end = self.view.window(self.journey)
        start = nw.col("start")
        recorded, fresh = (
            frame.filter(start >= begin, start < end).unique() for frame in (self._recorded(), self._fresh())
        )
        gap = self.journey.again.seconds if self.journey.again else _NEVER
        return accepted(self.view, recorded, fresh, gap=gap, span=self.view.now - begin)

    def _recorded(self) -> Frame:
        return self._log().select("member", nw.col("occurrence").cast(nw.Int64).alias("start"))

    def _fresh(self) -> Frame:
        """Return what the log, or this run's segment, has of starts: member, start."""
        start = self.journey.start
        if start.segment:
            return self.view.segment(start.segment).select("member", start=nw.lit(self.view.now, nw.Int64))
        asked = {"type": start.event, "entry": start.entry, "subject": start.subject}
        events = self.view.events.filter(*(nw.col(name) == value for name, value in asked.items() if value))
        known = events.filter(~nw.col("member").is_null())
        return known.select("member", nw.col("second").cast(nw.Int64).alias("start"))

    def _log(self) -> Frame:
        """Return what this edition of the journey has decided so far."""
        same = nw.col("version").str.starts_with(f"{self.journey.edition}-")
        return self.view.steps.filter(nw.col("campaign") == self.journey.name, same)

    def _timeline(self, starts: Frame) -> Frame:
        """Add when the goal was ``reached`` (null for never), and the moments of the steps: nominal_0, nominal_1 …."""
        frame = self._with_goal(starts).with_columns(before=nw.col("start"))
        for position, step in enumerate(self.journey.steps):
            frame = self._with_nominal(frame, f"nominal_{position}", step)
            frame = frame.drop("before").with_columns(before=nw.col(f"nominal_{position}"))
        return frame.drop("before")

    def _with_goal(self, starts: Frame) -> Frame:
        goal = self.journey.goal
        if goal is None:
            return starts.with_columns(reached=nw.lit(None).cast(nw.Int64))
        events = self.view.events.filter(nw.col("type") == goal.event)
        done = events.select("member", nw.col("second").cast(nw.Int64).alias("start"))
        frame = next_after(starts, done, by=["member"], at="start", name="reached")
        if goal.within is None:
            return frame
        in_time = nw.col("reached") <= nw.col("start") + goal.within.seconds
        return frame.with_columns(nw.when(in_time).then(nw.col("reached")).alias("reached"))

    def _with_nominal(self, frame: Frame, name: str, step: Step) -> Frame:
        if step.at is None:
            return frame.with_columns((nw.col("before") + step.after.seconds).alias(name))
        days, rest = divmod(step.after.seconds, DAY)
        moved = frame.with_columns(nw.col("before") + rest)
        return next_clock(moved, self.view.calendar, at="before", clock=step.at.seconds, days=days, name=name)

    def _decided(self, timeline: Frame, position: int, step: Step) -> Frame:
        """Return what becomes of a step for those who are due and undecided."""
        nominal = nw.col(f"nominal_{position}")
        columns = timeline.select("member", "start", "reached", nominal.alias("nominal"))
        due = columns.filter(nw.col("nominal") <= self.view.now)
        # Whoever starts only once takes each step once, also where two members who both started are joined.
        keys = ["member", "start"] if self.journey.again else ["member"]
        before = self._log().filter(nw.col("step") == step.id)
        known = before.select("member", nw.col("occurrence").cast(nw.Int64).alias("start")).select(*keys).unique()
        return self._rows(self._branched(due.join(known, on=keys, how="anti"), step), step)

    def _branched(self, due: Frame, step: Step) -> Frame:
        """Add the branch: goal, late, send or skip."""
        past = nw.col("nominal") + step.latest.seconds <= self.view.now
        lost = nw.when(past).then(nw.lit("late"))
        early = nw.when(nw.col("reached") <= nw.col("nominal")).then(nw.lit("goal")).otherwise(lost)
        if step.when is None:
            return due.with_columns(nw.coalesce(early, nw.lit("send")).alias("branch"))
        found = self.view.keep(due.with_columns(early.alias("early")))
        verdicts = judged(self.view, found.filter(nw.col("early").is_null()), step.when)
        told = nw.when(nw.col("holds").fill_null(value=False)).then(nw.lit("send")).otherwise(nw.lit("skip"))
        joined = found.join(verdicts, on=["member", "start"], how="left")
        return joined.with_columns(nw.coalesce(nw.col("early"), told).alias("branch"))

    def _begun(self, starts: Frame) -> Frame:
        """Return a row for each member who starts by the segment in this run."""
        new = starts.filter(nw.col("start") == self.view.now)
        again = self._log().filter(nw.col("step") == STARTED, nw.col("nominal") == self.view.now)
        rows = new.join(again.select("member"), on="member", how="anti")
        return self._rows(rows.with_columns(nominal=nw.col("start"), branch=nw.lit(STARTED)), None)

    def _rows(self, frame: Frame, step: Step | None) -> Frame:
        """Give decisions the columns of a proposal; those of a start (None) say and send nothing."""
        texts = {
            "step": step.id if step else STARTED,
            "slot": step.say if step else None,
            "channel": (step.via or self.journey.via) if step else None,
            "offer": (step.offer or None) if step else None,
            "version": self.version,
        }
        return frame.select(
            nw.col("member").alias("recipient"),
            nw.col("start").cast(nw.String).alias("occurrence"),
            *(nw.lit(text).cast(nw.String).alias(name) for name, text in texts.items()),
            nw.col("nominal").alias("due"),
            (nw.col("nominal") + (step.latest.seconds if step else 0)).alias("until"),
            "branch",
            "nominal",
        )

    @property
    def version(self) -> str:
        """The edition, and twelve hexadecimal digits that change whenever what was written of the journey does."""
        journey = self.journey
        rules = (journey.start, journey.goal, journey.again, journey.via)
        written = "|".join([*map(str, rules), *(text for step in journey.steps for text in step.written)])
        return f"{journey.edition}-{sha256(written.encode()).hexdigest()[:_VERSION_DIGITS]}"
