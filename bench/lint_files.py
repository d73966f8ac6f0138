"""Files for the part `lint` of run.py: networks of 20 layers in 60 lines, and Python modules of as many lines."""
import os


def make(folder, count):
    for number in range(count):
        width = 16 + 8 * (number % 5)
        write(os.path.join(folder, "resnet", f"net{number}.resnet"), network(number, width))
        write(os.path.join(folder, "python", f"net{number}.py"), module(number, width))


def network(number, width):
    """Three stages of three blocks, and what is known about it; the standard library's blocks are used."""
    blocks = lambda stage: "".join(f"    basic({width << stage}{', stride=2' if stage > 0 and block == 0 else ''})\n" for block in range(3))
    stages = "".join(f"  layer{stage + 1}: {{\n{blocks(stage)}  }}\n" for stage in range(3))
    head = "use std.blocks { basic }\nuse std.shortcuts { B }\n\n"
    body = f"network Net{number}(classes: int = 10) {{\n  input image: float32[N, 3, 32, 32]\n  shortcuts B\n\n  conv(3x3, {width}) -> bn -> relu\n{stages}  globalavgpool -> fc: linear(classes)\n}}\n"
    missing = 60 - (head + body).count("\n")
    return head + "".join(f"/// Line {line} of what is known about it.\n" for line in range(missing)) + body


def module(number, width):
    layers = "".join(f"        self.conv{layer} = nn.Conv2d({width}, {width}, 3, padding=1, bias=False)\n        self.bn{layer} = nn.BatchNorm2d({width})\n" for layer in range(19))
    calls = "".join(f"        x = torch.relu(self.bn{layer}(self.conv{layer}(x)))\n" for layer in range(10))
    return f"import torch\nfrom torch import nn\n\n\nclass Net{number}(nn.Module):\n    def __init__(self):\n        super().__init__()\n{layers}\n    def forward(self, x):\n{calls}        return x\n"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
