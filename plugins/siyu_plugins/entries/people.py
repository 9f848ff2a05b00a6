"""The made-up members: who they are, when they join and leave, and what they buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu_plugins.entries.chance import between, chosen, numbered, scattered, share

if TYPE_CHECKING:
    from siyu.kinds import Frame, Intake

__all__ = ["DOORS", "LINES", "TEAS", "World"]

_DAY = 86_400
_HOUR = 3_600
_FINE = 2**20

DOORS = ("wecom", "group", "mini-program")
"""The entries that members join by, of which the first is the most used."""

LINES = 3
"""How many lines an order has at most."""

TEAS = (
    ("G01", "green", 12_800),
    ("G02", "green", 6_800),
    ("W01", "white", 16_800),
    ("O01", "oolong", 19_800),
    ("B01", "black", 8_800),
    ("P01", "puer", 35_800),
    ("S01", "scented", 5_900),
    ("T01", "teaware", 9_900),
)
"""What is sold: sku, category, price in minor units of a currency of two decimals."""

_REGIONS = (
    ("Zhejiang", "Asia/Shanghai", "zh"),
    ("Guangdong", "Asia/Shanghai", "zh"),
    ("Fujian", "Asia/Shanghai", "zh"),
    ("Shanghai", "Asia/Shanghai", "zh"),
    ("Sichuan", "Asia/Shanghai", "zh"),
    ("Xinjiang", "Asia/Urumqi", "zh"),
    ("Singapore", "Asia/Singapore", "en"),
    ("London", "Europe/London", "en"),
)


@frozen(kw_only=True)
class World:
    """What all that is made up follows from.

    Attributes:
        seed: Another seed makes another world.
        members: How many members there are.
        begin: The second when the first day begins.
        days: In how many days they join and buy.
        offset: The seconds that local clocks are ahead of UTC.
        codes: The channel codes that members come by.
        orders: How many orders a member places on average.
    """

    seed: int
    members: int
    begin: int
    days: int
    offset: int
    codes: tuple[str, ...]
    orders: int

    @property
    def end(self) -> int:
        """The second when the last day ends."""
        return self.begin + self.days * _DAY

    def salt(self, name: str) -> str:
        """Return the salt of one thing in this world."""
        return f"{self.seed}:{name}"

    def people(self, intake: Intake) -> Frame:
        """Return the members.

        Returns:
            member (Int64, from 0), key, joined (second), left (second; never where it is after the end), refused
            (second of the withdrawal of consent, as ``left``), identity, door, code, staff, place, inviter (identity
            or null), region, zone, language, birth_year.
        """
        numbers = intake.sequence(self.members).select(member=nw.col("index"))
        return intake.keep(self._described(numbers.with_columns(key=self._key(nw.col("member")))))

    def occasions(self, intake: Intake, people: Frame, name: str, average: int) -> Frame:
        """Return the times that members do something: so often on average, from their joining to the end.

        Returns:
            The columns of ``people``, and number (from 0), occasion (its own key), second.
        """
        most = 2 * average
        numbers = intake.sequence(self.members * most).select(
            member=nw.col("index") // most,
            number=nw.col("index") % most,
            occasion=scattered(nw.col("index"), self.salt(name)),
        )
        known = numbers.join(people, on="member", how="inner")
        often = between(nw.col("key"), self.salt(f"{name} often"), 0, most)
        timed = known.filter(nw.col("number") < often).with_columns(second=self._moment(name))
        return timed.filter(nw.col("second") < nw.col("left"))

    def orders_of(self, intake: Intake, people: Frame) -> Frame:
        """Return the orders: the columns of ``occasions``, order (its id), amount, and for each line its columns.

        A line has sku_N, category_N, quantity_N and amount_N; all of them are null for a line that is not there.
        """
        found = self.occasions(intake, people, "order", self.orders)
        lines: dict[str, nw.Expr] = {}
        for line in range(LINES):
            lines |= self._line(line)
        made = found.with_columns(numbered("simulated-order", "member", "number").alias("order"), **lines)
        amounts = (nw.col(f"amount_{line}").fill_null(0) for line in range(LINES))
        return intake.keep(made.with_columns(amount=sum(amounts, start=nw.lit(0)).cast(nw.Int64)))

    def _line(self, line: int) -> dict[str, nw.Expr]:
        key = nw.col("occasion")
        # Every order has a first line, half of them a second, a quarter a third.
        there = nw.lit(value=True) if not line else share(key, self.salt("lines"), 100 >> line)
        tea = between(key, self.salt(f"tea {line}"), 0, len(TEAS) - 1)
        quantity = between(key, self.salt(f"quantity {line}"), 1, 2)
        price = chosen(tea, [price for _, _, price in TEAS])
        columns = {
            "sku": chosen(tea, [sku for sku, _, _ in TEAS]),
            "category": chosen(tea, [category for _, category, _ in TEAS]),
            "quantity": quantity,
            "amount": (price * quantity).cast(nw.Int64),
        }
        return {f"{name}_{line}": nw.when(there).then(column) for name, column in columns.items()}

    def _key(self, member: nw.Expr) -> nw.Expr:
        return scattered(member, self.salt("member"))

    def _joined(self, key: nw.Expr) -> nw.Expr:
        day = between(key, self.salt("join day"), 0, self.days - 1)
        return day * _DAY + between(key, self.salt("join clock"), 8 * _HOUR, 22 * _HOUR) + self.begin

    def _moment(self, name: str) -> nw.Expr:
        """Return a moment of the day, from an hour after the joining to the end."""
        key, earliest = nw.col("occasion"), nw.col("joined") + _HOUR
        fine = between(key, self.salt(f"{name} day"), 0, _FINE - 1)
        anyhow = earliest + (nw.lit(self.end) - earliest) * fine // _FINE
        midnight = (anyhow + self.offset) // _DAY * _DAY - self.offset
        by_day = midnight + between(key, self.salt(f"{name} clock"), 8 * _HOUR, 22 * _HOUR)
        return nw.when(by_day > earliest).then(by_day).otherwise(anyhow)

    def _ending(self, name: str, percent: int) -> nw.Expr:
        key = nw.col("key")
        after = between(key, self.salt(f"{name} after"), 7 * _DAY, 60 * _DAY)
        going = share(key, self.salt(name), percent)
        return nw.when(going).then(nw.col("joined") + after).otherwise(nw.lit(self.end * 2))

    def _described(self, people: Frame) -> Frame:
        key, home = nw.col("key"), between(nw.col("key"), self.salt("region"), 0, 39)
        inviter = between(key, self.salt("inviter"), 0, self.members - 1)
        earlier = self._joined(self._key(inviter)) < self._joined(key)
        name = nw.concat_str(nw.lit("wecom:simulated-"), inviter.cast(nw.String))
        return people.with_columns(
            numbered("wecom:simulated", "member").alias("identity"),
            joined=self._joined(key),
            door=chosen(between(key, self.salt("door"), 0, 3), (DOORS[0], *DOORS)),
            code=chosen(between(key, self.salt("code"), 0, len(self.codes) - 1), self.codes),
            staff=chosen(between(key, self.salt("staff"), 0, 4), [f"simulated-staff-{one}" for one in range(1, 6)]),
            place=chosen(between(key, self.salt("place"), 0, 2), [f"simulated-shop-{one}" for one in range(1, 4)]),
            inviter=nw.when(earlier & share(key, self.salt("invited"), 30)).then(name),
            region=chosen(home % len(_REGIONS), [region for region, _, _ in _REGIONS]),
            zone=chosen(home % len(_REGIONS), [zone for _, zone, _ in _REGIONS]),
            language=chosen(home % len(_REGIONS), [language for _, _, language in _REGIONS]),
            birth_year=between(key, self.salt("birth year"), 1960, 2005),
        ).with_columns(left=self._ending("left", 5), refused=self._ending("refused", 5))
