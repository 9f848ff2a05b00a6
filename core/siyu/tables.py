"""What flows: every table and its columns.

Logs are append-only and hold the truth; each of their rows carries ``seq``, the total order of the store, given at
commit and gapless, and ``run``, the run that wrote it. State is a fold of the logs and can be rebuilt.
Money is Int64 minor units; moments are Int64 epoch seconds (``time``: a UTC timestamp as well, in ``events``);
days are Int32 numbers since 1970-01-01 in the brand's zone; ids are Int64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import narwhals as nw
from attrs import field, frozen
from narwhals.dtypes import DType

__all__ = ["CALENDAR", "CLOCKS", "CONTENTS", "LOGS", "STATE", "TABLES", "ZONES", "Schema", "Table"]

Schema: TypeAlias = "Mapping[str, DType]"

_TYPES: dict[str, DType] = {
    "id": nw.Int64(),
    "int": nw.Int64(),
    "day": nw.Int32(),
    "text": nw.String(),
    "flag": nw.Boolean(),
    "real": nw.Float64(),
    "time": nw.Datetime("us"),
}


def _columns(text: str) -> Schema:
    """Return columns written as ``name:type``, the types by the words above."""
    return {name: _TYPES[word] for name, _, word in (one.partition(":") for one in text.split())}


@frozen
class Table:
    """A table: its name, what it holds, and its columns in order.

    Attributes:
        name: The table's name, a word of the field.
        doc: What one row is.
        columns: The columns and their types, without ``seq`` and ``run``.
        log: Whether the table is a log; otherwise it is state.
        key: The columns of its primary key, a second line of defence; mostly empty.
    """

    name: str
    doc: str
    columns: Schema
    log: bool = True
    key: tuple[str, ...] = field(default=())

    @property
    def schema(self) -> Schema:
        """All columns, with ``seq`` and ``run`` where the table is a log."""
        return {**self.columns, **_columns("seq:int run:id")} if self.log else dict(self.columns)


_LOGS = (
    Table(
        "events",
        "one fact: who, what, when, about what, how much",
        _columns(
            "id:id source:text source_id:text member:id type:text time:time second:int day:day entry:text "
            "place:text staff:text subject:text ref:text amount:int quantity:int props:text"
        ),
    ),
    Table(
        "items",
        "one line of an order or of a refund",
        _columns("event:id sku:text category:text quantity:int amount:int"),
    ),
    Table(
        "identities",
        "one outside id, as a keyed hash, and the member id made of it",
        _columns("kind:text value:id member:id since:int"),
        key=("value",),
    ),
    Table(
        "links",
        "evidence that two ids are one person, or a person's word that they are, or are not",
        _columns("a:id b:id evidence:text time:int undone:flag by_hand:flag"),
    ),
    Table(
        "addresses",
        "what a channel needs to reach someone, by the kind of outside id that it is; encrypted and erasable",
        _columns("member:id kind:text value:text"),
    ),
    Table(
        "consents",
        "one statement of consent: granted, withdrawn or unknown",
        _columns("member:id channel:text purpose:text state:text time:int source:text proof:text basis:text"),
    ),
    Table("prices", "a price and when it holds", _columns("sku:text price:int from:int until:int")),
    Table(
        "costs",
        "what a day's work at an entry, a channel code or a campaign cost",
        _columns("id:id day:day entry:text code:text campaign:text amount:int"),
    ),
    Table(
        "exposures",
        "the first time a member met an arm of an experiment",
        _columns("experiment:text member:id arm:text time:int"),
    ),
    Table(
        "steps",
        "a journey's decision on one step for one member, also one that sends nothing",
        _columns("campaign:text version:text member:id occurrence:text step:text branch:text nominal:int decided:int"),
    ),
    Table(
        "touches",
        "the intent to send one message to one recipient, written once",
        _columns(
            "id:id recipient:id recipient_kind:text sender:text campaign:text edition:int step:text "
            "occurrence:text arm:text slot:text content:text content_version:text offer:text channel:text "
            "purpose:text priority:int due:int until:int"
        ),
        key=("id",),
    ),
    Table(
        "receipts",
        "a state that a touch came into, and why; the gate's also say by which rule, empty where it let a touch pass",
        _columns("touch:id state:text reason:text time:int provider_id:text rule:text"),
    ),
    Table(
        "grants",
        "one line of an incentive's ledger; a balance is the sum of its amounts. By facts: earned (+), reversed and "
        "expired (-), covered (- and +, what lots pay of a debt). By a person: opened (+), corrected. By claims: "
        "granted, reserved (+), then confirmed (0) or released (-); waiting (0); "
        "transferred (- and +); redeemed (-, what pays for a claim), restored (+). "
        "By either: refused (0). Marks of plugins, as held and won (0), move nothing",
        _columns(
            "id:id member:id incentive:text item:text lot:text kind:text amount:int cause_kind:text "
            "cause:text request:text time:int available:int expires:int reason:text"
        ),
        key=("id",),
    ),
    Table(
        "closings",
        "a closed month of one incentive's ledger at one place: see ``siyu.ledger.closing``",
        _columns(
            "month:text place:text incentive:text opening:int earned:int opened:int granted:int redeemed:int "
            "expired:int reversed:int corrected:int transferred:int moved:int closing:int late:int late_lines:int "
            "value:int breakage:int until:int watermark:int"
        ),
        key=("month", "place", "incentive"),
    ),
    Table(
        "tag_changes",
        "a member gained or lost a tag, or its value changed",
        _columns("member:id tagger:text tag:text value:text time:int change:text reason:text"),
    ),
    Table(
        "measures",
        "one number of a metric",
        _columns("metric:text period:text day:day slice:text key:text value:real n:int"),
    ),
    Table(
        "controls",
        "what a person ordered: stop, resume, approve",
        _columns("target:text action:text actor:text reason:text time:int"),
    ),
    Table(
        "suppressions",
        "an id that is never touched, or may be again: of a list, or what an erasure left of a person",
        _columns("member:id action:text origin:text actor:text reason:text time:int"),
    ),
    Table(
        "accesses",
        "who looked at a member, or exported, erased or listed them",
        _columns("member:id what:text actor:text reason:text time:int"),
    ),
    Table("configs", "a config that decisions were made by", _columns("hash:text canonical:text plugins:text")),
    Table(
        "runs",
        "one pass of the loop",
        _columns("id:id kind:text now:int config:text watermark:int actor:text state:text counts:text seconds:real"),
    ),
    Table(
        "cursors",
        "how far an entry has read; opaque to the core, committed with its rows",
        _columns("entry:text cursor:text"),
    ),
    Table(
        "rejects",
        "a row that could not be taken in, and why",
        _columns("entry:text source:text line:int reason:text raw:text"),
    ),
)

_STATE = (
    Table(
        "canon",
        "an id that was joined with others, and the least id of its component; ids on their own have no row",
        _columns("member:id canon:id"),
        log=False,
    ),
    Table(
        "shared",
        "an id that too many ids of a kind share, so that its links do not count: of which kind, and how many",
        _columns("member:id kind:text n:int since:int"),
        log=False,
    ),
    Table(
        "members",
        "what is known of a member; one column more for each declared attribute, and those that are needed to go on",
        _columns("member:id entry:text joined:day place:text zone:text region:text language:text birth_year:int"),
        log=False,
    ),
    Table(
        "features",
        "the current window values of a member: for each declared feature its column, or those that it is made of",
        _columns("member:id"),
        log=False,
    ),
    Table(
        "pairs",
        "how often a value came of a member, for features of a lifetime that count values",
        _columns("feature:text member:id value:text n:int"),
        log=False,
    ),
    Table(
        "segments",
        "the segments that a member is in, as bits: see ``siyu.bits``",
        _columns("member:id"),
        log=False,
    ),
    Table(
        "folds",
        "up to where a part of a table of state is folded, and what that part is",
        _columns("state:text name:text definition:text watermark:int low:int high:int now:int day:day"),
        log=False,
    ),
    Table(
        "tags",
        "a tag that a member has now, of those that have a value, a score or evidence of their own",
        _columns("member:id tagger:text tag:text value:text score:real evidence:text since:int expires:int"),
        log=False,
    ),
    Table(
        "flags",
        "the tags that a member has now, of those that are plain yes or no, as bits: see ``siyu.bits``",
        _columns("member:id"),
        log=False,
    ),
    Table(
        "superseded",
        "a row of a log, by its ``seq``, that a later row of the same key revises, so that it no longer counts",
        _columns("log:text key:id row:int"),
        log=False,
    ),
    Table(
        "follows",
        "which staff member has which member as a contact",
        _columns("member:id staff:text since:int until:int how:text"),
        log=False,
    ),
    Table("groups", "a group", _columns("group:text name:text owner:text place:text"), log=False),
    Table(
        "group_members", "a member's time in a group", _columns("group:text member:id since:int until:int"), log=False
    ),
    Table("meta", "facts of the store itself", _columns("name:text value:text"), log=False, key=("name",)),
)

LOGS = {table.name: table for table in _LOGS}
STATE = {table.name: table for table in _STATE}
TABLES = {**LOGS, **STATE}

CALENDAR: Schema = _columns(
    "day:day date:text week:day month:text month_start:day quarter:text year:text weekday:int "
    "midnight:int change:int shift:int"
)
"""One row a day: ISO date, the week's Monday, the month and its first day, quarter, year, ISO weekday, the second
when it begins, and the second and size of a change of clocks within it (null where there is none)."""

ZONES: Schema = _columns("zone:text offset:int midnight:int")
"""One row a zone, at ``now``: its offset from UTC in seconds, and the second when its today began."""

CLOCKS: Schema = _columns("zone:text from:int until:int offset:int")
"""One row for each zone and span between changes of clocks: its first second, the first second after it, and how far
the clocks were from UTC in it, in seconds. The zone is empty for members that state none."""

CONTENTS: Schema = _columns("content:text theme:text")
"""One row an item of content: its name, and its place in the matrix (educate, emotion, promo …)."""
