"""Reads a model with the reference implementation of ONNX: full check, strict shape inference, and what is in it as JSON.

    read_onnx.py MODEL
"""
import hashlib
import json
import sys

import onnx
from onnx.external_data_helper import uses_external_data


def shape_of(info):
    return [dim.dim_param if dim.HasField("dim_param") else dim.dim_value for dim in info.type.tensor_type.shape.dim]


def main():
    path = sys.argv[1]
    onnx.checker.check_model(path, full_check=True)
    bare = onnx.load(path, load_external_data=False)
    model = onnx.load(path)
    declared = {info.name: shape_of(info) for info in [*model.graph.value_info, *model.graph.output]}

    stripped = onnx.ModelProto()
    stripped.CopyFrom(model)
    del stripped.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(stripped, check_type=True, strict_mode=True, data_prop=True)
    differences = []
    for info in [*inferred.graph.value_info, *inferred.graph.output]:
        found = shape_of(info)
        expected = declared.get(info.name)
        if expected is None or len(found) != len(expected):
            differences.append([info.name, expected, found])
        # Only known sizes say something: inference makes symbols of its own for the rest.
        elif any(isinstance(a, int) and isinstance(b, int) and b and a != b for a, b in zip(expected, found)):
            differences.append([info.name, expected, found])

    print(json.dumps({
        "irVersion": model.ir_version,
        "opsets": {entry.domain: entry.version for entry in model.opset_import},
        "producer": [model.producer_name, model.producer_version],
        "metadata": {entry.key: entry.value for entry in model.metadata_props},
        "inputs": {info.name: shape_of(info) for info in model.graph.input},
        "declared": declared,
        "differences": differences,
        "nodes": [{
            "name": node.name,
            "op": node.op_type,
            "input": list(node.input),
            "output": list(node.output),
            "metadata": {entry.key: entry.value for entry in node.metadata_props},
        } for node in model.graph.node],
        "initializers": {tensor.name: {
            "shape": list(tensor.dims),
            "sha256": hashlib.sha256(tensor.raw_data).hexdigest(),
        } for tensor in model.graph.initializer},
        "external": {tensor.name: {entry.key: entry.value for entry in tensor.external_data}
                     for tensor in bare.graph.initializer if uses_external_data(tensor)},
    }))


main()
