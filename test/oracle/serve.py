"""Answers requests, one JSON object a line, with one JSON object a line; PyTorch is imported once for all of them.

{"do": "count", "spec": …, "shape": […]}                          -> {"params", "buffers", "macs"}
{"do": "answer", "spec": …, "shape": […], "seed", "weights", "io"} writes calibrated weights, and an input with its answer
{"do": "train", "spec": …, "weights", "state", "images": PATHS, "labels", "rates", "momentum", "nesterov", "decay",
 "decays": "weights" | "all", "smoothing"}                        -> {"losses", "right"}; writes parameters, statistics, momenta
{"do": "inspect", "model": PATH}                                  -> {"problem", "before", "after"}: the checker's verdict, operators
                                                                      before and after onnxslim
"""
import contextlib
import json
import sys
from collections import Counter
from pathlib import Path

import nets
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file


def answer(request):
    net = nets.build(request["spec"])
    x = nets.calibrate(net, request["shape"], request["seed"])
    with torch.no_grad():
        y = net(x)
    state = {name: value.contiguous() for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    save_file(state, request["weights"])
    outputs = y if isinstance(y, dict) else {"output": y}
    save_file({"in.image": x.contiguous(), **{f"out.{name}": value.contiguous() for name, value in outputs.items()}}, request["io"])
    return {}


def stored(net):
    return {name: value.detach().contiguous() for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}


def train(request):
    """Steps of torch.optim.SGD on batches of float32 [N, 3, 32, 32], raw in request["images"], one after the other."""
    net = nets.build(request["spec"])
    given = {name: value for name, value in load_file(request["weights"]).items() if not name.startswith("momentum.")}
    missing, unexpected = net.load_state_dict(given, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
    # Weights of convolutions and linear layers have more than one axis; biases and batch norms have one.
    decaying = lambda value: request["decays"] == "all" or value.dim() > 1  # noqa: E731
    groups = {True: [], False: []}
    for value in net.parameters():
        groups[decaying(value)].append(value)
    optimizer = torch.optim.SGD(
        [{"params": groups[True], "weight_decay": request["decay"]}, {"params": groups[False], "weight_decay": 0}],
        lr=request["rates"][0], momentum=request["momentum"], nesterov=request["nesterov"],
    )
    net.train()
    losses, right = [], []
    for path, labels, rate in zip(request["images"], request["labels"], request["rates"]):
        images = torch.from_numpy(np.fromfile(path, dtype="<f4").reshape(-1, 3, 32, 32))
        labels = torch.tensor(labels)
        for group in optimizer.param_groups:
            group["lr"] = rate
        logits = net(images)
        loss = F.cross_entropy(logits, labels, label_smoothing=request["smoothing"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        right.append((logits.argmax(1) == labels).sum().item())
    momenta = {f"momentum.{name}": optimizer.state[value]["momentum_buffer"].contiguous() for name, value in net.named_parameters()}
    save_file({**stored(net), **momenta}, request["state"])
    return {"losses": losses, "right": right}


def operators(model):
    return dict(Counter(node.op_type for node in model.graph.node))


def inspect(request):
    import onnx
    import onnxslim

    path = request["model"]
    try:
        onnx.checker.check_model(path, full_check=True)
        model = onnx.load(path)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except Exception as error:
        return {"problem": str(error), "before": {}, "after": {}}
    before = operators(model)
    return {"problem": None, "before": before, "after": operators(onnxslim.slim(model))}


def main():
    torch.set_num_threads(2)
    answers = sys.stdout
    for line in sys.stdin:
        request = json.loads(line)
        with contextlib.redirect_stdout(sys.stderr):
            if request["do"] == "count":
                result = nets.count(request["spec"], request["shape"])
            else:
                result = {"answer": answer, "train": train, "inspect": inspect}[request["do"]](request)
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
