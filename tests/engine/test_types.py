"""Type packs: what is read, what is refused, who is assigned where; and that the shipped pack is whole."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from engine import fashion
from engine.errors import PackError
from engine.types import GROUPS, STARTER, Given, TypePack
from tests.engine.packs import DIMS, TYPES, write_pack

HANGUL = re.compile("[가-힣]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def pack(folder: Path) -> TypePack:
    return TypePack.load(folder)


@pytest.fixture(scope="module")
def starter() -> TypePack:
    return TypePack.load(STARTER)


@cache
def shared() -> TypePack:
    """One pack for the property tests, which cannot take fixtures of a function's scope."""
    with tempfile.TemporaryDirectory() as name:
        return TypePack.load(write_pack(Path(name)))


def axis(number: int, dims: int = DIMS) -> np.ndarray:
    return np.eye(dims, dtype=np.float32)[number]


@pytest.mark.parametrize("number", range(TYPES))
@pytest.mark.parametrize("gender", ["man", "woman"])
def test_a_face_at_a_centroid_gets_its_type(pack: TypePack, number: int, gender: str) -> None:
    guess = pack.assign_face(axis(number), gender)
    assert guess is not None
    assert guess.id == f"{gender[0]}f-{number}"
    assert guess.confidence > 0.99


def test_confidence_falls_between_two_types(pack: TypePack) -> None:
    guess = pack.assign_face(((axis(0) + axis(1)) / np.sqrt(2)).astype(np.float32), "man")
    assert guess is not None
    assert guess.confidence == pytest.approx(0.5, abs=0.01)


def test_without_a_gender_the_nearer_group_decides(pack: TypePack) -> None:
    guess = pack.assign_face(axis(1), None)
    assert guess is not None
    assert guess.id in {"mf-1", "wf-1"}


def test_an_unseen_lower_body_takes_no_part(pack: TypePack) -> None:
    upper_only = np.concatenate([axis(2), np.zeros(DIMS, np.float32)])
    guess = pack.assign_fashion(upper_only, "woman")
    assert guess is not None
    assert guess.id == "wo-2"
    assert guess.confidence > 0.99
    # Upper and lower body that disagree share the probability.
    torn = pack.assign_fashion((np.concatenate([axis(2), axis(0)]) / np.sqrt(2)).astype(np.float32), "woman")
    assert torn is not None
    assert torn.confidence == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("embedding", [None, np.zeros(DIMS, np.float32), np.full(DIMS, np.nan, np.float32)])
def test_what_is_no_embedding_gets_no_type(pack: TypePack, embedding: np.ndarray | None) -> None:
    assert pack.assign_face(embedding, "man") is None


@given(arrays(np.float32, DIMS, elements=st.floats(-1, 1, width=32)), st.sampled_from(GROUPS))
def test_probabilities_sum_to_one(embedding: np.ndarray, group: str) -> None:
    probabilities = shared().groups[group].probabilities(np.concatenate([embedding, embedding]) if group.endswith("fashion") else embedding)
    assert probabilities.shape == (TYPES,)
    assert probabilities.min() >= 0
    assert probabilities.sum() == pytest.approx(1)


@given(arrays(np.float32, DIMS, elements=st.floats(-1, 1, width=32)), st.floats(0.1, 10))
def test_the_length_of_an_embedding_does_not_matter(embedding: np.ndarray, factor: float) -> None:
    # A vector shorter than the code's smallest length counts as unseen, so only clear ones are compared.
    if np.linalg.norm(embedding) < 1e-3:
        return
    group = shared().groups["man_face"]
    longer = (embedding * np.float32(factor)).astype(np.float32)
    np.testing.assert_allclose(group.probabilities(embedding), group.probabilities(longer), atol=1e-3)


def test_another_face_embedding_is_refused(folder: Path) -> None:
    assert TypePack.load(folder, "face-test").face_model == "face-test"
    with pytest.raises(PackError, match=r"face-test.*other-2.*engine models"):
        TypePack.load(folder, "other-2")


def test_an_altered_file_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "pack")
    (copy / "mf-0.png").write_bytes(b"something else")
    with pytest.raises(PackError, match=r"mf-0\.png"):
        TypePack.load(copy)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda copy: (copy / "manifest.json").unlink(), "incomplete"),
        (lambda copy: (copy / "wf-1.png").unlink(), "incomplete"),
        (lambda copy: (copy / "manifest.json").write_text("{", encoding="utf-8"), "cannot be read"),
        (lambda copy: (copy / "manifest.json").write_text("[]", encoding="utf-8"), "cannot be read"),
    ],
)
def test_a_broken_pack_says_so_in_one_line(folder: Path, tmp_path: Path, change: object, words: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "pack")
    change(copy)  # type: ignore[operator]
    with pytest.raises(PackError, match=words) as caught:
        TypePack.load(copy)
    assert "\n" not in str(caught.value)


def test_two_types_of_one_id_are_refused(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "pack")
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["types"][1]["id"] = manifest["types"][0]["id"]
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(PackError, match="twice"):
        TypePack.load(copy)


def test_a_pack_of_another_format_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "pack")
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    (copy / "manifest.json").write_text(json.dumps({**manifest, "format": 99}), encoding="utf-8")
    with pytest.raises(PackError, match="format 99"):
        TypePack.load(copy)


def test_the_starter_pack_is_small_and_whole(starter: TypePack) -> None:
    files = [file for file in STARTER.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 25_000_000
    assert max(file.stat().st_size for file in files) <= 8_000_000
    listed = set(json.loads((STARTER / "manifest.json").read_text(encoding="utf-8"))["files"])
    unlisted = {str(file.relative_to(STARTER)) for file in files} - listed
    assert unlisted == {"manifest.json", "README.md"}


def test_the_starter_types_have_names_in_both_languages(starter: TypePack) -> None:
    for group in GROUPS:
        assert 4 <= len(starter.groups[group].types) <= 8
    assert len({info.name for info in starter.types}) == len({info.name_ko for info in starter.types}) == len(starter.types)
    for info in starter.types:
        assert info.name
        assert info.description
        assert HANGUL.search(info.name_ko)
        assert HANGUL.search(info.description_ko)
        assert not HANGUL.search(info.name + info.description)
        assert info.members >= 5
        assert info.palette
        assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in info.palette)
        if info.kind == "fashion":
            assert info.garments
            assert set(info.garments) <= set(fashion.LABELS)
            assert info.garments_ko == tuple(fashion.KOREAN[word] for word in info.garments)


def test_the_starter_pictures_open_and_are_large_enough(starter: TypePack) -> None:
    for info in starter.types:
        with Image.open(info.picture) as picture:
            picture.load()
            assert picture.size == ((512, 512) if info.kind == "face" else (640, 480))
            assert np.asarray(picture.convert("L"), dtype=np.float32).std() > 5, "an empty picture"


def test_the_starter_names_speak_of_no_origin_nor_worth(starter: TypePack) -> None:
    words = (
        "asian|african|european|caucasian|latin|black face|white face|young|elder|beaut|handsome|ugly|attractive|smart"
        "|못생|예쁜|미인|동양|서양|흑인|백인|젊|늙"
    )
    for info in starter.types:
        text = f"{info.name} {info.name_ko} {info.description} {info.description_ko}".lower()
        assert not re.search(words, text), text


def test_the_starter_manifest_states_its_origin(starter: TypePack) -> None:
    manifest = json.loads((starter.folder / "manifest.json").read_text(encoding="utf-8"))
    assert {"portraits_ai", "fashion_street_ccp", "fashion_items"} == set(manifest["learned_from"])
    for source in manifest["learned_from"].values():
        assert source["licence"] in {"CC0-1.0", "Apache-2.0"}
        assert re.fullmatch("[0-9a-f]{64}", source["sha256"])
    for group in GROUPS:
        assert {"rand", "jaccard", "silhouette", "agreement"} <= set(manifest["groups"][group]["figures"])


def test_somebody_like_no_type_has_none(tmp_path: Path) -> None:
    folder = write_pack(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["groups"]["man_face"]["floor"] = 0.9
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    pack = TypePack.load(folder)
    between = ((axis(0) + axis(1)) / np.sqrt(2)).astype(np.float32)
    assert pack.assign_face(between, "man") is None
    assert pack.assign_face(axis(0), "man") is not None
    assert pack.assign_face(between, "woman") is not None


def test_what_an_admin_calls_a_type_is_its_name(folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    pack = TypePack.load(folder, names={"mf-1": Given("Harbour", "항구", tmp_path / "red.png"), "wf-1": Given("Only English")})
    assert (pack.by_id["mf-1"].name, pack.by_id["mf-1"].name_ko) == ("Harbour", "항구")
    assert pack.by_id["mf-1"].picture == tmp_path / "red.png"
    assert (pack.by_id["wf-1"].name, pack.by_id["wf-1"].name_ko) == ("Only English", "이름 wf-1")


def test_vectors_of_other_embeddings_are_not_compared(starter: TypePack, pack: TypePack) -> None:
    assert pack.accepts("face", "face-test")
    assert not pack.accepts("face", "sface-3")
    assert not pack.accepts("fashion", "face-test")
    # Rows of before face and fashion had versions of their own.
    before = f"{starter.face_model}_cydral-8_{starter.version}"
    assert starter.accepts("face", before)
    assert starter.accepts("fashion", before)
    assert not starter.accepts("face", "other-1_cydral-8_starter-1")
    assert not pack.accepts("fashion", before)
