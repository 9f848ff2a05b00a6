"""Who is one person: links and shared ids brought forward, so that new links change only the members they touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.components import current, ends, labels, neighbours, together
from siyu.folds import came, definition, fold_of
from siyu.identities import numbers
from siyu.revisions import revised_since
from siyu.sharing import counting, kinds_of, shared

if TYPE_CHECKING:
    from siyu.folds import Fold
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["anybody_parted", "join", "joined_since", "judged", "stirred"]


def judged(work: Work) -> str:
    """Return by what it is told who is one person: where that changes, all state is built anew."""
    one = work.programme.identity
    return definition(shared_by=one.shared_by, kinds=one.shared_by_kind, release=one.release)


def join(work: Work) -> None:
    """Bring ``canon`` and ``shared`` up to all links and identities in view, those of this pass included.

    The result is that of a full build, whatever the order and the parts in which links came.
    """
    fold = fold_of(work.session, "canon")
    if fold is None or fold.definitions[""] != judged(work):
        _build(work)
        return
    stir = stirred(work, fold)
    if stir is not None:
        _forward(work, stir)
    work.folded["canon"] = {"": judged(work)}
    _tell(work)


def _build(work: Work) -> None:
    engine, raw = work.session.engine, work.view.raw
    if not work.some(raw["links"]) and not work.some(raw["canon"]):
        return
    links = work.keep(current(raw["links"]))
    too_many = _shared(work, links)
    canon = labels(engine, counting(links, too_many))
    work.state |= {"canon": canon, "shared": too_many}
    _done(work, canon, too_many)
    work.folded["canon"] = {"": judged(work)}
    _tell(work)


def _forward(work: Work, stir: Frame) -> None:
    """Tell anew who is one person among those whose links changed, and all who are joined with them."""
    engine, raw = work.session.engine, work.view.raw
    around = work.keep(neighbours(raw["links"], stir))
    some = work.keep(together(raw["canon"], around))
    anew = _shared(work, current(_of(raw["links"], stir))).join(stir, on="member", how="semi")
    too_many = work.keep(nw.concat([_others(raw["shared"], stir), anew]))
    # Whoever a link that counts joins with one of these is one of these.
    links = current(_of(raw["links"], some))
    for column in ("a", "b"):
        links = links.join(some, left_on=column, right_on="member", how="semi")
    fresh = work.keep(labels(engine, counting(links, too_many)))
    canon = nw.concat([_others(raw["canon"], some), fresh])
    canon = work.renew("canon", canon, fresh, some, work.size(raw["canon"]))
    work.state["shared"] = too_many
    _done(work, canon, too_many)


def _done(work: Work, canon: Frame, too_many: Frame) -> None:
    work.view = work.view.resolved(canon).having(shared=too_many)


def _tell(work: Work) -> None:
    too_many = work.view.raw["shared"].select("member").unique()
    if work.some(too_many):
        work.counts["shared ids"] = work.size(too_many)


def _of(links: Frame, members: Frame) -> Frame:
    """Return all rows of links that name one of these ids."""
    one = links.join(members, left_on="a", right_on="member", how="semi")
    rest = links.join(members, left_on="a", right_on="member", how="anti")
    return nw.concat([one, rest.join(members, left_on="b", right_on="member", how="semi")])


def _others(state: Frame, members: Frame) -> Frame:
    return state.join(members, on="member", how="anti")


def _shared(work: Work, links: Frame) -> Frame:
    engine, identity = work.session.engine, work.programme.identity
    known = work.view.raw["identities"]
    released = numbers(engine, known, identity.release, work.programme.brand.dialling)
    return shared(engine, links, kinds_of(known), identity, released)


def stirred(work: Work, fold: Fold) -> Frame | None:
    """Return the ids whose links, or whose neighbours' kinds, are not all in a state yet: member; None for none."""
    if not work.holds("links") or not came(work, ("links", "identities"), fold):
        return None
    links, identities = work.view.raw["links"], work.view.raw["identities"]
    new = ends(links.filter(nw.col("seq") > fold.watermark).filter(~fold.inside))
    named = identities.filter(nw.col("seq") > fold.watermark).filter(~fold.inside).select(member=nw.col("value"))
    named = work.keep(named)
    if work.some(named):
        new = nw.concat([new, ends(_of(links, named))]).unique()
    found = work.keep(new)
    return found if work.some(found) else None


def joined_since(work: Work, fold: Fold) -> Frame | None:
    """Return the raw ids of the members who must be looked at anew since a state: member; None where there are none.

    These are the members who were joined or parted since, and those of whom an event was revised. Every id of a
    component that was made or broken is connected to one end of a link that began or ceased to count;
    and that is an end of a new link, or a neighbour of one that many share now, or no more.
    """
    since = (fold.watermark, fold.low, fold.high)
    # The states of one run ask for the same.
    if since not in work.parted:
        work.parted[since] = _parted(work, fold)
    return work.parted[since]


def anybody_parted(work: Work) -> bool:
    """Return whether some state of this pass had members to be looked at anew: see ``joined_since``."""
    return any(one is not None for one in work.parted.values())


def _parted(work: Work, fold: Fold) -> Frame | None:
    stir, revised = stirred(work, fold), revised_since(work, fold)
    found = [] if stir is None else [neighbours(work.view.raw["links"], stir).select("member")]
    found += [] if revised is None else [revised]
    return work.keep(together(work.view.raw["canon"], nw.concat(found).unique())) if found else None
