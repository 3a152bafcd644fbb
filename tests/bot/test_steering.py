"""What admins start, stop and look after: use cases without Telegram."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from bot import charts
from bot.context import Context
from bot.replies import Clear, Named, Notice, Picture, Replies, Say, Word, word
from bot.usecases import admin, figures, models, naming, steering
from bot.words import LANGUAGES
from db import affinities, audit, jobs, members
from db import models as model_rows
from db.corpus_records import JobRun
from db.session import Connection
from engine.affinity import Affinity
from engine.registry import Change, mark
from engine.types import STARTER, TypePack
from tests.bot.meeting import ADMIN, WORDS, Town, buttons, keys, presses, small_pack, surroundings, texts

DAY = dt.date(2026, 11, 21)


@pytest.fixture
def boss(town: Town) -> int:
    made = town.database.transact(members.create, ADMIN, "en", town.now)
    return made.id


def runs(town: Town) -> list[JobRun]:
    return town.database.read(jobs.recent)


def actions(town: Town) -> list[str]:
    return [row.action for row in town.database.read(audit.recent)]


def ended(town: Town, job: str, state: Any, result: dict[str, Any], arguments: dict[str, Any] | None = None) -> JobRun:
    run_id = town.database.transact(jobs.queue, job, str(ADMIN), arguments or {}, town.now)
    town.database.transact(jobs.start, run_id, town.now)
    town.database.transact(jobs.finish, run_id, state, result, town.now)
    row = town.database.read(jobs.by_id, run_id)
    assert row is not None
    return row


def test_crawl_without_a_source_offers_all(town: Town, boss: int) -> None:
    [said] = town.act(boss, steering.crawl)
    assert isinstance(said, Say)
    assert [button.press.choice for button in buttons(said)] == list(steering.SOURCES)
    assert runs(town) == []


def test_crawl_of_members_photos_begins_at_once(town: Town, boss: int) -> None:
    assert keys(town.act(boss, steering.crawl_from, "member")) == ["steering.queued"]
    [row] = runs(town)
    assert (row.job, row.state, row.requested_by, row.arguments) == ("collect", "queued", str(ADMIN), {"source": "member"})
    assert actions(town) == ["collect.queued"]


def test_crawl_asks_for_what_a_source_must_be_told(town: Town, boss: int) -> None:
    assert keys(town.act(boss, steering.crawl_from, "instagram")) == ["steering.ask.tag"]
    assert town.member(boss).step == steering.STEP
    assert keys(town.act(boss, steering.crawl_from, "instagram", " #커플 ")) == ["steering.queued"]
    assert town.member(boss).step == ""
    assert runs(town)[0].arguments == {"source": "instagram", "query": "커플"}


@pytest.mark.parametrize("text", ["nowhere", "folder " + "x" * 400, "folder /a\x00b"])
def test_crawl_refuses_what_cannot_be(town: Town, boss: int, text: str) -> None:
    assert keys(town.act(boss, steering.crawl, text))[0] in ("steering.no_source", "steering.long")
    assert runs(town) == []


def test_a_path_is_an_option_and_never_a_switch() -> None:
    command = steering.COMMANDS["collect"]({"source": "folder", "query": "--restart"})
    assert command[-2:] == ["--path=--restart", "--json"]
    assert steering.COMMANDS["collect"]({"source": "member"})[-2:] == ["member", "--json"]


def test_the_same_is_not_asked_for_twice_but_another_source_is(town: Town, boss: int) -> None:
    town.act(boss, steering.crawl_from, "member")
    assert keys(town.act(boss, steering.crawl_from, "member")) == ["steering.busy"]
    assert keys(town.act(boss, steering.crawl_from, "commons", "couples")) == ["steering.queued"]
    town.act(boss, steering.retrain_yes)
    assert keys(town.act(boss, steering.retrain_yes)) == ["steering.busy"]
    assert [row.job for row in runs(town)] == ["learn", "collect", "collect"]


def test_retrain_is_confirmed_first(town: Town, boss: int) -> None:
    said = town.act(boss, steering.retrain)
    assert presses(said) == {"retrain_yes", "retrain_no"}
    assert runs(town) == []
    assert isinstance(town.act(boss, steering.retrain_yes)[0], Clear)
    assert runs(town)[0].job == "learn"


def test_the_list_shows_what_runs_waits_and_ended(town: Town, boss: int) -> None:
    ended(town, "learn", "failed", {"why": "x"})
    town.act(boss, steering.crawl_from, "member")
    town.act(boss, steering.retrain_yes)
    run = next(row for row in runs(town) if row.job == "collect")
    town.database.transact(jobs.start, run.id, town.now)
    town.database.transact(jobs.beat, run.id, town.now, {"stage": "collect", "done": 3, "total": 10})
    [said] = town.act(boss, steering.listed)
    assert isinstance(said, Say)
    for language in LANGUAGES:
        [told] = texts([said], language)
        assert "3 / 10" in told
        assert f"#{run.id}" in told
    assert {"job_stop", "jobs", "models"} <= presses([said])
    assert town.act(boss, steering.listed, "again")[0] == Say(said.word, said.buttons, edit=True)


def test_a_run_is_stopped_once(town: Town, boss: int) -> None:
    town.act(boss, steering.retrain_yes)
    [run] = runs(town)
    assert keys(town.act(boss, steering.stop, run.id, "list")) == ["steering.stopped", "steering.jobs"]
    assert runs(town)[0].state == "killed"
    assert town.act(boss, steering.stop, run.id) == [Notice(word("steering.ended_already"))]
    assert town.act(boss, steering.stop, 987) == [Notice(word("steering.ended_already"))]


USECASES: tuple[tuple[Callable[..., Replies], tuple[object, ...]], ...] = (
    (steering.crawl, ()),
    (steering.crawl_from, ("member",)),
    (steering.retrain, ()),
    (steering.retrain_yes, ()),
    (steering.listed, ()),
    (models.listed, ()),
    (models.rollback, ("starter-1",)),
    (models.gallery, ()),
    (naming.rename_type, ("wf-0",)),
    (naming.propose, ("wf-0", "file", b"picture")),
    (naming.leave_picture, ()),
    (naming.picture_gone, ()),
    (naming.gone, ()),
)


@pytest.mark.parametrize(("usecase", "given"), USECASES, ids=[usecase.__name__ for usecase, _ in USECASES])
def test_whoever_is_no_admin_does_nothing(town: Town, usecase: Callable[..., Replies], given: tuple[object, ...]) -> None:
    """The guard behind the router's filter."""
    somebody = town.newcomer()
    with pytest.raises(PermissionError):
        town.act(somebody, usecase, *given)
    assert runs(town) == []


def version(name: str, state: Any = "published", **manifest: Any) -> Callable[[Connection], None]:
    def add(connection: Connection) -> None:
        model_rows.add(connection, name, manifest, surroundings().now, "candidate")
        if state == "published":
            model_rows.activate(connection, name, surroundings().now)
        elif state == "refused":
            model_rows.refuse(connection, name)

    return add


OLD, NEW, BAD = "v20261101T000000-00000001", "v20261102T000000-00000002", "v20261103T000000-00000003"


def test_going_back_is_confirmed_and_only_to_what_was_in_use(town: Town, boss: int) -> None:
    assert keys(town.act(boss, models.rollback)) == ["models.no_earlier"]
    for name, state in ((OLD, "published"), (NEW, "published"), (BAD, "refused")):
        town.database.transact(version(name, state))
    [choice] = town.act(boss, models.rollback)
    assert isinstance(choice, Say)
    assert [button.press.choice for button in buttons(choice)] == [NEW, OLD]
    assert keys(town.act(boss, models.rollback, BAD)) == ["models.unknown"]
    assert keys(town.act(boss, models.rollback, small_pack().version)) == ["models.in_use"]
    assert presses(town.act(boss, models.rollback, OLD)) == {"rollback_yes", "rollback_no"}
    assert runs(town) == []
    assert keys(town.act(boss, models.rollback_yes, BAD)) == ["models.in_use"]
    town.act(boss, models.rollback_yes, OLD)
    [run] = runs(town)
    assert (run.job, run.arguments) == ("rollback", {"version": OLD})
    assert steering.COMMANDS["rollback"](run.arguments) == ["-m", "engine", "rollback", OLD, "--from-bot", "--json"]


def test_versions_are_listed_with_their_figures(town: Town, boss: int) -> None:
    figure = {name: {"figures": {"k": 5}} for name in ("man_face", "man_fashion", "woman_face", "woman_fashion")}
    town.database.transact(version(NEW, groups=figure, data={"couples": 1234}))
    [told] = texts(town.act(boss, models.listed))
    assert NEW in told
    assert "5/5/5/5" in told
    assert "1,234 couples" in told


def shipped() -> Context:
    """With the types that ship, whose pictures are there."""
    pack = TypePack.load(STARTER)
    return replace(surroundings(), pack=pack, affinity=Affinity(pack))


def drawn(replies: Replies) -> list[Image.Image]:
    found = []
    for reply in replies:
        if isinstance(reply, Picture):
            assert not isinstance(reply.image, bytes)
            found += [Image.open(io.BytesIO(reply.image.draw(WORDS, language))) for language in LANGUAGES]
    return found


def test_pictures_are_drawn_and_not_much_higher_than_wide(town: Town, boss: int) -> None:
    """Telegram scales photos down to 1280 pixels, so a tower could not be read."""
    context = shipped()
    for pictures in ([figures.gallery(context)], town.database.read(figures.heatmap, context)):
        for picture in drawn([*pictures]):
            assert picture.width == charts.WIDTH
            assert picture.height < 1.6 * picture.width


LEARNED = {
    "published": True,
    "version": "starter-1",
    "couples": 321,
    "groups": {"man_face": {"k": 5, "stability": 0.6, "classifier_agreement": 0.97, "members": 80}},
    "gates": {
        "stability": {"value": 0.6, "bound": 0.2, "passed": True, "about": "man_face"},
        "odd_one": {"value": 1, "bound": 0, "passed": True},
    },
}
FEW = {"published": False, "version": "", "gates": {"people": {"value": 12, "bound": 60, "passed": False, "about": "woman_fashion"}}}


def test_learning_is_told_with_its_pictures(town: Town, boss: int) -> None:
    row = ended(town, "learn", "done", LEARNED)
    for language in LANGUAGES:
        told = WORDS.text(steering.told(row), language)
        assert "starter-1" in told
        assert "321" in told
    shown = town.database.read(steering.pictures, shipped(), row)
    assert len(shown) == 3
    assert len(drawn([*shown])) == 6


def test_too_few_people_is_a_clear_sentence(town: Town, boss: int) -> None:
    row = ended(town, "learn", "refused", FEW)
    assert "people to learn from: Women’s fashion: 12, needed 60" in WORDS.text(steering.told(row), "en")
    assert "학습할 사람 수: 여성 패션: 12 (기준 60)" in WORDS.text(steering.told(row), "ko")
    [shown] = town.database.read(steering.pictures, surroundings(), row)
    assert "Not passed: 1 of 1 gates" in texts([shown])[0]


def test_collecting_is_told_with_reasons(town: Town, boss: int) -> None:
    result = {"seen": 20, "accepted": 11, "duplicates": 2, "rejected": {"bystander": 4, "something_new": 3}}
    row = ended(town, "collect", "done", result, {"source": "folder", "query": "/x"})
    told = WORDS.text(steering.told(row), "en")
    assert "Looked at 20; couples: 11, known already: 2, left out: 7" in told
    assert "a bystander: 4" in told
    assert "something_new: 3" in told
    assert len(drawn([*town.database.read(steering.pictures, surroundings(), row)])) == 2


@pytest.mark.parametrize("job", ["collect", "learn", "rollback", "retype", "daily_pick", "retention"])
@pytest.mark.parametrize("state", ["done", "failed", "killed"])
def test_every_end_has_its_words(town: Town, job: str, state: Any) -> None:
    figures_of = {"retention": {"updates": 1, "outbox": 2, "messages": 3, "jobs": 4}, "retype": {"version": "x", "members": 3}}
    row = ended(town, job, state, {"why": "stopped", **figures_of.get(job, {})}, {"source": "member"})
    for language in LANGUAGES:
        assert "{" not in WORDS.text(steering.told(row), language)


def test_admins_hear_of_the_schedule_only_where_it_matters(town: Town, boss: int) -> None:
    assert steering.worth_telling(ended(town, "learn", "refused", FEW))
    assert steering.worth_telling(ended(town, "retention", "failed", {}))
    assert not steering.worth_telling(ended(town, "collect", "done", {}))
    row = ended(town, "learn", "done", LEARNED)
    for _ in range(2):
        town.database.transact(steering.tell_admins, surroundings(), row)
    assert [letter["key"] for letter in town.mail()[boss]] == [f"job:{row.id}"]


def test_a_type_is_renamed_by_steps(town: Town, boss: int) -> None:
    assert presses(town.act(boss, naming.rename)) == {"models_rename"}
    assert presses(town.act(boss, naming.rename, "woman_face")) == {"type_name"}
    assert keys(town.act(boss, naming.rename_type, "gone-1")) == ["models.type_gone"]
    assert keys(town.act(boss, naming.rename_type, "wf-1")) == ["models.new_name"]
    assert town.member(boss).step == naming.STEP
    town.act(boss, naming.changed, Change("wf-1", name_ko="가", name="a"))
    assert town.member(boss).step == ""


def test_a_picture_waits_until_it_is_confirmed_and_only_the_last(town: Town, boss: int) -> None:
    town.act(boss, naming.rename_type, "wf-1")
    [look] = town.act(boss, naming.propose, "wf-1", "file-1", b"one")
    assert isinstance(look, Picture)
    assert look.image == b"one"
    assert [one.press.do for row in look.buttons for one in row] == ["type_picture_yes", "type_picture_no"]
    assert naming.waiting(town.member(boss), mark(b"one")) == ("wf-1", "file-1")
    town.act(boss, naming.propose, "wf-1", "file-2", b"two")
    assert naming.waiting(town.member(boss), mark(b"one")) is None
    assert naming.waiting(town.member(boss), "") is None
    # Telegram does not give it out just now: it goes on waiting, though the button has ended the question.
    town.act(boss, naming.leave_picture)
    assert naming.waiting(town.member(boss), mark(b"two")) is None
    info = small_pack().by_id["wf-1"]
    assert keys(town.act(boss, naming.not_read, info, "not_fetched", "file-2", mark(b"two"))) == ["models.no_picture.not_fetched"]
    assert naming.waiting(town.member(boss), mark(b"two")) == ("wf-1", "file-2")
    # Of another type than the one that is asked about now there is nothing to show.
    assert keys(town.act(boss, naming.propose, "wf-2", "file-3", b"three")) == ["models.type_gone"]


def test_a_change_is_noted_only_by_admins_and_of_types_that_there_are(town: Town, boss: int) -> None:
    change = Change("wf-1", picture=b"one")
    assert town.database.transact(naming.audited, surroundings(), boss, change)
    [row] = town.database.read(audit.recent)
    assert (row.actor, row.action, row.subject, row.detail) == (str(ADMIN), "type.pictured", "type:wf-1", {"picture": mark(b"one")})
    assert not town.database.transact(naming.audited, surroundings(), boss, Change("nobody", automatic=True))
    somebody = town.newcomer()
    with pytest.raises(PermissionError):
        town.database.transact(naming.audited, surroundings(), somebody, change)
    assert len(town.database.read(audit.recent)) == 1


@pytest.mark.parametrize("text", ["", "one", "a / b / c", " / b", "가" * 41 + " / b"])
def test_names_that_cannot_be(text: str) -> None:
    assert naming.split(text) is None


def test_figures_are_beside_the_steering_buttons(town: Town, boss: int) -> None:
    [said] = town.act(boss, admin.stats)
    assert {"crawl", "retrain", "models", "jobs"} <= presses([said])
    assert small_pack().version in texts([said])[0]


def test_the_heatmap_shows_what_was_counted(town: Town, boss: int) -> None:
    pack = small_pack()
    panel, evidence = figures._panel(surroundings(), "face", figures.CoupleCounts.of([("wf-0", "mf-0", 200), ("wf-1", "mf-1", 200)]))
    assert panel.rows[0] == Named(pack.by_id["wf-0"].name_ko, pack.by_id["wf-0"].name)
    assert panel.couples[0][0] == 200
    assert panel.lifts[0][0] > 1.2 > panel.lifts[0][1]
    # The third type was seen with nobody: what is said of it is an assumption, and the note below says so.
    assert evidence == {"observed", "prior"}


def test_every_line_of_a_run_under_way_is_told() -> None:
    row = JobRun(1, "learn", "running", "9001", {}, {}, {}, surroundings().now, None, None, None)
    assert steering.under_way(row, {}).key == "job.begins"
    told = WORDS.text(steering.under_way(row, {"stage": "identities", "done": 3, "total": 4}), "en")
    assert "▰▰▰▰▰▰▰▱▱▱ 3 / 4" in told
    assert isinstance(steering.under_way(row, {"stage": "x", "done": 1, "total": 0}), Word)


def test_counts_of_the_summary_are_what_the_picture_asks_for(town: Town) -> None:
    assert town.database.read(affinities.counts, small_pack().version, "face") == []
