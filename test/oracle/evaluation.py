"""PyTorch's and NumPy's side of tests of models: reads a JSON object from standard input, and writes one.

{"nets": [{"spec", "seed", "weights": PATH, "given": false}], "scales": [[{"path", "height", "width"}]], "mean", "std",
 "crop": SIDE | null, "flip", "labels"}
    -> {"probabilities": [net][image][class], "confusion", "wrong", "wrong5"}

Images are raw bytes [height, width, 3]. Weights are made and written, or read where they are given. Every net answers at every
position of its last map ("head": "map"); the scores of the map are averaged, then comes the softmax, then the mean over views
(ten windows, or the image and its mirror image) and scales, then the mean over nets.
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import nets  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402


def net_of(request):
    """The net in its fully convolutional form; the file has the classifier of the classifying one unless it is a map itself."""
    spec = {**request["spec"], "head": "map"}
    is_map = request["spec"].get("head") == "map"
    net = nets.build(spec)
    if request.get("given"):
        state = {name.removeprefix("module.").replace("linear.", "fc."): value for name, value in load_file(request["weights"]).items()}
        state["fc.weight"] = state["fc.weight"].reshape(net.fc.weight.shape)
        missing, unexpected = net.load_state_dict(state, strict=False)
        assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
    else:
        nets.calibrate(net, [8, 3, 32, 32], request["seed"])
        # Far from uniform, so that answers differ from image to image.
        net.fc.weight.data *= 4
        state = {name: value.contiguous() for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
        if not is_map:
            state["fc.weight"] = state["fc.weight"][:, :, 0, 0].contiguous()
        save_file(state, request["weights"])
    return net.eval()


def views_of(image, crop, flip):
    """[views, height, width, 3] of [height, width, 3]."""
    if crop is None:
        return [image, image[:, ::-1]] if flip else [image]
    height, width = image.shape[:2]
    down, right = height - crop, width - crop
    corners = [(0, 0), (0, right), (down, 0), (down, right), (round(down / 2), round(right / 2))]
    return [one[top:top + crop, left:left + crop] for one in (image, image[:, ::-1]) for top, left in corners]


def main():
    # One thread: these nets are small, and threads that wait for one another are slow on a busy machine.
    torch.set_num_threads(1)
    request = json.load(sys.stdin)
    mean, std = np.array(request["mean"], np.float32), np.array(request["std"], np.float32)
    built = [net_of(net) for net in request["nets"]]
    results = np.zeros((len(built), len(request["labels"]), request["nets"][0]["spec"]["classes"]))
    for scale in request["scales"]:
        for place, image in enumerate(scale):
            pixels = np.fromfile(image["path"], np.uint8).reshape(image["height"], image["width"], 3)
            views = np.stack([view.astype(np.float32) / 255 for view in views_of(pixels, request["crop"], request["flip"])])
            batch = torch.from_numpy(np.ascontiguousarray(((views - mean) / std).transpose(0, 3, 1, 2)))
            with torch.no_grad():
                for number, net in enumerate(built):
                    probabilities = torch.softmax(net(batch).mean((2, 3)), 1).numpy().astype(np.float64)
                    results[number, place] += probabilities.mean(0) / len(request["scales"])
    together = results.mean(0)
    labels = np.array(request["labels"])
    ranked = np.argsort(-together, axis=1, kind="stable")
    confusion = np.zeros((together.shape[1],) * 2, int)
    np.add.at(confusion, (labels, ranked[:, 0]), 1)
    json.dump({
        "probabilities": results.tolist(),
        "confusion": confusion.tolist(),
        "wrong": int((ranked[:, 0] != labels).sum()),
        "wrong5": int((ranked[:, :5] != labels[:, None]).all(1).sum()),
    }, sys.stdout)


if __name__ == "__main__":
    main()
