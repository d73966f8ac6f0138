import { defineDiagnostics } from "../entry.ts";

export const structure = defineDiagnostics({
  RN0601: {
    slug: "same-layer-name",
    summary: "Two layers would have the same name.",
    explanation: "Names of layers become names of weights. An unlabelled block dissolves into its holder, so two of them can clash: label one. In a repetition make the body a block, whose passes are numbered.",
    wrong: "block cbr(width: int) {\n  c: conv(3x3, width) -> bn -> relu\n}\nnetwork Wrong {\n  input image: float32[N, 3, 32, 32]\n  cbr(16) -> cbr(16)\n}",
    right: "block cbr(width: int) {\n  c: conv(3x3, width) -> bn -> relu\n}\nnetwork Right {\n  input image: float32[N, 3, 32, 32]\n  first: cbr(16) -> second: cbr(16)\n}",
  },
  RN0602: {
    slug: "not-a-layer",
    summary: "Something stands in a chain that is no layer, or a join without branches, or branches without a join.",
    explanation: "Chains are made of operators, blocks, networks and joins. Only residual, sum, mean, mul and concat take branches in `{ }`, divided by `|`; a branch that passes its input on is written `identity`.",
    wrong: "network Wrong {\n  input image: float32[N, 3, 32, 32]\n  relu { identity | identity }\n}",
    right: "network Right {\n  input image: float32[N, 3, 32, 32]\n  sum { relu | identity }\n}",
  },
  RN0701: {
    slug: "which-input",
    summary: "A chain does not say from which of several inputs it starts.",
    explanation: "With one input a network's chain starts there. With several, `from` says which.",
    wrong: "network Wrong {\n  input left: float32[N, 3, 32, 32]\n  input right: float32[N, 3, 32, 32]\n  relu\n}",
    right: "network Right {\n  input left: float32[N, 3, 32, 32]\n  input right: float32[N, 3, 32, 32]\n  sum { from left | from right }\n}",
  },
  RN0702: {
    slug: "unknown-size",
    summary: "A lower-case name in an input's type that nothing has.",
    explanation: "An upper-case name in an input's type declares an open size (`N`, `H`, `W`); anything else must be known.",
    wrong: "network Wrong {\n  input image: float32[N, 3, sise, sise]\n  relu\n}",
    right: "network Right {\n  input image: float32[N, 3, S, S]\n  relu\n}",
  },
  RN0703: {
    slug: "several-outputs",
    summary: "A network with several outputs stands where one value is wanted.",
    explanation: "Give the network a label and continue from one of its outputs: `b: Backbone`, then `from b.c5`.",
    wrong: "network Two {\n  input image: float32[N, 3, 32, 32]\n  a: conv(3x3, 8) -> b: relu\n  output a\n  output b\n}\nnetwork Wrong {\n  input image: float32[N, 3, 32, 32]\n  t: Two -> relu\n}",
    right: "network Two {\n  input image: float32[N, 3, 32, 32]\n  a: conv(3x3, 8) -> b: relu\n  output a\n  output b\n}\nnetwork Right {\n  input image: float32[N, 3, 32, 32]\n  t: Two\n  from t.b -> last: relu\n  output last\n  output early = t.a\n}",
  },
  RN0704: {
    slug: "not-a-size",
    summary: "A block, or an open size, where a known size is wanted in an input's type.",
    explanation: "Names of sizes must not be names of blocks (`B` is option B: call the batch `N`), and channels, axis 1, must be known.",
    wrong: "use std.shortcuts { B }\nnetwork Wrong {\n  input image: float32[B, 3, 32, 32]\n  relu\n}",
    right: "network Right {\n  input image: float32[N, 3, 32, 32]\n  relu\n}",
  },
  RN0705: {
    slug: "dead-layer",
    summary: "A layer whose value reaches no output.",
    explanation: "With `output` lines a network returns exactly those; without, the end of its chain. A layer that leads to neither is a mistake.",
    wrong: "network Wrong {\n  input image: float32[N, 3, 32, 32]\n  a: conv(3x3, 8)\n  b: conv(3x3, 8)\n  output a\n}",
    right: "network Right {\n  input image: float32[N, 3, 32, 32]\n  a: conv(3x3, 8)\n  b: conv(3x3, 8)\n  output a\n  output b\n}",
  },
  RN0706: {
    slug: "input-does-not-fit",
    summary: "What flows into a network, or the size given for its input, does not fit its input's type.",
    explanation: "A network used as a layer takes its input by shape: known sizes must be equal, open ones take what comes.",
    wrong: "network Inner {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 8)\n}\nnetwork Wrong {\n  input image: float32[N, 3, 64, 64]\n  i: Inner\n}",
    right: "network Inner {\n  input image: float32[N, 3, H, W]\n  conv(3x3, 8)\n}\nnetwork Right {\n  input image: float32[N, 3, 64, 64]\n  i: Inner\n}",
  },
  RN0707: {
    slug: "alias-adds-layers",
    summary: "The body of an alias holds something other than inputs, outputs and contracts.",
    explanation: "`network A = B(…) { … }` says what A is; its body may restate inputs and outputs and add `expect`, not layers.",
    wrong: "network Base {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 8)\n}\nnetwork Wrong = Base {\n  relu\n}",
    right: "network Base {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 8)\n}\nnetwork Right = Base {\n  expect params == 216\n}",
  },
  RN0708: {
    slug: "misplaced-statement",
    summary: "`input`, `output` or `expect` in a block, or a network without an input.",
    explanation: "Networks have inputs, outputs and contracts; a block works on what flows into it.",
    wrong: "block b {\n  input image: float32[N, 3, 32, 32]\n  relu\n}",
    right: "network Right {\n  input image: float32[N, 3, 32, 32]\n  relu\n}",
  },
});
