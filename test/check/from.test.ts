/** `from`, inputs, outputs and layers that lead nowhere (language reference, "From", "Input", "Output"); edges by hand. */
import { checkAll, flows, net, outputs } from "../support/language.ts";

const two = "network Net {\n  input a: float32[N, 3, 8, 8]\n  input b: float32[N, 3, 8, 8]\n  ";
const inner = "network Inner {\n  input image: float32[N, 3, H, W]\n  low: relu -> high: bn\n  output low\n  output top = high\n}\n";

checkAll("from", flows, {
  "a label": [net("a: relu -> bn\n  sum { identity | from a }"), ["a = relu(image)", "bn1 = bn(a)", "sum1 = sum(bn1, a)"]],
  "an input by its name": [net("relu -> sum { identity | from image }"), ["relu1 = relu(image)", "sum1 = sum(relu1, image)"]],
  "`from in`: the input of a block": [net("gelu -> b", undefined, "block b { relu -> bn -> sum { identity | from in } }\n"), ["gelu1 = gelu(image)", "relu1 = relu(gelu1)", "bn1 = bn(relu1)", "sum1 = sum(bn1, gelu1)"]],
  "`from in`: of the block, not of the join or group": [net("gelu -> b", undefined, "block b { relu -> sum { bn -> from in | identity } }\n"), ["1:25 «bn» RN0705 `bn1` reaches no output of the network"]],
  "`from in`: the input of a network": [net("relu -> sum { identity | from in }"), ["relu1 = relu(image)", "sum1 = sum(relu1, image)"]],
  "the part of a block": [
    net("layer1: row -> sum { identity | from layer1.0 | from layer1.1.act }", undefined, "block unit { relu -> act: gelu }\nblock row { 2 x unit -> bn }\n"),
    ["layer1.0.relu1 = relu(image)", "layer1.0.act = gelu(layer1.0.relu1)", "layer1.1.relu1 = relu(layer1.0.act)", "layer1.1.act = gelu(layer1.1.relu1)", "layer1.bn1 = bn(layer1.1.act)",
      "sum1 = sum(layer1.bn1, layer1.0.act, layer1.1.act)"],
  ],
  "the part of a labelled group": [net("features: { relu -> bn -> gelu } -> sum { identity | from features.1 }"), ["features.0 = relu(image)", "features.1 = bn(features.0)", "features.2 = gelu(features.1)", "sum1 = sum(features.2, features.1)"]],
  "a part by its ordinal": [net("b: c -> sum { identity | from b.relu1 }", undefined, "block c { relu -> bn }\n"), ["b.relu1 = relu(image)", "b.bn1 = bn(b.relu1)", "sum1 = sum(b.bn1, b.relu1)"]],
  "a part that is not there": [net("b: c -> sum { identity | from b.relu2 }", undefined, "block c { relu -> bn }\n"), ["4:33 «b.relu2» RN0204 `b` has no part `relu2`"]],
  "an output of an inner network": [net("b: Inner\n  from b.top -> sum { identity | from b.low }", undefined, inner), ["b.low = relu(image)", "b.high = bn(b.low)", "sum1 = sum(b.high, b.low)"]],
  "a part of an inner network": [net("b: Inner\n  from b.high", undefined, inner), ["b.low = relu(image)", "b.high = bn(b.low)"]],
  "no output of that name": [net("b: Inner\n  from b.hihg", undefined, inner), ["10:8 «b.hihg» RN0204 `b` has no part `hihg`"]],
  "after branches: a label in one is seen by the next and after the join": [net("sum { a: relu -> bn | from a -> gelu } -> sum { identity | from a }"), ["a = relu(image)", "bn1 = bn(a)", "gelu1 = gelu(a)", "sum1 = sum(bn1, gelu1)", "sum2 = sum(sum1, a)"]],
  "a join that starts `from`": [net("a: relu -> bn -> b: gelu\n  from a -> mul { sigmoid | from b }"), ["a = relu(image)", "bn1 = bn(a)", "b = gelu(bn1)", "sigmoid1 = sigmoid(a)", "mul1 = mul(sigmoid1, b)"]],
  "no label of that name": [net("relu -> from nothing"), ["3:16 «nothing» RN0204 no layer is called `nothing` before this line"]],
});

checkAll("inputs", flows, {
  "with several every chain says its start": [`${two}from a -> concat { identity | from b }\n}\n`, ["concat1 = concat(a, b)"]],
  "a join whose branches all do so": [`${two}sum { from a -> relu | from b }\n}\n`, ["relu1 = relu(a)", "sum1 = sum(relu1, b)"]],
  "a chain that does not": [`${two}relu\n}\n`, ["4:3 «relu» RN0701 this network has several inputs; say with `from` where this chain starts"]],
  "`in` would be all of them": [`${two}from in -> relu\n}\n`, ["4:3 «from in» RN0204 this network has several inputs; `in` would be all of them"]],
  "an input twice": ["network Net {\n  input a: float32[N, 3]\n  input a: float32[N, 3]\n  from a -> relu\n}\n", ["3:9 «a» RN0205 an input called `a` is already there"]],
  "no chain at all": [`${two}\n}\n`, ["1:9 «Net» RN0701 `Net` has several inputs and no chain from one of them to an output"]],
  "an input in a block": ["block b {\n  input a: float32[N, 3]\n  relu\n}\n", ["2:3 «input a: float32[N, 3]» RN0708 `input` belongs in a network, and `b` is a block"]],
  "no input": ["network Net { relu }\n", ["1:9 «Net» RN0708 `Net` has no input"]],
});

checkAll("outputs", outputs, {
  "none is stated: the end of the chain, called `output`": [net("relu -> bn"), ["output = bn1 [N, 3, 32, 32]"]],
  "a network that does nothing returns its input": [net("identity"), ["output = image [N, 3, 32, 32]"]],
  "stated: exactly those, by label": [net("a: relu -> bn -> b: conv(1, 4)\n  output b\n  output a"), ["b = b [N, 4, 32, 32]", "a = a [N, 3, 32, 32]"]],
  "stated under another name, also of a part": [net("b: c -> bn -> d: gelu\n  output mid = b.relu1\n  output d", undefined, "block c { relu -> bn }\n"), ["mid = b.relu1 [N, 3, 32, 32]", "d = d [N, 3, 32, 32]"]],
  "stated before the end of the text": [net("a: relu\n  output a\n  bn -> b: gelu\n  output b"), ["a = a [N, 3, 32, 32]", "b = b [N, 3, 32, 32]"]],
  "one value under two names": [net("a: relu\n  output a\n  output b = a"), ["a = a [N, 3, 32, 32]", "b = a [N, 3, 32, 32]"]],
  "an input may be one": [net("a: relu\n  output a\n  output image"), ["a = a [N, 3, 32, 32]", "image = image [N, 3, 32, 32]"]],
  "of an inner network": [net("b: Inner\n  output low = b.low\n  output top = b.top", undefined, inner), ["low = b.low [N, 3, 32, 32]", "top = b.high [N, 3, 32, 32]"]],
  "a name twice": [net("a: relu\n  output a\n  output a = image"), ["5:10 «a» RN0205 an output called `a` is already there"]],
  "no label of that name": [net("relu\n  output a"), ["4:10 «a» RN0204 no layer is called `a` before this line"]],
  "several outputs where one is needed": [net("b: Inner -> relu", undefined, inner), ["9:15 «relu» RN0703 `Inner` has 2 outputs (low, top); say with `from` which one goes on"]],
  "a network that ends in several": [net("b: Inner", undefined, inner), ["7:9 «Net» RN0703 `Inner` has several outputs, and this network ends in it"]],
  "all of several as one": [net("b: Inner\n  output b", undefined, inner), ["10:3 «output b» RN0703 `Inner` has 2 outputs; name one: `b.low`, `b.top`"]],
});

checkAll("layers that reach no output", flows, {
  "the end of the dead chain is named, once": [net("a: relu -> bn -> gelu\n  from a -> b: silu\n  output b"), ["3:20 «gelu» RN0705 `gelu1` reaches no output of the network"]],
  "every dead chain": [net("a: relu -> bn\n  from a -> gelu\n  from a -> silu"), ["3:14 «bn» RN0705 `bn1` reaches no output of the network", "4:13 «gelu» RN0705 `gelu1` reaches no output of the network"]],
  "after the outputs": [net("a: relu\n  output a\n  bn"), ["5:3 «bn» RN0705 `bn1` reaches no output of the network"]],
  "in a block, at its line": [net("b", undefined, "block b {\n  relu -> bn\n  from in -> gelu\n}\n"), ["2:11 «bn» RN0705 `bn1` reaches no output of the network"]],
  "layers without effect are none": [net("a: relu -> identity\n  from a -> bn"), ["a = relu(image)", "bn1 = bn(a)"]],
});
