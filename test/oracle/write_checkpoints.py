"""Writes the files that test/weights reads, with PyTorch itself: write_checkpoints.py FOLDER

Every value follows from its tensor's name and index, so the tests know them without asking PyTorch. The files in
test/weights/fixtures were made by this script.
"""

import argparse
import collections
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file


def tensors():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    return collections.OrderedDict(
        [
            ("conv.weight", torch.arange(24, dtype=torch.float32).reshape(2, 3, 2, 2)),
            ("transposed", base.t()),
            ("sliced", base[1:3, 1::2]),
            ("expanded", torch.tensor([[1.0], [2.0]]).expand(2, 3)),
            ("scalar", torch.tensor(7.0)),
            ("empty", torch.zeros(0, 3)),
            ("parameter", torch.nn.Parameter(torch.tensor([0.5, -0.25]))),
            ("half", torch.tensor([1.0, -2.5, 65504.0, 2.0**-24, 3 * 2.0**-17, float("inf")], dtype=torch.float16)),
            ("bfloat", torch.tensor([1.0, -2.5, 2.0**127, 2.0**-126], dtype=torch.bfloat16)),
            ("double", torch.tensor([0.1, 1 / 3], dtype=torch.float64)),
            ("bn.num_batches_tracked", torch.tensor(5)),
        ]
    )


def checkpoint():
    weight = torch.nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    weight.grad = torch.ones(2)
    optimizer.step()
    return {
        "epoch": 90,
        "best_acc1": torch.tensor(76.1),
        "args": argparse.Namespace(arch="resnet50", lr=0.1, big=2**70, path=Path("runs")),
        "optimizer": optimizer.state_dict(),
        "state_dict": collections.OrderedDict(("module." + name, value) for name, value in tensors().items()),
    }


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    plain = tensors()
    torch.save(plain, folder / "plain.pth")
    torch.save(plain, folder / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(checkpoint(), folder / "checkpoint-protocol4.pth", pickle_protocol=4)
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 2)), folder / "whole-module.pth")
    located = torch.serialization.location_tag
    torch.serialization.location_tag = lambda storage: "cuda:0"
    torch.save(checkpoint(), folder / "cuda.pth")
    torch.save(checkpoint(), folder / "cuda-legacy.pth", _use_new_zipfile_serialization=False)
    torch.serialization.location_tag = located
    save_file({name: value.contiguous().clone() for name, value in plain.items()}, folder / "plain.safetensors", {"made": "by PyTorch"})


main()
