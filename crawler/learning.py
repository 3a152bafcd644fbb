"""Learn from the couples in the database, publish what passes the gates, and go back to older versions.

Types of couples and their counts are written under the new version, which nobody asks for yet, a page a transaction, so that members
never wait for long.  One transaction then publishes the version in the database, and only then the registry is told, which the bots
follow.  A kill between the two leaves the database ahead; `repair`, which every command begins with, then tells the registry.  What
a version made of couples stays in the database, so going back to it is a switch.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from crawler import reading
from crawler.assigning import PAGE, Progress, type_new
from crawler.errors import CrawlError
from db import affinities, audit, couples, models
from db.locks import single_runner
from db.session import Connection, Database
from engine.backends.runtime import make_runtime
from engine.embedding import FaceEmbedder
from engine.errors import PackError
from engine.pictures import Unusable, fitted
from engine.registry import Change, Registry, recipe_from, recipe_of
from engine.safety import NsfwScorer
from engine.settings import EngineSettings, LearningSettings
from engine.training import packing
from engine.training.checkpoints import Runs
from engine.training.learn import Candidate, Learner, TooFew
from engine.training.viewing import Viewer
from engine.types import STARTER, Kind, TypePack

PATIENCE = 60.0
"""Seconds that publishing and going back wait for each other."""


class Learning:
    """What the commands and jobs do about versions of the types; the constructor only stores."""

    def __init__(
        self,
        database: Database,
        engine: EngineSettings,
        settings: LearningSettings,
        cache: Path,
        folder: Path,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """`folder`: `<var>/models`, see `engine.registry`; `cache`: for prepared models."""
        self.database = database
        self.engine = engine
        self.settings = settings
        self.cache = cache
        self.clock = clock
        self.registry = Registry(folder, Path(engine.pack) if engine.pack else STARTER)
        self.runs = Runs(folder / "work", database.vault)

    def learn(self, progress: Progress, *, scheduled: bool = False) -> tuple[dict[str, Any], str]:
        """Learn and publish; the answer of `engine learn`, and why nothing was published ("" where something was).

        With `scheduled` nobody asked for it just now: what an admin went back from is not learned and published again.

        Raises:
            CrawlError: another process learns.
            EngineError, DatabaseError: something is broken.

        """
        with single_runner(self.database, "learn") as lock:
            if not lock.held():
                raise CrawlError("another process is learning: wait until it is done")
            with self.runs.held():
                return self._learn(progress, scheduled=scheduled)

    def _learn(self, progress: Progress, *, scheduled: bool) -> tuple[dict[str, Any], str]:
        self.repair()
        progress("loading the models", 0, 1)
        runtime = make_runtime(self.engine, self.cache)
        pack = self.registry.load(runtime=runtime)
        embedder = FaceEmbedder(self.cache, runtime, self.engine.embedding)  # type: ignore[arg-type]
        viewer = Viewer(self.cache, runtime, pack.garments, embedder.kind)
        reading.refresh(self.database, embedder.version, pack.fashion_model, viewer, progress)
        # Whatever learning comes to, couples that were collected since count under the version in use.
        type_new(self.database, pack, self.clock(), progress)
        progress("reading couples", 0, 1)
        corpus = reading.read(self.database, embedder.version, pack.fashion_model, self.settings.recent)
        fingerprint, number = corpus.fingerprint(), len(corpus.subjects) // 2
        present = self._present(fingerprint)
        if present is not None:
            self.runs.clear()  # what was stopped before is of no use any more
            return {**self._answer(present, published=True), "unchanged": True}, ""
        left = self.registry.left(recipe_from(fingerprint, Learner.plain(self.settings))) if scheduled else None
        if left is not None:
            self.runs.clear()
            why = (
                f"couples and settings are those of {left}, which was rolled back from: "
                "`python -m engine learn` by hand, or /retrain, learns from them all the same"
            )
            return {**_nothing(number, why), "left": left}, why
        learner = Learner(
            corpus, self.registry.active(), self.settings, self.runs, views=viewer, runtime=runtime, progress=progress, now=self.clock()
        )
        made = learner.run()
        if isinstance(made, TooFew):
            return self._refusal(made, number), made.message
        overtaken = self._take_in(made, progress)
        learner.finish()
        if overtaken is not None:
            why = (
                f"{made.version} was compared with {made.manifest['parent']}, but {overtaken} came into use while it was learned: "
                "learn again to compare it with that"
            )
            return {**self._answer(made.manifest, published=False), "reason": why, "overtaken": overtaken}, why
        failed = ", ".join(made.refused)
        why = f"{made.version} was refused by its gates ({failed}) and not published" if made.refused else ""
        return self._answer(made.manifest, published=not made.refused), why

    def repair(self) -> None:
        """Bring database and registry together after a kill between them: the database leads where its version can be used.

        Raises:
            PackError: the registry cannot be read.

        """
        active = self.registry.active_version()
        current = self.database.read(models.current)
        if current is not None and current.version == active:
            return
        if current is not None:
            with suppress(PackError):
                # Before it is in use: whoever is killed here again finds the database ahead again.
                self.registry.carry_names(self.registry.verify(current.version).get("matches", {}))
                self.registry.activate(current.version)
                return
        with suppress(PackError):
            manifest = self.registry.verify(active)
            self.database.transact(_activate, active, manifest, self.clock())

    def rollback(self, version: str | None, progress: Progress) -> str:
        """Put an older version into use again, with its types and counts of couples; the version.

        Raises:
            PackError: there is no such version, it is damaged, it was refused, or its types are of another embedding.

        """
        with self._publishing():
            with suppress(PackError):  # where the version in use is broken, going back is the way out
                self.repair()
            wanted = version or self.registry.previous()
            if wanted is None:
                raise PackError("there is no earlier version to go back to: `python -m engine models` lists those that there are")
            manifest = self.registry.verify(wanted)
            if manifest.get("refused"):
                raise PackError(f"the version {wanted} was refused ({', '.join(manifest['refused'])}); choose another one")
            runtime = make_runtime(self.engine, self.cache)
            embedder = FaceEmbedder(self.cache, runtime, self.engine.embedding)  # type: ignore[arg-type]
            pack = TypePack.load(self.registry.folder_of(wanted), embedder.version, self.registry.names(), runtime)
            type_new(self.database, pack, self.clock(), progress)
            self._leave(wanted)
            self.database.transact(_activate, wanted, manifest, self.clock())
            self.registry.activate(wanted)
            return wanted

    def _leave(self, wanted: str) -> None:
        """Remember what is gone back from; its manifest is the database's, since its files may be what is wrong with it."""
        before = self.database.read(models.current)
        made = "" if before is None else recipe_of(before.manifest)
        if before is not None and made and before.version != wanted:
            self.registry.leave(before.version, made)

    def asked(self, what: str, version: str = "") -> None:
        """Note in the audit log that somebody asked for it at the shell, before it is done; what the bot asks for stands there already."""
        subject = f"version:{version[:50]}" if version else "all"
        self.database.transact(audit.add, "shell", f"{what}.asked", subject, self.clock())

    def name(self, change: Change) -> None:
        """Call or show a type otherwise; the audit row stands before it is done, so that no change is without one.

        Raises:
            PackError: the version in use has no such type.

        """
        self.registry.expect(change.type_id)
        self.database.transact(audit.add, "shell", change.action, f"type:{change.type_id}", self.clock(), change.detail)
        self.registry.change(change)

    def picture(self, data: bytes, kind: Kind) -> bytes | Unusable:
        """A photo as a type's picture, or why it cannot be one.

        Raises:
            WeightsError, BackendError: what looks at it cannot be had.

        """
        safety = NsfwScorer(self.cache, make_runtime(self.engine, self.cache))
        return fitted(data, kind, self.engine, safety.predict)

    def models(self) -> list[dict[str, Any]]:
        """Every version with its figures, as `engine models` answers."""
        with suppress(PackError):
            self.repair()
        known = {row.version: row for row in self.database.read(models.versions)}
        found = []
        for one in self.registry.versions():
            row = known.get(one.version)
            made: dict[str, Any] = self._answer(one.manifest, published=one.state == "active") if one.manifest else {}
            made |= {"version": one.version, "state": one.state, "problem": one.problem}
            made |= {
                "created_at": one.manifest.get("created_at"),
                "activated_at": row.activated_at.isoformat() if row and row.activated_at else None,
            }
            made["types"] = [
                {key: each[key] for key in ("id", "group", "name", "name_ko", "members")} for each in one.manifest.get("types", [])
            ]
            found.append(made)
        return found

    def _present(self, fingerprint: str) -> Mapping[str, Any] | None:
        """The manifest in use, where it was learned from the same people by the same code and settings."""
        manifest = self.registry.verify(self.registry.active_version())
        same = (
            manifest.get("data", {}).get("fingerprint") == fingerprint and manifest["code"]["sources"] == packing.code_revision()["sources"]
        )
        return manifest if same and manifest["settings"] == Learner.plain(self.settings) else None

    def _take_in(self, made: Candidate, progress: Progress) -> str | None:
        """Keep a candidate, and publish it where every gate held; all of it may be done again after a kill.

        None, or the version that came into use since the run began: the gates held the candidate to another one, perhaps to the very
        one that an admin has just gone back from, so nothing is taken in.
        """
        progress("publishing", 0, 1)
        with self._publishing():
            self.repair()  # of a rollback that was killed between database and registry
            active = self.registry.active_version()
            if active != made.manifest["parent"]:
                return active
            self.registry.add(made.folder)
            if made.refused:
                self.database.transact(models.add, made.version, made.manifest, self.clock(), "refused")
            else:
                for at in range(0, len(made.typings), PAGE):
                    self.database.transact(couples.retype, made.version, made.typings[at : at + PAGE], self.clock())
                    progress("typing couples", min(at + PAGE, len(made.typings)), len(made.typings))
                self.database.transact(_activate, made.version, made.manifest, self.clock())
                self.registry.carry_names(made.matches)
                self.registry.activate(made.version)
            self.prune()
        progress("publishing", 1, 1)
        return None

    def prune(self) -> None:
        """Delete the oldest versions beyond those that are kept, with what they made of couples."""
        safe = {self.registry.active_version(), self.registry.previous(), self.registry.starter_version}
        learned = [one.version for one in self.registry.versions() if one.version not in safe]
        for version in learned[: max(0, len(learned) - self.settings.keep)]:
            self.database.transact(_forget, version)
            self.registry.remove(version)
        # A run that was killed while it typed couples, and whose data then changed, left typings of a version that never came.
        left = {one.version for one in self.registry.versions()}
        for version in self.database.read(affinities.versions):
            if version not in left:
                self.database.transact(_forget, version)

    @contextmanager
    def _publishing(self) -> Iterator[None]:
        """One at a time, among all processes."""
        with single_runner(self.database, "publish") as lock:
            end = time.monotonic() + PATIENCE
            while not lock.acquire():
                if time.monotonic() > end:
                    raise CrawlError("another process is publishing types: try again in a minute")
                time.sleep(0.2)
            yield

    def _answer(self, manifest: Mapping[str, Any], *, published: bool) -> dict[str, Any]:
        """The object of CONTRACT.md for a version."""
        groups = {
            name: {
                "k": group["figures"]["k"],
                "stability": group["figures"].get("held_rand", group["figures"]["rand"]),
                "classifier_agreement": group["figures"].get("classifier_agreement"),
                "members": group["figures"]["people"],
            }
            for name, group in manifest["groups"].items()
        }
        version = str(manifest["version"])
        report = self.registry.folder / version / "report.md"
        return {
            "published": published,
            "version": version,
            "groups": groups,
            "couples": manifest.get("data", {}).get("couples", 0),
            "gates": dict(manifest.get("gates", {})),
            "compatibility": manifest.get("compatibility"),
            "report": str(report) if report.is_file() else None,
            "axis": "types",
            "curves": {name: curve(group["figures"].get("tried", ())) for name, group in manifest["groups"].items()},
        }

    @staticmethod
    def _refusal(few: TooFew, number: int) -> dict[str, Any]:
        groups = {
            name: {"k": None, "stability": None, "classifier_agreement": None, "members": count} for name, count in few.people.items()
        }
        return {**_nothing(number, few.message), "groups": groups, "gates": {few.gate.name: few.gate.plain()}}


def curve(tried: Any) -> list[list[float]]:
    """The best steadiness at each number of types that was tried.

    >>> curve([{"k": 4, "rand": 0.5}, {"k": 4, "rand": 0.6}, {"k": 5, "rand": 0.4}])
    [[4, 0.6], [5, 0.4]]
    """
    best: dict[int, float] = {}
    for one in tried:
        best[one["k"]] = max(best.get(one["k"], -1.0), one["rand"])
    return [[k, best[k]] for k in sorted(best)]


def _nothing(number: int, why: str) -> dict[str, Any]:
    """The answer where no candidate was made, of a corpus of `number` couples."""
    return {"published": False, "version": None, "groups": {}, "couples": number, "gates": {}, "report": None, "reason": why}


def _activate(connection: Connection, version: str, manifest: Mapping[str, Any], now: dt.datetime) -> None:
    """In the audit log whoever asked for it in the bot stands already; this row is there however it was done."""
    before = models.current(connection)
    if models.by_version(connection, version) is None:
        models.add(connection, version, manifest, now)
    models.activate(connection, version, now)
    if before is not None and before.version != version:
        audit.add(connection, "system", "models.activated", f"version:{version}", now, {"before": before.version})


def _forget(connection: Connection, version: str) -> None:
    affinities.forget(connection, version)
    models.forget(connection, version)
