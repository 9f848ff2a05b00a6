"""Look-alikes against a plain model that walks over the members one by one, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from math import ceil, comb, log
from typing import Any, TypeAlias, get_args

from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st
from tests.audiences import FEATURES, audience

from siyu.config.expressions import Condition
from siyu.config.units import Share
from siyu.testing.views import EngineName
from siyu_plugins._contrast.significance import Correction
from siyu_plugins.taggers.look_alike import LookAlike

Row: TypeAlias = "dict[str, Any]"
Has: TypeAlias = "Callable[[Row], bool]"
Tag: TypeAlias = "tuple[int, str | None, float, str]"

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
BRAND = FEATURES + "[tagger.t]\nuse = 'rules'\nwhen.vip = \"did('paid')\"\nwhen.active = \"did('clicked')\"\n"


@st.composite
def audiences(draw: st.DrawFn) -> list[Row]:
    """Draw members of whom the group differs by some luck, so that there are drivers often enough."""
    rows = []
    for member in range(draw(st.integers(0, 40))):
        vip = draw(st.booleans())
        more = 2 if vip else 0
        views = draw(st.none() | st.integers(more, more + 4))
        keen = draw(st.sampled_from([True, vip, None]))
        region = draw(st.sampled_from(["north", "north" if vip else "south", "east", None]))
        rows.append({"vip": vip, "views": views, "keen": keen, "region": region, "active": draw(st.booleans())})
        rows[-1]["member"] = member
    return rows


@st.composite
def taggers(draw: st.DrawFn) -> LookAlike:
    return LookAlike(
        name="alike",
        like=Condition.parse("tag('vip')"),
        features=("views", "keen", "region"),
        tags_=("active",),
        parts=draw(st.integers(2, 4)),
        values=draw(st.integers(1, 3)),
        least_support=draw(st.integers(1, 5)),
        least_lift=draw(st.sampled_from([1.0, 1.3])),
        false_discovery=Share(draw(st.sampled_from([500, 5_000, 9_900]))),
        correction=draw(st.sampled_from(get_args(Correction))),
        reach=Share(draw(st.sampled_from([1_000, 5_000, 10_000]))),
        at_least=Share(draw(st.sampled_from([0, 4_000]))),
        bands=draw(st.sampled_from([1, 3])),
    )


def within(above: int | None, up_to: int | None) -> Has:
    def has(row: Row) -> bool:
        views = row["views"]
        return views is not None and (above is None or views > above) and (up_to is None or views <= up_to)

    return has


def parted(rows: list[Row], parts: int) -> Iterator[tuple[str, str, Has]]:
    known = sorted(row["views"] for row in rows if row["views"] is not None)
    cuts = sorted({known[ceil(len(known) * part / parts) - 1] for part in range(1, parts + 1)}) if known else []
    if len(cuts) == 1:
        cuts = sorted(set(known))[-2:]
    if len(cuts) > 1:
        yield "views", f"views <= {cuts[0]}", within(None, cuts[0])
        for above, up_to in pairwise(cuts[:-1]):
            yield "views", f"{above} < views <= {up_to}", within(above, up_to)
        yield "views", f"views > {cuts[-2]}", within(cuts[-2], None)


def valued(rows: list[Row], most: int) -> Iterator[tuple[str, str, Has]]:
    texts = [row["region"] for row in rows if row["region"]]
    for text in sorted(set(texts), key=lambda text: (-texts.count(text), text))[:most]:
        yield "region", f"region == '{text}'", partial(lives, text)


def lives(text: str, row: Row) -> bool:
    return bool(row["region"] == text)


def p_value(a: int, group: int, has: int, size: int) -> float:
    ways = [comb(has, k) * comb(size - has, group - k) for k in range(group + 1)]
    p = min(1.0, 2 * min(sum(ways[: a + 1]), sum(ways[a:])) / comb(size, group))
    return float(f"{p:.9e}")


@frozen(order=True)
class Judged:
    """A trait that was tested; the surest first, as the order of the attributes is."""

    p: float
    fall: float
    words: str
    column: str
    weight: int
    has: Has = field(order=False)


def judged(tagger: LookAlike, rows: list[Row]) -> Iterator[Judged]:
    group, others = ([row for row in rows if row["vip"] == vip] for vip in (True, False))
    every = [*parted(rows, tagger.parts), *valued(rows, tagger.values)]
    every += [("keen", "keen", lambda row: row["keen"] is True), ("active", "tag('active')", lambda row: row["active"])]
    for column, words, has in every:
        inside, outside = sum(map(has, group)), sum(map(has, others))
        if inside + outside >= tagger.least_support:
            lift = (inside / len(group)) / ((inside + outside) / len(rows)) if group else 0
            ratio = ((inside + 1) / (len(group) + 2)) / ((outside + 1) / (len(others) + 2))
            p = p_value(inside, len(group), inside + outside, len(rows))
            yield Judged(p, -round(lift, 9), words, column, round(log(ratio) * 1e6), has)


def modelled(tagger: LookAlike, rows: list[Row]) -> list[Tag]:
    found = sorted(judged(tagger, rows))
    surest = found[: discoveries([one.p for one in found], tagger)]
    drivers = [one for one in surest if -one.fall >= tagger.least_lift]
    columns = {one.column for one in drivers}
    greatest = sum(max(0, *(one.weight for one in drivers if one.column == column)) for column in columns)
    others = [row for row in rows if not row["vip"]]
    scored = []
    for row in others:
        own = [one for one in drivers if one.has(row)]
        weight = sum(one.weight for one in own)
        if weight > 0 and weight * 10_000 >= greatest * tagger.at_least.basis_points:
            scored.append((-weight, row["member"], "; ".join(one.words for one in own)))
    places = len(others) * tagger.reach.basis_points // 10_000
    return sorted(
        (member, str(at * tagger.bands // places + 1) if tagger.bands > 1 else None, -negative / greatest, words)
        for at, (negative, member, words) in enumerate(sorted(scored)[:places])
    )


def discoveries(ordered: list[float], tagger: LookAlike) -> int:
    """Return how many of the p-values, from the least, the step-up procedure rejects."""
    number = len(ordered)
    penalty = sum(1 / k for k in range(1, number + 1)) if tagger.correction == "benjamini-yekutieli" else 1
    level = tagger.false_discovery.basis_points / 10_000
    return max((k for k, p in enumerate(ordered, 1) if p * number * penalty / k <= level * (1 + 1e-9)), default=0)


@given(audiences(), taggers())
def test_tags_are_those_of_the_model(rows: list[Row], tagger: LookAlike) -> None:
    expected = modelled(tagger, rows)
    tags = {name: [row["member"] for row in rows if row[name]] for name in ("vip", "active")}
    for engine in ENGINES:
        seen = audience(BRAND, rows, engine, tags=tags)
        assert sorted(seen.rows(tagger.tags(seen).select("member", "value", "score", "evidence"))) == expected
