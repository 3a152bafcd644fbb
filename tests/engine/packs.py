"""A small type pack with centroids that tests know."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image

from engine.types import GROUPS

DIMS = 4
TYPES = 3


def write_pack(folder: Path, face_model: str = "face-test") -> Path:
    """A pack whose k-th type of each group points along axis k; fashion has two blocks of `DIMS`."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays, rows, groups = {}, [], {}
    for group in GROUPS:
        blocks = [[0, DIMS]] if group.endswith("face") else [[0, DIMS], [DIMS, 2 * DIMS]]
        groups[group] = {"blocks": blocks, "temperature": 0.1}
        for number in range(len(blocks)):
            arrays[f"{group}_mean_{number}"] = np.zeros(DIMS, np.float32)
            arrays[f"{group}_basis_{number}"] = np.eye(DIMS, dtype=np.float32)
            arrays[f"{group}_centroids_{number}"] = np.eye(DIMS, dtype=np.float32)[:TYPES]
        for number in range(TYPES):
            name = f"{group[0]}{'f' if group.endswith('face') else 'o'}-{number}"
            arrays[f"anchor_{name}"] = np.eye(DIMS, dtype=np.float32)[number]
            Image.new("RGB", (8, 8)).save(folder / f"{name}.png")
            words = {"name": f"Name {name}", "name_ko": f"이름 {name}", "description": "d", "description_ko": "설명"}
            shown = {"picture": f"{name}.png", "palette": ["#112233"], "garments": [], "garments_ko": [], "members": 5}
            rows.append({"id": name, "group": group, **words, **shown})
    np.savez(folder / "centroids.npz", **arrays)
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    manifest = {
        "format": 1,
        "version": "test-1",
        "face_model": face_model,
        "fashion_model": "f",
        "groups": groups,
        "types": rows,
        "files": files,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
