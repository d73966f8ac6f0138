/** Bodies and joins (language reference, "Body", "Chain and Element", "Joins"); shapes and edges are worked out by hand. */
import { checkAll, flows, net, shapes } from "../support/language.ts";

checkAll("bodies", flows, {
  "the value of a chain is that of its last element, lines and arrows mean the same": [net("relu -> bn\n  gelu"), ["relu1 = relu(image)", "bn1 = bn(relu1)", "gelu1 = gelu(bn1)"]],
  "an empty body is the identity": [net("relu -> b -> { } -> bn", undefined, "block b { }\n"), ["relu1 = relu(image)", "bn1 = bn(relu1)"]],
  "a body of statements alone is the identity": [net("relu -> b -> bn", undefined, "block b {\n  let n = 1\n  require n == 1\n}\n"), ["relu1 = relu(image)", "bn1 = bn(relu1)"]],
  "statements run in order": [net("let n = 2\n  n x relu\n  let m = n + 1\n  if m == 3 { bn }"), ["relu1 = relu(image)", "relu2 = relu(relu1)", "bn1 = bn(relu2)"]],
  "an `if` that does not hold leaves no trace": [net("relu -> if 1 > 2 { conv(3x3, 8) } -> bn"), ["relu1 = relu(image)", "bn1 = bn(relu1)"]],
  "else if": [net("if 1 > 2 { relu } else if 2 > 1 { bn } else { gelu }"), ["bn1 = bn(image)"]],
  "zero passes are the identity": [net("relu -> 0 x bn -> for i in [] { bn } -> gelu"), ["relu1 = relu(image)", "gelu1 = gelu(relu1)"]],
  "a count may be computed": [net("let depth = 20\n  (depth - 2) / 9 x relu"), ["relu1 = relu(image)", "relu2 = relu(relu1)"]],
  "a count is not negative": [net("let n = 2\n  (n - 3) x relu"), ["4:4 «n - 3» RN0303 a layer cannot be repeated -1 times"]],
  "`in` is what the block receives, wherever in its body": [
    net("conv(1, 5) -> b", undefined, "block b { conv(1, 7) -> conv(1, in.channels) -> { conv(1, in.channels + 1) -> sum { conv(1, in.channels) | conv(1, 5) } } }\n"),
    ["conv1 = conv(image)", "conv2 = conv(conv1)", "conv3 = conv(conv2)", "conv4 = conv(conv3)", "conv5 = conv(conv4)", "conv6 = conv(conv4)", "sum1 = sum(conv5, conv6)"],
  ],
});

checkAll("joins: sum and mean", flows, {
  "every branch has the same input": [net("relu -> sum { bn | gelu | relu }"), ["relu1 = relu(image)", "bn1 = bn(relu1)", "gelu1 = gelu(relu1)", "relu2 = relu(relu1)", "sum1 = sum(bn1, gelu1, relu2)"]],
  "a branch may have several lines": [net("mean {\n    relu\n    bn\n    | gelu\n  }"), ["relu1 = relu(image)", "bn1 = bn(relu1)", "gelu1 = gelu(image)", "mean1 = mean(bn1, gelu1)"]],
  "a `|` before the first": [net("sum {\n    | relu\n    | identity\n  }"), ["relu1 = relu(image)", "sum1 = sum(relu1, image)"]],
  "a single branch is what it makes": [net("sum { relu } -> bn"), ["relu1 = relu(image)", "bn1 = bn(relu1)"]],
  "with a label it still names its parts and its value": [net("s: mean { relu -> bn } -> gelu -> sum { identity | from s | from s.relu1 }"), ["s.relu1 = relu(image)", "s.bn1 = bn(s.relu1)", "gelu1 = gelu(s.bn1)", "sum1 = sum(gelu1, s.bn1, s.relu1)"]],
  "the same value twice": [net("sum { identity | identity }"), ["sum1 = sum(image, image)"]],
  "joins in joins": [net("sum { mul { relu | sigmoid } | identity }"), ["relu1 = relu(image)", "sigmoid1 = sigmoid(image)", "mul1 = mul(relu1, sigmoid1)", "sum1 = sum(mul1, image)"]],
  "what stands before a leading `|` and is no chain belongs to the whole join": [
    net("sum {\n    let w = 4\n    require w == 4\n    | conv(1, w)\n    | conv(3, w)\n  }"),
    ["conv1 = conv(image)", "conv2 = conv(image)", "sum1 = sum(conv1, conv2)"],
  ],
  "`shortcuts` there holds in all branches": [
    net("concat {\n    shortcuts none\n    | residual { relu }\n    | residual { bn }\n  }\n  residual { gelu }"),
    ["relu1 = relu(image)", "bn1 = bn(image)", "concat1 = concat(relu1, bn1)", "gelu1 = gelu(concat1)", "residual3 = sum(gelu1, concat1)"],
  ],
  "a `shortcuts` in a branch holds in that branch": [
    net("concat {\n    | shortcuts none\n      residual { relu }\n    | residual { bn }\n  }"),
    ["relu1 = relu(image)", "bn1 = bn(image)", "residual2 = sum(bn1, image)", "concat1 = concat(relu1, residual2)"],
  ],
  "a chain before the first `|` is a branch": [net("sum { let a = 1\n    relu | bn }"), ["relu1 = relu(image)", "bn1 = bn(image)", "sum1 = sum(relu1, bn1)"]],
  "shapes must be equal": [net("mean { conv(1, 4) | conv(1, 5) }"), ["3:3 «mean { conv(1, 4) | conv(1, 5) }» RN0401 the branches of `mean` differ on axis 1 (channels): 4 and 5"]],
  "and so must the number of axes": [net("sum { relu | globalavgpool }"), ["3:3 «sum { relu | globalavgpool }» RN0401 the branches of `sum` differ in their number of axes: 4 and 2"]],
});

checkAll("joins: concat and mul", shapes, {
  "concat adds up axis 1, of three branches": [net("concat { conv(1, 4) | identity | conv(1, 5) }"), ["conv1 [N, 4, 32, 32]", "conv2 [N, 5, 32, 32]", "concat1 [N, 12, 32, 32]"]],
  "concat of features": [net("concat { linear(4) | linear(5) }", "3"), ["linear1 [N, 4]", "linear2 [N, 5]", "concat1 [N, 9]"]],
  "concat needs the rest equal": [net("concat { conv(3, 4, stride=[1, 2]) | identity }"), ["3:3 «concat { conv(3, 4, stride=[1, 2]) | identity }» RN0401 the branches of `concat` differ on axis 3 (width): 16 and 32"]],
  "mul stretches a size of 1": [net("mul { identity | globalavgpool(keep=true) }"), ["globalavgpool1 [N, 3, 1, 1]", "mul1 [N, 3, 32, 32]"]],
  "on any axis, of any branch": [net("mul { avgpool(32x1) | avgpool(1x32) | conv(1, 1) }"), ["avgpool1 [N, 3, 1, 32]", "avgpool2 [N, 3, 32, 1]", "conv1 [N, 1, 32, 32]", "mul1 [N, 3, 32, 32]"]],
  "mul stretches no other size": [net("mul { identity | maxpool(2) }"), ["3:3 «mul { identity | maxpool(2) }» RN0401 the branches of `mul` differ on axis 2 (height): 32 and 16"]],
  "sum stretches none": [net("sum { identity | globalavgpool(keep=true) }"), ["3:3 «sum { identity | globalavgpool(keep=true) }» RN0401 the branches of `sum` differ on axis 2 (height): 32 and 1"]],
});

checkAll("joins: what is none", flows, {
  "only a join has `|`": [net("{ relu | bn }"), ["3:10 «|» RN0602 only a join has branches divided by `|`"]],
  "nor has a block's body": [net("b", undefined, "block b { relu | bn }\n"), ["1:16 «|» RN0602 only a join has branches divided by `|`"]],
  "a join needs `{ }`": [net("relu -> sum -> bn"), ["3:11 «sum» RN0602 `sum` joins branches and needs them in `{ }`"]],
  "a join without a branch": [net("sum { }"), ["3:7 «{ }» RN0602 this `sum` has no branch"]],
  "a layer that is no join": [net("bn { relu }"), ["3:6 «{ relu }» RN0602 `bn` is no join, and only joins take branches in `{ }`"]],
  "a parameter may be a join": [net("b(mul)", undefined, "block b(j: block) { j { relu | sigmoid } }\n"), ["relu1 = relu(image)", "sigmoid1 = sigmoid(image)", "mul1 = mul(relu1, sigmoid1)"]],
});
