"""Benchmarks: rnc and the named peer in turn, in one run; ratios are what counts.

    python3 bench/run.py compile|summary|check|lint|emit-tfjs|scaling|latency|tfjs|train|all [--rounds N] [--json FILE]

Needs `npm ci` (which builds dist/) and, for the peers, `.venv/bin/pip install -r bench/requirements.txt`; `tfjs` and
`train` need TensorFlow.js for Node (`npm run engines`), and `train` takes real images where RNC_CIFAR10_BINARY names a folder with
CIFAR-10's data_batch_1.bin.
Peak memory is the kernel's ru_maxrss of the process. Nothing else should run meanwhile.
"""
import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import lint_files
import training

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RNC = ["node", os.path.join(ROOT, "dist", "bin", "rnc.cjs")]
PYTHON = os.environ.get("RNC_PYTHON") or os.path.join(ROOT, ".venv", "bin", "python")
PEERS = os.path.join(ROOT, "bench", "peers")


def once(command, cwd):
    """Wall seconds and peak MB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed ({process.returncode}):\n{error.decode(errors='replace')[-2000:]}")
    return seconds, usage.ru_maxrss / 1024


def interval(values, rounds=2000):
    """Median and its 95 % bootstrap interval."""
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(values, k=len(values))) for _ in range(rounds))
    return statistics.median(values), medians[int(0.025 * rounds)], medians[int(0.975 * rounds)]


def paired(title, base, others, rounds, rows):
    """Runs `base` (name and command) and the others in turn, `rounds` times after one warm-up round; ratios are other / base."""
    base_name, base_command = base
    commands = {base_name: base_command, **others}
    samples = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            order = list(commands) if number % 2 == 0 else list(commands)[::-1]
            for name in order:
                result = once(commands[name], folder)
                if number > 0:
                    samples[name].append(result)
    for name in commands:
        seconds, low, high = interval([sample[0] for sample in samples[name]])
        peak = max(sample[1] for sample in samples[name])
        row = {"what": title, "who": name, "seconds": round(seconds, 4), "low": round(low, 4), "high": round(high, 4), "peakMB": round(peak)}
        shown = ""
        if name != base_name:
            ratios = [other[0] / own[0] for other, own in zip(samples[name], samples[base_name])]
            row["over"] = base_name
            row["ratio"], row["ratioLow"], row["ratioHigh"] = (round(value, 2) for value in interval(ratios))
            shown = f"{row['ratio']:.2f}x {base_name} [{row['ratioLow']:.2f}, {row['ratioHigh']:.2f}]"
        rows.append(row)
        print(f"{title:34} {name:44} {seconds:8.3f} s [{low:.3f}, {high:.3f}]  {peak:6.0f} MB  {shown}", flush=True)


def export(net, *more):
    return [PYTHON, os.path.join(PEERS, "export.py"), net, f"{net}.onnx", *more]


def compile_nets(rounds, rows):
    for net in ("ResNet50", "ResNet152"):
        # As most users have them: a small net written by hand, a large one taken from torchvision.
        more = [] if net == "ResNet50" else ["--torchvision"]
        source = "torchvision, " if more else ""
        peers = {f"torch.onnx.export ({source}default)": export(net, *more), f"torch.onnx.export ({source}TorchScript)": export(net, "--torchscript", *more)}
        paired(f"compile {net}", ("rnc", [*RNC, "compile", net, "-o", "r.onnx"]), peers, rounds, rows)


def summary(rounds, rows):
    peers = {"torchvision, meta device": [PYTHON, os.path.join(PEERS, "summary.py")]}
    paired("summary ResNet50", ("rnc", [*RNC, "summary", "ResNet50"]), peers, rounds, rows)


def check(rounds, rows):
    files = {"7 networks": "sixty-lines.resnet", "one network": "one-network.resnet"}
    ours = {f"rnc check ({what})": [*RNC, "check", os.path.join(ROOT, "bench", name)] for what, name in files.items()}
    paired("check of a 60-line file", ("node -e 0", ["node", "-e", "0"]), ours, rounds * 4, rows)
    warm("check", "ResNet152", rounds, rows)


def lint(rounds, rows):
    """One file against Node alone; a thousand files, and Ruff on as many of Python; a network of the library, and torchinfo; a warm process."""
    one = os.path.join(ROOT, "bench", "one-network.resnet")
    paired("lint of a 60-line file", ("node -e 0", ["node", "-e", "0"]), {"rnc lint": [*RNC, "lint", one]}, rounds * 4, rows)
    with tempfile.TemporaryDirectory() as folder:
        lint_files.make(folder, 1000)
        lint_files.make(os.path.join(folder, "more"), 3000)
        ruff = os.path.join(os.path.dirname(PYTHON), "ruff")
        others = {"ruff check, 1,000 files": [ruff, "check", "--no-cache", "--exit-zero", os.path.join(folder, "python")], "rnc lint, 3,000 files": [*RNC, "lint", os.path.join(folder, "more", "resnet")]}
        paired("lint of files of 60 lines", ("rnc lint, 1,000 files", [*RNC, "lint", os.path.join(folder, "resnet")]), others, rounds, rows)
    peers = {"torchvision and torchinfo": [PYTHON, os.path.join(PEERS, "torchinfo_resnet50.py")]}
    paired("lint of ResNet-50", ("rnc lint ResNet50", [*RNC, "lint", "ResNet50"]), peers, rounds, rows)
    for net in ("ResNet50", "ResNet152"):
        warm("lint", net, rounds, rows)


def warm(command, net, rounds, rows):
    """In a process that has done the same before, as an editor's has."""
    result = subprocess.run(["node", os.path.join(ROOT, "bench", "in-process.mjs"), command, net, "resnet", str(rounds * 10)], check=True, capture_output=True, text=True)
    median, low, high = interval(json.loads(result.stdout))
    rows.append({"what": f"{command} {net} in a warm process", "ms": round(median, 2), "low": round(low, 2), "high": round(high, 2)})
    print(f"{command + ' in a warm process':34} {net:44} {median:8.2f} ms [{low:.2f}, {high:.2f}]", flush=True)


def emit_tfjs(rounds, rows):
    """The same weights in two formats, so that the other file of ours is the peer."""
    emit = {"rnc --target tfjs": [*RNC, "compile", "ResNet50", "--target", "tfjs", "-o", "layers"]}
    paired("compile ResNet50", ("rnc, ONNX", [*RNC, "compile", "ResNet50", "-o", "r.onnx"]), emit, rounds * 2, rows)


def scaling(rounds, rows):
    """Nets of 100, 1,000 and 10,000 layers: per-layer cost of check and compile."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("Plain", "Residual"):
            for command in ("check", "compile"):
                costs = []
                for layers in (0, 100, 1000, 10000):
                    body = f"{layers} x {{ conv(3x3, 16) -> bn -> relu }}" if kind == "Plain" else f"stage({layers // 2}, basic(16))"
                    spec = os.path.join(folder, f"{kind}{layers}.resnet")
                    with open(spec, "w", encoding="utf-8") as file:
                        file.write(f"use std.blocks {{ basic, stage }}\nnetwork {kind} {{\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16)\n  body: {body}\n}}\n")
                    more = ["-o", os.path.join(folder, "n.onnx")] if command == "compile" else []
                    samples = [once([*RNC, command, spec, *more], folder) for _ in range(max(3, rounds))]
                    costs.append((layers, statistics.median(sample[0] for sample in samples), max(sample[1] for sample in samples)))
                base, base_memory = costs[0][1], costs[0][2]
                for layers, seconds, peak in costs[1:]:
                    row = {"what": f"{command} {kind}", "layers": layers, "seconds": round(seconds, 3), "microsecondsPerLayer": round(1e6 * (seconds - base) / layers, 1), "peakMB": round(peak), "kBPerLayer": round(1024 * (peak - base_memory) / layers, 1)}
                    rows.append(row)
                    print(f"{row['what']:20} {layers:6} layers {seconds:7.3f} s  {row['microsecondsPerLayer']:7.1f} us/layer  {peak:5.0f} MB  {row['kBPerLayer']:6.1f} kB/layer", flush=True)


def latency(rounds, rows):
    """Our file against torch.onnx.export's in ONNX Runtime, same weights and options, interleaved run by run."""
    with tempfile.TemporaryDirectory() as folder:
        for net in ("ResNet18", "ResNet50"):
            weights = os.path.join(folder, f"{net}.safetensors")
            subprocess.run([*RNC, "weights", "calibrate", net, "-o", weights], check=True, cwd=folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            ours, theirs = os.path.join(folder, "ours.onnx"), os.path.join(folder, "theirs.onnx")
            subprocess.run([*RNC, "compile", net, "-o", ours, "--weights", weights], check=True, cwd=folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for name, flags in (("default", []), ("TorchScript", ["--torchscript"])):
                subprocess.run([PYTHON, os.path.join(PEERS, "export.py"), net, theirs, "--weights", weights, *flags], check=True, cwd=folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                result = subprocess.run([PYTHON, os.path.join(PEERS, "latency.py"), ours, theirs, str(max(200, rounds * 40))], check=True, capture_output=True, text=True)
                row = {"what": f"latency {net} batch 1", "who": f"torch.onnx.export ({name})", **json.loads(result.stdout)}
                rows.append(row)
                print(f"{row['what']:26} against {row['who']:32} ours {row['oursMs']:.2f} ms, theirs {row['theirsMs']:.2f} ms, ours/theirs {row['ratio']:.3f} [{row['low']:.3f}, {row['high']:.3f}], max difference {row['difference']:.1e}", flush=True)


def tfjs(rounds, rows):
    """Our LayersModel in TensorFlow.js for Node, against models written by hand and, for option A, against option B."""
    by_hand = {"exact": "written by hand", "same": "by hand, \"same\" at stride 2 too (another function)"}
    plan = [(net, work, batch, against) for net, work, batch in (("ResNet20", "forward", 128), ("ResNet20", "train", 128), ("ResNet50", "forward", 1)) for against in by_hand]
    plan += [("ResNet20", work, 128, "ResNet20B") for work in ("forward", "train")]
    for net, work, batch, against in plan:
        count = rounds * (4 if work == "train" else 10)
        command = ["node", os.path.join(PEERS, "tfjs", "by-turns.mjs"), net, work, against, str(batch), str(count)]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{' '.join(command)} failed ({result.returncode}):\n{result.stderr[-2000:]}")
        row = {"what": f"{work} {net} batch {batch}", "who": by_hand.get(against, f"rnc, {against}"), **json.loads(result.stdout)}
        rows.append(row)
        kernels = " against ".join(str(number) for number in row["kernels"])
        print(f"{row['what']:26} against {row['who']:52} ours {row['oursMs']:.1f} ms, theirs {row['theirsMs']:.1f} ms, ours/theirs {row['ratio']:.3f} [{row['low']:.3f}, {row['high']:.3f}], {kernels} kernels", flush=True)


def train(rounds, rows):
    """A step of training, by turns with PyTorch's and TensorFlow.js's."""
    training.train(rounds, interval, rows)


PARTS = {"compile": compile_nets, "summary": summary, "check": check, "lint": lint, "emit-tfjs": emit_tfjs, "scaling": scaling, "latency": latency, "tfjs": tfjs, "train": train}
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("part", choices=[*PARTS, "all"])
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--json")
arguments = parser.parse_args()
if shutil.which("node") is None:
    sys.exit("node is not on the path")
print(f"{platform.platform()}, {os.cpu_count()} cores, node {subprocess.run(['node', '-v'], capture_output=True, text=True).stdout.strip()}")
collected = []
for key in PARTS if arguments.part == "all" else [arguments.part]:
    PARTS[key](arguments.rounds, collected)
if arguments.json:
    with open(arguments.json, "w", encoding="utf-8") as out:
        json.dump(collected, out, indent=1)
