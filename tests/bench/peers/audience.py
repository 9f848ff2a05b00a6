"""The brand that features are measured on: its config, and made-up events in a store."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

import siyu

SCALE = float(os.environ.get("SIYU_BENCH_SCALE", "1"))
MEMBERS = int(1_000_000 * SCALE)
A_DAY = int(100_000 * SCALE)
DAYS = 200
# For ten times the history: in both all windows are full.
SHORT, LONG = 100, 1000
ROUNDS = 5
FIRST = 19_000
# A fifth of the members does four fifths of all: ln 0.2 / ln 0.8. With 1 all do alike.
SKEW = float(os.environ.get("SIYU_BENCH_SKEW", "7.2"))
ZONE = "UTC"

WINDOWS = (7, 30, 90)
COUNTS = {"orders": "ordered", "views": "viewed", "clicks": "clicked"}
FEATURES: dict[str, str] = {
    **{
        f"{name}_{days}d": f'{{ count = "{of}", window = "{days}d" }}'
        for name, of in COUNTS.items()
        for days in WINDOWS
    },
    **{f"spend_{days}d": f'{{ sum = "ordered.amount", window = "{days}d" }}' for days in WINDOWS},
    "orders": '{ count = "ordered" }',
    "spend": '{ sum = "ordered.amount" }',
    "returned": '{ sum = "refunded.amount" }',
    "basket": '{ mean = "ordered.amount", window = "90d" }',
    "largest": '{ max = "ordered.amount", window = "90d" }',
    "smallest": '{ min = "ordered.amount", window = "30d" }',
    "first_order": '{ first = "ordered" }',
    "last_order": '{ last = "ordered" }',
    "quiet": '{ days_since = "viewed" }',
    "shops": '{ distinct = "ordered.place", window = "30d" }',
    "favourite": '{ top = "ordered.subject" }',
    "tea": '{ share = "ordered.amount", subject = "cat-3", window = "90d" }',
    "trend": '{ trend = "ordered.amount", window = "60d" }',
}
TAGS = {
    f"t{number}": f"spend_90d >= '{50 * (number % 9 + 1)}.00' and orders_{WINDOWS[number % 3]}d >= {number % 4}"
    if number % 2
    else f"views_{WINDOWS[number % 3]}d > {number % 5} or clicks_90d > {number % 7}"
    for number in range(39)
} | {"dormant": "days_since('ordered') > 60"}
SEGMENTS = {
    f"s{number}": f"tag('t{number}') and spend_30d >= '{10 * number}.00'" if number % 3 else f"not tag('t{number}')"
    for number in range(28)
} | {"good": "segment('s1') or segment('s2')", "rest": "not segment('good') and orders >= 1"}


def config(folder: Path) -> Path:
    """Write the brand."""
    lines = [
        f'[brand]\nname = "Bench"\nzone = "{ZONE}"\n[feature]',
        *(f"{name} = {text}" for name, text in FEATURES.items()),
    ]
    lines += [
        '[tagger.value]\nuse = "rules"\n[tagger.value.when]',
        *(f'{name} = "{text}"' for name, text in TAGS.items()),
    ]
    lines += ["[segment]", *(f'{name} = "{text}"' for name, text in SEGMENTS.items())]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "brand.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def rows(first: int, last: int, members: int = MEMBERS) -> str:
    """Return the SQL of the events with these numbers, made up by arithmetic: a day's events after one another."""
    chance = "((hash(i * 5 + 3) % 1000000007) / 1000000007.0)"
    second = f"({FIRST} * 86400 + i * 86400 // {A_DAY})"
    kinds = [
        "joined",
        "refunded",
        "clicked",
        "clicked",
        *["read"] * 3,
        *["viewed"] * 4,
        *["delivered"] * 2,
        "checked_in",
    ]
    cases = " ".join(f"WHEN {number} THEN '{kind}'" for number, kind in enumerate(kinds))
    return f"""
        SELECT (hash(i * 7 + 1) >> 2)::BIGINT AS id, 'till' AS source, NULL::VARCHAR AS source_id,
            (hash(floor({members} * pow({chance}, {SKEW}))::BIGINT) >> 2)::BIGINT AS member,
            CASE hash(i * 3 + 2) % 20 {cases} ELSE 'ordered' END AS type,
            make_timestamp({second} * 1000000) AS time, {second}::BIGINT AS second, ({second} // 86400)::INTEGER AS day,
            CASE WHEN i % 3 = 0 THEN 'wecom' ELSE 'shop' END AS entry, 'store-' || (hash(i * 11) % 200) AS place,
            NULL::VARCHAR AS staff, 'cat-' || (hash(i * 13) % 12) AS subject, NULL::VARCHAR AS ref,
            (hash(i * 17) % 50000)::BIGINT AS amount, (1 + hash(i * 19) % 5)::BIGINT AS quantity,
            NULL::VARCHAR AS props, i + 1 AS seq, 0::BIGINT AS run FROM range({first}, {last}) AS numbers(i)"""


def store(folder: Path) -> Path:
    """Return where the brand's store is."""
    return folder / ".siyu" / "store.duckdb"


def filled(folder: Path, days: int, members: int = MEMBERS) -> Path:
    """Make a brand with so many days of history, that no run has seen."""
    siyu.open(config(folder)).close()
    with duckdb.connect(str(store(folder))) as connection:
        connection.execute(f"INSERT INTO events BY NAME {rows(0, days * A_DAY, members)}")
    return folder


def noon(days: int) -> int:
    """Return the last second of the last of so many days."""
    return (FIRST + days) * 86_400 - 1


def days_of(folder: Path | str) -> int:
    """Return how many days of events the store holds."""
    with duckdb.connect(str(store(Path(folder)))) as connection:
        (last,) = connection.execute("SELECT max(day) FROM events").fetchall()[0]
    return int(last) - FIRST + 1
