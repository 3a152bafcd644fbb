"""A whole type pack that is made in a moment: known centroids and a garment network that answers the same for every picture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.embedding import FaceEmbedder
from engine.fashion import LABELS, TEXTURE
from engine.regions import SIDE
from tests.engine.packs import write_pack


def garment_network() -> bytes:
    """1×3×SIDE×SIDE → label logits (1×18, a shirt) and texture (1×24)."""
    logits = np.full((1, len(LABELS)), -6, np.float32)
    logits[0, LABELS.index("shirt")] = 3
    texture = np.linspace(-1, 1, TEXTURE, dtype=np.float32)[None]
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("ReduceMean", ["mean"], ["one"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["one", "nothing"], ["zero"]),
        helper.make_node("Add", ["zero", "logits_value"], ["logits"]),
        helper.make_node("Add", ["zero", "texture_value"], ["texture"]),
    ]
    values = {"nothing": np.zeros(1, np.float32), "logits_value": logits, "texture_value": texture}
    graph = helper.make_graph(
        nodes,
        "garments",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
            for name, size in (("logits", len(LABELS)), ("texture", TEXTURE))
        ],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString())


def write_whole_pack(folder: Path) -> Path:
    """A pack that `engine.analysis.Analyser` accepts."""
    write_pack(folder, FaceEmbedder.VERSION)
    (folder / "garments.onnx").write_bytes(garment_network())
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["garments.onnx"] = hashlib.sha256((folder / "garments.onnx").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    onnx.checker.check_model(onnx.load(folder / "garments.onnx"))
    return folder
