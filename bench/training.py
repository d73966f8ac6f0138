"""The part `train` of run.py: a step of training by turns, each peer a process of its own."""
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PYTHON = os.environ.get("RNC_PYTHON") or os.path.join(ROOT, ".venv", "bin", "python")
TSX = ["node", "--import", "tsx"]
THREADS = 2
BATCHES = 4


class Peer:
    """A process that makes as many steps as it is told, and says how long each took."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.seconds, self.peak, self.said = [], 0, ""
        while not self.said.startswith("ready"):
            self.said = self.process.stdout.readline()
            if self.said == "":
                sys.exit(f"{' '.join(command)} failed:\n{self.process.stderr.read()[-2000:]}")

    def turn(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.seconds.append(statistics.median(answer["seconds"]))
        self.peak = answer["peakKB"] / 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def batches(folder, side, batch, classes):
    """Raw files of images and labels: CIFAR-10 in its binary form where RNC_CIFAR10_BINARY names its folder, else noise."""
    images, labels = os.path.join(folder, f"images{side}.f32"), os.path.join(folder, f"labels{side}.i32")
    code = (
        "import sys, numpy\n"
        "images, labels, side, count, classes, source = sys.argv[1:]\n"
        "side, count, classes = int(side), int(count), int(classes)\n"
        "noise = numpy.random.default_rng(1)\n"
        "x, y = noise.standard_normal((count, 3, side, side)), noise.integers(0, classes, count)\n"
        "if source and side == 32:\n"
        "    rows = numpy.fromfile(source + '/data_batch_1.bin', dtype='u1').reshape(-1, 3073)\n"
        "    x = rows[:count, 1:].reshape(-1, 3, 32, 32) / 255. - rows[:, 1:].reshape(-1, 3, 32, 32).mean(0) / 255.\n"
        "    y = rows[:count, 0]\n"
        "x.astype('<f4').tofile(images), y.astype('<i4').tofile(labels)\n"
    )
    subprocess.run([PYTHON, "-c", code, images, labels, str(side), str(BATCHES * batch), str(classes), os.environ.get("RNC_CIFAR10_BINARY", "")], check=True)
    return images, labels


def by_turns(what, base, commands, batch, steps, rounds, interval, rows):
    """`rounds` turns of so many steps of every peer, forwards and backwards; ratios are other / base of the same round."""
    peers = {who: Peer(command) for who, command in commands.items()}
    for number in range(rounds):
        for who in list(peers) if number % 2 == 0 else list(peers)[::-1]:
            peers[who].turn(steps)
    for who, peer in peers.items():
        peer.end()
        seconds = statistics.median(peer.seconds)
        row = {"what": what, "who": who, "seconds": round(seconds, 4), "imagesPerSecond": round(batch / seconds, 1), "peakMB": round(peer.peak)}
        shown = peer.said.strip().removeprefix("ready").strip()
        if who != base:
            row["over"] = base
            row["ratio"], row["low"], row["high"] = (round(value, 2) for value in interval([other / own for other, own in zip(peer.seconds, peers[base].seconds)]))
            shown = f"takes {row['ratio']:.2f}x as long as {base} [{row['low']:.2f}, {row['high']:.2f}]  {shown}"
        rows.append(row)
        print(f"{what:30} {who:36} {row['imagesPerSecond']:7.1f} images/s  {row['peakMB']:5} MB  {shown}", flush=True)


def train(rounds, interval, rows):
    """Steps of `rnc train`'s default engine against PyTorch's and TensorFlow.js's; then images alone, and how long a training takes to begin."""
    with tempfile.TemporaryDirectory() as folder:
        for net, side, batch, classes in (("ResNet20", 32, 128, 10), ("ResNet18", 64, 32, 1000), ("ResNet50", 64, 32, 1000)):
            images, labels = batches(folder, side, batch, classes)
            sizes = [net, str(side), str(batch), str(THREADS)]
            command = lambda program, form: [*program, *sizes, form, images, labels]
            rnc, torch = [*TSX, os.path.join(HERE, "train", "rnc.ts")], [PYTHON, os.path.join(HERE, "train", "pytorch.py")]
            commands = {"rnc": command(rnc, "chosen"), "rnc, portable step": command(rnc, "portable"), "PyTorch eager": command(torch, "eager"), "PyTorch eager, channels_last": command(torch, "eager, channels_last")}
            if net == "ResNet20":
                commands["PyTorch compiled"] = command(torch, "compiled")
                commands["PyTorch compiled, channels_last"] = command(torch, "compiled, channels_last")
                commands["TensorFlow.js for Node, model.fit"] = command(["node", os.path.join(HERE, "train", "tfjs.mjs")], "fit")
            # Eight steps of the wide nets are one go of `rnc train`.
            steps, turns = (2, 3) if net == "ResNet20" else (8, 2)
            by_turns(f"training {net}, batch {batch}", "rnc", commands, batch, steps, rounds * turns, interval, rows)
    folder = os.environ.get("RNC_CIFAR10_BINARY")
    if folder:
        result = subprocess.run([*TSX, os.path.join(HERE, "train", "images.ts"), folder, "Cifar10", "128", "40"], cwd=ROOT, check=True, capture_output=True, text=True)
        row = json.loads(result.stdout)
        engine = next(each["imagesPerSecond"] for each in rows if each["who"] == "rnc" and "ResNet20" in each["what"])
        rows.append({"what": "preparing CIFAR-10", "who": "rnc", **row, "overEngine": round(row["imagesPerSecond"] / engine)})
        print(f"{'preparing CIFAR-10':30} {'rnc, one thread':36} {row['imagesPerSecond']:7} images/s, {row['imagesPerSecond'] / engine:.0f}x what training ResNet-20 takes", flush=True)
    else:
        print("preparing CIFAR-10: left out, RNC_CIFAR10_BINARY names no folder", flush=True)
    result = subprocess.run([*TSX, os.path.join(HERE, "train", "starting.ts"), "ResNet110", "128"], cwd=ROOT, check=True, capture_output=True, text=True)
    for form, row in json.loads(result.stdout).items():
        rows.append({"what": "beginning to train ResNet110", "who": form, **row})
        print(f"beginning to train ResNet110   {form:36} {row['nodes']} nodes: written in {row['writing']:.3f} s, session in {row['session']:.3f} s", flush=True)
