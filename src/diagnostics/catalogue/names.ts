import { defineDiagnostics } from "../entry.ts";

export const names = defineDiagnostics({
  RN0201: {
    slug: "unknown-name",
    summary: "A name that nothing has.",
    explanation:
      "Names are parameters, `let`s and loop variables of the declaration, then what the file declares and imports, then operators and functions. Labels of layers are names of their own kind: only `from`, `output` and `expect` see them.",
    wrong: "network Wrong {\n  input image: float32[N, 3, 32, 32]\n  cnv(3x3, 16)\n}",
    right: "network Right {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16)\n}",
  },
  RN0202: {
    slug: "parameter-hides-operator",
    summary: "A parameter has the name of the operator that is wanted.",
    explanation: "There is one namespace: inside a block a parameter `dropout` hides the operator `dropout`. Rename the parameter.",
    wrong: "block tail(dropout: float) {\n  dropout(dropout)\n}\nnetwork Wrong {\n  input image: float32[N, 3, 32, 32]\n  tail(0.5)\n}",
    right: "block tail(rate: float) {\n  dropout(rate)\n}\nnetwork Right {\n  input image: float32[N, 3, 32, 32]\n  tail(0.5)\n}",
  },
  RN0203: {
    slug: "unknown-import",
    summary: "A module or file that is not there, has no such name, or imports itself.",
    explanation: "`use std.blocks { basic }` takes from the standard library, `use \"blocks.resnet\" { mine }` from a file beside this one. Imports never form a circle.",
    wrong: "use std.blocks { basik }\nnetwork Wrong {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16)\n}",
    right: "use std.blocks { basic }\nnetwork Right {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16) -> basic(16)\n}",
  },
  RN0204: {
    slug: "unknown-label",
    summary: "`from`, `output` or `expect` names a layer that is not there (yet), or `in` stands outside of a block.",
    explanation: "A label can be used after the line that makes it, in the text of the same declaration. A label inside a repeated body belongs to one pass.",
    wrong: "network Wrong {\n  input image: float32[N, 3, 32, 32]\n  enc1: conv(3x3, 16)\n  from enc2 -> relu\n}",
    right: "network Right {\n  input image: float32[N, 3, 32, 32]\n  enc1: conv(3x3, 16)\n  from enc1 -> relu\n}",
  },
  RN0205: {
    slug: "name-taken",
    summary: "A name is made twice in one declaration or file.",
    explanation: "Within one declaration a parameter, `let`, loop variable or size has one meaning; within one file so has a declaration.",
    wrong: "network Wrong(n: int = 2) {\n  let n = 3\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, n)\n}",
    right: "network Right(n: int = 2) {\n  let m = n + 1\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, m)\n}",
  },
});
