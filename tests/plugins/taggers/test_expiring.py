from __future__ import annotations

from typing import Any

import pytest

from siyu.config.units import Duration
from siyu.testing.views import EngineName, work
from siyu_plugins.taggers.expiring import Expiring

DAY = 86_400
NOW = 1_796_083_200
BRAND = '[brand]\nname = "tea"\nzone = "UTC"\n'


def lot(name: str, amount: int, ends: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - values of columns
    named = {"incentive": "points", "member": 1, "item": "ordered", "lot": name, "kind": "earned"}
    return {**named, "amount": amount, "time": NOW - DAY, "expires": NOW + round(ends * DAY), **more}


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_what_ends_soon_is_summed(engine: EngineName) -> None:
    lots = [
        lot("a", 10, 3.5),
        lot("a", -4, 0, kind="redeemed", expires=None),
        lot("b", 5, 10),
        lot("c", 7, 10.1),
        lot("d", 9, 0),
        lot("e", 2, 4, member=2),
        lot("f", 8, 4, incentive="stamps"),
    ]
    grants = [{**row, "id": number} for number, row in enumerate(lots)]
    view = work(BRAND, {"grants": grants}, NOW, engine).view
    tagger = Expiring(name="soon", of="points", within=Duration(10 * DAY), least=3)
    found = view.rows(tagger.tags(view).select("member", "tag", "value", "score", "evidence", "expires"))
    assert found == [(1, "soon", "11", 11.0, "11 of points, the first in 3 d", NOW + 10 * DAY)]


def test_to_expire_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 or more, not 0"):
        Expiring(name="soon", of="points", least=0)
