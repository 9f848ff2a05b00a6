"""A corpus of broken configs, each with the problem that is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from siyu.config.programme import load
from siyu.config.registered import Registered
from siyu.errors import ConfigError, Problem

Write = Callable[..., Path]

FEATURE = "[feature]\nspend = { sum = 'ordered.amount' }\norders = { count = 'ordered' }\n"
CAMPAIGN = "[campaign.w]\nuse = 'journey'\nfrom = 2026-12-01\n"
INCENTIVE = "[incentive.p]\nuse = 'points'\nfrom = 2026-12-01\n"
ITEMS = "[incentive.q]\nuse = 'points'\nfrom = 2026-12-01\nholds = ['top', 'new']\n"
CONTENT = "[content.c]\nuse = 'library'\nwords = { hello = 'Hi' }\n"


def problems(folder: Path, registry: Registered) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as raised:
        load(folder, registry)
    return raised.value.problems


CORPUS = [
    ("[brnad]\n", "brnad", "unknown table [brnad]", "did you mean 'brand'?", "brnad"),
    ("[features]\n", "features", "unknown table [features]", "did you mean 'feature'?", "features"),
    ("[xyzzyx]\n", "xyzzyx", "unknown table [xyzzyx]", "known are: advice, attribute, brand, campaign", "xyzzyx"),
    ("[segment.x]\ny = 1\n", "segment.x.y", "unknown key 'y'", "known are: ids, list, sample, when", "y"),
    ("[segment.x]\n", "segment.x", "expected when, ids, list or sample: without them it is everybody", "", "x"),
    ("[campaign]\nw = 3\n", "campaign.w", "expected a table, as in [campaign.w], not the number 3", "", "3"),
    ("[campaign.w]\n", "campaign.w", "the key 'use' is missing", "known are: journey", "w"),
    ("[campaign.w]\nuse = 'jurney'\n", "campaign.w.use", "no campaign 'jurney'; known are: journey", "did you", "'jur"),
    ("[campaign.w]\nuse = 3\n", "campaign.w.use", "no campaign the number 3", "", "3"),
    ("[metric.m]\nuse = 'x'\n", "metric.m.use", "no metric 'x'; there are none here", "", "'x'"),
    ("[campaign.'a b']\nuse='journey'\nfrom='2026-01-01'\nsteps=[]\n", "campaign.a b", "'a b' is no name", "", "'a b'"),
    (CAMPAIGN, "campaign.w", "the key 'steps' is missing", "", "w"),
    (CAMPAIGN + "steps = []\ntries = 0\n", "campaign.w.tries", "'tries' must be >= 1: 0", "", "0"),
    (CAMPAIGN + "steps = []\nname = 'x'\n", "campaign.w.name", "unknown key 'name'", "", "name"),
    (CAMPAIGN + "steps = []\npurpose = 'markting'\n", "campaign.w.purpose", "expected marketing or", "did", "'markt"),
    (CAMPAIGN + "steps = [{ id = 'a', after = 1 }]\n", "campaign.w.steps.0.after", "expected a duration", "", "1"),
    (CAMPAIGN + "steps = [{ id = 'a', say = 'x' }]\n", "campaign.w.steps.0.say", "no content 'x'", "there are", "'x'"),
    (
        CONTENT + CAMPAIGN + "steps = [{ id = 'a', say = 'helo' }]\n",
        "campaign.w.steps.0.say",
        "no content 'helo'",
        "did you mean 'hello'?",
        "'helo'",
    ),
    (CAMPAIGN + "steps = [{ id = 'a', via = ['o'] }]\n", "campaign.w.steps.0.via.0", "no channel 'o'", "", "'o'"),
    (CAMPAIGN + "steps = []\nto = \"segment('x')\"\n", "campaign.w.to", "no segment 'x'", "", "'x'"),
    (CAMPAIGN + 'steps = []\nto = "birth_year"\n', "campaign.w.to", "this is a whole number, not a", "", "birth_year"),
    (CAMPAIGN + "steps = []\nholdout = 0.1\n", "campaign.w.holdout", "expected a share as text", "", "0.1"),
    (INCENTIVE + "during = 'x'\n", "incentive.p.during", "no campaign 'x'", "there are none here", "'x'"),
    (INCENTIVE + "gives = { pp = 1 }\n", "incentive.p.gives.pp", "no incentive 'pp'", "did you mean 'p'?", "pp"),
    (
        ITEMS + INCENTIVE + "gives = { q = 'tpo' }\n",
        "incentive.p.gives.q",
        "incentive.q has no item 'tpo'",
        "did you mean 'top'?",
        "'tpo'",
    ),
    (
        ITEMS + INCENTIVE + "gives = { q = 3 }\n",
        "incentive.p.gives.q",
        "no item of incentive.q",
        "known are: new, top",
        "3",
    ),
    (
        ITEMS + INCENTIVE + "costs = [{ incentive = 'q', amount = 1, item = 'nwe' }]\n",
        "incentive.p.costs.0.item",
        "incentive.q has no item 'nwe'",
        "did you mean 'new'?",
        "'nwe'",
    ),
    (ITEMS + INCENTIVE + "hidden = true\n", "incentive.p", "incentive.q has no item 'tpo'", "did you mean", "p"),
    (INCENTIVE + "limit = { times = 1, per = 'yer' }\n", "incentive.p.limit.per", "expected day, week", "did", "'yer'"),
    (INCENTIVE + "limit = { per = 'year' }\n", "incentive.p.limit", "the key 'times' is missing", "", "limit"),
    ("[channel.c]\nuse = 'http'\ntoken = 's3cret'\n", "channel.c.token", "expected where the secret is kept", "", ""),
    ("[feature]\nx = { count = 'orderd' }\n", "feature.x.count", "no event type 'orderd'", "did you mean", "'orderd'"),
    ("[feature]\nx = {}\n", "feature.x", "expected exactly one of count", "", "x"),
    ("[feature]\nx = { count = 'ordered', window = '9' }\n", "feature.x.window", "expected lifetime or", "", "'9'"),
    ("[feature]\nx = 'ordered'\n", "feature.x", "expected a table, not 'ordered'", "", "'ordered'"),
    ("[feature]\nx-y = { count = 'ordered' }\n", "feature.x-y", "'x-y' is no name for a condition", "", "x-y"),
    ("[feature]\nin = { count = 'ordered' }\n", "feature.in", "'in' is no name for a condition", "", "in"),
    (
        "[feature]\njoined = { count = 'ordered' }\n",
        "feature.joined",
        "the name 'joined' is taken by siyu",
        "",
        "joined",
    ),
    ("[feature]\nTrue = { count = 'ordered' }\n", "feature.True", "'True' is no name", "", "True"),
    (
        "[feature]\nx = { count = 'ordered' }\nX = { count = 'ordered' }\n",
        "feature.x",
        "the name 'x' is taken",
        "",
        "x",
    ),
    (
        "[attribute]\nx = { type = 'real', purpose = 'y' }\n",
        "attribute.x.type",
        "expected text, integer or",
        "",
        "'real",
    ),
    (
        "[attribute]\nx = { type = 'text', purpose = 'y', sensitivity = 'sensitive' }\n",
        "attribute.x",
        "what is sensitive needs 'keep' beside it",
        "",
        "x",
    ),
    ("[field]\nx = { sensitivity = 'plain' }\n", "field.x", "the key 'purpose' is missing", "", "x"),
    ("[field]\n'a b' = { purpose = 'y' }\n", "field.a b", "'a b' is no name", "", "'a b'"),
    (
        "[field]\nx = { purpose = 'y', events = ['view'] }\n",
        "field.x.events.0",
        "no event type 'view'",
        "",
        "'view'",
    ),
    ("[consent]\nwords = ['TD', '!']\n", "consent.words", "expected words of letters or digits", "", ""),
    ("[consent]\nchannels = { a = 'b' }\n", "consent.channels.a", "no channel 'b'", "", "'b'"),
    ("[gate.age]\nleast = 18\nregions = { DE = -1 }\n", "gate.age.regions", "expected an age of 0 or more", "", ""),
    ("[attribute]\nx = { type = 'text' }\n", "attribute.x", "the key 'purpose' is missing", "", "x"),
    (FEATURE + "[segment]\nx = 'spend > 5'\n", "segment.x", "spend is money: write '5.00' instead of 5", "", "5"),
    (FEATURE + "[segment]\nx = 'order > 5'\n", "segment.x", "no feature or member attribute 'order'", "did", "order"),
    (FEATURE + "[segment]\nx = '''\n  orders >\n  5 = 5'''\n", "segment.x", "write == instead of =", "", "="),
    ("[segment]\nx = 3\n", "segment.x", "expected a condition as text", "", "3"),
    ("[segment]\nx = \"segment('x')\"\n", "segment.x", "segments name each other in a circle: x -> x", "take", '"seg'),
    (
        "[tagger.t]\nuse='rules'\nwhen.a = \"tag('a')\"\n",
        "tagger.t",
        "taggers wait for each other in a circle",
        "",
        "t",
    ),
    (
        "[segment]\ns = \"tag('a')\"\n[tagger.t]\nuse='rules'\nwhen.a = \"segment('s')\"\n",
        "tagger.t",
        "taggers wait for each other in a circle",
        "",
        "t",
    ),
    ("[tagger.t]\nuse='rules'\nwhen.a = \"tag('b')\"\n", "tagger.t.when.a", "no tag 'b'", "", "'b'"),
    ("[gate]\nconsent = 'always'\n", "gate.consent", "expected granted or unless-withdrawn", "", "'always'"),
    ("[gate]\nquiet = '09:00-09:00'\n", "gate.quiet", "expected a part of the day that ends", "", "'09:00-09:00'"),
    ("[gate]\ncaps = [{ times = 0, per = 'day' }]\n", "gate.caps.0.times", "'times' must be >= 1: 0", "", "0"),
    (
        "[gate]\ncaps = [{ times = 1, per = 'day', channel = 'x' }]\n",
        "gate.caps.0.channel",
        "no channel 'x'",
        "",
        "'x'",
    ),
    ("[gate.basis]\nsource = 'x'\ndate = 2026-01-01\n", "gate.basis", "the key 'proof' is missing", "", "basis"),
    ("[plugins]\nblock = 'x'\n", "plugins.block", "expected an array", "", "'x'"),
]


@pytest.mark.parametrize(("text", "path", "message", "hint", "marked"), CORPUS, ids=[each[1] for each in CORPUS])
def test_a_broken_config(
    brand: Write, registry: Registered, text: str, path: str, message: str, hint: str, marked: str
) -> None:
    (problem,) = problems(brand(text), registry)
    assert ".".join(problem.path) == path
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)
    assert problem.source[problem.column - 1 :][: problem.width].startswith(marked)
    assert "s3cret" not in str(problem)


@pytest.mark.parametrize(
    ("head", "path", "message"),
    [
        ("[brand]\n", "brand", "the key 'name' is missing"),
        ("[brand]\nname = ' '\n", "brand.name", "expected a text that is not empty"),
        ("[brand]\nname = 'x'\nzone = 'Asia/Shanghia'\n", "brand.zone", "no time zone 'Asia/Shanghia'; did you mean"),
        ("[brand]\nname = 'x'\nzone = '../etc'\n", "brand.zone", "no time zone '../etc'; a zone is named as in"),
        ("[brand]\nname = 'x'\ncurrency = 'cny'\n", "brand.currency", "expected a currency of three capital letters"),
        ("[brand]\nname = 'x'\nkey = 'abc'\n", "brand.key", "expected where the secret is kept"),
        ("brand = 3\n", "brand", "expected a table, not the number 3"),
    ],
)
def test_a_broken_brand(brand: Write, registry: Registered, head: str, path: str, message: str) -> None:
    (problem,) = problems(brand("", head=head), registry)
    assert ".".join(problem.path) == path
    assert problem.message.startswith(message)


def test_all_problems_are_shown_at_once_in_the_order_of_the_files(brand: Write, registry: Registered) -> None:
    first = FEATURE + "[segment]\nx = 'spend > 5 and order > 3'\n" + CAMPAIGN + "stepps = []\n"
    found = problems(brand(first, b="[segment]\nx = 'a'\n[gate]\nquiet = 'never'\n"), registry)
    assert [(Path(problem.file).name, problem.line, problem.column) for problem in found] == [
        ("a.toml", 7, 14),
        ("a.toml", 7, 20),
        ("a.toml", 8, 11),
        ("a.toml", 11, 1),
        ("b.toml", 2, 1),
        ("b.toml", 4, 9),
    ]


def test_a_circle_of_incentives_is_named(brand: Write, registry: Registered) -> None:
    text = INCENTIVE + "gives = { q = 1 }\n" + INCENTIVE.replace(".p]", ".q]") + "gives = { p = 1 }\n"
    (problem,) = problems(brand(text), registry)
    assert problem.message == "incentives wait for each other in a circle: p -> q -> p"


def test_what_is_broken_adds_no_problems_elsewhere(brand: Write, registry: Registered) -> None:
    text = "[feature]\nx = {}\n[tagger.t]\nuse = 'ruls'\n[content.c]\nuse = 'library'\n" + CAMPAIGN
    text += "steps = [{ id = 'a', say = 'hello', when = \"tag('vip') and x > 3\" }]\n[segment]\ns = 'y'\n"
    text += "[incentive.p]\nuse = 'points'\n[incentive.q]\nuse = 'points'\nfrom = 2026-01-01\ngives = { p = 3 }\n"
    found = [".".join(problem.path) for problem in problems(brand(text), registry)]
    assert found == ["feature.x", "tagger.t.use", "content.c", "segment.s", "incentive.p"]


def test_what_is_sound_in_a_broken_table_is_checked_at_once(brand: Write, registry: Registered) -> None:
    steps = "steps = [{ id = 3, say = 'x', via = ['o'] }, { id = 'b', when = \"tag('v')\", after = 1 }]\n"
    text = CAMPAIGN + f"tries = 0\nto = \"segment('s')\"\n{steps}[campaign.v]\nuse = 'journey'\nsteps = []\n"
    text += "to = \"segment('s')\"\n" + INCENTIVE + "during = 'q'\ngives = { z = 1 }\nlimit = { times = 0 }\n"
    found = {".".join(problem.path): problem.owner for problem in problems(brand(text), registry)}
    assert set(found) == {
        "campaign.w.to",
        "campaign.w.tries",
        "campaign.w.steps.0.id",
        "campaign.w.steps.0.say",
        "campaign.w.steps.0.via.0",
        "campaign.w.steps.1.when",
        "campaign.w.steps.1.after",
        "campaign.v",
        "campaign.v.to",
        "incentive.p.during",
        "incentive.p.gives.z",
        "incentive.p.limit.times",
    }
    assert found["campaign.w.steps.0.say"] == found["campaign.w.steps.0.id"] == "campaign-plugin"
