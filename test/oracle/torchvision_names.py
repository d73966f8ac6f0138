"""Prints what torchvision says of its networks as JSON.

{"lists": {"resnet18": [["conv1.weight", [64, 3, 7, 7]], …], …}, "published": {"resnet18": {"params": …, "macs": … in 10^9}, …}}

Lists are names and shapes of state_dicts; counters of batches are left out: they are no weights. Published are the counts in the
metadata of its trained weights. Networks are made without memory for their weights.
"""
import json
import sys

import torch

# torchvision's wheels are for CUDA; beside a CPU torch it imports once its two compiled operators have a declaration.
torch.library.define("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
torch.library.define("torchvision::qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from torchvision import models  # noqa: E402
from torchvision.models._utils import IntermediateLayerGetter  # noqa: E402

NAMES = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d",
    "wide_resnet50_2", "wide_resnet101_2", "vgg16", "vgg19", "googlenet",
]
STAGES = {"layer1": "c2", "layer2": "c3", "layer3": "c4", "layer4": "c5"}


def listed(model):
    return [[name, list(value.shape)] for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")]


def build(name):
    more = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    return getattr(models, name)(weights=None, **more)


with torch.device("meta"):
    lists = {name: listed(build(name)) for name in NAMES}
    lists["resnet50 backbone"] = listed(IntermediateLayerGetter(build("resnet50"), STAGES))
    lists["resnet50 dilated"] = listed(
        IntermediateLayerGetter(models.resnet50(weights=None, replace_stride_with_dilation=[False, True, True]), {"layer4": "out"})
    )
published = {name: next(iter(models.get_model_weights(name))).meta for name in NAMES}
published = {name: {"params": meta["num_params"], "macs": meta["_ops"]} for name, meta in published.items()}
json.dump({"lists": lists, "published": published}, sys.stdout)
