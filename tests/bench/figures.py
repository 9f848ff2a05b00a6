"""How a benchmark runs a part in a process of its own, and prints a figure."""

from __future__ import annotations

import json
import subprocess
import sys

__all__ = ["part", "told"]


def part(module: str, *given: object) -> dict[str, float]:
    """Run one part of a benchmark, which prints its figures as JSON on its last line, and return these."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, given)], check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def told(
    name: str, value: float, unit: str, *, most: float | None = None, least: float | None = None, digits: int = 2
) -> None:
    """Print one figure."""
    bound = ""
    if most is not None:
        bound = f", at most {most:g}: {'ok' if value <= most else 'short'}"
    if least is not None:
        bound = f", at least {least:g}: {'ok' if value >= least else 'short'}"
    print(f"{name}: {value:.{digits}f} {unit}{bound}", flush=True)
