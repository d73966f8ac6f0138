"""Writes random checkpoints and what PyTorch itself reads from them: random_checkpoints.py FOLDER COUNT

For each N a file N.pth (both formats, protocols 2 to 5), and N.json with every floating tensor's shape and its values as
float32 in row-major order, base64, read back from the file with torch.load.
"""

import base64
import json
import random
import sys
from pathlib import Path

import torch

FLOATS = [torch.float32, torch.float16, torch.bfloat16, torch.float64]
OTHERS = [torch.int64, torch.int32, torch.uint8, torch.bool, torch.uint16]


def random_view(rng):
    dtype = rng.choice(FLOATS * 3 + OTHERS)
    shape = [rng.randint(1, 6) for _ in range(rng.randint(0, 4))]
    base = (torch.randn(shape) * 4).to(dtype)
    for _ in range(rng.randint(0, 3)):
        kind = rng.choice(["permute", "slice", "step", "expand", "reshape"])
        if kind == "permute" and base.dim() > 1:
            base = base.permute(rng.sample(range(base.dim()), base.dim()))
        elif kind == "slice" and base.dim() > 0:
            axis = rng.randrange(base.dim())
            begin = rng.randint(0, base.shape[axis] - 1)
            base = base.narrow(axis, begin, base.shape[axis] - begin)
        elif kind == "step" and base.dim() > 0:
            base = base[:: rng.randint(1, 3)]
        elif kind == "expand":
            base = base.unsqueeze(0).expand([rng.randint(1, 3)] + list(base.shape))
        elif kind == "reshape":
            base = base.reshape(-1)
    return base


def main():
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    for number in range(count):
        rng = random.Random(number)
        torch.manual_seed(number)
        tensors = {f"layer{i}.weight": random_view(rng) for i in range(rng.randint(1, 8))}
        shared = torch.randn(4, 4)
        tensors["tied.a"], tensors["tied.b"] = shared, shared.t()
        path = folder / f"{number}.pth"
        zipped = rng.random() < 0.5
        if not zipped:
            tensors = {name: value for name, value in tensors.items() if value.dtype != torch.uint16}
        saved = rng.choice([tensors, {"model_state_dict": tensors, "epoch": 1, "loss": torch.tensor(0.5)}])
        torch.save(saved, path, pickle_protocol=rng.randint(2, 5), _use_new_zipfile_serialization=zipped)
        # The files are our own, and the safe reader of PyTorch does not take protocols 4 and 5.
        loaded = torch.load(path, weights_only=False)
        loaded = loaded.get("model_state_dict", loaded)
        said = {}
        for name, value in loaded.items():
            if value.is_floating_point():
                values = value.to(torch.float32).contiguous().numpy().tobytes()
                said[name] = {"shape": list(value.shape), "values": base64.b64encode(values).decode()}
        (folder / f"{number}.json").write_text(json.dumps({"all": list(loaded), "floats": said}))


main()
