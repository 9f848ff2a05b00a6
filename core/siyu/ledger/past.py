"""The log as the last run left it, and which lines were decided by rules that still hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import frozen

from siyu.frames import latest
from siyu.kinds import Frame, Incentive
from siyu.relations import Tables
from siyu.view import View

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.work import Work

__all__ = ["Past", "past", "seen"]


@frozen
class Past:
    """The log as it was when facts were settled last.

    Attributes:
        view: What the last run saw; None where there was none.
        last: The last ``seq`` that was then in the log; 0 where there was no run.
        alike: The runs whose config had the same rules as today's, by incentive: incentive, run.
        joins: When members were last joined with others or parted from them: member, since (a ``seq``).
    """

    view: View | None
    last: int
    alike: Frame
    joins: Frame


def past(work: Work) -> Past:
    """Return the log as the last run left it."""
    alike, joins = _alike(work), _joins(work)
    raw = work.view.raw
    done = work.session.engine.rows(raw["runs"].filter(nw.col("kind") == "run").select(nw.col("seq").max()))[0][0]
    if done is None:
        return Past(None, 0, alike, joins)
    passes = raw["runs"].filter(nw.col("kind").is_in(["run", "tick"]), nw.col("seq") <= done)
    now = work.session.engine.rows(passes.select(nw.col("now").max()))[0][0]
    return Past(seen(work, done, now), done, alike, joins)


def seen(work: Work, last: int, now: int) -> View:
    """Return what a pass saw at a moment, of the rows up to a ``seq``; who is one person is as today."""
    raw = work.view.raw
    tables = {name: raw[name].filter(nw.col("seq") <= last) for name in ("items", "grants")}
    # A pass settles before it touches anybody.
    own = raw["runs"].filter(nw.col("seq") == last).select(run="id")
    for name in ("touches", "receipts"):
        tables[name] = raw[name].filter(nw.col("seq") <= last).join(own, on="run", how="anti")
    tables["events"] = _events(work, last)
    engine, joined = work.session.engine, work.some(raw["canon"])
    whole = raw | tables if isinstance(raw, Tables) else {**raw, **tables}
    return View(whole, now=now, programme=work.programme, engine=engine, joined=joined, bits=work.view.bits)


def _events(work: Work, last: int) -> Frame:
    """Return the events as they stood then: of one that was revised since, what it was before."""
    known = work.view.raw["events"].filter(nw.col("seq") <= last)
    revised = work.view.raw["superseded"].filter(nw.col("log") == "events")
    if not work.some(revised):
        return known
    stored = work.session.table("events").filter(nw.col("seq") <= last)
    return work.keep(latest(stored, ["id"], ["seq"])).select(*known.collect_schema().names())


def _joins(work: Work) -> Frame:
    """Return the last link of each member that has any: member, since."""
    links = work.view.raw["links"]
    ends = nw.concat([links.select("seq", member=nw.col(end)) for end in "ab"])
    return work.keep(work.view.resolve(ends).group_by("member").agg(since=nw.col("seq").max()))


def _alike(work: Work) -> Frame:
    """Return which runs decided by the same rules of an incentive as today's: incentive, run."""
    engine, raw = work.session.engine, work.view.raw
    known = dict(engine.rows(raw["configs"].select("hash", "canonical")))
    today = work.programme
    names = [one.name for one in today.of(Incentive)]
    now = _rules(json.loads(today.canonical), today)
    then = {digest: _rules(json.loads(text), today) for digest, text in known.items()}
    same = [(name, digest) for digest, rules in then.items() for name in names if rules[name] == now[name]]
    # The config of today may not have been recorded yet.
    pairs = sorted({*same, *((name, today.hash) for name in names)})
    columns = {"incentive": [name for name, _ in pairs], "config": [digest for _, digest in pairs]}
    equal = work.view.table(columns, dict.fromkeys(columns, nw.String()))
    runs = raw["runs"].select("config", run="id")
    return work.keep(equal.join(runs, on="config").select("incentive", "run"))


def _rules(tree: dict[str, Any], today: Programme) -> dict[str, list[Any]]:
    """Return by incentive what a config says of it, of those that write into its ledger, and of what bounds these.

    One that is no more may have written into any.
    """
    incentives, campaigns = tree.get("incentive", {}), tree.get("campaign", {})
    zone = tree.get("brand", {}).get("zone")
    found, gone = {}, sorted(set(incentives) - {one.name for one in today.of(Incentive)})
    for one in today.of(Incentive):
        givers = [other for other in today.of(Incentive) if any(each.incentive == one.name for each in other.rewards)]
        bounds = [campaigns.get(other.during or "", {}) for other in (one, *givers)]
        days = [[table.get(name) for name in ("from", "until", "budget")] for table in bounds]
        found[one.name] = [zone, gone, days, *(incentives.get(other.name) for other in (one, *givers))]
    return found
