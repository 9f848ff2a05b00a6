"""The audit: every ledger is recomputed from the log, and what differs is told.

Facts are settled anew, by each incentive's own ``settle``, over a ledger that holds only what people and claims wrote.
Claims are decided anew, in the order of the log, by a claims desk of its own. Then the sums are looked at: that what
was used was there, that stock and limits held, that causes exist, and that closed months say what the lines do.

The comparison is with the config of today. Lines that were decided when the incentive's config was another, lines of
members who were joined since, and lines that are newer than the last run, are counted in ``notes`` where they differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.ledger.checks import bounds, lots, orphans
from siyu.ledger.facts import facts
from siyu.ledger.findings import Audit, Findings
from siyu.ledger.past import past
from siyu.ledger.reckoned import reckoned
from siyu.ledger.replay import replay

if TYPE_CHECKING:
    from siyu.work import Work

__all__ = ["Audit", "audited"]


def audited(work: Work, key: str) -> Audit:
    """Recompute every ledger and compare.

    Args:
        work: A pass that records nothing.
        key: The brand's key, that the ids of lines are made with.
    """
    found = Findings()
    lines = work.view.grants
    found.checked["lines"] = work.size(lines)
    found.checked["balances"] = work.size(lines.select("incentive", "member").unique())
    before = past(work)
    facts(work, before, found)
    replay(work, key, before, found)
    lots(work, found)
    bounds(work, before, found)
    orphans(work, found)
    reckoned(work, found)
    return found.done()
