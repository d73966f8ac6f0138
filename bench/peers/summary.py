"""Counts ResNet-50's parameters the way PyTorch users do: torchvision's net, on the meta device where nothing is computed."""
import sys

import torch

try:
    import without_cuda  # noqa: F401
    from torchvision.models import resnet50
except ImportError:
    sys.exit("torchvision is not installed: pip install --no-deps torchvision pillow")
with torch.device("meta"):
    model = resnet50()
for name, parameter in model.named_parameters():
    print(name, tuple(parameter.shape), parameter.numel())
print(sum(parameter.numel() for parameter in model.parameters()))
