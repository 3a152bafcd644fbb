"""From a source into the database: known? → tags and caption → read → decode → seen before? → a couple? → stored.

Each picture is one transaction, and where to go on is stored after each batch.  A process that is killed in between finds the
pictures of the unfinished batch by their ids when it goes on, so that nothing is lost and nothing is there twice.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from crawler import captions, dedupe
from crawler.couples import Decision, Separator, unreadable
from crawler.decisions import Decisions
from crawler.errors import Broken, Forbidden, Gone, Refused, SourceError, Stale, Throttled
from crawler.people import Describer
from crawler.sources.base import Batch, Item, Source
from db import couples, crawls, pictures, uploads
from db.corpus_records import CouplePerson, NewPerson, PictureRow, PictureStatus
from db.session import Connection, Database
from engine.embedding import unpacked
from engine.images import Decoded, decode
from engine.settings import EngineSettings
from engine.values import Problem

log = logging.getLogger(__name__)

UNREADABLE = "unreadable"
"""Why a picture is passed over that its source did not give this time; it is tried again in the next run."""
FAILURES_MAX = 20
"""Pictures in a row that a source is asked for and does not give, after which the run ends; the next one begins after that page."""


@dataclass
class Report:
    """What became of the pictures of a run: `seen` is the sum of the others."""

    seen: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def as_object(self) -> dict[str, object]:
        """The JSON object of CONTRACT.md."""
        return {
            "seen": self.seen,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "rejected": dict(sorted(self.rejected.items())),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a picture; `keep` False leaves no row, so that it is tried again next time."""

    status: PictureStatus
    decision: Decision
    reason: str = ""
    """Where it is another than the decision's."""
    duplicate_of: int | None = None
    fingerprint: dedupe.Fingerprint | None = None
    size: tuple[int, int] = (0, 0)
    people: tuple[NewPerson, NewPerson] | None = None
    keep: bool = True
    asked: bool = True
    """Whether the source was asked for it: what robots.txt forbids costs nobody anything."""


class Ingest:
    """One crawl's way into the database."""

    def __init__(
        self,
        database: Database,
        separator: Separator,
        describer: Describer,
        engine: EngineSettings,
        *,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self.database = database
        self.separator = separator
        self.describer = describer
        self.engine = engine
        self.clock = clock

    def run(
        self,
        source: Source,
        query: str,
        *,
        decisions: Decisions | None = None,
        progress: Callable[[Report, int | None], None] = lambda _report, _total: None,
        limit: int | None = None,
    ) -> Report:
        """Take in what the source has from where the last run of `query` stopped, at most `limit` pictures.

        `progress` is called after each picture, with how many there will be where that is known.

        Raises:
            SourceError: the source cannot be read (any further); what was taken in stays, and the next run goes on from there.

        """
        report = Report()
        failures = 0
        cursor = self.database.read(crawls.cursor, source.name, query)
        # From here on a kill leaves an unfinished crawl, whether a batch was finished or not.
        self._save(source, query, cursor, report)
        for batch in self._batches(source, query, cursor, report):
            known = self.database.read(pictures.known, source.name, [item.source_id for item in batch.items])
            for item in batch.items:
                if limit is not None and report.seen >= limit:
                    return report
                outcome = self._again(source, item, decisions) if item.source_id in known else self._look(source, item)
                if outcome.reason != UNREADABLE or source.name == "folder":
                    failures = 0
                elif outcome.asked:
                    failures += 1
                if failures >= FAILURES_MAX:
                    # Else each run would end at this page.  None of its pictures has a row: all come again once the crawl begins anew.
                    self._save(source, query, batch.cursor, report)
                    raise Broken(f"{source.name} gave none of {failures} pictures in a row: the rest of this page waits for another crawl")
                self._note(item, outcome, report, decisions)
                progress(report, batch.total)
            self._save(source, query, batch.cursor, report)
            progress(report, batch.total)
        self._save(source, query, "", report, state="done")
        return report

    def _batches(self, source: Source, query: str, cursor: str, report: Report) -> Iterator[Batch]:
        """The source's batches from `cursor`; where it is not taken any more it is forgotten, once, and all is looked through again.

        Raises:
            SourceError: as `run`; also `Stale` where the source refuses a cursor that it has just given.

        """
        begun = False
        try:
            for batch in source.batches(cursor):
                begun = True
                yield batch
        except Stale as error:
            # A run may not go round and round: only what an earlier one left is forgotten.
            if begun or not cursor:
                raise
            log.warning("%s %r begins anew: %s", source.name, query, error)
        else:
            return
        self._save(source, query, "", report)
        try:
            yield from source.batches("")
        except Stale as error:
            log.warning("%s %r ends here: %s", source.name, query, error)

    def _save(self, source: Source, query: str, cursor: str, report: Report, state: str = "running") -> None:
        self.database.transact(crawls.save, source.name, query, cursor, self.clock(), state=state, figures=report.as_object())

    def _note(self, item: Item, outcome: Outcome, report: Report, decisions: Decisions | None) -> None:
        """Store and count; the row of decisions comes first, since it is not written twice but the picture may be looked at twice."""
        reason = outcome.reason or outcome.decision.reason
        if decisions is not None:
            decisions.note(item.file or item.source_id, outcome.decision, reason=outcome.reason or None)
        if outcome.keep:
            self.database.transact(store, item, outcome, self.clock())
        report.seen += 1
        if outcome.status == "accepted":
            report.accepted += 1
        elif outcome.status == "duplicate":
            report.duplicates += 1
        else:
            report.rejected[reason] += 1

    def _again(self, source: Source, item: Item, decisions: Decisions | None) -> Outcome:
        """A picture that was looked at before counts as a duplicate of itself; for a file of decisions it is separated again."""
        picture = self.database.read(pictures.by_source, source.name, item.source_id) if decisions is not None else None
        if picture is None or picture.status not in {"accepted", "rejected"}:
            return Outcome(
                "duplicate", Decision(False, ""), "removed" if picture and picture.status == "removed" else "duplicate", keep=False
            )
        if picture.sha256 is None:
            return Outcome("duplicate", Decision(False, ""), picture.reason, keep=False)
        try:
            return Outcome("duplicate", self.separator.predict(source.read(item)), keep=False)
        except SourceError:
            return Outcome("duplicate", Decision(False, ""), UNREADABLE, keep=False)

    def _look(self, source: Source, item: Item) -> Outcome:
        unfit = by_words(item)
        if unfit:
            return Outcome("rejected", Decision(False, ""), unfit)
        try:
            data = source.read(item)
        except Throttled:
            raise
        except Gone:
            return Outcome("rejected", Decision(False, ""), "gone")
        except (Refused, Broken) as error:
            log.warning("%s %s: %s", item.source, item.source_id, error)
            return Outcome("rejected", Decision(False, ""), UNREADABLE, keep=False, asked=not isinstance(error, Forbidden))
        return self._decide(data)

    def _decide(self, data: bytes) -> Outcome:
        sha256 = dedupe.sha256(data)
        same = self.database.read(pictures.same, sha256)
        if same is not None:
            return Outcome("duplicate", Decision(False, ""), "duplicate", same, dedupe.Fingerprint(sha256, None))
        photo = decode(data, self.engine)
        if isinstance(photo, Problem):
            return Outcome("rejected", unreadable(photo), fingerprint=dedupe.Fingerprint(sha256, None))
        print_ = dedupe.Fingerprint(sha256, dedupe.phash(photo.image))
        near = [] if print_.phash is None else self.database.read(pictures.near, print_.phash, dedupe.DISTANCE)
        decision = self.separator.separate(photo)
        # The nearest one may show another couple before the same backdrop, and the next one this couple.
        copied = next((one for one in near if self._is_copy(one, decision)), None)
        if copied is not None:
            return Outcome("duplicate", decision, "duplicate", copied, print_, photo.size)
        people = self._people(photo, decision) if decision.accepted else None
        return Outcome("accepted" if decision.accepted else "rejected", decision, "", None, print_, photo.size, people)

    def _is_copy(self, picture_id: int, decision: Decision) -> bool:
        """Whether a picture of nearly the same hash as a stored one shows the same people; what cannot be compared is taken for a copy."""
        stored = self.database.read(couples.pair, picture_id)
        return shows(stored, decision, self.describer.face_version) is not False

    def _people(self, photo: Decoded, decision: Decision) -> tuple[NewPerson, NewPerson]:
        assert decision.subjects is not None, "an accepted decision has its two subjects"  # noqa: S101 for mypy
        one, other = decision.subjects
        return self.describer.predict(photo, one), self.describer.predict(photo, other)


def shows(stored: list[CouplePerson], decision: Decision, face_version: str) -> bool | None:
    """Whether a photo shows the two people of a stored picture, None where theirs cannot be compared: removed, or of another embedding.

    A photo in which no two people stand together does not show them.
    """
    if len(stored) < 2 or any(one.face_version != face_version or one.face_vector is None for one in stored):
        return None
    if decision.subjects is None:
        return False
    left, right = (unpacked(one.face_vector or b"") for one in stored)
    return dedupe.same_people((left, right), (decision.subjects[0].embedding, decision.subjects[1].embedding))


def by_words(item: Item) -> str:
    """Why a picture is refused by its tags or words alone, "" where it is not; a machine's sentence goes before people's own words.

    >>> by_words(Item("x", "1", tags=("커플", "가족"))), by_words(Item("x", "2", caption="May be an image of 3 people"))
    ('tag', 'caption')
    >>> by_words(Item("x", "3", tags=("커플",), caption="사람 2명의 이미지일 수 있음"))
    ''
    >>> by_words(Item("x", "4", caption="day 3 with my baby", description="May be an image of 2 people."))
    ''
    """
    if captions.unwanted(item.tags):
        return "tag"
    seen = captions.machine(item.description) or captions.machine(item.caption)
    # What is written for people who cannot see may be somebody's own words as well.
    count = captions.people(seen) or captions.stated(f"{item.description}\n{item.caption}")
    return "caption" if captions.child(seen) or count not in {None, 2} else ""


def store(connection: Connection, item: Item, outcome: Outcome, now: dt.datetime) -> None:
    """Note a picture and, where it is accepted, its couple; nothing where it was noted already or the upload was withdrawn."""
    reason = outcome.reason or outcome.decision.reason
    upload_id = int(item.source_id) if item.source == "member" else None
    if upload_id is not None and not uploads.mark(connection, upload_id, "ingested" if outcome.people else "rejected", reason):
        return
    fingerprint = outcome.fingerprint
    row = PictureRow(
        item.source,
        item.source_id,
        outcome.status,
        reason,
        item.url,
        item.page,
        item.licence,
        item.author,
        item.tags,
        captions.kept(item.description, item.caption),
        fingerprint.sha256 if fingerprint else None,
        fingerprint.phash if fingerprint else None,
        *outcome.size,
        outcome.duplicate_of,
        upload_id,
    )
    picture_id = pictures.add(connection, row, now)
    if picture_id is not None and outcome.people is not None:
        couples.add(connection, picture_id, *outcome.people, now, upload_id)
