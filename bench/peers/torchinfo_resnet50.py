"""How an architecture is looked at today: build it, and print a table of its layers."""
import torch
import torchinfo

# There is no CPU build of torchvision; two of its operators must be declared before it can be imported.
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float threshold) -> Tensor")
from torchvision.models import resnet50

print(torchinfo.summary(resnet50(), input_size=(1, 3, 224, 224), verbose=0))
