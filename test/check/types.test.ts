/** Types are checked where an argument is given (language reference, "Params and Type"). */
import { checkAll, net, shapes } from "../support/language.ts";

const conv = (type: string, use = "conv(1x1, 4)"): string => `block b(p: ${type}) { ${use} }\n`;

checkAll("types: what a parameter accepts", shapes, {
  "int: a whole number, however it is written": [net("b(8 / 2)", undefined, conv("int", "conv(1, p)")), ["conv1 [N, 4, 32, 32]"]],
  "int: no fraction, and the sum is shown": [net("b(100 / 16)", undefined, conv("int")), ["4:5 «100 / 16» RN0303 `p` of `b` must be whole, got 6.25 = 100 / 16"]],
  "int: no size that is open": [net("b(H)", "3, H, 32", conv("int")), ["4:5 «H» RN0303 `p` of `b` must be a known number, and H depends on the input"]],
  "int: no list": [net("b([4])", undefined, conv("int")), ["4:5 «[4]» RN0302 `p` of `b` is int, got a list of 1"]],
  "float: any number": [net("b(1 / 3)", undefined, conv("float", "scale(p)")), ["scale1 [N, 3, 32, 32]"]],
  "float: no text": [net('b("1")', undefined, conv("float")), ['4:5 «"1"» RN0302 `p` of `b` is float, got the text "1"']],
  "bool: true and false, no number": [net("b(1)", undefined, conv("bool")), ["4:5 «1» RN0302 `p` of `b` is bool, got the number 1"]],
  "string: text": [net('b("split")', undefined, conv("string", "padchannels(8, where=p)")), ["padchannels1 [N, 8, 32, 32]"]],
  "string: no name": [net("b(relu)", undefined, conv("string")), ["4:5 «relu» RN0302 `p` of `b` is string, got the operator `relu`"]],
  "block: blocks, operators, joins, `none`, networks": [
    net("b(relu)\n  b(b)\n  b(sum)\n  b(none)\n  b(Other)", undefined, `${conv("block")}network Other {\n  input image: float32[N, 3, 8, 8]\n  relu\n}\n`),
    ["conv1 [N, 4, 32, 32]", "conv2 [N, 4, 32, 32]", "conv3 [N, 4, 32, 32]", "conv4 [N, 4, 32, 32]", "conv5 [N, 4, 32, 32]"],
  ],
  "block: no number": [net("b(3)", undefined, conv("block")), ["4:5 «3» RN0302 `p` of `b` is block, got the number 3"]],
  "block: no function": [net("b(range)", undefined, conv("block")), ["4:5 «range» RN0302 `p` of `b` is block, got the function `range`"]],
  "int[]: a list of any length": [net("b([1, 2, 3])", undefined, conv("int[]", "conv(1, total(p))")), ["conv1 [N, 6, 32, 32]"]],
  "int[]: a size is such a list": [net("b(1x3)", undefined, conv("int[]", "conv(p, 4, pad=0)")), ["conv1 [N, 4, 32, 30]"]],
  "int[]: an int means every axis": [net("b(3)", undefined, conv("int[]", "conv(p, 4, pad=0)")), ["conv1 [N, 4, 30, 30]"]],
  "int[]: such an int may be indexed, each entry is it": [net("b(3)", undefined, conv("int[]", "conv(1, p[0] + p[1])")), ["conv1 [N, 6, 32, 32]"]],
  "int[]: such an int is handed on as it is": [net("b(3)", undefined, `block c(q: int[]) { conv(1, q[5]) }\n${conv("int[]", "c(p)")}`), ["conv1 [N, 3, 32, 32]"]],
  "int[]: such an int equals a list of it and itself": [net("b(3)", undefined, conv("int[]", "if p == 3 and p == [3, 3] { relu }")), ["relu1 [N, 3, 32, 32]"]],
  "int[]: a default may be an int": [net("b", undefined, "block b(p: int[] = 2) { conv(1, p[0]) }\n"), ["conv1 [N, 2, 32, 32]"]],
  "int[]: fits any rank": [net("b(3)", "3, 32", conv("int[]", "conv(p, 4)")), ["conv1 [N, 4, 32]"]],
  "int[]: every entry is whole": [net("b([1, 2.5])", undefined, conv("int[]")), ["4:5 «[1, 2.5]» RN0303 `p` of `b` holds whole numbers, got 2.5"]],
  "int[]: no text in it": [net('b([1, "2"])', undefined, conv("int[]")), ['4:5 «[1, "2"]» RN0302 `p` of `b` is int[], and the text "2" is in the list']],
  "int[2]: exactly so many": [net("b([1, 2, 3])", undefined, conv("int[2]")), ["4:5 «[1, 2, 3]» RN0302 `p` of `b` is int[2], got 3 numbers"]],
  "int[n]: as many as a parameter to its left says": [net("b(2, [4, 5])", undefined, "block b(n: int, p: int[n]) { for w in p { conv(1, w) } }\n"), ["conv1 [N, 4, 32, 32]", "conv2 [N, 5, 32, 32]"]],
  "int[n]: and no more": [net("b(2, [4, 5, 6])", undefined, "block b(n: int, p: int[n]) { relu }\n"), ["4:8 «[4, 5, 6]» RN0302 `p` of `b` has 2 entries, got 3"]],
  "int[n + 1]: any expression": [net("b(2, [4, 5])", undefined, "block b(n: int, p: int[n + 1]) { relu }\n"), ["4:8 «[4, 5]» RN0302 `p` of `b` has 3 entries, got 2"]],
  "block[2]: a list of blocks": [net("b([relu, bn])", undefined, "block b(p: block[2]) { for f in p { f } }\n"), ["relu1 [N, 3, 32, 32]", "bn1 [N, 3, 32, 32]"]],
  "block[2]: exactly so many": [net("b([relu])", undefined, "block b(p: block[2]) { relu }\n"), ["4:5 «[relu]» RN0302 `p` of `b` is block[2], got 1 block"]],
  "float[]: no single number": [net("b(0.5)", undefined, conv("float[]")), ["4:5 «0.5» RN0302 `p` of `b` is float[], got the number 0.5"]],
  "a table goes through a block (where the reference is silent)": [
    net("b([[4, 1], [8, 2]])", undefined, "block b(p: int[]) { for row in p { conv(3, row[0], stride=row[1]) } }\n"),
    ["conv1 [N, 4, 32, 32]", "conv2 [N, 8, 16, 16]"],
  ],
  "an operator takes no table": [net("conv([[3, 3]], 8)"), ["3:8 «[[3, 3]]» RN0302 `kernel` of `conv` is int[], and a list of 2 is in the list"]],
  "a default is checked as an argument is": [net("b", undefined, "block b(p: int = 2.5) { relu }\n"), ["1:18 «2.5» RN0303 `p` of `b` must be whole, got 2.5"]],
  "wrong types are found where nothing is built": ["block b(w: int) { conv(3x3, true) }\n", ["1:29 «true» RN0302 `channels` of `conv` is int, got true"]],
  "no such type": [net("relu", undefined, "block b(p: number) { relu }\n"), ["1:12 «number» RN0306 there is no parameter type `number`"]],
});

checkAll("types: ranges of an operator's arguments", shapes, {
  "a kernel is at least 1": [net("conv(0, 8)"), ["3:8 «0» RN0302 `kernel` of `conv` is at least 1, got 0"]],
  "a rate is at most 1": [net("dropout(2)"), ["3:11 «2» RN0302 `rate` of `dropout` is at most 1, got 2"]],
  "a word is one of those listed": [net('padchannels(8, where="start")'), ['3:24 «"start"» RN0302 `where` of `padchannels` is "end" or "split", got "start"']],
  "a kernel as long as there are axes": [net("conv([3, 3, 3], 8)"), ["3:8 «[3, 3, 3]» RN0403 `conv` has a kernel of 3 numbers on 2 spatial axes"]],
  "groups divide the channels": [net("conv(3, 8, groups=2)"), ["3:21 «2» RN0403 groups=2 of `conv` does not divide its 3 input channels"]],
  "a kernel fits the padded map": [net("conv(9, 8, pad=0)", "3, 8, 8"), ["3:8 «9» RN0403 the kernel of `conv` covers 9 positions, but the height is only 8"]],
  "defaults: padding of dilation * (kernel - 1) / 2 rounded down, stride 1": [net("conv(3, 4) -> conv(5, 4, dilation=2) -> conv(4, 4)"), ["conv1 [N, 4, 32, 32]", "conv2 [N, 4, 32, 32]", "conv3 [N, 4, 31, 31]"]],
  "defaults: a pool strides by its kernel": [net("maxpool(4) -> avgpool(2x1)"), ["maxpool1 [N, 3, 8, 8]", "avgpool1 [N, 3, 4, 8]"]],
});
