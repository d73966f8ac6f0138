/** The three rules of names (language reference, "Names of parameters"), clause by clause; expected names are written by hand from them. */
import { expect } from "chai";
import { checkAll, layers, net, parameters } from "../support/language.ts";
import { placeOf, problemsOf } from "../support/problems.ts";

const cbr = "block cbr(width: int) { conv(3x3, width) -> bn -> relu }\n";

checkAll("names: (a) a label is the name", parameters, {
  "of an operator": [net("stem: conv(7x7, 8, bias=true)"), ["stem.weight", "stem.bias"]],
  "of a block, before everything in it": [net("a: cbr(8)", undefined, cbr), ["a.conv1.weight", "a.bn1.weight", "a.bn1.bias", "a.bn1.running_mean", "a.bn1.running_var"]],
  "of a join": [net("s: sum { conv(3x3, 8) | conv(1x1, 8) }"), ["s.conv1.weight", "s.conv2.weight"]],
  "of labels in labelled blocks": [net("a: b", undefined, "block b { c: conv(3x3, 8) -> d: inner }\nblock inner { e: conv(3x3, 8) }\n"), ["a.c.weight", "a.d.e.weight"]],
  "of an operator of the same name": [net("conv: conv(3x3, 8) -> conv(3x3, 8)"), ["conv.weight", "conv2.weight"]],
});

checkAll("names: (b) a label on a group, `if`, `x` or `for` opens a numbered scope", layers, {
  "a group: everything unlabelled takes the next number, relu and pool included": [
    net("features: { conv(3x3, 8) -> relu -> maxpool(2x2) -> conv(3x3, 8) }"),
    ["features.0", "features.1", "features.2", "features.3"],
  ],
  "a labelled operator in it takes no number": [net("f: { conv(3x3, 8) -> a: relu -> conv(3x3, 8) }"), ["f.0", "f.a", "f.1"]],
  "`x`": [net("f: 2 x conv(3x3, 8)"), ["f.0", "f.1"]],
  "`x` of a group counts on through its passes": [net("f: 2 x { conv(3x3, 8) -> relu }"), ["f.0", "f.1", "f.2", "f.3"]],
  "`for`": [net("f: for w in [8, 16] { conv(3x3, w) -> relu }"), ["f.0", "f.1", "f.2", "f.3"]],
  "`if`": [net("f: if 1 < 2 { conv(3x3, 8) -> relu }"), ["f.0", "f.1"]],
  "`else` too": [net("f: if 1 > 2 { relu } else { conv(3x3, 8) -> relu -> bn }"), ["f.0", "f.1", "f.2"]],
  "inner groups, `if`, `x` and `for` without a label add nothing": [
    net("f: { relu -> { relu -> if true { relu } } -> 2 x relu -> for i in range(2) { relu } -> relu }"),
    ["f.0", "f.1", "f.2", "f.3", "f.4", "f.5", "f.6", "f.7"],
  ],
  "a labelled group in it is a numbered scope of its own": [net("f: { relu -> g: { relu -> relu } -> relu }"), ["f.0", "f.g.0", "f.g.1", "f.1"]],
  "a block in it takes a number and is a named scope": [
    net("f: { conv(3x3, 8) -> cbr(8) -> relu }", undefined, cbr),
    ["f.0", "f.1.conv1", "f.1.bn1", "f.1.relu1", "f.2"],
  ],
  "a join in it takes a number, is a named scope, and its addition has that name": [
    net("f: { relu -> sum { conv(3x3, 3) | identity } -> relu }"),
    ["f.0", "f.1.conv1", "f.1", "f.2"],
  ],
  "a residual in it does too": [net("f: { residual { conv(3x3, 3) } -> relu }"), ["f.0.conv1", "f.0", "f.1"]],
  "`identity` leaves its number free": [net("f: { identity -> conv(3x3, 8) -> identity -> relu }"), ["f.0", "f.1"]],
  "any other operator without effect keeps its number": [net("f: { relu -> subsample(1) -> dropout(0) -> relu }"), ["f.0", "f.3"]],
});

checkAll("names: (c) elsewhere kinds and ordinals", layers, {
  "each kind is counted from 1": [net("conv(3x3, 8) -> bn -> relu -> conv(3x3, 8) -> bn -> relu"), ["conv1", "bn1", "relu1", "conv2", "bn2", "relu2"]],
  "a labelled operator uses up its ordinal": [net("conv(3x3, 8) -> a: conv(3x3, 8) -> conv(3x3, 8)"), ["conv1", "a", "conv3"]],
  "`identity` leaves no trace": [net("identity -> conv(3x3, 8) -> identity -> conv(3x3, 8)"), ["conv1", "conv2"]],
  "a group and an `if` without a label add nothing": [net("{ conv(3x3, 8) -> relu } -> if true { conv(3x3, 8) -> relu }"), ["conv1", "relu1", "conv2", "relu2"]],
  "`x` and `for` without a label go on counting operators": [
    net("conv(3x3, 8) -> 2 x conv(3x3, 8) -> for i in range(2) { conv(3x3, 8) } -> conv(3x3, 8)"),
    ["conv1", "conv2", "conv3", "conv4", "conv5", "conv6"],
  ],
  "a block without a label dissolves: its operators count on in the holder": [
    net("conv(3x3, 8) -> cbr(8) -> cbr(8)", undefined, cbr),
    ["conv1", "conv2", "bn1", "relu1", "conv3", "bn2", "relu2"],
  ],
  "a block in a dissolved block dissolves as well": [net("b -> conv(3x3, 8)", undefined, `${cbr}block b { cbr(8) -> cbr(8) }\n`), ["conv1", "bn1", "relu1", "conv2", "bn2", "relu2", "conv3"]],
  "a join without a label dissolves; its own name is its kind": [net("sum { conv(3x3, 8) | conv(1x1, 8) } -> mul { relu | sigmoid }"), ["conv1", "conv2", "sum1", "relu1", "sigmoid1", "mul1"]],
  "a labelled join is a named scope": [net("conv(3x3, 8) -> s: sum { conv(3x3, 8) | conv(1x1, 8) }"), ["conv1", "s.conv1", "s.conv2", "s"]],
  "blocks repeated by `x` take the next number": [net("2 x cbr(8)", undefined, cbr), ["0.conv1", "0.bn1", "0.relu1", "1.conv1", "1.bn1", "1.relu1"]],
  "blocks and joins repeated by `for` too": [net("for i in range(2) { one -> sum { conv(1x1, 8) | conv(3x3, 8) } }", undefined, "block one { conv(3x3, 8) }\n"),
    ["0.conv1", "1.conv1", "1.conv2", "1", "2.conv1", "3.conv1", "3.conv2", "3"]],
  "in braces of a repetition as well": [net("2 x { { one } }", undefined, "block one { conv(3x3, 8) }\n"), ["0.conv1", "1.conv1"]],
  "what a repeated block holds dissolves in it": [net("2 x two", undefined, "block one { conv(3x3, 8) }\nblock two { one -> one }\n"), ["0.conv1", "0.conv2", "1.conv1", "1.conv2"]],
  "numbers go on where two blocks with a repetition dissolve": [net("row(2) -> row(1)", undefined, "block one { conv(3x3, 8) }\nblock row(n: int) { n x one }\n"), ["0.conv1", "1.conv1", "2.conv1"]],
  "a label in a dissolved block stands in the holder": [net("b -> conv(3x3, 8)", undefined, "block b { head: conv(3x3, 8) -> conv(3x3, 8) }\n"), ["head", "conv2", "conv3"]],
  "names follow the operator, not the parameter that carried it": [net("b(layernorm) -> b(bn)", "3", "block b(norm: block) { linear(8) -> norm }\n"), ["linear1", "layernorm1", "linear2", "bn1"]],
  "a labelled element with such a parameter has the label": [net("b(bn)", undefined, "block b(f: block) { se: f -> conv(3x3, 8) }\n"), ["se", "conv1"]],
  "a label on an `identity` given as a parameter makes nothing": [net("b(identity)", undefined, "block b(f: block) { se: f -> conv(3x3, 8) }\n"), ["conv1"]],
});

checkAll("names: those of the libraries of Python fall out", parameters, {
  "`layer1.0.conv1` and `downsample.0`, as torchvision's ResNet": [
    `use std.blocks { basic, stage }\nuse std.shortcuts { B }\n${net("shortcuts B\n  layer1: stage(2, basic(8))")}`,
    ["layer1.0.conv1.weight", ...bn("layer1.0.bn1"), "layer1.0.conv2.weight", ...bn("layer1.0.bn2"), "layer1.0.downsample.0.weight", ...bn("layer1.0.downsample.1"),
      "layer1.1.conv1.weight", ...bn("layer1.1.bn1"), "layer1.1.conv2.weight", ...bn("layer1.1.bn2")],
  ],
  "`features.3` and `classifier.2`, as torchvision's VGG": [
    net("features: { 2 x { conv(3x3, 4, bias=true) -> relu -> maxpool(2x2) } }\n  flatten\n  classifier: { linear(8) -> relu -> linear(2) }"),
    ["features.0.weight", "features.0.bias", "features.3.weight", "features.3.bias", "classifier.0.weight", "classifier.0.bias", "classifier.2.weight", "classifier.2.bias"],
  ],
});

function bn(name: string): string[] {
  return ["weight", "bias", "running_mean", "running_var"].map((parameter) => `${name}.${parameter}`);
}

checkAll("names: two equal names are one mistake", parameters, {
  "two labels": [net("c: conv(3x3, 8)\n  c: conv(3x3, 8)"), ["4:3 «c» RN0601 two layers are called `c`"]],
  "a label and an ordinal": [net("conv(3x3, 8)\n  conv1: conv(3x3, 8)"), ["4:3 «conv1» RN0601 two layers are called `conv1`"]],
  "labels in two uses of a dissolved block: one message, at the second use": [
    net("b\n  b", undefined, "block b { c: conv(3x3, 8) -> d: conv(3x3, 8) }\n"),
    ["5:3 «b» RN0601 two layers are called `c`"],
  ],
  "a label in the body of a repetition": [net("3 x { c: conv(3x3, 8) }"), ["3:9 «c» RN0601 two layers are called `c`"]],
  "a labelled group in the body of a repetition": [net("for i in range(3) { c: { conv(3x3, 8) } }"), ["3:23 «c» RN0601 two layers are called `c`"]],
  "two shortcuts in one body": [
    `use std.shortcuts { C }\n${net("residual(C) { conv(3x3, 3) }\n  residual(C) { conv(3x3, 3) }")}`,
    ["5:3 «residual(C) { conv(3x3, 3) }» RN0601 two layers are called `downsample`"],
  ],
  "a layer and an input": [net("image: conv(3x3, 8)"), ["3:3 «image» RN0601 a layer is called `image`, and so is an input"]],
  "a layer that is counted and an input": ["network Net {\n  input conv1: float32[N, 3, 8, 8]\n  conv(3x3, 8)\n}\n", ["3:3 «conv(3x3, 8)» RN0601 a layer is called `conv1`, and so is an input"]],
  "an input of an inner network is none: the value that flows in keeps its own": [
    net("data: conv(1, 3) -> i: Inner", "3, 8, 8", "network Inner {\n  input data: float32[N, 3, 8, 8]\n  conv(3x3, 8)\n}\n"),
    ["data.weight", "i.conv1.weight"],
  ],
  "the same label in two scopes is none": [net("a: b\n  d: b", undefined, "block b { c: conv(3x3, 8) }\n"), ["a.c.weight", "d.c.weight"]],
});

describe("names: a clash says what to do", () => {
  it("two uses: both places, and that one of them wants a label", async () => {
    const problems = await problemsOf(net("b\n  b", undefined, "block b { c: conv(3x3, 8) }\n"));
    expect(problems.map(({ secondary }) => secondary.map(({ span }) => placeOf(span)))).to.deep.equal([["4:3 «b»"]]);
    expect(problems[0]?.help).to.deep.equal(["Label one of the blocks that hold them, or one of the layers."]);
  });

  it("a repetition: make the body a block", async () => {
    const [problem, ...more] = await problemsOf(net("3 x { c: conv(3x3, 8) }"));
    expect(more).to.deep.equal([]);
    expect(problem?.help).to.deep.equal(["Make the repeated body a block of its own: its passes are then numbered."]);
  });
});
