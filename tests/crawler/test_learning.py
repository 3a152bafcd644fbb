"""Learning from the database: what is published, what is refused, going back, and kills at the worst moments."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

import engine.__main__ as entry
from crawler import reading
from crawler.errors import CrawlError
from db import affinities, audit, couples, models, pictures
from db.locks import single_runner
from db.session import Database
from engine.affinity import CoupleCounts
from engine.commands import learn as learn_command
from engine.embedding import FaceEmbedder
from engine.errors import PackError
from engine.registry import Registry
from engine.types import GROUPS, STARTER, TypePack
from tests.crawler.planted import NOW, made, opened, quiet, store, without_models
from tests.engine.training import planted

ROOT = STARTER.parent.parent


@pytest.fixture
def place(learned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `learned` to change."""

    without_models(monkeypatch)
    folder = tmp_path / "place"
    shutil.copytree(learned, folder)
    return folder


def test_what_was_learned_is_in_use_everywhere(learned: Path) -> None:
    answer = json.loads((learned / "answer.json").read_text(encoding="utf-8"))
    assert answer["published"]
    assert set(answer["groups"]) == set(GROUPS)
    assert all(group["k"] == planted.TYPES and group["classifier_agreement"] >= 0.95 for group in answer["groups"].values())
    assert all(gate["passed"] for gate in answer["gates"].values())
    assert Path(answer["report"]).is_file()
    version = answer["version"]
    registry = Registry(learned / "models")
    assert registry.active_version() == version
    manifest = registry.verify(version)
    assert manifest["code"]["sources"]
    assert manifest["data"]["fingerprint"]
    assert all(name in manifest["files"] for name in ("classifier.onnx", "centroids.npz", "report.md", "garments.onnx"))
    database = opened(learned)
    current = database.read(models.current)
    assert current is not None
    assert current.version == version
    assert current.manifest["gates"] == answer["gates"]
    # The counts in the database are those of the manifest, and what the counts must equal.
    for kind in ("face", "fashion"):
        assert database.read(affinities.counts, version, kind) == database.read(affinities.recount, version, kind)
    stored = sorted((a, b, n) for kind in ("face", "fashion") for a, b, n in database.read(affinities.counts, version, kind))
    assert stored == sorted((a, b, n) for a, b, n in manifest["couples"])
    # The starter's types were given too: nobody waits for learning to be counted.
    assert database.read(affinities.counts, "starter-1", "fashion")
    database.close()


def test_ids_of_versions_do_not_mix(learned: Path) -> None:
    pack = Registry(learned / "models").load()
    assert all(info.id.startswith(pack.version.rpartition("-")[2][:6] + "-") for info in pack.types)
    assert len({info.name for info in pack.types}) == len(pack.types)


def test_the_planted_affinity_is_found_again(learned: Path) -> None:
    """Four in five couples are of the same planted type, so each type has one partner type with most of its couples."""
    pack = Registry(learned / "models").load()
    counts = CoupleCounts.of(pack.couples).pairs
    favourites = []
    for info in pack.groups["man_fashion"].types:
        partners = {other.id: counts.get((info.id, other.id), 0) for other in pack.groups["woman_fashion"].types}
        favourites.append(max(partners, key=lambda name: partners[name]))
        assert max(partners.values()) > 0.5 * sum(partners.values())
    assert len(set(favourites)) == planted.TYPES


def test_learning_again_from_the_same_couples_changes_nothing(place: Path) -> None:
    database = opened(place)
    before = Registry(place / "models").active_version()
    answer, why = made(database, place, seconds=60).learn(quiet)
    database.close()
    assert why == ""
    assert answer["unchanged"]
    assert answer["published"]
    assert answer["version"] == before
    assert Registry(place / "models").active_version() == before


def test_more_couples_make_a_version_whose_types_keep_their_names(place: Path) -> None:
    database = opened(place)
    registry = Registry(place / "models")
    first = registry.load()
    registry.name(first.groups["woman_face"].types[0].id, name="Harbour", name_ko="항구")
    old = first.groups["woman_face"].types[0]
    database.transact(store, planted.corpus(40, seed=5), "later")
    answer, why = made(database, place, seconds=60).learn(quiet)
    assert why == ""
    assert answer["version"] != first.version
    second = registry.load()
    matches = registry.verify(second.version)["matches"]
    assert len(matches) >= 3 * planted.TYPES
    assert set(matches.values()) <= set(first.by_id)
    kept = [new for new, was in matches.items() if was == old.id]
    assert [(second.by_id[new].name, second.by_id[new].name_ko) for new in kept] == [("Harbour", "항구")]
    faces = {new: was for new, was in matches.items() if "f-" in new and was != old.id}
    assert all(second.by_id[new].name == first.by_id[was].name for new, was in faces.items())
    # Gates against the version before, which knew these people too.
    assert "shadow_latency_ms" in answer["gates"]
    # And back again: its types of couples are still there, new couples are added to them.
    learning = made(database, place, seconds=120)
    assert learning.rollback(None, quiet) == first.version
    assert registry.active_version() == first.version
    back, out, *_ = database.read(audit.recent)
    assert [(row.actor, row.action, row.subject) for row in (out, back)] == [
        ("system", "models.activated", f"version:{second.version}"),
        ("system", "models.activated", f"version:{first.version}"),
    ]
    assert back.detail == {"before": second.version}
    current = database.read(models.current)
    assert current is not None
    assert current.version == first.version
    everybody = sum(n for _, _, n in database.read(affinities.counts, first.version, "fashion"))
    assert everybody == pytest.approx(120, abs=8)
    assert not database.read(couples.untyped, first.version)
    listed = {one["version"]: one for one in learning.models()}
    assert [one["state"] for one in listed.values()] == ["available", "active", "available"]
    database.close()


def test_too_few_people_are_a_refusal_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INYEON_PATHS__VAR", str(tmp_path))
    opened(tmp_path, planted.corpus(10)).close()
    assert entry.main(["learn", "--json"]) == learn_command.REFUSED
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert not answer["published"]
    assert not answer["gates"]["people"]["passed"]
    assert "learning.people_min" in said.err.splitlines()[-1]
    assert Registry(tmp_path / "models").active_version() == "starter-1"
    # Their couples count under the version in use all the same.
    database = opened(tmp_path)
    assert database.read(affinities.counts, "starter-1", "fashion")
    database.close()


def test_a_gate_that_fails_publishes_nothing_and_keeps_the_candidate(place: Path) -> None:
    database = opened(place)
    registry = Registry(place / "models")
    before = registry.active_version()
    database.transact(store, planted.corpus(30, seed=6), "later")
    answer, why = made(database, place, seconds=60, type_min=10_000).learn(quiet)
    assert not answer["published"]
    assert not answer["gates"]["smallest_type"]["passed"]
    assert "smallest_type" in why
    assert registry.active_version() == before
    current = database.read(models.current)
    assert current is not None
    assert current.version == before
    kept = database.read(models.by_version, answer["version"])
    assert kept is not None
    assert kept.state == "refused"
    assert not database.read(affinities.counts, answer["version"])
    with pytest.raises(PackError, match="smallest_type"):
        made(database, place).rollback(answer["version"], quiet)
    database.close()


def test_without_structure_nothing_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_models(monkeypatch)
    database = opened(tmp_path, planted.without_structure(planted.corpus()))
    answer, why = made(database, tmp_path, stability_min=0.5).learn(quiet)
    database.close()
    assert not answer["published"]
    assert "stability" in why


def test_a_kill_between_database_and_registry_is_repaired(place: Path) -> None:
    database = opened(place)
    registry = Registry(place / "models")
    learned = registry.active_version()
    # As if the process had ended after the transaction and before the registry was told.
    (registry.folder / "active.json").unlink()
    assert registry.active_version() == "starter-1"
    made(database, place).repair()
    assert registry.active_version() == learned
    # The other way round: the version that the database names was deleted by hand.
    registry.activate("starter-1")
    (registry.folder / learned / "centroids.npz").write_bytes(b"damaged")
    made(database, place).repair()
    current = database.read(models.current)
    assert current is not None
    assert (current.version, registry.active_version()) == ("starter-1", "starter-1")
    database.close()


def test_a_damaged_version_in_use_is_left_by_a_rollback(place: Path) -> None:
    database = opened(place)
    registry = Registry(place / "models")
    (registry.folder / registry.active_version() / "centroids.npz").write_bytes(b"damaged")
    assert [one["state"] for one in made(database, place).models()] == ["available", "damaged"]
    assert made(database, place).rollback(None, quiet) == "starter-1"
    registry.load()
    database.close()


def test_two_at_once_do_not_learn(place: Path) -> None:
    database = opened(place)
    with single_runner(database, "learn"), pytest.raises(CrawlError, match="another process"):
        made(opened(place), place).learn(quiet)
    database.close()


def test_what_a_stopped_run_leaves_is_sealed_and_goes_with_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_models(monkeypatch)
    database = opened(tmp_path, planted.corpus())
    newest = planted.corpus(2, recent=3).recent
    read = reading.read
    monkeypatch.setattr(reading, "read", lambda *given: replace(read(*given), recent=newest))

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "identities":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(database, tmp_path).learn(stop)
    work = tmp_path / "models" / "work"
    files = [one for one in work.rglob("*") if one.is_file() and one.name != "lock"]
    assert files
    faces = [one.face.tobytes() for one in newest if one.face is not None]
    assert faces
    assert not [one for one in files for face in faces if face in one.read_bytes()]
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
    assert {one.stat().st_mode & 0o777 for one in (work, *(file.parent for file in files))} == {0o700}
    vault = database.vault
    assert vault is not None
    assert len(vault.scopes("learn:")) == 1
    # Other couples or other settings are another run, and too few of them none at all: nothing of the one that was stopped stays.
    answer, _ = made(database, tmp_path, people_min=1000).learn(quiet)
    assert not answer["gates"]["people"]["passed"]
    assert [one.name for one in work.iterdir()] == ["lock"]
    assert not vault.scopes("learn:")
    database.close()


def test_what_was_rolled_back_from_is_learned_again_only_where_somebody_asks(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = Registry(place / "models")
    bad = registry.active_version()
    database = opened(place)
    made(database, place).rollback("starter-1", quiet)
    answer, why = made(database, place, seconds=60).learn(quiet, scheduled=True)
    assert (answer["published"], answer["left"]) == (False, bad)
    assert why == answer["reason"]
    assert bad in why
    assert "rolled back" in why
    assert registry.active_version() == "starter-1"
    # Other settings, or other couples, may come to better types, so the schedule learns from them: here, that they are too few.
    other, _ = made(database, place, seconds=60, people_min=1000).learn(quiet, scheduled=True)
    assert "left" not in other
    # The command of the schedule says so, too.
    monkeypatch.setenv("INYEON_PATHS__VAR", str(place))
    for name, value in asdict(planted.SETTINGS).items():
        monkeypatch.setenv(f"INYEON_LEARNING__{name.upper()}", str(value))
    assert entry.main(["learn", "--scheduled", "--json"]) == learn_command.REFUSED
    said = capsys.readouterr()
    assert json.loads(said.out)["left"] == bad
    assert "rolled back" in said.err.splitlines()[-1]
    # Whoever asks gets it, and from then on it is what the schedule finds unchanged.
    answer, why = made(database, place, seconds=60).learn(quiet)
    assert (answer["published"], why) == (True, "")
    assert registry.active_version() == answer["version"] != bad
    again, why = made(database, place, seconds=120).learn(quiet, scheduled=True)
    assert (again["unchanged"], why) == (True, "")
    database.close()


def test_a_version_that_was_gone_back_to_is_no_longer_refused(place: Path) -> None:
    registry = Registry(place / "models")
    version = registry.active_version()
    database = opened(place)
    for wanted in ("starter-1", version, "starter-1"):
        made(database, place).rollback(wanted, quiet)
        answer, _ = made(database, place).learn(quiet, scheduled=True)
        assert answer.get("left") == (None if wanted == version else version)
    # Cut off right after it was noted: what is in use is not refused.
    made(database, place).rollback(version, quiet)
    made(database, place)._leave("starter-1")
    answer, _ = made(database, place).learn(quiet, scheduled=True)
    assert answer["unchanged"]
    database.close()


def test_a_candidate_is_not_published_over_another_version_than_it_was_compared_with(place: Path) -> None:
    database = opened(place)
    registry = Registry(place / "models")
    before = registry.active_version()
    database.transact(store, planted.corpus(40, seed=5), "later")

    def meanwhile(stage: str, done: int, total: int) -> None:
        if stage == "judged":
            admin = opened(place)
            assert made(admin, place).rollback("starter-1", quiet) == "starter-1"
            admin.close()

    answer, why = made(database, place, seconds=60).learn(meanwhile)
    assert (answer["published"], answer["overtaken"]) == (False, "starter-1")
    assert before in why
    assert "starter-1" in why
    assert registry.active_version() == "starter-1"
    current = database.read(models.current)
    assert current is not None
    assert current.version == "starter-1"
    assert answer["version"] not in {one.version for one in registry.versions()}
    assert not database.read(affinities.counts, answer["version"], "fashion")
    assert [one.name for one in (place / "models" / "work").iterdir()] == ["lock"]
    # What was compared with the version in use may come.
    answer, why = made(database, place, seconds=60).learn(quiet)
    assert (answer["published"], why) == (True, "")
    database.close()


KILLED = """
import os, signal
from engine.registry import Registry
Registry.carry_names = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""


def test_names_that_admins_gave_survive_a_kill_between_the_commit_and_their_carrying(place: Path) -> None:
    database = opened(place)
    registry = Registry(place / "models")
    first = registry.load()
    old = first.groups["woman_face"].types[0]
    registry.name(old.id, name="Harbour", name_ko="항구", picture=b"a picture")
    database.transact(store, planted.corpus(40, seed=5), "later")
    killed = process(place, KILLED)
    killed.communicate(timeout=240)
    assert killed.returncode == -signal.SIGKILL
    current = database.read(models.current)
    assert current is not None
    assert current.version != first.version == registry.active_version()  # so it was killed right there
    made(database, place).repair()  # as every command begins
    second = registry.load()
    assert second.version == current.version
    [new] = [new for new, was in registry.verify(second.version)["matches"].items() if was == old.id]
    assert (second.by_id[new].name, second.by_id[new].name_ko) == ("Harbour", "항구")
    assert second.by_id[new].picture.read_bytes() == b"a picture"
    # Once more changes nothing that was given since.
    registry.name(new, name="Pier")
    made(database, place).repair()
    assert registry.load().by_id[new].name == "Pier"
    database.close()


def test_vectors_of_another_embedding_are_made_anew_and_never_compared(place: Path) -> None:
    database = opened(place)
    person = database.read(couples.people, 0, 1)[0]
    database.transact(
        couples.set_vectors, [(person.id, np.ones(3, "<f4").tobytes(), "other-1", person.fashion_vector, person.fashion_version)]
    )
    database.transact(affinities.forget, "starter-1")
    made(database, place).rollback("starter-1", quiet)
    typed = database.read(couples.people, 0, 1, version="starter-1")[0]
    assert typed.face_type is None  # and no error of shapes either
    assert typed.fashion_type is not None
    made(database, place, seconds=60).learn(quiet)
    again = database.read(couples.people, 0, 1)[0]
    assert again.face_version == FaceEmbedder.VERSION
    assert again.face_vector is not None
    assert len(again.face_vector) == 4 * planted.FACE
    database.close()


def test_old_versions_are_deleted(place: Path, tmp_path: Path) -> None:
    database = opened(place)
    registry = Registry(place / "models")
    present = registry.active()
    for number in range(3):
        version = f"v2026110{number + 1}T070000-0000000{number}"
        older = tmp_path / version
        shutil.copytree(present, older)
        manifest = json.loads((older / "manifest.json").read_text(encoding="utf-8"))
        (older / "manifest.json").write_text(json.dumps({**manifest, "version": version}), encoding="utf-8")
        registry.add(older)
        database.transact(models.add, version, manifest, NOW)
    learning = made(database, place, keep=1)
    learning.prune()
    names = [one.version for one in registry.versions()]
    assert names == ["starter-1", "v20261103T070000-00000002", present.name]
    assert {row.version for row in database.read(models.versions)} == set(names)
    with pytest.raises(PackError, match="in use"):
        registry.remove(present.name)
    database.close()


def test_removed_people_leave_the_counts(place: Path) -> None:
    database = opened(place)
    version = Registry(place / "models").active_version()
    before = sum(n for _, _, n in database.read(affinities.counts, version, "fashion"))
    assert database.transact(pictures.remove, "test", "1", NOW)
    after = sum(n for _, _, n in database.read(affinities.counts, version, "fashion"))
    assert before - after == 1
    database.close()


LEARNING = """
import datetime as dt, json, sys
from pathlib import Path
import pytest
from tests.crawler.planted import made, opened, quiet, without_models
without_models(pytest.MonkeyPatch())
folder = Path(sys.argv[1])
answer, why = made(opened(folder), folder).learn(lambda *told: print("%s: %d/%d" % told, file=sys.stderr, flush=True))
print(json.dumps(answer))
"""


def process(folder: Path, first: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", first + LEARNING, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ,
    )


@pytest.mark.slow
def test_a_learner_that_is_killed_at_any_stage_comes_to_the_same_version(learned: Path, tmp_path: Path) -> None:
    """The undisturbed run began at the same moment as these, so the versions must be the same to the byte."""
    opened(tmp_path, planted.corpus()).close()
    for last in ("identities", "woman_face", "man_fashion_pictures", "classifier", "judged", "publishing"):
        killed = process(tmp_path)
        assert killed.stderr is not None
        for line in killed.stderr:
            if line.startswith(f"{last}:"):
                killed.send_signal(signal.SIGKILL)
        killed.communicate()
    finished = process(tmp_path)
    out, error = finished.communicate(timeout=240)
    assert finished.returncode == 0, error
    version = json.loads(out)["version"]
    undisturbed = json.loads((learned / "answer.json").read_text(encoding="utf-8"))
    assert version == undisturbed["version"]
    mine, theirs = (Registry(folder / "models").folder_of(version) for folder in (tmp_path, learned))
    ours = TypePack.load(mine)
    for name in ("centroids.npz", "classifier.onnx", *(f"pictures/{info.picture.name}" for info in ours.types)):
        assert (mine / name).read_bytes() == (theirs / name).read_bytes(), name
    database = opened(tmp_path)
    assert [row.version for row in database.read(models.versions) if row.state == "published"] == [version]
    assert database.read(affinities.counts, version, "face") == database.read(affinities.recount, version, "face")
    database.close()


def test_the_commands_list_name_and_go_back(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("INYEON_PATHS__VAR", str(place))
    learned = Registry(place / "models").active_version()
    assert entry.main(["models", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["version"], row["state"]) for row in rows] == [("starter-1", "available"), (learned, "active")]
    assert entry.main(["models", "--types"]) == 0
    assert f"{learned[-8:-2]}-mf-1" in capsys.readouterr().out
    assert entry.main(["name", f"{learned[-8:-2]}-mf-1", "--en", "Harbour", "--picture", str(STARTER / "pictures" / "mf-1.jpg")]) == 0
    named = Registry(place / "models").load().by_id[f"{learned[-8:-2]}-mf-1"]
    assert named.name == "Harbour"
    assert named.picture.parent == place / "models" / "pictures"
    assert entry.main(["name", "nobody", "--ko", "없음"]) == 2
    assert entry.main(["name", f"{learned[-8:-2]}-mf-1"]) == 2
    capsys.readouterr()
    assert entry.main(["rollback", "starter-1"]) == 0
    assert "starter-1 is in use now" in capsys.readouterr().out
    assert entry.main(["rollback", "v20200101T000000-00000000"]) == 2
    assert "engine models" in capsys.readouterr().err
    assert entry.main(["rollback", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": learned, "before": "starter-1"}


def test_what_is_asked_for_at_the_shell_is_in_the_audit_log(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INYEON_PATHS__VAR", str(place))
    assert entry.main(["rollback", "x" * 300]) == 2
    assert entry.main(["rollback", "starter-1"]) == 0
    assert entry.main(["rollback", "--from-bot"]) == 0  # what an admin asked for stands there already
    database: Database = opened(place)
    asked = [(row.actor, row.action, row.subject) for row in database.read(audit.recent) if row.action == "rollback.asked"]
    assert asked[0] == ("shell", "rollback.asked", "version:starter-1")
    assert asked[1] == ("shell", "rollback.asked", f"version:{'x' * 50}")
    database.close()


def test_a_database_is_used_as_it_is_found(place: Path) -> None:
    """An empty database beside a published version, as after restoring an older backup: the registry's version is published there."""
    (place / "inyeon.db").unlink()
    database: Database = opened(place)
    made(database, place).repair()
    current = database.read(models.current)
    assert current is not None
    assert current.version == Registry(place / "models").active_version()
    database.close()


def test_corpora_differ_by_their_people_only() -> None:
    one = planted.corpus(4)
    assert one.fingerprint() == planted.corpus(4).fingerprint()
    assert one.fingerprint() == replace(one, recent=()).fingerprint()
    assert one.fingerprint() != planted.corpus(5).fingerprint()
    assert one.fingerprint() != replace(one, face_model="other").fingerprint()
