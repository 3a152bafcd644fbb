import struct

import numpy as np
import onnx
import pytest

from engine import weights
from engine.errors import WeightsError
from engine.frozen_graph import constants, nodes, to_onnx


def field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def tensor(shape: tuple[int, ...], values: list[float]) -> bytes:
    sizes = b"".join(field(2, bytes([8, size])) for size in shape)
    return field(8, bytes([8, 1]) + field(2, sizes) + field(4, struct.pack(f"<{len(values)}f", *values)))


def constant(name: str, shape: tuple[int, ...], values: list[float]) -> bytes:
    attribute = field(1, b"value") + field(2, tensor(shape, values))
    return field(1, field(1, name.encode()) + field(2, b"Const") + field(5, attribute))


def test_reads_operations_and_constants() -> None:
    graph = constant("a", (2, 3), [1, 2, 3, 4, 5, 6]) + field(1, field(1, b"r") + field(2, b"Relu") + field(3, b"a"))
    read = nodes(graph)
    assert [(node.name, node.op, node.inputs) for node in read] == [("a", "Const", ()), ("r", "Relu", ("a",))]
    assert np.array_equal(constants(read)["a"], [[1, 2, 3], [4, 5, 6]])


def test_a_single_value_fills_its_shape() -> None:
    assert np.array_equal(constants(nodes(constant("a", (3,), [7])))["a"], [7, 7, 7])


@pytest.mark.parametrize("data", [b"\x0a\xff", b"\x0a\x05abc", b"\x0f\x01\x02"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(WeightsError, match="frozen graph"):
        nodes(data)


def test_facenet_becomes_onnx() -> None:
    model = onnx.load_from_string(to_onnx(weights.read(weights.FACENET)))
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("Conv") == 132
    assert kinds[-1] == "LpNormalization"
    assert [item.name for item in model.graph.input] == ["image"]
    assert [item.name for item in model.graph.output] == ["embedding"]
