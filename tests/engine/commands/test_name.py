"""`python -m engine name`: what operators call and show a type at the shell, and what is noted of it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import configuration
from db import audit
from db.records import AuditRow
from db.session import Database
from engine import __main__ as entry
from engine.registry import Registry

TYPE = "wf-1"


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place where nothing was learned: the starter types are in use."""
    monkeypatch.setenv("INYEON_PATHS__VAR", str(tmp_path))
    return tmp_path


def noted() -> list[AuditRow]:
    settings = configuration.load()
    database = Database(settings.database, settings.privacy)
    database.open()
    try:
        return database.read(audit.recent)
    finally:
        database.close()


def photo(folder: Path, size: tuple[int, int] = (900, 700), form: str = "JPEG") -> Path:
    """A file with a place in its metadata."""
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    file = folder / f"given.{form.lower()}"
    Image.new("RGB", size, "seagreen").save(file, form, exif=exif)
    return file


def test_a_name_is_in_the_audit(var: Path) -> None:
    assert entry.main(["name", TYPE, "--ko", "항구", "--en", "Harbour"]) == 0
    assert Registry(var / "models").load().by_id[TYPE].name_ko == "항구"
    [row] = noted()
    assert (row.actor, row.action, row.subject) == ("shell", "type.renamed", f"type:{TYPE}")
    assert row.detail == {"ko": "항구", "en": "Harbour"}


def test_a_picture_is_cut_stripped_and_in_the_audit(var: Path) -> None:
    assert entry.main(["name", TYPE, "--picture", str(photo(var))]) == 0
    picture = Registry(var / "models").load().by_id[TYPE].picture
    assert picture.parent == var / "models" / "pictures"
    data = picture.read_bytes()
    assert b"taken at home" not in data
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.format, opened.size, dict(opened.getexif())) == ("JPEG", (512, 512), {})
        assert np.abs(np.asarray(opened, np.int16) - (46, 139, 87)).max() < 8
    [row] = noted()
    assert (row.actor, row.action, row.detail) == ("shell", "type.pictured", {"picture": picture.stem})


def test_the_automatic_picture_again(var: Path) -> None:
    before = Registry(var / "models").load().by_id[TYPE].picture
    assert entry.main(["name", TYPE, "--picture", str(photo(var))]) == 0
    assert entry.main(["name", TYPE, "--automatic-picture"]) == 0
    assert Registry(var / "models").load().by_id[TYPE].picture == before
    assert [row.action for row in noted()] == ["type.automatic", "type.pictured"]


@pytest.mark.parametrize("why", ["tiny", "no picture", "missing"])
def test_what_cannot_be_a_picture_changes_nothing(var: Path, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = photo(var, (200, 200)) if why == "tiny" else var / "words.jpg"
    if why == "no picture":
        file.write_bytes(b"\xff\xd8\xff words and words")
    assert entry.main(["name", TYPE, "--picture", str(file)]) == 2
    assert str(file) in capsys.readouterr().err
    assert Registry(var / "models").names() == {}
    assert noted() == []


def test_a_type_that_is_not_there_leaves_no_row(var: Path) -> None:
    assert entry.main(["name", "nobody", "--ko", "없음"]) == 2
    assert noted() == []


def test_no_change_without_its_row(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object, **_named: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(audit, "add", full)
    with pytest.raises(OSError, match="disk full"):
        entry.main(["name", TYPE, "--ko", "항구"])
    assert Registry(var / "models").names() == {}
