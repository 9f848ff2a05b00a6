"""The lint finds what engines do not share, and leaves the rest alone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from siyu.testing.portable import Finding, findings, main

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '''
"""A plugin."""

from __future__ import annotations

import time
from datetime import date, timedelta

import narwhals as nw
import siyu
import siyu.frames
from siyu import frames, hookimpl
from siyu.arms import arm_expr
from siyu.config import units
from siyu.config.expressions import Condition
from siyu.errors import UserError
from siyu.kinds import Frame, Tagger
from siyu_plugins.taggers import rfm
from . import near


def tags(view, batch):
    events = batch.rows
    start = view.now - 60
    first = nw.col("day").min()
    ordered = nw.col("amount").cum_sum().over("member", order_by=["seq"])
    largest = nw.col("amount").cum_sum().over("member", order_by=["seq"]).max().over("member")
    share = nw.col("amount") / nw.col("amount").sum().over("member")
    passed = nw.col("amount").shift(1).over("member", **view.order)
    return events.with_columns(ordered, largest, share, passed, first, nw.col("time") > start, date(2026, 1, 1))
'''

BAD = {
    "frame.unpivot()": (".unpivot()", "siyu.frames.long"),
    "frame.join_asof(other)": (".join_asof()", "next_after"),
    "nw.col('a').first()": (".first()", "siyu.frames.latest"),
    "nw.col('a').last()": (".last()", "siyu.frames.latest"),
    "nw.col('a').map_batches(f)": (".map_batches()", "expressions"),
    "frame.pivot()": (".pivot()", "agg"),
    "frame.collect()": (".collect()", "the core collects"),
    "frame.collect_schema()": (".collect_schema()", "cast_like"),
    "frame.to_native()": (".to_native()", "expressions"),
    "frame.to_pandas()": (".to_pandas()", "the core collects"),
    "frame.to_polars()": (".to_polars()", "the core collects"),
    "frame.to_arrow()": (".to_arrow()", "the core collects"),
    "frame.iter_rows()": (".iter_rows()", "never rows"),
    "frame.rows()": (".rows()", "never rows"),
    "nw.col('time').dt.year()": (".dt", "second, day"),
    "import duckdb": ("import of duckdb", "expressions"),
    "import polars as pl": ("import of polars", "expressions"),
    "from pandas import DataFrame": ("import of pandas", "expressions"),
    "import pyarrow.parquet": ("import of pyarrow", "expressions"),
    "from pyspark.sql import functions": ("import of pyspark", "expressions"),
    "import numpy as np": ("import of numpy", "expressions"),
    "import random": ("import of random", "siyu.arms"),
    "import siyu.admit": ("import of siyu.admit", "siyu.frames"),
    "from siyu.stores.engine import DuckEngine": ("import of siyu.stores.engine", "siyu.frames"),
    "from siyu import stores": ("import of siyu.stores", "siyu.frames"),
    "from siyu.tables import TABLES": ("import of siyu.tables", "siyu.frames"),
    "time.time()": ("time.time()", "view.now"),
    "datetime.now(UTC)": ("datetime.now()", "view.now"),
    "datetime.datetime.utcnow()": ("datetime.utcnow()", "view.now"),
    "date.today()": ("date.today()", "view.now"),
    "from time import time": ("import of time.time", "view.now"),
    "nw.col('a').cum_sum().over('b')": (".cum_sum().over() without order_by", "total order"),
    "(1 + nw.col('a').shift(1)).over('b')": (".shift().over() without order_by", "total order"),
}


def found(tmp_path: Path, text: str) -> list[Finding]:
    file = tmp_path / "plugin.py"
    file.write_text(text, encoding="utf-8")
    return findings(file)


def test_good_code_has_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD) == []


@pytest.mark.parametrize("code", BAD)
def test_bad_code_is_found_and_told_what_to_use(tmp_path: Path, code: str) -> None:
    (finding,) = found(tmp_path, f"\n{code}\n")
    call, instead = BAD[code]
    assert (finding.line, finding.call) == (2, call)
    assert instead in finding.instead
    assert found(tmp_path, f"{code}  # portable: only ever two rows\n") == []
    assert found(tmp_path, f"{code}  # portable:\n") == [finding_at(finding, 1)]


def finding_at(finding: Finding, line: int) -> Finding:
    return Finding(finding.file, line, finding.column, finding.call, finding.instead)


def test_a_finding_stands_where_the_call_is_in_a_chain(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "x = (\n    frame\n    .select('a')\n    .collect()\n)\n")
    assert (finding.line, finding.column) == (4, 6)
    assert str(finding).startswith(f"{tmp_path / 'plugin.py'}:4:6: .collect() is not portable; use ")
    assert found(tmp_path, "x = (\n    frame\n    .collect()  # portable: two rows\n)\n") == []


def test_findings_come_in_the_order_of_lines(tmp_path: Path) -> None:
    lines = [finding.line for finding in found(tmp_path, "a.collect()\nimport polars\nb.rows()\n")]
    assert lines == [1, 2, 3]


def test_main_walks_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "bad.py").write_text("a.collect()\n")
    (tmp_path / "good.py").write_text("a.select()\n")
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.count("\n") == 1
    assert main([str(tmp_path / "good.py")]) == 0
    assert main([]) == 2


def test_the_module_is_a_command(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("a.collect()\n")
    command = [sys.executable, "-m", "siyu.testing.portable", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "bad.py:1:3: .collect() is not portable" in done.stdout
