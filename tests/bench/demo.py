"""The demo as a whole process: its time and its memory, a figure a line."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

CONFIG = Path(__file__).parents[2] / "configs" / "complete-journey"
COMMAND = [str(Path(sys.executable).parent / "siyu"), "run"]
NOW = "2018-01-02T15:00:00Z"
ROUNDS = 3
SECONDS, GIGABYTES = 15.0, 1.5


def timed(folder: Path) -> float:
    """Run the demo on a fresh store and return its seconds."""
    shutil.rmtree(folder / ".siyu", ignore_errors=True)
    begin = time.perf_counter()
    subprocess.run([*COMMAND, str(folder), "--now", NOW], check=True, capture_output=True)
    return time.perf_counter() - begin


def told(name: str, value: float, limit: float, unit: str) -> None:
    """Print one figure."""
    print(f"{name}: {value:.2f} {unit}, at most {limit:g} {unit}: {'ok' if value <= limit else 'short'}")


with tempfile.TemporaryDirectory() as scratch:
    brand = Path(scratch) / "brand"
    shutil.copytree(CONFIG, brand, ignore=shutil.ignore_patterns(".siyu"))
    told("demo, median of 3 runs", median(timed(brand) for _ in range(ROUNDS)), SECONDS, "s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    told("demo, peak memory", peak, GIGABYTES, "GB")
