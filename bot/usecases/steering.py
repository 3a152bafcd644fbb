"""What admins start, stop and look after: collecting, learning, the list of jobs.  Every action is audited, reading too.

The words about a run are here as well: they are the same in the list, in the message that is edited while it runs, and at its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from bot import outbox, times
from bot.context import Context
from bot.keyboards import JOBS, MODELS, STEERING, button, grid
from bot.replies import Clear, Lines, Notice, Picture, Replies, Rows, Say, Word, word
from bot.settings import ScheduleSettings
from bot.usecases import detour, figures, telling
from bot.usecases.admin import note
from db import couples, jobs, members
from db.corpus_records import JobRun
from db.records import Member
from db.session import Connection

Command = Callable[[Mapping[str, Any]], list[str]]
"""What follows `python`, from the arguments of a run."""
COMMANDED: Final = "command"
"""Who asked for a run that somebody started by hand."""
SOURCES: Final = ("member", "folder", "instagram", "instaloader", "commons", "naver")
ASKING: Final = {"folder": "path", "instagram": "tag", "instaloader": "tag", "commons": "query", "naver": "query"}
"""What a source must be told, the option's name too; the others need nothing."""
QUOTED: Final = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
"""An item of a list with spaces between its items; a quotation mark that is never closed goes to the end."""
STEP: Final = "edit.crawl"
LONGEST: Final = 300
RECENT: Final = 8
STEPS: Final = 10


def _collect(arguments: Mapping[str, Any]) -> list[str]:
    source, query = str(arguments["source"]), str(arguments.get("query", ""))
    more = [f"--{ASKING[source]}={query}"] if query and source in ASKING else []
    return ["-m", "crawler", "collect", "--source", source, *more, "--json"]


def _learn(arguments: Mapping[str, Any]) -> list[str]:
    """What an admin went back from is not learned again unless an admin asks."""
    return ["-m", "engine", "learn", *(["--scheduled"] if "slot" in arguments else []), "--from-bot", "--json"]


def _rollback(arguments: Mapping[str, Any]) -> list[str]:
    return ["-m", "engine", "rollback", str(arguments["version"]), "--from-bot", "--json"]


COMMANDS: Final[Mapping[str, Command]] = {"collect": _collect, "learn": _learn, "rollback": _rollback}


def subject(run_id: int) -> str:
    """A run as the subject of an audit row."""
    return f"job:{run_id}"


def scheduled_arguments(schedule: ScheduleSettings, job: str) -> list[dict[str, Any]]:
    """The arguments of each run that a time of the schedule asks for: collecting is one run a source; what has spaces is quoted.

    >>> scheduled_arguments(ScheduleSettings(sources="member instagram:커플"), "collect")
    [{'source': 'member'}, {'source': 'instagram', 'query': '커플'}]
    >>> scheduled_arguments(ScheduleSettings(sources='member commons:"Category:Couples in Korea"'), "collect")[1:]
    [{'source': 'commons', 'query': 'Category:Couples in Korea'}]
    """
    if job != "collect":
        return [{}]
    found = []
    for item in QUOTED.findall(schedule.sources):
        source, _, query = item.replace('"', "").partition(":")
        found.append({"source": source, "query": query} if query else {"source": source})
    return found


def crawl(connection: Connection, context: Context, admin: Member, text: str = "") -> Replies:
    """/crawl SOURCE WHAT: collect; without a source the choice of them."""
    source, _, query = text.strip().partition(" ")
    if not source:
        note(connection, context, admin, "crawl.opened", "all")
        buttons = [button(f"steering.source.{name}", "crawl_from", choice=name) for name in SOURCES]
        return [Say(word("steering.crawl"), grid(buttons, 2))]
    return crawl_from(connection, context, admin, source.lower(), query)


def crawl_from(connection: Connection, context: Context, admin: Member, source: str, query: str = "") -> Replies:
    """Collect from a source, or ask for what it must be told."""
    if source not in SOURCES:
        note(connection, context, admin, "crawl.unknown", "all")
        return [Say(word("steering.no_source", sources=", ".join(SOURCES)))]
    wanted = " ".join(query.split()).lstrip("#") if source != "folder" else query.strip()
    if source in ASKING and not wanted:
        note(connection, context, admin, "crawl.asked", "all", {"source": source})
        detour.begin(connection, context, admin, STEP, source=source)
        return [Say(word(f"steering.ask.{ASKING[source]}"), ((button("steering.no", "crawl_no"),),))]
    if len(wanted) > LONGEST or not wanted.isprintable():
        note(connection, context, admin, "crawl.refused", "all", {"source": source})
        return [Say(word("steering.long", n=LONGEST))]
    detour.end(connection, context, admin)
    return ask(connection, context, admin, "collect", {"source": source, **({"query": wanted} if wanted else {})})


def give_up(connection: Connection, context: Context, admin: Member) -> Replies:
    """Nothing is started."""
    note(connection, context, admin, "steering.cancelled", "all")
    detour.end(connection, context, admin)
    return [Say(word("steering.cancelled"), edit=True)]


def retrain(connection: Connection, context: Context, admin: Member) -> Replies:
    """/retrain: what it will do, and a button that confirms it, since what passes its gates is in use at once."""
    note(connection, context, admin, "retrain.opened", "all")
    found = couples.count(connection)
    rows = ((button("steering.retrain_yes", "retrain_yes"),), (button("steering.no", "retrain_no"),))
    return [Say(word("steering.retrain", couples=f"{sum(found.values()):,}", version=context.pack.version), rows)]


def retrain_yes(connection: Connection, context: Context, admin: Member) -> Replies:
    """Learn."""
    return [Clear(), *ask(connection, context, admin, "learn", {})]


def ask(connection: Connection, context: Context, admin: Member, job: str, arguments: Mapping[str, Any]) -> Replies:
    """Ask for a run, once: what runs or waits already is not asked for again."""
    known = [*jobs.queued(connection), *jobs.running(connection)]
    same = next((row for row in known if row.job == job and (job != "collect" or _about(row) == dict(arguments))), None)
    if same is not None:
        note(connection, context, admin, f"{job}.again", subject(same.id))
        return [Say(word("steering.busy", name=word(f"job.name.{job}"), id=same.id), ((JOBS,),))]
    run_id = jobs.queue(connection, job, str(admin.telegram_id), arguments, context.now)
    note(connection, context, admin, f"{job}.queued", subject(run_id), {"source": arguments["source"]} if "source" in arguments else {})
    return [Say(word("steering.queued", name=word(f"job.name.{job}"), id=run_id), ((JOBS,),))]


def listed(connection: Connection, context: Context, admin: Member, choice: str = "") -> Replies:
    """/jobs: what runs, waits, ran last and is due; `choice` "again" renews the list in place."""
    note(connection, context, admin, "jobs.read", "all")
    recent = jobs.recent(connection, 30)
    live = [row for row in reversed(recent) if row.state in jobs.LIVE]
    ended = [row for row in recent if row.state not in jobs.LIVE][:RECENT]
    lines: list[object] = [_live(row) for row in live] or [word("steering.nothing_runs")]
    if ended:
        lines += ["", word("steering.ended"), *(_ended(context, row) for row in ended)]
    due = times.upcoming(context.schedule, context.now)
    if due:
        lines += ["", word("steering.due", zone=context.schedule.timezone)]
        lines += [word("steering.due_line", name=word(f"job.name.{job}"), at=f"{at:%m-%d %H:%M}") for job, at in due]
    stops = tuple(
        (button(word("steering.stop", name=word(f"job.name.{row.job}"), id=row.id), "job_stop", row.id, "list"),) for row in live[:4]
    )
    rows = (*stops, (button("steering.refresh", "jobs", choice="again"),), *STEERING[:1], (MODELS,))
    return [Say(word("steering.jobs", lines=Lines(tuple(lines))), rows, edit=choice == "again")]


def stop(connection: Connection, context: Context, admin: Member, run_id: int, choice: str = "") -> Replies:
    """End a run that waits or runs; collecting and learning go on from there when they are started again.

    `choice` "list" where the button stood below the list, which is renewed; else it stood below the run's own progress.
    """
    row = jobs.by_id(connection, run_id)
    if row is None or not jobs.finish(connection, run_id, "killed", {"why": "stopped"}, context.now):
        return [Notice(word("steering.ended_already"))]
    note(connection, context, admin, "job.stopped", subject(run_id), {"job": row.job})
    said = Notice(word("steering.stopped", name=word(f"job.name.{row.job}")))
    return [said, *listed(connection, context, admin, "again")] if choice == "list" else [said]


def stop_button(run_id: int) -> Rows:
    """Below a run's progress."""
    return ((button("steering.stop_this", "job_stop", run_id), JOBS),)


def under_way(row: JobRun, progress: Mapping[str, Any]) -> Word:
    """How far a run is."""
    name, done, total = word(f"job.name.{row.job}"), int(progress.get("done", 0)), int(progress.get("total", 0))
    if not total:
        return word("job.begins", name=name)
    filled = min(STEPS, STEPS * done // total)
    bar = "▰" * filled + "▱" * (STEPS - filled)
    return word(
        "job.under_way", name=name, stage=figures.stage_name(str(progress.get("stage", ""))), done=f"{done:,}", total=f"{total:,}", bar=bar
    )


def told(row: JobRun) -> Word:
    """How a run ended."""
    name = word(f"job.name.{row.job}")
    if row.state == "failed":
        return word("job.failed", name=name, why=str(row.result.get("why", "")))
    if row.state == "killed":
        again = row.result.get("why") == "interrupted"
        return word("job.interrupted" if again else "job.killed", name=name)
    if row.state == "refused":
        return _refused(row.result)
    said = {"collect": _collected, "learn": _learned}.get(row.job)
    if said is not None:
        return said(row)
    values = {key: f"{value:,}" if isinstance(value, int) else value for key, value in row.result.items()}
    return Word(f"job.done.{row.job}", {"version": "", "told": 0, "members": 0, **values})


def pictures(connection: Connection, context: Context, row: JobRun) -> list[Picture]:
    """The pictures that show how a run ended."""
    return figures.of_run(connection, context, row)


def worth_telling(row: JobRun) -> bool:
    """Whether admins are told of a run of the schedule: what failed, and what learning came to."""
    return row.state == "failed" or (row.job == "learn" and row.state in ("done", "refused"))


def tell_admins(connection: Connection, context: Context, row: JobRun) -> None:
    """All admins who ever wrote to the bot."""
    telling.admins(connection, context, told(row), f"job:{row.id}", ((JOBS, MODELS),))


def tell_asker(connection: Connection, context: Context, row: JobRun) -> None:
    """Whoever asked, later, where they could not be reached at once."""
    member = members.by_telegram(connection, int(row.requested_by))
    if member is not None:
        outbox.notify(connection, context, member, Say(told(row), ((JOBS,),)), f"job:{row.id}")


def _about(row: JobRun) -> dict[str, Any]:
    return {key: row.arguments[key] for key in ("source", "query") if key in row.arguments}


def _live(row: JobRun) -> Word:
    return (
        word("steering.live", id=row.id, told=under_way(row, row.progress))
        if row.state == "running"
        else word("steering.waits", id=row.id, name=word(f"job.name.{row.job}"))
    )


def _ended(context: Context, row: JobRun) -> Word:
    at = (row.finished_at or row.queued_at).astimezone(times.zone(context.schedule))
    return word("steering.line", id=row.id, name=word(f"job.name.{row.job}"), state=word(f"job.state.{row.state}"), at=f"{at:%m-%d %H:%M}")


def _collected(row: JobRun) -> Word:
    result = row.result
    rejected: Mapping[str, int] = result.get("rejected", {}) or {}
    first = sorted(rejected.items(), key=lambda one: -one[1])[:RECENT]
    lines = [word("job.reason", reason=figures.reason_name(reason), n=count) for reason, count in first]
    return word(
        "job.collected",
        source=word(f"steering.source.{row.arguments['source']}"),
        seen=f"{result.get('seen', 0):,}",
        accepted=f"{result.get('accepted', 0):,}",
        duplicates=f"{result.get('duplicates', 0):,}",
        rejected=f"{sum(rejected.values()):,}",
        lines=Lines(("", *lines)) if lines else "",
    )


def _refused(result: Mapping[str, Any]) -> Word:
    if "left" in result:
        return word("job.left", version=str(result["left"]))
    if "overtaken" in result:
        return word("job.overtaken", version=str(result.get("version", "")), now=str(result["overtaken"]))
    return word("job.refused", lines=Lines(tuple(figures.gate_line(gate) for gate in figures.gates(result) if not gate.passed)))


def _learned(row: JobRun) -> Word:
    result = row.result
    if result.get("unchanged"):
        return word("job.unchanged", version=str(result.get("version", "")))
    groups: Mapping[str, Mapping[str, Any]] = result.get("groups", {}) or {}
    lines = tuple(
        word("job.group", group=word(f"chart.group.{name}"), k=int(about.get("k") or 0), people=f"{int(about.get('members') or 0):,}")
        for name, about in groups.items()
    )
    return word("job.learned", version=str(result.get("version", "")), couples=f"{int(result.get('couples', 0)):,}", lines=Lines(lines))
