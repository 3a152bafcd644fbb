"""How the packages' ONNX files are prepared so that every runtime reads them alike.

YuNet and SFace come with their weights block-quantised to eight bits (the computation is in float32 all the same). ONNX Runtime
refuses some of those blocks, so they are expanded here once, by the formula of ONNX' DequantizeLinear:
`weight = (quantised - zero_point) · scale`, one scale a block.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Arrays = dict[str, NDArray[np.generic]]


def as_is(data: bytes) -> bytes:
    """The file unchanged."""
    return data


def sface(data: bytes) -> bytes:
    """SFace with plain weights, any batch size, and `data` as its only input.

    The file lists its weights as graph inputs too, which ONNX Runtime and OpenCV 5 refuse.
    """
    model = onnx.load_from_string(data)
    kept = [item for item in model.graph.input if item.name == "data"]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    for item in (*model.graph.input, *model.graph.output):
        item.type.tensor_type.shape.dim[0].dim_param = "N"
    return _finished(model)


def yunet(data: bytes) -> bytes:
    """YuNet with plain weights and any height and width (multiples of 32); it is fully convolutional, though its file says 640 × 640."""
    model = onnx.load_from_string(data)
    size = model.graph.input[0].type.tensor_type.shape.dim
    size[2].dim_param, size[3].dim_param = "height", "width"
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"cells_{output.name}"
    return _finished(model)


def _finished(model: onnx.ModelProto) -> bytes:
    del model.graph.value_info[:]
    _fold(model.graph)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _fold(graph: onnx.GraphProto) -> None:
    """Replace what depends on constants alone (DequantizeLinear, Reshape) by its value, and drop what nothing reads any more."""
    known: Arrays = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    kept, made = [], {}
    for node in graph.node:
        if node.op_type in {"DequantizeLinear", "Reshape"} and all(name in known for name in node.input):
            value = _value(node, known)
            known[node.output[0]] = made[node.output[0]] = value
        else:
            kept.append(node)
    used = {name for node in kept for name in node.input}
    weights = [item for item in graph.initializer if item.name in used]
    weights.extend(numpy_helper.from_array(value, name) for name, value in made.items() if name in used)
    del graph.node[:]
    graph.node.extend(kept)
    del graph.initializer[:]
    graph.initializer.extend(weights)


def _value(node: onnx.NodeProto, known: Arrays) -> NDArray[np.generic]:
    inputs = [known[name] for name in node.input]
    if node.op_type == "Reshape":
        return inputs[0].reshape(tuple(int(size) for size in inputs[1]))
    options = {item.name: helper.get_attribute_value(item) for item in node.attribute}
    quantised, scale = inputs[0].astype(np.float32), inputs[1].astype(np.float32)
    zero = inputs[2].astype(np.float32) if len(inputs) > 2 else np.zeros_like(scale)
    if scale.ndim and options.get("block_size"):
        axis, block = options.get("axis", 1), options["block_size"]
        length = quantised.shape[axis]
        scale, zero = (np.repeat(item, block, axis).take(range(length), axis) for item in (scale, zero))
    return np.asarray((quantised - zero) * scale, np.float32)
