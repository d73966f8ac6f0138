"""Two ONNX files in one process, run by turns: latency.py OURS THEIRS ROUNDS; prints medians and the paired ratio as JSON."""
import json
import random
import statistics
import sys
import time

import numpy
import onnxruntime

ours_path, theirs_path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
sessions = [onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]) for path in (ours_path, theirs_path)]
image = numpy.random.default_rng(1).standard_normal((1, 3, 224, 224)).astype("float32")
feeds = [{session.get_inputs()[0].name: image} for session in sessions]
results = [session.run(None, feed)[0] for session, feed in zip(sessions, feeds)]
times = ([], [])
for number in range(rounds + 10):
    for index in ((0, 1) if number % 2 == 0 else (1, 0)):
        start = time.perf_counter()
        sessions[index].run(None, feeds[index])
        if number >= 10:
            times[index].append(time.perf_counter() - start)
ratios = [a / b for a, b in zip(*times)]
generator = random.Random(1)
medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(1000))
print(json.dumps({
    "oursMs": 1e3 * statistics.median(times[0]),
    "theirsMs": 1e3 * statistics.median(times[1]),
    "ratio": statistics.median(ratios),
    "low": medians[25],
    "high": medians[975],
    "difference": float(numpy.abs(results[0] - results[1]).max() / numpy.abs(results[1]).max()),
}))
