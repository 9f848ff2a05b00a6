"""Challenge: rewards for doing several things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu import hookimpl
from siyu.config.units import Duration, Money
from siyu.frames import row_number
from siyu.kinds import Incentive, Period, Reward, doc
from siyu_plugins.incentives._levels import given, in_period

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Challenge", "Level", "Task"]


@frozen(kw_only=True)
class Task:
    """One thing to do: ``{ event = "paid", at_least = "50.00", times = 2 }``."""

    event: str = field(metadata={**doc("the event that does it", example="paid"), "refers": "event"})
    times: int = field(default=1, validator=ge(1), metadata=doc("how many of them", example=2))
    at_least: Money | None = field(default=None, metadata=doc("the least amount of each", example="50.00"))
    subject: str = field(default="", metadata=doc("only events of this subject", example="green tea"))
    entry: str = field(default="", metadata=doc("only events from this entry", example="wecom"))
    settle: Duration = field(
        default=Duration(0), metadata=doc("how long an event must stand without a refund to count", example="7d")
    )

    def done(self, view: View, events: Frame) -> Frame:
        """Return member, day, second, id, time of the events that count by now, and since when each does."""
        where = {"type": self.event, "subject": self.subject, "entry": self.entry}
        found = events.filter(*(nw.col(column) == text for column, text in where.items() if text))
        if self.at_least is not None:
            found = found.filter(nw.col("amount") >= self.at_least.minor)
        settled = found.with_columns(time=nw.col("second") + self.settle.seconds).filter(nw.col("time") <= view.now)
        kept = settled.join(self._returned(view, settled), on="id", how="anti") if self.settle.seconds else settled
        return kept.select("member", "day", "second", "id", "time")

    @staticmethod
    def _returned(view: View, settled: Frame) -> Frame:
        """Return the id of those that were refunded, even in part, before they had settled."""
        refunds = view.events.filter(nw.col("type") == "refunded", nw.col("ref") != "")
        back = settled.join(refunds.select("member", "ref", back="second"), on=["member", "ref"], how="inner")
        return back.filter(nw.col("back") <= nw.col("time")).select("id").unique()


@frozen(kw_only=True)
class Level:
    """How many of the tasks give what: ``{ tasks = 3, gives = { points = 100 } }``."""

    tasks: int = field(validator=ge(1), metadata=doc("how many of the tasks must be done", example=3))
    gives: tuple[Reward, ...] = field(metadata=doc("what they give", example={"points": 100}))


@frozen(kw_only=True)
class Challenge(Incentive):
    """Rewards members who do several things, in any order, each period anew.

    A task is done with its last event that counts; a level is reached with the last of so many tasks. Each level
    that is reached is a line of amount 1 in its own ledger, which ``limit`` and ``budget`` count, beside the lines
    in the ledgers of what it gives. No fact that comes in late takes a level away, or gives it twice; a refund does
    not either, once the event has stood for as long as ``settle``.

    ```toml
    [incentive.taster]
    use = "challenge"
    from = 2026-12-01
    per = "month"
    tasks = [{ event = "rated" }, { event = "paid", at_least = "50.00", settle = "7d" }]
    levels = [{ tasks = 2, gives = { points = 100 } }]
    ```
    """

    tasks: tuple[Task, ...] = field(metadata=doc("what is to be done"))
    levels: tuple[Level, ...] = field(metadata=doc("how many of the tasks give what"))
    per: Period = field(
        default="total", metadata=doc("the period that begins anew, in the brand's zone", example="month")
    )

    @tasks.validator
    def _check_tasks(self, _: Attribute[tuple[Task, ...]], value: tuple[Task, ...]) -> None:
        if not value:
            message = "expected at least one task, as in [{ event = 'paid', at_least = '50.00' }]"
            raise ValueError(message)

    @levels.validator
    def _check_levels(self, _: Attribute[tuple[Level, ...]], value: tuple[Level, ...]) -> None:
        asked = [level.tasks for level in value]
        if not asked or max(asked) > len(self.tasks):
            most = len(self.tasks)
            message = f"expected levels of 1 to {most} tasks, as in [{{ tasks = {most}, gives = {{ points = 100 }} }}]"
            raise ValueError(message)
        twice = next((number for number in asked if asked.count(number) > 1), None)
        if twice:
            message = f"expected one level of {twice} tasks: put together what they give"
            raise ValueError(message)

    def facts(self) -> Mapping[str, object]:
        """State what is rewarded, task by task."""
        return {"tasks": [{"rewarded_events": (task.event,)} for task in self.tasks]}

    @property
    def rewards(self) -> Sequence[Reward]:
        """What it writes into the ledgers of other incentives."""
        return tuple(reward for level in self.levels for reward in level.gives)

    def settle(self, view: View) -> Frame:
        """Return the lines of the levels that are reached."""
        done = view.keep(nw.concat([self._task(view, number, task) for number, task in enumerate(self.tasks)]))
        numbered = row_number(done, ["member", "period"], ["time", "number"], "nth")
        reached = [
            numbered.filter(nw.col("nth") == level.tasks).with_columns(level=nw.lit(_named(level)), nth=nw.lit(1))
            for level in self.levels
        ]
        return given(view, self, nw.concat(reached), [(_named(level), level.gives) for level in self.levels])

    def _task(self, view: View, number: int, task: Task) -> Frame:
        """Return member, period, number, event, time: the event that did a task, for each member and period."""
        begin, end = view.window(self)
        within = view.events.filter(nw.col("second") >= begin, nw.col("second") < end)
        counted = in_period(view, task.done(view, within), self.per)
        nth = row_number(counted, ["member", "period"], ["second", "id"], "nth")
        done = nth.filter(nw.col("nth") == task.times)
        event = nw.col("id").cast(nw.String)
        return done.select("member", "period", "time", number=nw.lit(number, nw.Int64), event=event)


def _named(level: Level) -> str:
    return f"{level.tasks}-tasks"


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``challenge``."""
    return {"challenge": Challenge}
