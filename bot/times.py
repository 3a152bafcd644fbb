"""When scheduled jobs are due: crontab expressions in a zone, through APScheduler's own trigger."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from bot.errors import StartError
from bot.settings import ScheduleSettings

SCHEDULED = ("collect", "learn", "retype", "daily_pick", "retention")
"""The jobs that have a time in the settings, each under its own name."""


def zone(settings: ScheduleSettings) -> ZoneInfo:
    """The zone of all times.

    Raises:
        StartError: there is no such zone.

    """
    try:
        return ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise StartError(f"schedule.timezone is {settings.timezone!r}: use a name such as Asia/Seoul or UTC") from None


def triggers(settings: ScheduleSettings) -> dict[str, CronTrigger]:
    """The trigger of each job that runs by itself.

    Raises:
        StartError: an expression that is none, or a zone that is none; one line that says which.

    """
    expressions = {
        "collect": settings.collect,
        "learn": settings.learn,
        "retype": settings.retype,
        "daily_pick": settings.daily_pick,
        "retention": settings.retention,
    }
    here = zone(settings)
    found = {}
    for job, expression in expressions.items():
        if not expression.strip():
            continue
        try:
            found[job] = CronTrigger.from_crontab(expression, timezone=here)
        except ValueError:
            raise StartError(
                f"schedule.{job} is {expression!r}: use minute hour day month weekday, such as '0 4 * * mon', or leave it empty"
            ) from None
    return found


def upcoming(settings: ScheduleSettings, now: datetime) -> list[tuple[str, datetime]]:
    """The next time of each job that runs by itself, the soonest first.

    >>> from datetime import UTC
    >>> upcoming(ScheduleSettings("UTC", "", "", "", "", "0 19 * * *", ""), datetime(2026, 11, 21, 20, tzinfo=UTC))[0][1].isoformat()
    '2026-11-22T19:00:00+00:00'
    """
    due = ((job, trigger.get_next_fire_time(None, now)) for job, trigger in triggers(settings).items())
    return sorted(((job, at) for job, at in due if at is not None), key=lambda one: one[1])


def missed(trigger: CronTrigger, now: datetime, grace: timedelta) -> datetime | None:
    """The last time within `grace` before `now` at which a trigger was due, for whoever takes over; None where there was none."""
    last: datetime | None = None
    at: datetime | None = trigger.get_next_fire_time(None, now - grace)
    while at is not None and at <= now:
        last = at
        at = trigger.get_next_fire_time(at, at + timedelta(seconds=1))
    return last
