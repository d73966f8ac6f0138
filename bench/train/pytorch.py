"""The same loop in PyTorch, with the same answers as rnc.ts: pytorch.py NETWORK SIDE BATCH THREADS FORM IMAGES LABELS

FORM is `eager` or `compiled`, with `, channels_last` behind it where the maps are so.
"""
import json
import resource
import sys
import time
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(Path(__file__).parent.parent / "peers"))
import resnet  # noqa: E402


class Cifar(nn.Module):
    """ResNet-20 with option A, as PyTorch users write it."""

    class Unit(nn.Module):
        def __init__(self, before, width, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.stride, self.added = stride, width - before

        def forward(self, x):
            y = F.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            if self.added > 0:
                x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))
            return F.relu(y + x)

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        before, units = 16, []
        for stage, width in enumerate((16, 32, 64)):
            for unit in range(3):
                units.append(self.Unit(before, width, 2 if stage > 0 and unit == 0 else 1))
                before = width
        self.units = nn.Sequential(*units)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(self.units(F.relu(self.bn1(self.conv1(x)))).mean((2, 3)))


name, side, batch, threads, form, images, labels = sys.argv[1:]
side, batch = int(side), int(batch)
torch.set_num_threads(int(threads))
torch.manual_seed(0)
nets = {"ResNet20": Cifar, "ResNet18": lambda: resnet.ResNet(resnet.Basic, (2, 2, 2, 2)), "ResNet50": lambda: resnet.ResNet(resnet.Bottleneck, (3, 4, 6, 3))}
net = nets[name]().train()
memory = torch.channels_last if "channels_last" in form else torch.contiguous_format
net = net.to(memory_format=memory)
weights = [value for value in net.parameters() if value.dim() > 1]
others = [value for value in net.parameters() if value.dim() == 1]
optimizer = torch.optim.SGD([{"params": weights, "weight_decay": 1e-4}, {"params": others, "weight_decay": 0}], lr=0.01, momentum=0.9)
run = torch.compile(net) if form.startswith("compiled") else net
images = torch.from_numpy(numpy.fromfile(images, dtype="<f4").reshape(-1, batch, 3, side, side))
labels = torch.from_numpy(numpy.fromfile(labels, dtype="<i4").reshape(-1, batch).astype("int64"))
done = 0


def step():
    global done
    at = done % len(images)
    done += 1
    start = time.perf_counter()
    loss = F.cross_entropy(run(images[at].contiguous(memory_format=memory)), labels[at])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss.item()
    return time.perf_counter() - start


for _ in range(3):
    step()
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps({"seconds": [step() for _ in range(int(line))], "peakKB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}), flush=True)
