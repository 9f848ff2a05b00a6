"""The two example brands: their figures, and that what was imported starts nothing by itself."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pytest

import siyu
from siyu.config.programme import load
from siyu.kinds import Campaign
from siyu.ledger.findings import NEXT
from siyu.moments import moment
from siyu.registry import discover
from siyu_plugins.campaigns.journey import Journey

if TYPE_CHECKING:
    from siyu import Brand
    from siyu.outcome import Outcome

CONFIGS = Path(__file__).parents[2] / "configs"

JOURNEY_NOW = "2018-01-02T15:00:00Z"
TEA_NOW = "2026-11-12T10:30:00"
# Where campaigns and incentives stand.
DATED = ("programme.toml", "campaigns.toml", "incentives*.toml")
# The day from which all campaigns and incentives of a copy look, and a moment after its begin.
LATER = {"complete-journey": "2018-02-01", "tea-shop": "2026-11-20"}
AFTER = {"complete-journey": "2018-02-01T15:00:00Z", "tea-shop": "2026-11-21T13:00:00"}


def copied(name: str, folder: Path) -> Path:
    """Copy an example, without what it wrote."""
    brand = folder / name
    shutil.copytree(CONFIGS / name, brand, ignore=shutil.ignore_patterns(".siyu"))
    return brand


def postpone(brand: Path, day: str) -> None:
    """Let all campaigns and incentives begin on a day after the history."""
    for path in (path for name in DATED for path in brand.glob(name)):
        text = path.read_text(encoding="utf-8")
        kept = re.sub(r"(?m)^until = [0-9-]+$", "until = 2030-01-01", text)
        path.write_text(re.sub(r"(?m)^from = [0-9-]+$", f"from = {day}", kept), encoding="utf-8")


def rows(brand: Brand, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = brand.table(table).select(*columns).to_native().fetchall()
    return found


def count(brand: Brand, table: str) -> int:
    number: int = brand.table(table).select(nw.len()).to_native().fetchall()[0][0]
    return number


def assert_starts_nothing(brand: Brand, done: Outcome) -> None:
    assert done.counts["touches"] == 0
    assert done.counts["grants"] == 0
    assert count(brand, "events") > 0
    assert {name: count(brand, name) for name in ("touches", "receipts", "grants")} == {
        "touches": 0,
        "receipts": 0,
        "grants": 0,
    }


def assert_news_alone_counts(brand: Brand, name: str) -> None:
    """Once `from` has come, what it starts began on that day or later; a grant's cause happened then."""
    brand.run(now=AFTER[name], send=False)
    begin = moment(LATER[name], brand.programme.brand.zone)
    assert all(int(start) >= begin for (start,) in rows(brand, "steps", "occurrence"))
    by_facts = {"event", "claim", "referral"}
    causes = {int(cause) for kind, cause in rows(brand, "grants", "cause_kind", "cause") if kind in by_facts}
    # A tier is held by what was done before as well, and no event is the cause of that.
    assert all(second >= begin for (second,) in rows(brand, "grants", "time"))
    moments = {number: second for number, second in rows(brand, "events", "id", "second") if number in causes}
    assert causes == set(moments)
    assert all(second >= begin for second in moments.values())
    by_events = {name for name, campaign in journeys(brand) if campaign.start.event}
    touched = rows(brand, "touches", "campaign", "occurrence")
    assert all(int(start) >= begin for campaign, start in touched if campaign in by_events)


def journeys(brand: Brand) -> list[tuple[str, Journey]]:
    return [(one.name, one) for one in brand.programme.of(Campaign) if isinstance(one, Journey)]


def assert_tags_come_from_outside(brand: Brand) -> None:
    """Look for tags of the survey, the notebook and WeCom, and for what WeCom has to change."""
    given = [tag for (tag,) in rows(brand, "tags", "tag")]
    for tag in ("likes-green", "likes-puer", "likes-scented", "budget"):
        assert given.count(tag) > 100
    assert (given.count("tasting-host"), given.count("call-back"), given.count("wholesale")) == (1, 2, 1)
    marks = brand.marks("wecom", now=TEA_NOW).to_native().fetchall()
    assert {(mark, change) for _, mark, change in marks} == {("et-vip", "add"), ("et-vip", "remove")}


@pytest.mark.slow
def test_complete_journey_has_its_figures_and_its_history_starts_nothing(tmp_path: Path) -> None:
    folder = copied("complete-journey", tmp_path)
    kept = (folder / "programme.toml").read_text(encoding="utf-8")
    postpone(folder, LATER["complete-journey"])
    with siyu.open(folder) as brand:
        done = brand.run(now=JOURNEY_NOW)
        assert done.counts["items"] == 1_469_307
        assert done.counts["rejects"] == 0
        assert done.counts["members"] == 2_469
        taken = {(entry, kind): numbers for entry, kind, *numbers in done.taken}
        assert taken["till", "ordered"] == [155_848, 2_469, 459_603_958]
        assert taken["mailings", "targeted"][0] == 6_589
        assert taken["coupons", "redeemed"][0] == 2_102
        assert taken["card", "profiled"][0] == 801
        measured = {(metric, period, key): value for metric, period, _, key, value, _ in done.measured}
        assert measured["repurchase", "lifetime", "median_days"] == 3
        coupons = {
            key: value
            for metric, _, slice_, key, value, _ in done.measured
            if metric == "coupon-redemption" and not slice_
        }
        # Pairs of a household and a campaign: on its list, and with a coupon of it redeemed.
        assert (coupons["offered"], coupons["redeemed"], coupons["unoffered"]) == (6_589, 792, 0)
        months = [measured["retention", f"2017-{month:02}", "active"] for month in range(1, 13)]
        # The twelve UTC months; 77 households are active again in the first hours of 2018.
        assert months == [1982, 1946, 2025, 2008, 2075, 2027, 2078, 2033, 2028, 2052, 2061, 2057]
        assert measured["retention", "2018-01", "active"] == 77
        assert_starts_nothing(brand, done)
    later = Path(shutil.copytree(folder, tmp_path / "later"))
    with siyu.open(later) as brand:
        assert_news_alone_counts(brand, "complete-journey")
        # Nothing happened after the history, so nobody earns; a broadcast of January is over.
        assert count(brand, "grants") == 0
        assert {campaign for (campaign,) in rows(brand, "touches", "campaign")} == {"win-back"}
    (folder / "programme.toml").write_text(kept, encoding="utf-8")
    with siyu.open(folder) as brand:
        done = brand.run(now=JOURNEY_NOW)
        assert done.counts["touches"] > 800
        assert sum(number for *_, number in done.touched) == done.counts["touches"]
        again = brand.run(now=JOURNEY_NOW)
        assert (again.counts["touches"], again.counts["grants"]) == (0, 0)


@pytest.mark.slow
def test_the_history_of_the_tea_shop_starts_nothing(tmp_path: Path) -> None:
    postponed = copied("tea-shop", tmp_path / "postponed")
    postpone(postponed, LATER["tea-shop"])
    with siyu.open(postponed) as brand:
        done = brand.run(now=TEA_NOW)
        assert_starts_nothing(brand, done)
        # One row of the old list has no moment, one no number for a year of birth.
        reasons = sorted(reason.partition(":")[0] for (reason,) in rows(brand, "rejects", "reason"))
        assert reasons == ["props.birth_year", "time"]
        assert_news_alone_counts(brand, "tea-shop")
        # The made-up audience goes on until that day.
        assert count(brand, "steps") > 0
        assert count(brand, "grants") > 0


@pytest.mark.slow
def test_the_tea_shop_runs_day_by_day(tmp_path: Path) -> None:
    with siyu.open(copied("tea-shop", tmp_path)) as brand:
        done = brand.run(now=TEA_NOW)
        assert done.counts["touches"] > 100
        assert done.counts["grants"] > 100
        answered = brand.table("grants").filter(nw.col("incentive") == "gaiwan")
        kinds = [kind for (kind,) in answered.select("kind").to_native().fetchall()]
        # 80 units for all and 20 for VIPs; a reservation that was not paid in time went to the next in line.
        assert kinds.count("reserved") - kinds.count("released") <= 100
        assert kinds.count("refused") > 0
        assert_tags_come_from_outside(brand)
        # The first run brings the tickets of a lottery that is over; the next one draws among them.
        found = brand.audit(now=TEA_NOW)
        assert (found.findings, found.notes) == ([], {NEXT: 10})
        for day in (13, 14):
            brand.run(now=f"2026-11-{day}T10:30:00")
        touched = rows(brand, "touches", "campaign", "edition", "step", "recipient", "occurrence")
        assert len(touched) == len(set(touched))
        found = brand.audit(now="2026-11-14T10:40:00")
        assert (found.findings, found.notes) == ([], {})


def test_the_tea_shop_uses_every_bundled_plugin() -> None:
    registry = discover().require()
    # What needs a server of its own stands in an environment.
    names = [None, *(path.stem for path in (CONFIGS / "tea-shop" / "env").glob("*.toml"))]
    programmes = [load(CONFIGS / "tea-shop", registry, name) for name in names]
    used = {(kind, use) for programme in programmes for (kind, _), use in programme.uses.items()}
    bundled = {
        (kind, name)
        for kind, known in registry.components.items()
        for name in known
        if registry.plugins[registry.owner(kind, name)].distribution == "siyu"
    }
    assert bundled - used == set()
