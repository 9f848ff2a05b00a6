"""Dead letters: what failed, judged by the whole gate once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.stages.gate import gate
from siyu.stages.propose import PROPOSAL
from siyu.stages.record import record
from siyu.tables import TABLES

if TYPE_CHECKING:
    import threading

    from siyu.work import Work

__all__ = ["revived"]

_REASON = "it failed, and is to be sent again"


def revived(work: Work, touching: threading.Lock) -> None:
    """Hold what ``failed`` and whose time is not over, and judge all that is held by every rule of the gate.

    A failed touch was surely not taken by its provider, so it may go again, also one of marketing.
    """
    with touching:
        _held(work)
        empty = work.session.engine.frame({name: [] for name in PROPOSAL}, PROPOSAL)
        work.results["proposals"] = empty
        with work.session.reading():
            gate(work)
        work.results.pop("steps", None)
        with work.session.writing(work.run.id) as writer:
            record(work, writer)


def _held(work: Work) -> None:
    failed = work.view.touches.filter(nw.col("state") == "failed", nw.col("until") > work.run.now)
    receipts = failed.select(touch=nw.col("id"), state=nw.lit("held"), reason=nw.lit(_REASON)).sort("touch")
    kept = work.keep(receipts.with_columns(time=nw.lit(work.run.now)))
    work.count("revived", kept)
    with work.session.writing(work.run.id) as writer:
        writer.append("receipts", cast_like(kept, TABLES["receipts"].columns))
