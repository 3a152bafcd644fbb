import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from engine.analysis import Analyser, judge, main_face
from engine.errors import PackError
from engine.images import encode_jpeg
from engine.registry import Registry
from engine.settings import EngineSettings
from engine.types import STARTER, TypePack
from engine.values import Face, FaceBox, Image, Quality
from tests.engine.packs import write_pack


def box(x: float, width: float, score: float = 0.9) -> FaceBox:
    return FaceBox((x, 40, width, width * 1.3), np.zeros((5, 2), np.float32), score)


def face(width: float = 120, *, minor: bool = False, exposure: float = 1.0, sharpness: float = 1.0) -> Face:
    details = Quality(1, sharpness, exposure, 1, 1, 0, 0, 0)
    return Face((0, 0, width, width), np.zeros((5, 2), np.float32), 0.9, "man", 0.99, 30, (22, 38), 1, 0.0, minor, details)


def test_a_portrait_is_read_whole(analyser: Analyser, face_photo: Image) -> None:
    seen = analyser.analyse(encode_jpeg(face_photo, 95))
    assert seen.problem is None
    assert len(seen.faces) == 1
    assert seen.main == 0
    assert seen.main_face is seen.faces[0]
    assert seen.size == (face_photo.shape[1], face_photo.shape[0])
    assert seen.embedding is not None
    assert float(np.linalg.norm(seen.embedding)) == pytest.approx(1, abs=1e-5)
    assert seen.face_type is not None
    assert seen.face_type.name_ko.startswith("이름")
    assert seen.crop is not None
    assert seen.crop.shape == (256, 256, 3)
    assert seen.photo_jpeg is not None
    assert seen.model_version.endswith("_test-1")
    assert seen.runtime.startswith("openvino-")
    assert seen.took_ms > 0


def test_boxes_are_pixels_of_the_photo_as_it_was_sent(analyser: Analyser, face_photo: Image) -> None:
    """Also where the photo is decoded smaller, and turned by its EXIF."""
    large = cv2.resize(face_photo, (2400, 2400), interpolation=cv2.INTER_LINEAR)
    exif = Pillow.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(np.rot90(large))).save(out, "JPEG", exif=exif, quality=92)
    seen, plain = analyser.analyse(out.getvalue()), analyser.analyse(encode_jpeg(face_photo, 95))
    assert seen.size == (2400, 2400)
    factor = 2400 / face_photo.shape[0]
    assert np.allclose(seen.faces[0].box, np.array(plain.faces[0].box) * factor, atol=0.05 * 2400)
    assert np.allclose(seen.faces[0].landmarks, plain.faces[0].landmarks * factor, atol=0.02 * 2400)


def test_whoever_refuses_face_processing_gets_none(analyser: Analyser, face_photo: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = analyser._loaded()
    for part in (parts.detector, parts.embedder, parts.attributes):
        monkeypatch.setattr(part, "predict", lambda *_: pytest.fail("a face was processed"))
    seen = analyser.analyse(encode_jpeg(face_photo), face=False)
    assert seen.problem is None
    assert (seen.faces, seen.main, seen.embedding, seen.crop, seen.face_type) == ((), None, None, None, None)
    assert seen.photo_jpeg is not None


def test_problems_in_their_order(analyser: Analyser, face_photo: Image) -> None:
    nobody = np.full((400, 500, 3), 120, np.uint8)
    pair = np.hstack([face_photo, face_photo])
    near_width = analyser.analyse(encode_jpeg(face_photo)).faces[0].box[2]
    small = cv2.resize(face_photo, None, fx=24 / near_width, fy=24 / near_width, interpolation=cv2.INTER_AREA)
    far = cv2.copyMakeBorder(small, 20, 40, 30, 30, cv2.BORDER_CONSTANT, value=(120, 120, 120))
    blurred = cv2.GaussianBlur(face_photo, (0, 0), 0.08 * near_width)
    dark = (face_photo * 0.08).astype(np.uint8)
    said = [analyser.analyse(encode_jpeg(photo, 95)).problem for photo in (nobody, pair, far, blurred, dark)]
    codes = [problem.code if problem else None for problem in said]
    assert codes == ["no_face", "several_faces", "face_too_small", "too_dark_or_blurred", "too_dark_or_blurred"]
    assert analyser.analyse(b"no picture").problem is not None


def test_faces_are_filled_beside_a_problem_but_types_are_not(analyser: Analyser, face_photo: Image) -> None:
    seen = analyser.analyse(encode_jpeg(np.hstack([face_photo, face_photo]), 95))
    assert seen.problem is not None
    assert len(seen.faces) == 2
    assert seen.faces[0].age > 10
    assert (seen.face_type, seen.fashion_type) == (None, None)


def test_unsafe_photos_are_refused_before_anything_is_read(engine_settings: EngineSettings, engine_cache: Path, face_photo: Image) -> None:
    strict = Analyser(replace(engine_settings, nsfw_threshold=0.0), engine_cache)
    seen = strict.analyse(encode_jpeg(face_photo))
    assert seen.problem is not None
    assert seen.problem.code == "nsfw"
    assert seen.faces == ()
    assert seen.garments == ()


def test_the_minor_threshold_can_be_set(engine_settings: EngineSettings, engine_cache: Path, face_photo: Image) -> None:
    strict = Analyser(replace(engine_settings, minor_threshold=1e-9), engine_cache)
    seen = strict.analyse(encode_jpeg(face_photo, 95))
    assert seen.problem is not None
    assert seen.problem.code == "minor"
    assert seen.faces[0].maybe_minor


def test_bystanders_do_not_count() -> None:
    far, unsure, companion = box(300, 50), box(300, 110, 0.65), box(300, 80)
    main = box(100, 120)
    assert judge((main, far), (face(), face()), 0) is None
    assert judge((main, unsure), (face(), face()), 0) is None
    problem = judge((main, companion), (face(), face()), 0)
    assert problem is not None
    assert problem.code == "several_faces"
    assert "2 people" in problem.message


def test_each_fault_has_its_words() -> None:
    said = [judge((box(0, 120),), (one,), 0) for one in (face(20), face(exposure=0), face(sharpness=0), face(minor=True), face())]
    assert [problem.code if problem else None for problem in said] == [
        "face_too_small",
        "too_dark_or_blurred",
        "too_dark_or_blurred",
        "minor",
        None,
    ]
    assert len({problem.message for problem in said if problem}) == 4


def test_the_main_face_is_large_and_central() -> None:
    photo = np.zeros((600, 800, 3), np.uint8)
    assert main_face((box(0, 100), box(350, 100)), photo) == 1
    assert main_face((box(0, 300), box(350, 100)), photo) == 0


def test_several_threads_say_the_same(analyser: Analyser, blended_faces: tuple[Image, ...]) -> None:
    photos = [encode_jpeg(photo) for photo in blended_faces[:4]] * 3
    alone = [analyser.analyse(photo).embedding for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        together = [seen.embedding for seen in pool.map(analyser.analyse, photos)]
    for one, other in zip(alone, together, strict=True):
        assert one is not None
        assert other is not None
        assert float(one @ other) > 0.9999


def test_both_runtimes_say_the_same(
    analyser: Analyser, engine_settings: EngineSettings, engine_cache: Path, blended_faces: tuple[Image, ...]
) -> None:
    """Boxes within a pixel in a thousand, ages within a tenth of a year, vectors within a cosine of 0.997 (bfloat16) or 0.9999."""
    other = Analyser(replace(engine_settings, backend="onnxruntime"), engine_cache)
    for photo in blended_faces[:3]:
        data = encode_jpeg(photo, 95)
        one, two = analyser.analyse(data), other.analyse(data)
        assert two.runtime == "onnxruntime-f32"
        assert one.embedding is not None
        assert two.embedding is not None
        assert float(one.embedding @ two.embedding) > (0.9999 if one.runtime.endswith("f32") else 0.997)
        assert abs(one.faces[0].age - two.faces[0].age) < 0.1
        assert np.allclose(one.faces[0].box, two.faces[0].box, atol=0.001 * photo.shape[0])
        assert abs(one.faces[0].minor_score - two.faces[0].minor_score) < 0.005
        assert abs(one.nsfw - two.nsfw) < 0.02


@settings(max_examples=40)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_any_small_picture_is_answered(analyser: Analyser, width: int, height: int, seed: int) -> None:
    photo = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    assert analyser.analyse(encode_jpeg(photo)).size == (width, height)


def test_a_missing_pack_is_told(tmp_path: Path, engine_cache: Path) -> None:
    with pytest.raises(PackError, match="pack"):
        Analyser(EngineSettings(pack=str(tmp_path / "none")), engine_cache).load()


def test_other_types_come_into_use_without_a_restart(
    engine_settings: EngineSettings, engine_cache: Path, blended_faces: tuple[Image, ...], tmp_path: Path
) -> None:
    registry = Registry(tmp_path / "models")
    analyser = Analyser(replace(engine_settings, pack=""), engine_cache, registry.folder)
    photo = next(one for face in blended_faces if analyser.analyse(one := encode_jpeg(face)).problem is None)
    before = analyser.analyse(photo)
    assert before.face_type is not None
    assert before.model_version.endswith("_starter-1")
    version = "v20261121T075901-0000000a"
    learned = tmp_path / "learned"
    shutil.copytree(STARTER, learned, ignore=shutil.ignore_patterns("README.md"))
    manifest = json.loads((learned / "manifest.json").read_text(encoding="utf-8"))
    (learned / "manifest.json").write_text(json.dumps({**manifest, "version": version}), encoding="utf-8")
    registry.add(learned)
    registry.activate(version)
    assert analyser.pack.version == "starter-1"  # until somebody says so
    analyser.switch(analyser.read_pack())
    after = analyser.analyse(photo)
    assert after.model_version.endswith(version)
    # The vectors are what they were, and say so.
    assert (after.face_model, after.fashion_model) == (before.face_model, before.fashion_model)
    assert analyser.pack.accepts("face", after.face_model)
    assert analyser.pack.accepts("fashion", after.fashion_model)


def test_types_of_another_embedding_are_not_switched_to(analyser: Analyser, tmp_path: Path) -> None:
    pack = analyser.pack
    with pytest.raises(PackError, match="face-test"):
        analyser.switch(TypePack.load(write_pack(tmp_path)))
    assert analyser.pack is pack


def test_nothing_is_loaded_before_it_is_needed(engine_settings: EngineSettings, tmp_path: Path) -> None:
    Analyser(engine_settings, tmp_path)
    assert list(tmp_path.iterdir()) == []
