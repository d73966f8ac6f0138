"""PyTorch's side of training steps: reads requests from standard input, a JSON list, and writes the list of answers.

{"do": "gradients", "spec", "side", "batch", "classes", "random": [{"at": "layer1.0.bn2", "side": "out", "keep", "input", "seed", "step"}],
 "frozen": ["layer1.0.bn1"], "still": ["bn1"], "folder": PATH, "margin"}
    -> {"loss", "right", "least", "tries"}: writes weights.safetensors (what both begin with), batch.safetensors (image and labels)
       and answer.safetensors (the gradient of every parameter, and running statistics after the step, in float64 rounded once).
       Modules that are frozen or still are in eval mode; frozen ones have no gradients either
{"do": "losses", "spec", "weights", "images": PATH, "labels", "rates", "momentum", "decay", "form": {"double", "threads": 2, "layout", "mkldnn": True, "compiled"}, "gradients": PATH}
    -> {"losses", "right"}: torch.optim.SGD on consecutive batches of one raw file of float32, computed in the form that is asked for:
       in float64 or float32, in a memory layout of torch's, with or without oneDNN, compiled or not. Where there is a path, the
       gradients of the first step go to it, in float64
{"do": "check", "model": PATH} -> what onnx.checker's full check says, or None
{"do": "uniform", "seed", "step", "name", "count"} -> the numbers
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import nets  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn as nn  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

MASK = 0xFFFFFFFF


def mixed(counter, before, between):
    """Wellons's lowbias32 with a key, over Python's or NumPy's unsigned numbers; grammar/TRAINING.md has it in words."""
    x = counter ^ before
    x = ((x ^ (x >> 16)) * 0x7FEB352D + between) & MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & MASK
    return x ^ (x >> 16)


def key_of(seed, name):
    low, high = seed & MASK, (seed >> 32) & MASK
    a, b = mixed(low, 0x243F6A88, high), mixed(high, 0x13198A2E, low)
    for i, character in enumerate(name):
        a = mixed(ord(character), a, b)
        b = mixed(a, b, i)
    return a, mixed(len(name), b, a)


def uniform_numbers(seed, step, name, shape):
    before, between = key_of(seed, f"{name}@{step}")
    counters = np.arange(int(np.prod(shape)), dtype=np.uint64)
    bits = mixed(counters, np.uint64(before), np.uint64(between))
    return torch.from_numpy(((bits >> np.uint64(8)).astype(np.float64) / 2**24).reshape(shape))


def randomized(net, seed):
    """He's weights, and no batch norm that is the identity."""
    generator = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.weight.data.normal_(0, (2 / module.weight[0].numel()) ** 0.5, generator=generator)
            if module.bias is not None:
                module.bias.data.normal_(0, 0.1, generator=generator)
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5, generator=generator)
            module.bias.data.normal_(0, 0.3, generator=generator)
            module.running_mean.normal_(0, 1, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
    return generator


def put_masks(net, random):
    """Multiplies what goes into or comes out of a module by 1 / keep where the uniform number is below keep, else by 0."""

    def masked(value, spec):
        shape = list(value.shape) if spec["each"] == "element" else [len(value), 1, 1, 1]
        kept = uniform_numbers(spec["seed"], spec["step"], spec["input"], shape) < spec["keep"]
        return value * kept.to(value.dtype) / spec["keep"]

    for spec in random:
        module = net.get_submodule(spec["at"])
        if spec["side"] == "out":
            module.register_forward_hook(lambda _module, _given, result, spec=spec: masked(result, spec))
        else:
            module.register_forward_pre_hook(lambda _module, given, spec=spec: (masked(given[0], spec),))


class NearZero:
    """How near the input of any ReLU comes to 0, as a part of the inputs' standard deviation: nearer than rounding, its sign
    is a matter of chance, and so is the gradient of one position."""

    def __enter__(self):
        self.least, self.relu = float("inf"), F.relu

        def relu(x, inplace=False):
            nonzero = x[x != 0]
            self.least = min(self.least, (nonzero.abs().min() / x.std()).item())
            return self.relu(x)

        F.relu = relu
        return self

    def __exit__(self, *_):
        F.relu = self.relu


def stored(net):
    return {name: value.detach().float().contiguous() for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}


def gradients(request):
    folder = Path(request["folder"])
    for tries in range(200):
        net = nets.build(request["spec"])
        generator = randomized(net, tries)
        image = torch.randn(request["batch"], 3, request["side"], request["side"], generator=generator)
        labels = torch.randint(request["classes"], (request["batch"],), generator=generator)
        weights = stored(net)
        net.double().train()
        for name in request["frozen"] + request["still"]:
            net.get_submodule(name).eval().requires_grad_(name in request["still"])
        put_masks(net, request["random"])
        with NearZero() as near:
            logits = net(image.double())
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        # A layer whose ReLUs are all off has no gradient to compare.
        if near.least >= request["margin"] and all(value.grad.any() for value in net.parameters() if value.requires_grad):
            break
    else:
        raise AssertionError(f"{request['spec']}: some ReLU is always within {request['margin']} of 0")
    answer = {name: value.grad.float().contiguous() for name, value in net.named_parameters() if value.requires_grad}
    answer.update({name: value.float().contiguous() for name, value in net.named_buffers() if "running" in name and net.get_submodule(name.rpartition(".")[0]).training})
    save_file(weights, folder / "weights.safetensors")
    save_file({"image": image, "labels": F.one_hot(labels, request["classes"]).float()}, folder / "batch.safetensors")
    save_file(answer, folder / "answer.safetensors")
    return {"loss": loss.item(), "right": (logits.argmax(1) == labels).sum().item(), "least": near.least, "tries": tries + 1}


def losses(request):
    net = nets.build(request["spec"])
    missing, unexpected = net.load_state_dict(load_file(request["weights"]), strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
    form = {"double": False, "threads": 2, "layout": "contiguous_format", "mkldnn": True, "compiled": False, **request["form"]}
    dtype, layout = torch.float64 if form["double"] else torch.float32, getattr(torch, form["layout"])
    torch.set_num_threads(form["threads"])
    net.to(dtype=dtype, memory_format=layout)
    # Weights of convolutions and linear layers have more than one axis; biases and batch norms have one.
    groups = {True: [], False: []}
    for value in net.parameters():
        groups[value.dim() > 1].append(value)
    optimizer = torch.optim.SGD(
        [{"params": groups[True], "weight_decay": request["decay"]}, {"params": groups[False], "weight_decay": 0}], lr=1, momentum=request["momentum"]
    )
    labels = torch.tensor(request["labels"])
    steps = len(request["rates"])
    images = torch.from_numpy(np.fromfile(request["images"], dtype="<f4").reshape(steps, -1, 3, 32, 32))
    net.train()
    run = torch.compile(net) if form["compiled"] else net
    result = {"losses": [], "right": []}
    with torch.backends.mkldnn.flags(enabled=form["mkldnn"]):
        for step, (batch, wanted, rate) in enumerate(zip(images, labels.reshape(steps, -1), request["rates"])):
            for group in optimizer.param_groups:
                group["lr"] = rate
            logits = run(batch.to(dtype=dtype, memory_format=layout))
            loss = F.cross_entropy(logits, wanted)
            optimizer.zero_grad()
            loss.backward()
            if step == 0 and "gradients" in request:
                save_file({name: value.grad.double().contiguous() for name, value in net.named_parameters()}, request["gradients"])
            optimizer.step()
            result["losses"].append(loss.item())
            result["right"].append((logits.argmax(1) == wanted).sum().item())
    torch.set_num_threads(2)
    return result


def uniform(request):
    return uniform_numbers(request["seed"], request["step"], request["name"], [request["count"]]).tolist()


def check(request):
    import onnx

    try:
        onnx.checker.check_model(request["model"], full_check=True)
        onnx.shape_inference.infer_shapes(onnx.load(request["model"]), check_type=True, strict_mode=True, data_prop=True)
    except Exception as error:
        return str(error)
    return None


def main():
    torch.set_num_threads(2)
    print(json.dumps([{"gradients": gradients, "losses": losses, "check": check, "uniform": uniform}[request["do"]](request) for request in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
