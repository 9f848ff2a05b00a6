"""The loop: one list of stages, and what walks it.

A pass computes on a snapshot, then gates and settles on the newest log and records all of it in one commit, then
delivers. What takes long is done before claims have to wait: they do so only while the pass looks at what came into
the ledgers meanwhile, and commits. A plan is the same pass, rolled back; a tick is the same pass for some members.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

from attrs import evolve, frozen

from siyu.stages.feature import feature
from siyu.stages.gate import gate
from siyu.stages.identify import identify
from siyu.stages.ingest import ingest
from siyu.stages.match import match
from siyu.stages.measure import measure
from siyu.stages.propose import propose
from siyu.stages.record import record, write_ahead
from siyu.stages.segment import segment
from siyu.stages.settle import settle, settle_ahead
from siyu.stages.tag import tag

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from siyu.claims.ahead import Earnings
    from siyu.claims.writer import GrantWriter
    from siyu.work import Work

__all__ = ["STAGES", "Stage", "walk"]


@frozen
class Stage:
    """One stage of the loop.

    Attributes:
        name: Its name.
        gives: What it leaves for the later ones.
        phase: ``compute`` on a snapshot; ``decide`` on the newest log, one pass at a time.
        work: Does it.
        ticks: Whether a tick has it.
    """

    name: str
    gives: str
    phase: Literal["compute", "decide"]
    work: Callable[[Work], None]
    ticks: bool = True


STAGES = (
    Stage("ingest", "events and other facts that entries read", "compute", ingest, ticks=False),
    Stage("identify", "members, whatever their ids", "compute", identify),
    Stage("feature", "numbers per member", "compute", feature),
    Stage("tag", "what is known of members", "compute", tag),
    Stage("segment", "members who meet a condition", "compute", segment),
    Stage("propose", "what campaigns want to send", "compute", propose),
    Stage("match", "what each proposal says", "compute", match),
    Stage("measure", "numbers of metrics", "compute", measure, ticks=False),
    Stage("gate", "touches that may go out, and why others may not", "decide", gate),
)
"""The stages, in their order. Then ``settle`` grants, ``record`` everything in one commit, and deliver."""


def walk(work: Work, grants: GrantWriter, touching: threading.Lock, *, keep: bool) -> None:
    """Walk the stages and record the outcome.

    Args:
        work: The pass.
        grants: The one writer of grants.
        touching: Held while touches are decided and recorded: by one pass at a time, and never while one computes.
        keep: False to roll everything back, as a plan does; it then waits for nobody who decides or settles.
    """
    with work.session.reading() as last:
        if not work.ticking:
            work.run = evolve(work.run, watermark=last)
        _walk(work, "compute")
    with touching if keep else nullcontext():
        with work.session.reading() as last:
            _walk(work, "decide")
            ahead = settle_ahead(work, last)
        if keep:
            write_ahead(work)
        with grants.lock if keep else nullcontext():
            _commit(work, grants, ahead, keep=keep)


def _walk(work: Work, phase: str) -> None:
    for stage in STAGES:
        if stage.phase == phase and (stage.ticks or not work.ticking):
            work.progress(stage.name)
            if stage.name == "identify":
                _tell(work, "siyu_before_run")
            stage.work(work)
            _tell(work, "siyu_after_stage", stage=stage.name)


def _tell(work: Work, hook: str, **more: object) -> None:
    for _ in work.registry.called(hook, view=work.view, **more):
        pass


def _commit(work: Work, grants: GrantWriter, ahead: Earnings, *, keep: bool) -> None:
    try:
        with work.session.reading():
            settle(work, grants, ahead, shared=keep)
        work.progress("record")
        with work.session.writing(work.run.id, keep=keep) as writer:
            record(work, writer)
    except BaseException:
        if keep:
            grants.forget()
        raise
    if keep:
        grants.go_on(work)
