"""Rules that stay as they were when an incentive began, as law asks of draws: told by the configs in the store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.errors import UserError
from siyu.frames import row_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Incentive

__all__ = ["unchanged"]


def unchanged(view: View, incentive: Incentive, written: str) -> None:
    """Hold an incentive's table against those of all passes since it began.

    Args:
        view: The pass.
        incentive: The incentive.
        written: Its table in the config, as JSON.

    Raises:
        UserError: It was another one in a pass before.
    """
    for text in _other_configs(view, incentive, f'"{incentive.name}":{written}'):
        before = json.loads(text).get("incentive", {}).get(incentive.name)
        differs = _differences(before, json.loads(written)) if before else []
        if differs:
            message = (
                f"incentive.{incentive.name}: its rules are frozen since it began, on {incentive.from_}, and other now"
                f" in {', '.join(differs)}; put them back, or hold another one under another name"
            )
            raise UserError(message)


def _other_configs(view: View, incentive: Incentive, written: str) -> list[str]:
    """Return the configs of passes since the beginning that do not have the table as it is, the first one first."""
    runs = view.raw["runs"].filter(nw.col("now") >= view.window(incentive)[0])
    used = runs.select("id", hash="config").group_by("hash").agg(nw.col("id").min())
    other = view.raw["configs"].filter(~nw.col("canonical").str.contains(written, literal=True))
    found = row_number(used.join(other, on="hash", how="inner"), [], ["id", "hash"], "nth")
    return [text for (text,) in view.rows(found.sort("nth").select("canonical"))]  # portable: a config, not a member


def _differences(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    return sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
