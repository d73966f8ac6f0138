"""Exports one of the nets with torch.onnx.export, as a user would: export.py NET OUT [--torchscript] [--torchvision] [--weights FILE]"""
import argparse
import os
import sys

import torch

sys.path.insert(0, os.path.dirname(__file__))
from resnet import NETS  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("net")
parser.add_argument("out")
parser.add_argument("--torchscript", action="store_true")
parser.add_argument("--torchvision", action="store_true")
parser.add_argument("--weights")
arguments = parser.parse_args()
if arguments.torchvision:
    import without_cuda  # noqa: F401
    from torchvision import models

    model = getattr(models, arguments.net.lower())().eval()
else:
    model = NETS[arguments.net]().eval()
if arguments.weights:
    from safetensors.torch import load_file

    model.load_state_dict(load_file(arguments.weights), strict=False)
example = torch.zeros(1, 3, 224, 224)
if arguments.torchscript:
    torch.onnx.export(model, example, arguments.out, dynamo=False, input_names=["image"], output_names=["output"])
else:
    torch.onnx.export(model, (example,), arguments.out, dynamo=True, input_names=["image"], output_names=["output"])
