import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from engine import graphs, weights


def test_blocks_are_expanded_by_the_formula_of_the_standard() -> None:
    """Against the reference implementation of DequantizeLinear in the onnx package."""
    random = np.random.default_rng(0)
    quantised = random.integers(-128, 127, (4, 6), dtype=np.int8)
    scale = random.uniform(0.01, 0.1, (4, 2)).astype(np.float32)
    zero = random.integers(-3, 3, (4, 2), dtype=np.int8)
    values = {"q": quantised, "s": scale, "z": zero, "shape": np.array([2, 12], np.int64)}
    made = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["w"], axis=1, block_size=3),
        helper.make_node("Reshape", ["w", "shape"], ["r"]),
        helper.make_node("Add", ["r", "x"], ["y"]),
    ]
    floats = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 12]) for name in ("x", "y")]
    graph = helper.make_graph(made, "g", floats[:1], floats[1:], [numpy_helper.from_array(value, name) for name, value in values.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    x = random.normal(size=(2, 12)).astype(np.float32)
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": x})
    graphs._fold(model.graph)
    assert [node.op_type for node in model.graph.node] == ["Add"]
    assert [item.name for item in model.graph.initializer] == ["r"]
    (folded,) = ReferenceEvaluator(model).run(None, {"x": x})
    assert np.array_equal(folded, wanted)


def test_sface_has_one_input() -> None:
    model = onnx.load_from_string(graphs.sface(weights.read(weights.SFACE)))
    assert [item.name for item in model.graph.input] == ["data"]
    assert not [node for node in model.graph.node if node.op_type == "DequantizeLinear"]


def test_yunet_takes_any_size() -> None:
    model = onnx.load_from_string(graphs.yunet(weights.read(weights.YUNET)))
    shape = model.graph.input[0].type.tensor_type.shape.dim
    assert [bool(dim.dim_param) for dim in shape] == [False, False, True, True]
    assert len(model.graph.output) == 12
