"""How a brand begins: from a few answers, from a shipped example, or from files."""

from __future__ import annotations

from siyu.start.draft import drafted
from siyu.start.examples import examples, lay_out
from siyu.start.writing import written_config

__all__ = ["drafted", "examples", "lay_out", "written_config"]
