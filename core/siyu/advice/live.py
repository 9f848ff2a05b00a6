"""What a brand's members have been through, looked up in its store where that is at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.advice.subject import Lived

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["lived"]

_LAST = """
    SELECT c.canonical FROM runs r JOIN configs c ON c.hash = r.config
    WHERE r.kind IN ('run', 'tick') ORDER BY r.seq DESC, c.seq DESC LIMIT 1"""
_STEPS = "SELECT campaign, step FROM steps UNION SELECT campaign, step FROM touches"


def lived(path: Path) -> Lived | None:
    """Return what a store knows of its last run and of the steps that were decided or sent.

    Nothing is written. None where there is no store, another program has it open, or it cannot be read.
    """
    import duckdb

    if not path.is_file():
        return None
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            last = connection.execute(_LAST).fetchall()
            steps = connection.execute(_STEPS).fetchall()
    except duckdb.Error:
        return None
    return Lived(last[0][0], frozenset((campaign, step) for campaign, step in steps)) if last else None
