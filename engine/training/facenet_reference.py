"""FaceNet as facenet-pytorch defines it, with the weights that the engine serves: what `engine.embedding.FaceNet` is checked against.

The frozen graph has its batch normalisations folded into the convolutions, so the torch module's are set to pass through
(variance 1 - epsilon) and add the folded offset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from facenet_pytorch import InceptionResnetV1
from numpy.typing import NDArray
from torch import nn

from engine import weights
from engine.frozen_graph import constants, nodes

PREFIX = "InceptionResnetV1/"
STEM = {
    "conv2d_1a": "Conv2d_1a_3x3",
    "conv2d_2a": "Conv2d_2a_3x3",
    "conv2d_2b": "Conv2d_2b_3x3",
    "conv2d_3b": "Conv2d_3b_1x1",
    "conv2d_4a": "Conv2d_4a_3x3",
    "conv2d_4b": "Conv2d_4b_3x3",
}
BLOCK35 = (("1x1",), ("0a_1x1", "0b_3x3"), ("0a_1x1", "0b_3x3", "0c_3x3"))
BLOCK17 = (("1x1",), ("0a_1x1", "0b_1x7", "0c_7x1"))
BLOCK8 = (("1x1",), ("0a_1x1", "0b_1x3", "0c_3x1"))
MIXED_6A = (("1a_3x3",), ("0a_1x1", "0b_3x3", "1a_3x3"))
MIXED_7A = (("0a_1x1", "1a_3x3"), ("0a_1x1", "1a_3x3"), ("0a_1x1", "0b_3x3", "1a_3x3"))
REPEATS = (
    *((f"repeat_1.{index}", f"Repeat/block35_{index + 1}", BLOCK35) for index in range(5)),
    *((f"repeat_2.{index}", f"Repeat_1/block17_{index + 1}", BLOCK17) for index in range(10)),
    *((f"repeat_3.{index}", f"Repeat_2/block8_{index + 1}", BLOCK8) for index in range(5)),
    ("block8", "Block8", BLOCK8),
)


def convolutions() -> Iterator[tuple[str, str]]:
    """Names of every convolution with batch normalisation: in the torch module, in the frozen graph."""
    yield from STEM.items()
    mixed = (("mixed_6a", "Mixed_6a", MIXED_6A), ("mixed_7a", "Mixed_7a", MIXED_7A))
    for module, scope, branches in (*REPEATS, *mixed):
        for branch, steps in enumerate(branches):
            for place, step in enumerate(steps):
                inner = f".{place}" if len(steps) > 1 else ""
                yield f"{module}.branch{branch}{inner}", f"{scope}/Branch_{branch}/Conv2d_{step}"


def reference() -> nn.Module:
    """`facenet_pytorch.InceptionResnetV1` in evaluation mode with the served weights.

    Raises:
        WeightsError: the weights are not installed.

    """
    given = constants(nodes(weights.read(weights.FACENET)))
    network = InceptionResnetV1(pretrained=None, classify=False)
    state = network.state_dict()
    changed = dict(_state(given, state))
    missing = {name for name in state if not name.endswith("num_batches_tracked")} - set(changed) - {"logits.weight", "logits.bias"}
    if missing:
        raise ValueError(f"no weights for {sorted(missing)[:3]}")
    network.load_state_dict({**state, **changed})
    return network.eval()  # type: ignore[no-any-return]


def _state(given: Mapping[str, NDArray[np.float32]], state: Mapping[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    for module, scope in convolutions():
        convolution = given[f"{PREFIX}{scope}/weights"].transpose(3, 2, 0, 1)
        yield f"{module}.conv.weight", torch.tensor(convolution)
        offset = torch.tensor(given[f"{PREFIX}{scope}/Conv2D_bn_offset"])
        yield f"{module}.bn.weight", torch.ones_like(offset)
        yield f"{module}.bn.bias", offset
        yield f"{module}.bn.running_mean", torch.zeros_like(offset)
        yield f"{module}.bn.running_var", torch.full_like(offset, 1 - 1e-3)
    for module, scope, _ in REPEATS:
        yield f"{module}.conv2d.weight", torch.tensor(given[f"{PREFIX}{scope}/Conv2d_1x1/weights"].transpose(3, 2, 0, 1))
        yield f"{module}.conv2d.bias", torch.tensor(given[f"{PREFIX}{scope}/Conv2d_1x1/biases"])
    last = f"{PREFIX}Bottleneck/"
    yield "last_linear.weight", torch.tensor(given[f"{last}weights"].T)
    yield "last_bn.weight", torch.ones_like(state["last_bn.weight"])
    yield "last_bn.bias", torch.tensor(given[f"{last}BatchNorm/beta"])
    yield "last_bn.running_mean", torch.tensor(given[f"{last}BatchNorm/moving_mean"])
    yield "last_bn.running_var", torch.tensor(given[f"{last}BatchNorm/moving_variance"])


def embed(network: nn.Module, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """N × 512 of Euclidean length 1 for N × 160 × 160 × 3 RGB crops, with facenet-pytorch's `fixed_image_standardization`."""
    pixels = (torch.tensor(crops.transpose(0, 3, 1, 2)).float() - 127.5) / 128.0
    with torch.inference_mode():
        vectors: NDArray[np.float32] = network(pixels).numpy()
    return vectors
