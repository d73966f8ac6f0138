"""Import this before torchvision where it has no CPU build: two of its operators must be declared before it can be imported."""
import torch

library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float threshold) -> Tensor")
