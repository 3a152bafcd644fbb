"""Export to ONNX with 16-bit weights that every runtime reads."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

SMALL = 64
"""Elements up to which a tensor stays in 32 bits: shapes, indices and constants."""


def to_onnx(network: nn.Module, example: torch.Tensor, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Write `network` to `path`; its first axis stays open, its weights are stored as float16 and computed with as float32."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # torch announces that its newer exporter needs a package more; the older one is what this network needs.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in [*inputs, *outputs]},
            opset_version=17,
            dynamo=False,
        )
    model = onnx.load(str(path))
    halve(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def halve(model: onnx.ModelProto) -> None:
    """Store float32 weights as float16 with a cast behind each, in place; runtimes fold the casts when they load."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size > SMALL:
            stored = f"{tensor.name}_half"
            casts.append(onnx.helper.make_node("Cast", [stored], [tensor.name], to=onnx.TensorProto.FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
    for at, cast in enumerate(casts):
        model.graph.node.insert(at, cast)
