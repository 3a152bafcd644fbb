"""Write heads as one ONNX graph that OpenVINO and ONNX Runtime read: see `engine.classifier` for its input and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.classifier import Layout

SMALLEST = 1e-9
"""Lengths are divided by no less."""
SEEN = 1e6
"""What lengths of the input are multiplied by, and cut at 1: 0 where nothing is seen."""

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Head:
    """What turns a stretch of a vector into calibrated logits."""

    start: int
    stop: int
    mean: Array
    """(stop - start,)"""
    basis: Array
    """(stop - start, components)"""
    weights: Array
    """(components, types), divided by the temperature."""
    bias: Array
    """(types,), divided by the temperature."""

    def logits(self, vectors: Array) -> NDArray[np.float64]:
        """(N, types) for N whole face or fashion vectors; what the graph is checked against."""
        part = np.asarray(vectors, np.float64)[:, self.start : self.stop]
        norm = np.linalg.norm(part, axis=1, keepdims=True)
        z = (part / np.maximum(norm, SMALLEST) - self.mean) @ self.basis
        z /= np.maximum(np.linalg.norm(z, axis=1, keepdims=True), SMALLEST)
        return np.asarray((z @ self.weights + self.bias) * np.minimum(norm * SEEN, 1), np.float64)


def build(heads: Mapping[str, Head], layout: Layout) -> bytes:
    """The graph of all heads, in the order of `layout.types`."""
    nodes: list[onnx.NodeProto] = []
    values: dict[str, Array] = {"smallest": np.array([SMALLEST]), "seen": np.array([SEEN]), "one": np.array([1.0])}
    whole = {"axis": np.array([1])}
    for group in layout.types:
        offset = 0 if group.endswith("face") else layout.face
        _add(nodes, values, whole, group, heads[group], offset)
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in values.items()]
    tensors += [numpy_helper.from_array(value.astype(np.int64), name) for name, value in whole.items()]
    graph = helper.make_graph(
        nodes,
        "types",
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["N", layout.dims])],
        [helper.make_tensor_value_info(group, TensorProto.FLOAT, ["N", count]) for group, count in layout.types.items()],
        tensors,
    )
    model = helper.make_model(graph, producer_name="inyeon", opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _add(
    nodes: list[onnx.NodeProto], values: dict[str, Array], whole: dict[str, NDArray[np.int64]], group: str, head: Head, offset: int
) -> None:
    whole[f"{group}/from"], whole[f"{group}/to"] = np.array([offset + head.start]), np.array([offset + head.stop])
    values |= {
        f"{group}/mean": head.mean[None],
        f"{group}/basis": head.basis,
        f"{group}/weights": head.weights,
        f"{group}/bias": head.bias,
    }

    def node(kind: str, inputs: str, output: str, **options: int | list[int]) -> None:
        named = [name if name in values or name in whole else f"{group}/{name}" for name in inputs.split()]
        nodes.append(helper.make_node(kind, named, [f"{group}/{output}"], **options))  # type: ignore[arg-type]

    nodes.append(helper.make_node("Slice", ["vectors", f"{group}/from", f"{group}/to", "axis"], [f"{group}/part"]))
    node("ReduceL2", "part", "norm", axes=[1], keepdims=1)
    node("Max", "norm smallest", "length")
    node("Div", "part length", "unit")
    node("Sub", "unit mean", "centred")
    node("MatMul", "centred basis", "projected")
    node("ReduceL2", "projected", "radius", axes=[1], keepdims=1)
    node("Max", "radius smallest", "reach")
    node("Div", "projected reach", "z")
    node("Gemm", "z weights bias", "raw")
    node("Mul", "norm seen", "scaled")
    node("Min", "scaled one", "mask")
    nodes.append(helper.make_node("Mul", [f"{group}/raw", f"{group}/mask"], [group]))
