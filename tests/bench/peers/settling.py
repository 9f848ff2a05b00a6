"""A day of points, tiers, referrals and coupons over many members: what a first run costs, and a day's.

Figures are CPU seconds, by which two runs compare also where the machine does other things meanwhile.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from attrs import define, field
from tests.bench.peers.audience import FIRST, noon, store
from tests.bench.peers.audience import MEMBERS as AUDIENCE

import siyu

if TYPE_CHECKING:
    from siyu.brand import Brand

__all__ = ["MEMBERS", "settling"]

MEMBERS = AUDIENCE // 10
"""How many members there are: an audit of the ledgers of all of the audience would take longer than all the rest."""

DAYS = 60
ORDERS = 5 * MEMBERS // DAYS
"""How many orders there are a day."""
JOINED = MEMBERS // DAYS
CLAIMS = MEMBERS // 50
TOML = """
[brand]
name = "Bench"
zone = "UTC"
[feature]
orders = { count = "ordered" }
[segment]
regular = "orders >= 2"
[tagger.level]
use = "tiers"
tiers = { silver = "500.00", gold = "2000.00" }
[incentive.points]
use = "points"
from = 2022-01-08
earn = [{ event = "ordered", per = "1.00", points = 1 }]
times = { silver = 1.5, gold = 2 }
pending = "7d"
expires = "30d"
[incentive.level]
use = "tiers"
from = 2022-01-08
of = "level"
gives = { gold = { points = 200 } }
[incentive.friends]
use = "referral"
from = 2022-01-08
counts = { event = "ordered", within = "30d", settle = "7d" }
gives = { inviter = { points = 200 }, friend = { coupon = "new-10" } }
limit = { per = "month", times = 10 }
[incentive.coupon]
use = "coupon"
from = 2022-01-08
items = { new-10 = { off = "10.00", lasts = "30d" }, monthly = { off = "5.00", lasts = "30d" } }
issue = [{ coupon = "monthly", to = "segment('regular')", per = "month" }]
[incentive.goods]
use = "gift"
from = 2022-01-08
goods = [{ sku = "M01", costs = [{ incentive = "points", amount = 100 }] }]
"""


@define
class Clock:
    """Sums up what each part of a pass costs, by what it says that it goes on with."""

    last: float = field(factory=time.process_time)
    name: str = "begin"
    parts: dict[str, float] = field(factory=dict)

    def __call__(self, name: str) -> None:
        """Close the part before, and begin the next."""
        now = time.process_time()
        self.parts[self.name] = self.parts.get(self.name, 0) + now - self.last
        self.last, self.name = now, name

    def settled(self) -> float:
        """Return what all incentives cost together."""
        return sum(cost for name, cost in self.parts.items() if name.startswith("incentive."))


def settling(folder: str) -> dict[str, float]:
    """Settle what sixty days brought, then one day more, then nothing; audit the ledgers, and close a month."""
    found = _first(folder)
    with siyu.open(folder) as brand:
        found |= _passed(brand, "day", noon(DAYS))
        found |= _passed(brand, "again", noon(DAYS) + 60)
        begin = time.process_time()
        assert not brand.audit(now=noon(DAYS) + 60).differing
        found["audit"] = time.process_time() - begin
        begin = time.process_time()
        brand.close_month("2022-01", now=noon(DAYS) + 60)
        found["close"] = time.process_time() - begin
    return found


def _first(folder: str) -> dict[str, float]:
    """Settle the first days, and let some members spend what they got; then one day more comes in."""
    Path(folder, "brand.toml").write_text(TOML, encoding="utf-8")
    siyu.open(folder).close()
    _fill(folder, 0, DAYS - 1)
    with siyu.open(folder) as brand:
        found = _passed(brand, "first", noon(DAYS - 1))
        begin = time.process_time()
        brand.claims(_claims(), now=noon(DAYS - 1) + 1)
        found["claims"] = time.process_time() - begin
    _fill(folder, DAYS - 1, DAYS)
    return found


def _passed(brand: Brand, name: str, now: int) -> dict[str, float]:
    clock = Clock()
    counts = brand.run(now=now, progress=clock).counts
    clock("end")
    return {name: clock.settled(), f"{name}: run": sum(clock.parts.values()), f"{name}: lines": counts["grants"]}


def _claims() -> list[dict[str, object]]:
    with duckdb.connect() as connection:
        members = connection.execute(f"SELECT {_member('i')} FROM range({CLAIMS}) AS numbers(i)").fetchall()
    return [{"incentive": "goods", "member": one, "id": f"q{number}"} for number, (one,) in enumerate(members)]


def _fill(folder: str, first: int, last: int) -> None:
    """Write the events of some days: who joins, most of them invited, orders, and the refund of every fiftieth one."""
    with duckdb.connect(str(store(Path(folder)))) as connection:
        (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchall()[0]
        for query in (_joined(first, last), _ordered(first, last), _refunded(first, last)):
            connection.execute(
                f"INSERT INTO events BY NAME SELECT *, 'till' AS source, 'shop' AS entry, 0::BIGINT AS run, "
                f"make_timestamp(second * 1000000) AS time, (second // 86400)::INTEGER AS day, "
                f"{seq} + row_number() OVER () AS seq FROM ({query})"
            )
            (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchall()[0]


def _member(number: str) -> str:
    return f"(hash(({number})::BIGINT) >> 2)::BIGINT"


def _joined(first: int, last: int) -> str:
    return f"""SELECT (hash(i * 23 + 5) >> 2)::BIGINT AS id, {_member("i")} AS member, 'joined' AS type,
        CASE WHEN i % 5 = 0 AND i > 0 THEN ({_member("hash(i * 29) % i")})::VARCHAR END AS subject,
        NULL::VARCHAR AS ref, NULL::BIGINT AS amount, {FIRST} * 86400 + i * 86400 // {JOINED} AS second
        FROM range({first * JOINED}, {last * JOINED}) AS numbers(i)"""


def _ordered(first: int, last: int) -> str:
    # Who joined by then: the first ones among them buy more.
    known = f"(i * {JOINED} // {ORDERS} + 1)"
    return f"""SELECT (hash(i * 7 + 1) >> 2)::BIGINT AS id,
        {_member(f"floor({known} * pow((hash(i * 5 + 3) % 1000000007) / 1000000007.0, 1.5))")} AS member,
        'ordered' AS type, 'cat-' || (hash(i * 13) % 12) AS subject, 'o' || i AS ref,
        (hash(i * 17) % 30000)::BIGINT AS amount, {FIRST} * 86400 + i * 86400 // {ORDERS} AS second
        FROM range({first * ORDERS}, {last * ORDERS}) AS numbers(i)"""


def _refunded(first: int, last: int) -> str:
    """Return the refunds of some days: of orders of three days before, every other one in part."""
    days = f"{max(first - 3, 0)}, {max(last - 3, 0)}"
    low, high = (int(day) * ORDERS for day in days.split(","))
    return f"""SELECT (hash(id) >> 2)::BIGINT AS id, member, 'refunded' AS type, subject, ref,
        CASE WHEN id % 2 = 0 THEN amount ELSE amount // 2 END AS amount, second + 3 * 86400 AS second
        FROM ({_ordered(0, DAYS)}) WHERE id % 50 = 0
        AND ref[2:]::BIGINT >= {low} AND ref[2:]::BIGINT < {high}"""
