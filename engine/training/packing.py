"""Write a learned pack: arrays, pictures, classifier, report and the manifest that says what it was made from."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.classifier import NAME
from engine.types import FORMAT

ENGINE = Path(__file__).resolve().parent.parent


@cache
def code_revision() -> dict[str, str]:
    """SHA-256 over the engine's sources, and the commit of a git checkout ("" elsewhere)."""
    total = hashlib.sha256()
    for path in sorted(ENGINE.rglob("*.py")):
        total.update(path.relative_to(ENGINE).as_posix().encode() + b"\0" + path.read_bytes())
    return {"sources": total.hexdigest(), "commit": _commit(ENGINE.parent / ".git")}


def _commit(git: Path) -> str:
    try:
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        return (git / head.removeprefix("ref: ")).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def write_pack(
    folder: Path,
    arrays: Mapping[str, NDArray[np.float32]],
    files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    fashion_from: Path,
) -> None:
    """Write a pack anew.

    Args:
        folder: replaced if it is there.
        arrays: of `centroids.npz`.
        files: further files by name: pictures, classifier, report.
        manifest: all of it but `format` and `files`.
        fashion_from: the pack whose garment network this one uses too.

    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pictures").mkdir(parents=True)
    with (folder / "centroids.npz").open("wb") as opened:
        np.savez_compressed(opened, **arrays)  # type: ignore[arg-type]
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for name in ("garments.onnx", "garments.json"):
        if (fashion_from / name).is_file():
            shutil.copyfile(fashion_from / name, folder / name)
    listed = sorted(path for path in folder.rglob("*") if path.is_file())
    whole = {
        "format": FORMAT,
        **manifest,
        "files": {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in listed},
    }
    (folder / "manifest.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def report(version: str, manifest: Mapping[str, Any]) -> str:
    """What was learned and how it was judged, as Markdown."""
    passed = "may be published" if not manifest["refused"] else f"refused: {', '.join(manifest['refused'])}"
    data = manifest["data"]
    lines = [
        f"# {version}",
        "",
        f"Learned from {data['couples']:,} couples, {data['subjects']:,} pictures of {data['people']:,} people; {passed}.",
        f"In use when it was judged: {manifest['parent']}.",
        "",
        "| gate | value | bound | noise | about | |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {gate['value']:g} | {gate['bound']:g} | {gate['noise']:g} | {gate.get('about', '')} "
        f"| {'holds' if gate['passed'] else 'FAILS'} |"
        for name, gate in manifest["gates"].items()
    ]
    lines += ["", _compatibility(manifest["compatibility"])]
    lines += ["", "| group | types | people | steadiness | classifier | smallest |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {name} | {group['figures']['k']} | {group['figures']['people']} | {group['figures']['rand']:g} "
        f"| {group['figures']['classifier_agreement']:g} | {group['figures']['smallest']} |"
        for name, group in manifest["groups"].items()
    ]
    lines += ["", "| type | group | name | people | as before |", "|---|---|---|---|---|"]
    before: Mapping[str, str] = manifest["matches"]
    lines += [
        f"| {row['id']} | {row['group']} | {row['name']} / {row['name_ko']} | {row['members']} | {before.get(row['id'], '')} |"
        for row in manifest["types"]
    ]
    return "\n".join(lines) + "\n"


def _compatibility(figures: Mapping[str, Any] | None) -> str:
    """How well couples that were held out are told from random pairs of the same ages, in a sentence."""
    if figures is None:
        return "Compatibility: too few couples to fit anything, so the stated prior serves."
    area, error = (
        f"{name.upper()} {figures[name]:g} ({figures[f'{name}_interval'][0]:g}–{figures[f'{name}_interval'][1]:g})"
        for name in ("auc", "ece")
    )
    return f"Compatibility, {figures['n']:,} held-out couples against random pairs of the same ages: {area}, {error}."


def as_json(value: Mapping[str, Any]) -> bytes:
    """A further file of a pack."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def with_classifier(files: Mapping[str, bytes], model: bytes) -> dict[str, bytes]:
    """`files` and the distilled classifier."""
    return {**files, NAME: model}


def ids(short: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Ids of types: what is in them of the version keeps versions apart.

    >>> ids("5f3a9c", [{"picture": "pictures/mf-1.jpg"}])
    ['5f3a9c-mf-1']
    """
    return [f"{short}-{Path(row['picture']).stem}" for row in rows]
