"""Prints what the reference implementation reads from a safetensors file: read_safetensors.py FILE"""

import json
import sys

import numpy
from safetensors import safe_open

with safe_open(sys.argv[1], framework="numpy") as file:
    tensors = {}
    for name in file.keys():
        value = file.get_tensor(name)
        tensors[name] = {"dtype": str(value.dtype), "shape": list(value.shape), "sum": float(numpy.sum(value, dtype=numpy.float64))}
    print(json.dumps({"metadata": file.metadata(), "tensors": tensors}))
