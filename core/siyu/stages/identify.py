"""Members: ids joined into components, and what is known of each member, folded from the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.folds import arrived, definition, fold_of, may_have_arrived
from siyu.joining import join, joined_since, judged
from siyu.known import READ, attributes, folded
from siyu.stages.contacts import bring

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["identify"]


def identify(work: Work) -> None:
    """Fold links into ``canon``, and events into ``members``, ``follows`` and groups."""
    if not work.ticking:
        # Of two that compute together, one brings this forward.
        join(work)
    if work.ticking:
        members = work.keep(_everybody(work))
        work.count("members", members)
    else:
        members = _kept_up(work)
        work.folded["members"] = _definitions(work)
    work.view = work.view.having(members=members)
    bring(work)


def _definitions(work: Work) -> dict[str, str]:
    brand, declared = work.programme.brand, attributes(work.programme)
    kept = {name: str(dtype) for name, dtype in declared.items()}
    return {"": definition(zone=brand.zone, attributes=kept, joined=judged(work))}


def _everybody(work: Work) -> Frame:
    return folded(work.session.engine, _personal(work, work.view.events), attributes(work.programme), None)


def _personal(work: Work, events: Frame) -> Frame:
    """Leave out events of groups and staff, who are no members."""
    others = sorted(name for name, known in work.registry.events.items() if known.of != "member")
    return events.filter(~nw.col("type").is_in(others))


def _kept_up(work: Work) -> Frame:
    """Return the last run's members, and anew those of whom something came or who were joined or parted since."""
    fold = fold_of(work.session, "members")
    if fold is None or fold.now > work.run.now or fold.definitions != _definitions(work):
        members = work.keep(_everybody(work))
        work.count("members", members)
        return work.renew("members", members, None, None)
    parted, old = joined_since(work, fold), work.session.table("members")
    if parted is None and not may_have_arrived(work, fold):
        return _as_they_were(work, old)
    came = arrived(work, "events", fold)
    if parted is not None:
        events = work.view.raw["events"].filter(nw.col("second") <= work.run.now).join(parted, on="member", how="semi")
        came = nw.concat([came.join(parted, on="member", how="anti"), events])
        old = old.join(parted, on="member", how="anti")
    came = work.keep(work.view.resolve(_personal(work, came).select(*READ)))
    if parted is None and not work.some(came):
        return _as_they_were(work, old)
    touched = work.keep(came.select("member").unique())
    before = work.keep(old.join(touched, on="member", how="semi"))
    anew = work.keep(folded(work.session.engine, came, attributes(work.programme), before))
    columns = anew.collect_schema().names()
    members = nw.concat([old.join(touched, on="member", how="anti").select(*columns), anew])
    work.count("members", members)
    gone = touched if parted is None else work.keep(nw.concat([touched, parted]).unique())
    return work.renew("members", members, anew, gone)


def _as_they_were(work: Work, old: Frame) -> Frame:
    nobody = work.keep(old.head(0))
    work.count("members", old)
    return work.renew("members", old, nobody, nobody.select("member"))
