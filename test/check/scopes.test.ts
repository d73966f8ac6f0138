/** What a name and a label mean where (language reference, "Scope", "Labels"); shapes are worked out by hand. */
import { checkAll, flows, net, shapes } from "../support/language.ts";

checkAll("scopes: names", shapes, {
  "a parameter, a `let` and a loop variable": [
    net("b(4)", undefined, "block b(w: int) {\n  let v = w * 2\n  for i in [1, 2] { conv(1x1, v + i) }\n}\n"),
    ["conv1 [N, 9, 32, 32]", "conv2 [N, 10, 32, 32]"],
  ],
  "a `let` of the file, in every declaration whatever its place": [`block b { conv(1x1, w) }\nlet w = 5\n${net("b -> conv(1x1, w + 1)")}`, ["conv1 [N, 5, 32, 32]", "conv2 [N, 6, 32, 32]"]],
  "declarations see each other whatever their order": [`${net("b")}block b { c }\nblock c { conv(1x1, 5) }\n`, ["conv1 [N, 5, 32, 32]"]],
  "lexical: a block sees its own file and not the place that uses it": [
    net("let w = 9\n  b", undefined, "block b { conv(1x1, w) }\n"),
    ["1:21 «w» RN0201 nothing is called `w` here"],
  ],
  "a parameter hides a declaration": [net("b(relu)", undefined, "block c { conv(1x1, 5) }\nblock b(c: block) { c }\n"), ["relu1 [N, 3, 32, 32]"]],
  "a declaration hides an operator": [net("relu", undefined, "block relu { conv(1x1, 5) }\n"), ["conv1 [N, 5, 32, 32]"]],
  "an import hides an operator, under the name it is given": [`use std.blocks { single as relu }\n${net("relu(3)")}`, ["conv1 [N, 3, 32, 32]", "bn1 [N, 3, 32, 32]", "residual1 [N, 3, 32, 32]", "relu1 [N, 3, 32, 32]"]],
  "a `let` of a body hides one of the file": [net("let w = 6\n  conv(1x1, w)", undefined, "let w = 5\n"), ["conv1 [N, 6, 32, 32]"]],
  "a `let` twice": [net("let a = 1\n  let a = 2\n  relu"), ["4:7 «a» RN0205 `a` is already a `let` here"]],
  "a `let` with a parameter's name": [net("b(1)", undefined, "block b(n: int) {\n  let n = 2\n  relu\n}\n"), ["2:7 «n» RN0205 `n` is already a parameter here"]],
  "two parameters of one name": [net("b(1)", undefined, "block b(n: int, n: int) { relu }\n"), ["1:17 «n» RN0205 `n` is already a parameter here"]],
  "a loop variable with a parameter's name": [net("b(1)", undefined, "block b(n: int) { for n in [1] { relu } }\n"), ["1:23 «n» RN0205 `n` is already a parameter here"]],
  "a loop variable in a loop over the same name": [net("for i in [1] { for i in [2] { relu } }"), ["3:22 «i» RN0205 `i` is already a loop variable here"]],
  "two loops one after the other may share a name": [net("for i in [4] { conv(1x1, i) }\n  for i in [5] { conv(1x1, i) }"), ["conv1 [N, 4, 32, 32]", "conv2 [N, 5, 32, 32]"]],
  "two declarations of one name": ["block a { relu }\nblock a { bn }\nnetwork Net {\n  input image: float32[N, 3, 8, 8]\n  a\n}\n", ["2:7 «a» RN0205 `a` is already declared here"]],
  "an import with a declaration's name": [`use std.blocks { basic }\nblock basic { relu }\n${net("basic")}`, ["1:18 «basic» RN0205 `basic` is already declared here"]],
  "a `let` of a pass is made anew in every pass": [net("for i in [4, 5] {\n    let w = i * 2\n    conv(1x1, w)\n  }"), ["conv1 [N, 8, 32, 32]", "conv2 [N, 10, 32, 32]"]],
  "and is gone after it": [net("for i in [4] { let w = i }\n  conv(1x1, w)"), ["4:13 «w» RN0201 nothing is called `w` here"]],
  "so is the loop variable": [net("for i in [4] { relu }\n  conv(1x1, i)"), ["4:13 «i» RN0201 nothing is called `i` here"]],
  "groups and `if` open no scope of names: a `let` in them holds to the end": [net("if true { let w = 4 }\n  { let v = 5 }\n  conv(1x1, w + v)"), ["conv1 [N, 9, 32, 32]"]],
  "a default sees the parameters to its left": [net("b(2)", undefined, "block b(n: int, w: int = n * 3, v: int = w + 1) { conv(1x1, v) }\n"), ["conv1 [N, 7, 32, 32]"]],
  "and none to its right": [net("b", undefined, "block b(w: int = n, n: int = 3) { conv(1x1, w) }\n"), ["1:18 «n» RN0201 nothing is called `n` here"]],
  "a `let` sees none below it": [net("let a = c\n  let c = 1\n  relu"), ["3:11 «c» RN0201 nothing is called `c` here"]],
});

checkAll("scopes: labels", flows, {
  "are no names: `bn: bn` labels an operator with its own name, and the next `bn` is the operator": [net("bn: bn -> bn"), ["bn = bn(image)", "bn2 = bn(bn)"]],
  "may have the name of a parameter, a `let` or a block": [net("b(4)", undefined, "block b(w: int) {\n  let v = w\n  w: conv(1x1, w) -> v: conv(1x1, v) -> b: relu\n}\n"), ["w = conv(image)", "v = conv(w)", "b = relu(v)"]],
  "are not seen by expressions": [net("a: conv(3x3, 8)\n  conv(3x3, a)"), ["4:13 «a» RN0201 `a` is the label of a layer, not a value"]],
  "are seen in all of their declaration's text, from the next element on": [
    net("{ a: relu } -> sum { b: bn | from a } -> if true { mul { identity | from b | from a } }"),
    ["a = relu(image)", "b = bn(a)", "sum1 = sum(b, a)", "mul1 = mul(sum1, b, a)"],
  ],
  "not before": [net("sum { from a | a: relu }"), ["3:14 «a» RN0204 no layer is called `a` before this line"]],
  "not in the element that bears them": [net("a: { relu -> from a -> bn }"), ["3:21 «a» RN0204 no layer is called `a` before this line"]],
  "of a block that has a path stay in it": [net("h: b -> from a", undefined, "block b { a: relu -> bn }\n"), ["4:16 «a» RN0204 no layer is called `a` before this line"]],
  "and are reached through its label": [net("h: b -> sum { identity | from h.a }", undefined, "block b { a: relu -> bn }\n"), ["h.a = relu(image)", "h.bn1 = bn(h.a)", "sum1 = sum(h.bn1, h.a)"]],
  "of a dissolved block also belong to its holder, through several": [
    net("b -> sum { identity | from a }", undefined, "block b { c -> bn }\nblock c { a: relu -> bn }\n"),
    ["a = relu(image)", "bn1 = bn(a)", "bn2 = bn(bn1)", "sum1 = sum(bn2, a)"],
  ],
  "of the place that uses a block are not seen in it": [net("a: relu -> b", undefined, "block b { bn -> sum { identity | from a } }\n"), ["1:39 «a» RN0204 no layer is called `a` before this line"]],
  "in the body of `for` and `x` belong to one pass": [
    net("2 x { skip: identity -> relu -> sum { identity | from skip } }"),
    ["relu1 = relu(image)", "0 = sum(relu1, image)", "relu2 = relu(0)", "1 = sum(relu2, 0)"],
  ],
  "a pass sees an outer label, never that of the pass before": [
    net("l: bn\n  for i in range(2) {\n    if i == 1 { sum { identity | from l } }\n    l: identity -> relu\n  }"),
    ["l = bn(image)", "relu1 = relu(l)", "0 = sum(relu1, l)", "relu2 = relu(0)"],
  ],
  "and is not seen after the repetition": [net("2 x { skip: identity -> relu }\n  from skip"), ["4:8 «skip» RN0204 no layer is called `skip` before this line"]],
  "on an element without effect name what flows there": [net("relu -> skip: identity -> bn -> sum { identity | from skip }"), ["relu1 = relu(image)", "bn1 = bn(relu1)", "sum1 = sum(bn1, relu1)"]],
  "on an operator that happens to have no effect as well": [net("relu -> skip: subsample(1) -> bn -> sum { identity | from skip }"), ["relu1 = relu(image)", "bn1 = bn(relu1)", "sum1 = sum(bn1, relu1)"]],
  "again, where it makes no layer: `from` means the last before it (where the reference is silent)": [
    net("skip: identity -> relu -> sum { identity | from skip }\n  skip: identity -> bn -> mul { identity | from skip }"),
    ["relu1 = relu(image)", "sum1 = sum(relu1, image)", "bn1 = bn(sum1)", "mul1 = mul(bn1, sum1)"],
  ],
  "in both ways of an `if` are one": [net("if 1 > 2 { a: identity } else { a: relu }\n  bn -> sum { identity | from a }"), ["a = relu(image)", "bn1 = bn(a)", "sum1 = sum(bn1, a)"]],
  "in two labelled groups are two": [net("g: { a: relu -> bn -> sum { identity | from a } }\n  h: { a: gelu -> sum { identity | from a | from g.a } }"),
    ["g.a = relu(image)", "g.0 = bn(g.a)", "g.1 = sum(g.0, g.a)", "h.a = gelu(g.1)", "h.0 = sum(h.a, h.a, g.a)"]],
  "on `from`": [net("a: relu -> again: from a -> bn -> sum { identity | from again }"), ["a = relu(image)", "bn1 = bn(a)", "sum1 = sum(bn1, a)"]],
});
