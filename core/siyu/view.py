"""What a plugin may see: the log and the state at one moment, read-only."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.admit import admit
from siyu.clocks import ClocksView
from siyu.components import together
from siyu.contacts import ContactsView
from siyu.contents import themes
from siyu.drawing import drawn
from siyu.features.cells import declared
from siyu.features.finish import finished
from siyu.frames import cast_like, last, latest
from siyu.identities import looked_up
from siyu.known import current, lapsed
from siyu.moments import day_number
from siyu.origins import origins
from siyu.profiles import flag_tags, needed, profile
from siyu.relations import Tables
from siyu.segments import inside
from siyu.steady import steady, turning
from siyu.tables import CONTENTS, STATE
from siyu.windows import window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from siyu.bits import Bits
    from siyu.config.expressions import Condition, Names
    from siyu.config.programme import Programme
    from siyu.engine import Engine
    from siyu.kinds import Campaign, Channel, Frame, Incentive, Tagger
    from siyu.tables import Schema

__all__ = ["View"]


class View(ClocksView, ContactsView):
    """The relations of one pass, bound to its connection; not thread-safe.

    Every id of a member or a recipient is resolved to the least id of its component, and no event later than
    ``now`` is seen. All frames are lazy.

    Attributes:
        now: The moment of the pass, in epoch seconds.
        today: The day of ``now`` in the brand's zone, as a day number.
    """

    def __init__(
        self,
        tables: Mapping[str, Frame],
        *,
        now: int,
        programme: Programme,
        engine: Engine,
        joined: bool = False,
        bits: Mapping[str, Bits] | None = None,
    ) -> None:
        """Bind the tables; ``joined`` says whether any ids were joined at all, ``bits`` are tags and segments."""
        self._tables: Tables | dict[str, Frame] = tables if isinstance(tables, Tables) else dict(tables)
        self._programme = programme
        self._engine = engine
        self._joined = joined
        self.bits = dict(bits or {})
        self.now = now
        self.today = day_number(programme.brand.zone, now)

    def having(self, *, bits: Mapping[str, Bits] | None = None, **tables: Frame) -> View:
        """Return the same view with some tables, and some bits, replaced."""
        return self.on(self._engine, self._tables | dict(tables), {**self.bits, **(bits or {})})

    def resolved(self, canon: Frame) -> View:
        """Return the same view with ids resolved by these components."""
        view = self.having(canon=canon)
        view._joined = True  # noqa: SLF001 - it is a view of this class, and nobody has seen it yet
        return view

    def on(self, engine: Engine, tables: Mapping[str, Frame], bits: Mapping[str, Bits]) -> View:
        """Return the same moment over another engine's tables, to compare engines."""
        return View(tables, now=self.now, programme=self._programme, engine=engine, joined=self._joined, bits=bits)

    @property
    def raw(self) -> Mapping[str, Frame]:
        """The tables as they were bound, by name, ids unresolved."""
        return self._tables

    def resolve(self, frame: Frame, column: str = "member") -> Frame:
        """Replace the ids of a column by the least id of their component."""
        if not self._joined:
            return frame
        found = frame.join(self._tables["canon"].rename({"member": column}), on=column, how="left")
        columns = [name for name in frame.collect_schema().names() if name != column]
        return found.select(nw.coalesce("canon", column).alias(column), *columns)

    def together(self, members: Frame) -> Frame:
        """Return the ids of members, and all that are joined with them, as the log has them: member."""
        return together(self._tables["canon"], members) if self._joined else members.select("member")

    @cached_property
    def events(self) -> Frame:
        """All events up to ``now``: the columns of the log."""
        return self.resolve(self._tables["events"].filter(nw.col("second") <= self.now))

    @cached_property
    def items(self) -> Frame:
        """The lines of orders and refunds."""
        return self._tables["items"]

    @cached_property
    def claims(self) -> Frame:
        """The events that ask for something limited."""
        return self.events.filter(nw.col("type") == "claimed")

    @cached_property
    def members(self) -> Frame:
        """One row a member: what is known of them, their declared attributes and features."""
        return current(self._tables["members"], self._programme, self.now).join(self.features, on="member", how="left")

    @cached_property
    def features(self) -> Frame:
        """One row a member: the declared features, and as ``last:TYPE`` the last days that conditions ask for."""
        return finished(self._tables["features"], declared(self._programme), self.today)

    @cached_property
    def tags(self) -> Frame:
        """The tags that members have now: member, tagger, tag, value, score, evidence, since, expires."""
        tags = [cast_like(self._tables["tags"], STATE["tags"].columns)]
        if "flags" in self.bits and self.bits["flags"].names:
            tags.append(flag_tags(self, self.bits["flags"].long(self._engine)))
        return nw.concat(tags)

    @property
    def taggers(self) -> tuple[Tagger, ...]:
        """The taggers of the config."""
        return self._programme.components["tagger"]  # type: ignore[return-value]

    def audience(self, channel: str) -> str:
        """Return whom a channel of the config speaks to, see ``Channel.audience``; ``member`` where it has none."""
        # Components are kept by the name of their kind, which no type can tell.
        channels: tuple[Channel, ...] = self._programme.components.get("channel", ())  # type: ignore[assignment]
        return next((one.audience for one in channels if one.name == channel), "member")

    @property
    def incentives(self) -> tuple[Incentive, ...]:
        """The incentives of the config."""
        return self._programme.components["incentive"]  # type: ignore[return-value]

    @cached_property
    def touches(self) -> Frame:
        """All touches, with ``state``, ``reason`` and ``changed`` (epoch second) of their newest receipt."""
        state = last(self._tables["receipts"], "touch").select("state", "reason", id="touch", changed="time")
        return self.resolve(self._tables["touches"], "recipient").join(state, on="id", how="left")

    @cached_property
    def receipts(self) -> Frame:
        """Every state that a touch came into."""
        return self._tables["receipts"]

    @cached_property
    def grants(self) -> Frame:
        """All ledgers' lines."""
        return self.resolve(self._tables["grants"])

    @cached_property
    def consents(self) -> Frame:
        """The newest statement for each member, channel and purpose; of one moment the strictest, in whichever order.

        A channel or a purpose of ``*`` stands for all of them, also where the statement names none.
        """
        # By name, granted comes before unknown and unknown before withdrawn.
        return latest(self.stated, ["member", "channel", "purpose"], ["time", "state", "seq"])

    @property
    def stated(self) -> Frame:
        """All statements about consent up to ``now``; one that names no channel, or no purpose, has ``*`` there."""
        known = self.resolve(self._tables["consents"].filter(nw.col("time") <= self.now))
        named = {
            column: nw.when(nw.col(column).fill_null("") == "").then(nw.lit("*")).otherwise(nw.col(column))
            for column in ("channel", "purpose")
        }
        return known.with_columns(**named)

    @cached_property
    def exposures(self) -> Frame:
        """The first exposure of each member to each experiment."""
        known = self.resolve(self._tables["exposures"]).with_columns(earlier=-nw.col("seq"))
        return latest(known, ["experiment", "member"], ["earlier"]).drop("earlier")

    @cached_property
    def steps(self) -> Frame:
        """The decisions of journeys."""
        return self.resolve(self._tables["steps"])

    @cached_property
    def costs(self) -> Frame:
        """What was spent, by day, entry, channel code and campaign, up to today."""
        return self._tables["costs"].filter(nw.col("day") <= self.today)

    @cached_property
    def prices(self) -> Frame:
        """Prices and when they hold."""
        return self._tables["prices"]

    @cached_property
    def measures(self) -> Frame:
        """All numbers measured so far."""
        return self._tables["measures"]

    @cached_property
    def contents(self) -> Frame:
        """The items of content that state their place in the matrix: content, theme."""
        found = themes(self._programme)
        return self.table({"content": found, "theme": found.values()}, CONTENTS)

    @property
    def names(self) -> Names:
        """What conditions may name: features and attributes with their types, tags, segments, event types."""
        return self._programme.names

    def origins(self, *needs: str) -> frozenset[str]:
        """Return all that columns, tags or segments are made of: see ``siyu.origins.origins``."""
        return origins(self._programme, needs)

    def segment(self, name: str) -> Frame:
        """Return the members of a segment: member; evaluated here where no stage did so before."""
        return inside(self, name, self._programme.segments)

    def profile(self, *conditions: Condition | None) -> Frame:
        """Return ``members`` with every column that the conditions read (see ``Condition.needs``)."""
        return profile(self, needed(conditions))

    def judged(self, conditions: Mapping[str, Condition]) -> Frame:
        """Return member and one Boolean column for each condition, by its name: told in one pass over the members."""
        frame = profile(self, needed(conditions.values()), narrow=True)
        return frame.select("member", **self._compiled(conditions, self.today))

    def turned(self, conditions: Mapping[str, Condition], day: int) -> Frame | None:
        """Return what ``judged`` does, of those members alone of whom some condition did not say the same on a day.

        Their features and attributes are taken as they are now. None where more than these and the day decides.
        """
        if not all(turning(self._programme, one) for one in conditions.values()):
            return None
        now, then = self._compiled(conditions, self.today), self._compiled(conditions, day)
        moved = nw.any_horizontal(*(now[name] != then[name] for name in conditions), ignore_nulls=False)
        return profile(self, needed(conditions.values()), narrow=True).filter(moved).select("member", **now)

    def _compiled(self, conditions: Mapping[str, Condition], day: int) -> dict[str, nw.Expr]:
        return {name: one.compile(day, self._programme.names) for name, one in conditions.items()}

    def matching(self, condition: Condition | None) -> Frame:
        """Return the members that meet a condition, all for None: member."""
        frame = self.profile(condition)
        return (frame if condition is None else frame.filter(self.compile(condition))).select("member")

    def steady(self, condition: Condition) -> bool:
        """Return whether a condition changes of a member only when their own features or attributes do."""
        return steady(self._programme, condition)

    def compile(self, condition: Condition) -> nw.Expr:
        """Return a condition as an expression over the columns of ``profile(condition)``."""
        return condition.compile(self.today, self._programme.names)

    def admit(self, requests: Frame, counters: Frame) -> Frame:
        """Decide ordered requests against counters: see ``siyu.admit.admit``."""
        return admit(requests, counters, self._engine)

    def drawn(self, wants: Frame, lots: Frame) -> Frame:
        """Draw what is wanted of members out of their lots: see ``siyu.drawing.drawn``."""
        return drawn(wants, lots, self._engine)

    def keep(self, frame: Frame) -> Frame:
        """Compute a frame once, for one that is read several times."""
        return self._engine.keep(frame)

    def rows(self, frame: Frame) -> list[tuple[Any, ...]]:
        """Return the rows of a small frame, for what is shown to a person."""
        return self._engine.rows(frame)

    def fields(self, frame: Frame, schema: Schema, column: str = "props") -> Frame:
        """Add one column for each name of the schema, read from a column of JSON text."""
        return lapsed(self._engine.fields(frame, column, schema), schema, self._programme, self.now)

    def identified(self, frame: Frame, column: str, name: str) -> Frame:
        """Add the member of an outside id: ``name`` from a column of texts ``kind:value``; null where it is none."""
        region = self._programme.brand.dialling
        return self.resolve(looked_up(self._engine, self._tables["identities"], frame, column, name, region), name)

    def table(self, columns: Mapping[str, Iterable[Any]], schema: Schema) -> Frame:
        """Return a small frame of given columns, as for the items of a config."""
        return self._engine.frame({name: list(values) for name, values in columns.items()}, schema)

    def window(self, component: Campaign | Incentive) -> tuple[int, int]:
        """Return the first second and the first second after a component's days, its campaign's included."""
        return window(self._programme, component)
