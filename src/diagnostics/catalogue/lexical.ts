import { defineDiagnostics } from "../entry.ts";

export const lexical = defineDiagnostics({
  RN0100: {
    slug: "syntax-error",
    summary: "something else was expected at this place",
    explanation:
      "The text up to here was understood, and what stands here cannot follow it. The message says what could. A line " +
      "holds one statement or one chain of layers; `->` or the end of the line leads from one layer to the next.",
    wrong: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16) relu\n}\n",
    right: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16) -> relu\n}\n",
  },
  RN0101: {
    slug: "size-or-repetition",
    summary: "a size is written without blanks, a repetition with them",
    explanation:
      "`3x3` is one word: the list `[3, 3]`. `4 x unit` repeats what follows four times, so `x` stands alone there. A " +
      "size made of names is written as a list, `[height, width]`.",
    wrong: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3 x 3, 16)\n}\n",
    right: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16)\n}\n",
  },
  RN0102: {
    slug: "reserved-word",
    summary: "a word of the language cannot be a name",
    explanation:
      "These words have a meaning of their own: use as network block recipe let input output shortcuts require expect if " +
      "else for in from x and or not true false. Labels, parameters and declarations need other names. Only after a " +
      "`.` may they be used, as in `use std.shortcuts`.",
    wrong: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  x: conv(3x3, 16)\n}\n",
    right: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  first: conv(3x3, 16)\n}\n",
  },
  RN0103: {
    slug: "colon-or-equals",
    summary: "`:` labels a layer and gives a parameter its type, `=` gives a value",
    explanation:
      "A layer is named with a colon, `conv1: conv(3x3, 16)`. An equals sign gives a value to an argument, " +
      "`conv(3x3, 16, stride=2)`, or, after `let`, to a name.",
    wrong: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv1 = conv(kernel=3x3, channels=16)\n}\n",
    right: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv1: conv(kernel=3x3, channels=16)\n}\n",
  },
  RN0104: {
    slug: "never-closed",
    summary: "a bracket or a text is never closed, or a `{` is missing from its line",
    explanation:
      "Every `(`, `[`, `{` and `\"` needs its partner. A text ends on the line on which it begins. The `{` of a body stands " +
      "on the line of what it belongs to: at the beginning of a line it would begin a group of its own.",
    wrong: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16\n  relu\n}\n",
    right: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16)\n  relu\n}\n",
  },
  RN0105: {
    slug: "foreign-sign",
    summary: "a sign that other languages use, or that no language does",
    explanation:
      "Comments begin with `//`. Lines need no `;`. Conditions use `and`, `or`, `not`, `==` and `!=`. Sizes and repetitions " +
      "use the small letter `x`. Texts stand between straight double quotes. Names are made of the letters a to z and A " +
      "to Z, digits and `_`.",
    wrong: "# a tiny network\nnetwork Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16)\n}\n",
    right: "// a tiny network\nnetwork Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16)\n}\n",
  },
});
