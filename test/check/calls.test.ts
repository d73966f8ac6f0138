/** Calls bind arguments and give blocks again; expressions are exact (language reference, "Calls", "Expr"). Values are worked out by hand. */
import { expect } from "chai";
import { checkAll, net, seen, shapes } from "../support/language.ts";

const unit = "block unit(width: int, kernel: int[] = 3, stride: int = 1) { conv(kernel, width, stride=stride) }\n";

checkAll("calls: arguments", shapes, {
  "by position, in order": [net("unit(4, 1, 2)", undefined, unit), ["conv1 [N, 4, 16, 16]"]],
  "by name, in any order": [net("unit(stride=2, width=4)", undefined, unit), ["conv1 [N, 4, 16, 16]"]],
  "a block with some arguments is a block again": [net("b(unit(4))", undefined, `${unit}block b(u: block) { u(stride=2) -> u }\n`), ["conv1 [N, 4, 16, 16]", "conv2 [N, 4, 16, 16]"]],
  "positional arguments fill what is not yet bound": [net("let u = unit(kernel=1)\n  u(4, 2)", undefined, unit), ["conv1 [N, 4, 16, 16]"]],
  "a named one may bind again": [net("let u = unit(4, stride=2)\n  u(width=5)", undefined, unit), ["conv1 [N, 5, 16, 16]"]],
  "one too many by position": [net("let u = unit(4, 1)\n  u(2, 7)", undefined, unit), ["5:8 «7» RN0304 `unit` takes one argument by position (stride), and this is one more"]],
  "twice in one call": [net("unit(4, width=5)", undefined, unit), ["4:11 «width=5» RN0304 `width` is given twice"]],
  "a trailing comma": [net("unit(4, stride=2,)", undefined, unit), ["conv1 [N, 4, 16, 16]"]],
  "operators and joins are blocks too": [
    net("b(conv(3x3), residual)", undefined, "block b(f: block, join: block) { f(4) -> join { f(4) } -> join(none) { f(5) } }\n"),
    ["conv1 [N, 4, 32, 32]", "conv2 [N, 4, 32, 32]", "residual1 [N, 4, 32, 32]", "conv3 [N, 5, 32, 32]"],
  ],
  "what is missing when it becomes a layer": [net("unit", undefined, unit), ["4:3 «unit» RN0304 `unit` still needs `width`"]],
  "each mention makes new weights": [net("let c = conv(3x3, 3)\n  c -> c"), ["conv1 [N, 3, 32, 32]", "conv2 [N, 3, 32, 32]"]],
  "defaults of a call's parameters, left to right": [net("b(stride=2)", undefined, "block b(stride: int = 1, width: int = 4 * stride) { conv(1x1, width) }\n"), ["conv1 [N, 8, 32, 32]"]],
  "`conv` takes kernel and channels by position and no more": [net("conv(3, 4, 2)"), ["3:14 «2» RN0304 `conv` takes 2 arguments by position (kernel, channels), and this is one more"]],
  "so do upconv, linear, pools and scale": [
    net("upconv(2x2, 4, stride=2) -> maxpool(2) -> avgpool(2x2) -> scale(0.5) -> upsample(2) -> subsample(2) -> padchannels(8) -> dropout(0.5) -> globalavgpool -> linear(5)"),
    ["upconv1 [N, 4, 64, 64]", "maxpool1 [N, 4, 32, 32]", "avgpool1 [N, 4, 16, 16]", "scale1 [N, 4, 16, 16]", "upsample1 [N, 4, 32, 32]", "subsample1 [N, 4, 16, 16]", "padchannels1 [N, 8, 16, 16]", "dropout1 [N, 8, 16, 16]", "globalavgpool1 [N, 8]", "linear1 [N, 5]"],
  ],
  "bn takes nothing by position": [net("bn(0.1)"), ["3:6 «0.1» RN0304 `bn` takes no argument by position, and this is one more"]],
  "an alias of a block keeps its open parameters": [net("wide(stride=2)", undefined, `${unit}block wide = unit(8)\n`), ["conv1 [N, 8, 16, 16]"]],
  "and binds again what it has bound": [net("wide(width=5)", undefined, `${unit}block wide = unit(8)\n`), ["conv1 [N, 5, 32, 32]"]],
  "and fills them by position": [net("wide(1, 2)", undefined, `${unit}block wide = unit(8)\n`), ["conv1 [N, 8, 16, 16]"]],
  "an alias with parameters has only those": [net("wide(4, stride=2)", undefined, `${unit}block wide(n: int) = unit(2 * n)\n`), ["5:11 «stride» RN0301 `wide` has no parameter `stride`"]],
  "and gives them on": [net("wide(4)", undefined, `${unit}block wide(n: int) = unit(2 * n)\n`), ["conv1 [N, 8, 32, 32]"]],
});

/** The value of an expression that gives a whole number, as the channels of a layer; else what is said about it. */
async function value(expression: string, size?: string): Promise<string> {
  const [line = ""] = await seen(net(`let v = ${expression}\n  conv(1, v)`, size), (graph) => [String(graph.parameters[0]?.shape[0])]);
  return line;
}

/** `yes` or `no` for a condition. */
const truth = (condition: string, size?: string): Promise<string> => value(`1 if ${condition} else 2`, size).then((n) => ({ 1: "yes", 2: "no" })[n] ?? n);

function table(title: string, work: (text: string) => Promise<string>, rows: Readonly<Record<string, string | number>>): void {
  describe(title, () => {
    for (const [text, expected] of Object.entries(rows)) {
      it(`${text} is ${expected}`, async () => {
        expect(await work(text)).to.equal(String(expected));
      });
    }
  });
}

table("expressions: numbers", value, {
  "1 + 2 * 3": 7,
  "(1 + 2) * 3": 9,
  "10 - 3 - 2": 5,
  "12 / 2 / 3": 2,
  "- -7": 7,
  "7 % 3": 1,
  // The sign of the right side, as in Python.
  "-7 % 3": 2,
  "7 % 3 + 1": 2,
  "2.5 % 1 * 4": 2,
  "0.1 * 3 * 10": 3,
  "97 / 21 * 21": 97,
  // PyramidNet: 16 + 97 in doubles falls short of 113 and would be cut to 112.
  "floor(16 + 97/21*21)": 113,
  "floor(7 / 2)": 3,
  "floor(-7 / 2) + 5": 1,
  "ceil(7 / 2)": 4,
  "ceil(-7 / 2) + 5": 2,
  "round(2.5)": 3,
  "round(-2.5) + 5": 3,
  "round(2.49)": 2,
  "min(4, 2, 3)": 2,
  "max([4, 2, 3])": 4,
  "len([1, [2, 3]])": 2,
  "total([1, 2.5, 0.5])": 4,
  "total([]) + 1": 1,
  "total(range(5))": 10,
  "total(range(3, 6))": 12,
  "len(range(0)) + 1": 1,
  "len(range(5, 3)) + 1": 1,
  "len(3x3x3)": 3,
  "3x5[1]": 5,
  "[[1, 2], [3, 4]][1][0]": 3,
  "2K": 2000,
  "1_0": 10,
  "1.5K": 1500,
  "4e1": 40,
  "1e-1 * 20": 2,
  "0.0041M": 4100,
  "2 if true else 3": 2,
  "2 if false else 3 if false else 4": 4,
  "1 + 1 if true else 5": 2,
  "in.channels": 3,
  "in.features": 3,
  "in.rank": 4,
  "in.size[1]": 32,
  // Only the side that is chosen is worked out.
  "2 if true else 1 / 0": 2,
});

table("expressions: conditions", truth, {
  "1 == 1.0": "yes",
  "0.1 + 0.2 == 0.3": "yes",
  "1 != 2": "yes",
  "2 <= 2 and 2 >= 2 and not 2 < 2 and not 2 > 2": "yes",
  "true or 1 / 0 == 1": "yes",
  "false and 1 / 0 == 1": "no",
  "not true or true": "yes",
  "not (true or true)": "no",
  "true or true and false": "yes",
  '"end" == "end"': "yes",
  '"end" == 1': "no",
  "true == true": "yes",
  "true == 1": "no",
  "[1, 2] == [1, 2]": "yes",
  "[1, 2] == [1, 2, 3]": "no",
  "3x3 == [3, 3]": "yes",
  "[1, 1] == 1": "yes",
  "1 == [1, 1]": "yes",
  "[1, 2] == 1": "no",
  // `!=` is the negation of `==`: not every entry is 1.
  "[1, 2] != 1": "yes",
  "[1, 1] != 1": "no",
  "[[1, 1], [1, 1]] == 1": "yes",
  "in.size == 32": "yes",
  "in.size == [32, 32]": "yes",
  "relu == relu": "yes",
  "relu == bn": "no",
  "none == none": "yes",
  "none == identity": "no",
  "relu == 1": "no",
  "conv(3x3, 8) == conv(3x3, 8)": "yes",
  "conv(3x3, 8) == conv(3x3, 9)": "no",
  "conv(3, 8) == conv(3x3, 8)": "yes",
  "conv(3x3)(8) == conv(channels=8, kernel=3)": "yes",
  // Bound arguments are compared, not what they come to.
  "conv(3x3, 8) == conv(3x3, 8, stride=1)": "no",
  "conv(3x3, 8, stride=2)(stride=1) == conv(3x3, 8, stride=1)": "yes",
  "range == range": "yes",
});

table("expressions: what has no value", value, {
  "1 / 0": "3:11 «1 / 0» RN0307 1 / 0: nothing can be divided by zero",
  "1 % 0": "3:11 «1 % 0» RN0307 1 % 0: nothing can be divided by zero",
  "[1] + 1": "3:11 «[1]» RN0307 cannot compute `+` with a list of 1",
  "true < false": "3:11 «true» RN0307 cannot compare true",
  "-relu": "3:11 «-relu» RN0307 cannot negate the operator `relu`",
  "not 1": "3:11 «not 1» RN0307 cannot say `not` of the number 1",
  "1 and true": "3:11 «1» RN0307 cannot say `and` of the number 1",
  "[1, 2][2]": "3:11 «[1, 2][2]» RN0307 there is no entry 2 in a list of 2",
  "[1, 2][-1]": "3:11 «[1, 2][-1]» RN0307 there is no entry -1 in a list of 2",
  "[1, 2][0.5]": "3:18 «0.5» RN0303 an index is a whole number, got 0.5",
  "3[0]": "3:11 «3» RN0307 cannot take an entry of the number 3",
  "min([])": "3:11 «min([])» RN0302 `min` cannot work with a list of 0",
  "range(1.5)": "3:11 «range(1.5)» RN0302 `range` cannot work with the number 1.5",
  "len(3)": "3:11 «len(3)» RN0302 `len` cannot work with the number 3",
  "floor()": "3:11 «floor()» RN0302 `floor` cannot work with nothing",
  "floor(a=1)": "3:17 «a=1» RN0301 `floor` takes its values by position",
  "3(1)": "3:11 «3» RN0304 the number 3 takes no arguments",
  "in": "3:11 «in» RN0307 `in` is not a value by itself",
  "1 if 1 else 2": "3:16 «1» RN0302 a condition is true or false, this is the number 1",
});
