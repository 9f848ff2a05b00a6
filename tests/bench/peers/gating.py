"""The gate of ``tests.bench.gating`` by hand: the same verdicts by one statement of SQL, for these rules alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import duckdb

__all__ = ["by_hand"]

HOME = "UTC"
_DAY = 86_400
_USING = "('queued', 'sending', 'handed', 'sent', 'delivered', 'unknown')"

QUERY = """
CREATE TEMP TABLE by_hand AS
WITH fresh AS (
    SELECT id, recipient, channel, purpose, priority, due, until, content FROM proposals p
    WHERE NOT EXISTS (SELECT 1 FROM touches t WHERE t.id = p.id)
), said AS (
    SELECT member, channel, purpose, arg_max(state, (time, state)) AS state
    FROM consents WHERE time <= {now} GROUP BY ALL
), granted AS (
    SELECT DISTINCT member, channel FROM said WHERE state = 'granted' AND purpose IN ('*', 'marketing')
), tickets AS (
    SELECT DISTINCT member FROM (
        SELECT member, max(second) FILTER (type <> 'ticket_closed') AS opened,
            max(second) FILTER (type = 'ticket_closed') AS closed
        FROM events WHERE type IN ('complained', 'ticket_opened', 'ticket_closed') AND second <= {now} AND ref <> ''
        GROUP BY member, ref
    ) WHERE opened > {now} - 30 * 86400 AND (closed IS NULL OR closed < opened)
), newest AS (
    SELECT touch, arg_max(state, seq) AS state,
        max(time) FILTER (state IN ('queued', 'sending', 'sent') AND time >= {now} - 7 * 86400) AS went
    FROM receipts GROUP BY touch
), used AS (
    SELECT recipient, count(*) FILTER (moment > {now} - 4 * 3600) AS near, count(*) FILTER (moment >= {day}) AS today,
        count(*) FILTER (moment >= {week}) AS weekly,
        count(*) FILTER (channel = 'sms' AND moment > {now} - 7 * 86400) AS texts
    FROM (
        SELECT recipient, channel, CASE WHEN state IN ('queued', 'handed') THEN {now} ELSE went END AS moment
        FROM touches JOIN newest ON touch = id WHERE purpose = 'marketing' AND state IN {using}
    ) WHERE moment IS NOT NULL GROUP BY recipient
), judged AS (
    SELECT id, recipient, channel, purpose, priority, due, CASE
        WHEN until <= {now} THEN 'expired'
        WHEN content IS NULL THEN 'content'
        WHEN NOT EXISTS (SELECT 1 FROM members m WHERE m.member = recipient) THEN 'member'
        WHEN EXISTS (SELECT 1 FROM said s WHERE s.member = recipient AND state = 'withdrawn'
            AND s.channel IN ('*', f.channel) AND s.purpose IN ('*', f.purpose)) THEN 'opt-out'
        WHEN purpose = 'marketing' AND NOT EXISTS (SELECT 1 FROM granted g WHERE g.member = recipient
            AND g.channel = '*') AND NOT EXISTS (SELECT 1 FROM granted g WHERE g.member = recipient
            AND g.channel = f.channel) THEN 'consent'
        WHEN purpose = 'marketing' AND EXISTS (SELECT 1 FROM tickets t WHERE t.member = recipient) THEN 'tickets'
        WHEN due > {now} THEN 'due'
        WHEN purpose = 'marketing' AND NOT EXISTS (SELECT 1 FROM members m WHERE m.member = recipient
            AND coalesce(zone, '{home}') NOT IN ({quiet})) THEN 'quiet hours'
        END AS rule
    FROM fresh f
), placed AS (
    SELECT j.*, coalesce(near, 0) AS near,
        coalesce(near > 0 OR today > 0 OR weekly > 2 OR (channel = 'sms' AND texts > 1), false) AS over
    FROM judged j LEFT JOIN used USING (recipient) WHERE rule IS NULL AND purpose = 'marketing'
), ranked AS (
    SELECT id, near, over, row_number() OVER (PARTITION BY recipient, over ORDER BY -priority, due, id) AS nth
    FROM placed
)
SELECT id, rule FROM judged WHERE rule IS NOT NULL
UNION ALL SELECT id, 'passed' FROM judged WHERE rule IS NULL AND purpose <> 'marketing'
UNION ALL SELECT id, CASE WHEN NOT over AND nth = 1 THEN 'passed' WHEN over AND near = 0 THEN 'caps'
    ELSE 'distance' END FROM ranked
"""


def by_hand(cursor: duckdb.DuckDBPyConnection, now: int, zones: tuple[str, ...]) -> None:
    """Judge the table ``proposals`` into ``by_hand``: id, and the rule that stopped it, or ``passed``."""
    home = datetime.fromtimestamp(now, ZoneInfo(HOME))
    day = int(home.replace(hour=0, minute=0, second=0).timestamp())
    clocks = {zone: datetime.fromtimestamp(now, ZoneInfo(zone)).hour for zone in zones}
    quiet = ", ".join(f"'{zone}'" for zone, hour in clocks.items() if hour >= 21 or hour < 9)
    week = day - home.weekday() * _DAY
    query = QUERY.format(now=now, day=day, week=week, using=_USING, home=HOME, quiet=quiet or "''")
    cursor.execute(query).fetchall()
