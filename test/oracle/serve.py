"""Answers requests, one JSON object a line, with one JSON object a line; PyTorch is imported once for all of them.

{"do": "count", "spec": …, "shape": […]}                          -> {"params", "buffers", "macs"}
{"do": "answer", "spec": …, "shape": […], "seed", "weights", "io"} writes calibrated weights, and an input with its answer
{"do": "inspect", "model": PATH}                                  -> {"problem", "before", "after"}: the checker's verdict, operators
                                                                      before and after onnxslim
"""
import contextlib
import json
import sys
from collections import Counter
from pathlib import Path

import nets
import torch
from safetensors.torch import save_file


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
            elif request["do"] == "answer":
                result = answer(request)
            else:
                result = inspect(request)
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
