"""The file of what was sent and is not settled yet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from bot import sent
from bot.sent import GROWN, Note, SentLog
from db.records import OutboxRow

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def row(number: int) -> OutboxRow:
    return OutboxRow(
        id=number,
        member_id=1,
        telegram_id=1,
        seq=number,
        dedup_key=str(number),
        method="sendMessage",
        payload={},
        message_id=None,
        state="pending",
        attempts=0,
        not_before=NOW,
        leased_until=None,
        lease_owner=None,
        dead_reason=None,
        created_at=NOW,
        sent_at=None,
    )


@pytest.fixture
def log(tmp_path: Path) -> SentLog:
    made = SentLog(tmp_path, "host-1")
    made.open()
    return made


def left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Note]:
    """What the next process finds where this one is gone."""
    monkeypatch.setattr(sent.owners, "gone", list)
    return [note for _, notes in SentLog(folder, "host-2").left() for note in notes]


def test_what_was_sent_is_found_by_the_next_process(log: SentLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log.note(row(1), 70)
    log.clear()
    log.note(row(2), None)
    assert Note(2, NOW, None) in left(tmp_path, monkeypatch)


def test_the_file_is_emptied_when_it_has_grown_and_all_is_settled(log: SentLog, tmp_path: Path) -> None:
    [file] = tmp_path.iterdir()
    biggest = 0
    for number in range(2000):
        log.note(row(number), number)
        biggest = max(biggest, file.stat().st_size)
        if number % 10 == 9:
            log.clear()
    assert GROWN <= biggest < GROWN + 1000
    log.note(row(1), 1)
    waiting = file.stat().st_size
    for number in range(1000):
        log.note(row(number), number)
    assert file.stat().st_size > max(waiting, GROWN), "nothing of it is settled"


@pytest.mark.parametrize("settled", [True, False])
def test_the_file_goes_at_the_end_unless_something_waits(log: SentLog, tmp_path: Path, settled: bool) -> None:
    log.note(row(1), 70)
    if settled:
        log.clear()
    log.close()
    assert bool(list(tmp_path.iterdir())) != settled
