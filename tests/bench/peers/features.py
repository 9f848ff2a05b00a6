"""The peers of features: hand-written SQL, and pandas."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import duckdb
from tests.bench.peers.audience import COUNTS, FIRST, SEGMENTS, TAGS, WINDOWS, days_of, store

__all__ = ["by_hand", "by_pandas"]


def by_hand(folder: str) -> float:
    """Do the same by hand-written SQL over the same file; return its seconds."""
    today = FIRST + days_of(folder) - 1
    connection = duckdb.connect(str(store(Path(folder))))
    begin = time.perf_counter()
    for statement in statements(today):
        connection.execute(statement).fetchall()
    connection.close()
    return time.perf_counter() - begin


def statements(today: int) -> list[str]:
    """Return the SQL that an expert would write: what members are, their features, their tags, their segments."""

    def of(kind: str, days: int | None = None) -> str:
        return f"FILTER (type = '{kind}'" + (f" AND day > {today - days})" if days else ")")

    columns = [f"count(*) {of(kind, days)} AS {name}_{days}d" for name, kind in COUNTS.items() for days in WINDOWS]
    columns += [f"coalesce(sum(amount) {of('ordered', days)}, 0) AS spend_{days}d" for days in WINDOWS]
    columns += [
        f"count(*) {of('ordered')} AS orders, coalesce(sum(amount) {of('ordered')}, 0) AS spend",
        f"sum(amount) {of('refunded')} AS returned, avg(amount) {of('ordered', 90)} AS basket",
        f"max(amount) {of('ordered', 90)} AS largest, min(amount) {of('ordered', 30)} AS smallest",
        f"min(day) {of('ordered')} AS first_order, max(day) {of('ordered')} AS last_order",
        f"{today} - max(day) {of('viewed')} AS quiet",
        f"sum(amount) FILTER (type = 'ordered' AND day > {today - 90} AND subject = 'cat-3') AS tea_part",
        f"sum(amount) {of('ordered', 60)} AS sixty, sum(amount) {of('ordered', 30)} AS thirty",
        "arg_min(entry, second) AS entry, arg_max(place, second) AS place",
        f"min(day) AS first_day, min(day) {of('joined')} AS joined_day",
    ]
    recent = f"SELECT DISTINCT member, place FROM events WHERE type = 'ordered' AND day > {today - 30}"
    numbers = "SELECT member, subject, count(*) AS n FROM events WHERE type = 'ordered' GROUP BY ALL"
    features = f"""
        CREATE OR REPLACE TABLE hand_features AS
        WITH plain AS (SELECT member, {", ".join(columns)} FROM events GROUP BY member),
        shops AS (SELECT member, count(*) AS shops FROM ({recent}) GROUP BY member),
        favourites AS (SELECT member, arg_max(subject, n) AS favourite FROM ({numbers}) GROUP BY member)
        SELECT * EXCLUDE (tea_part, sixty, thirty), coalesce(shops, 0) AS shops_30d, favourite,
            tea_part / nullif(spend_90d, 0) AS tea, 2 * thirty - sixty AS trend
        FROM plain LEFT JOIN shops USING (member) LEFT JOIN favourites USING (member)"""
    flags = ", ".join(f"coalesce({_sql(text, today)}, false) AS {name}" for name, text in TAGS.items())
    tags = f"CREATE OR REPLACE TABLE hand_tags AS SELECT member, {flags} FROM hand_features"
    made = ", ".join(f"{_sql(text, today)} AS {name}" for name, text in SEGMENTS.items())
    both = "hand_tags JOIN hand_features USING (member)"
    segments = f"CREATE OR REPLACE TABLE hand_segments AS SELECT member, {made} FROM {both}"
    sizes = f"SELECT {', '.join(f'count_if({name})' for name in SEGMENTS)} FROM hand_segments"
    return [features, tags, segments, sizes]


def _sql(text: str, today: int) -> str:
    """Return a condition of this brand as SQL: money is in minor units, and a tag or segment is a column."""
    text = re.sub(r"'(\d+)\.(\d\d)'", r"\1\2", text)
    text = re.sub(r"(?:tag|segment)\('(\w+)'\)", r"\1", text)
    return text.replace("days_since('ordered')", f"({today} - last_order)")


def by_pandas(folder: str) -> float:
    """Do the same with pandas, from the same file; return its seconds."""
    import pandas as pd

    today = FIRST + days_of(folder) - 1
    names = "member, type, day, amount, place, subject, entry"
    begin = time.perf_counter()
    with duckdb.connect(str(store(Path(folder))), read_only=True) as connection:
        events = connection.sql(f"SELECT {names} FROM events").df()
    events = events.astype(dict.fromkeys(("type", "place", "subject", "entry"), "category"))
    kinds = dict(list(events.groupby("type", observed=True)))
    first = events.groupby("member", sort=False).agg(
        first=("day", "min"), entry=("entry", "first"), place=("place", "last")
    )
    found = {}
    for name, kind in COUNTS.items():
        for days in WINDOWS:
            found[f"{name}_{days}d"] = _since(kinds[kind], today, days).groupby("member").size()
    orders = kinds["ordered"]
    for days in (*WINDOWS, 60):
        found[f"spend_{days}d"] = _since(orders, today, days).groupby("member")["amount"].sum()
    recent, lately = _since(orders, today, 90), _since(orders, today, 30)
    whole = orders.groupby("member").agg(
        orders=("amount", "size"), spend=("amount", "sum"), first_order=("day", "min"), last_order=("day", "max")
    )
    found |= dict(whole.items())
    found |= {
        "returned": kinds["refunded"].groupby("member")["amount"].sum(),
        "basket": recent.groupby("member")["amount"].mean(),
        "largest": recent.groupby("member")["amount"].max(),
        "smallest": lately.groupby("member")["amount"].min(),
        "quiet": today - kinds["viewed"].groupby("member")["day"].max(),
        "shops": lately.groupby("member")["place"].nunique(),
        "tea": recent[recent["subject"] == "cat-3"].groupby("member")["amount"].sum(),
    }
    pairs = orders.groupby(["member", "subject"], observed=True).size().rename("n").reset_index()
    found["favourite"] = pairs.sort_values("n").groupby("member")["subject"].last()
    frame = pd.concat([first, pd.DataFrame(found)], axis=1)
    numbers = frame.select_dtypes("number").columns.difference(["first_order", "last_order", "quiet"])
    frame[numbers] = frame[numbers].fillna(0)
    frame["tea"], frame["trend"] = frame["tea"] / frame["spend_90d"], 2 * frame["spend_30d"] - frame["spend_60d"]
    for group in (TAGS, SEGMENTS):
        for name, text in group.items():
            frame[name] = frame.eval(_sql(text, today))
    [int(frame[name].sum()) for name in SEGMENTS]
    return time.perf_counter() - begin


def _since(frame: Any, today: int, days: int) -> Any:  # noqa: ANN401 - pandas comes without types
    return frame[frame["day"] > today - days]
