import { defineDiagnostics } from "../entry.ts";

export const limits = defineDiagnostics({
  RN0801: {
    slug: "budget-spent",
    summary: "more repetitions, elements or layers than one network may have",
    explanation:
      "Elaboration always ends: one network may take 200,000 elements and statements and 100,000 layers. A repetition is " +
      "compared with what is left before it runs.",
    wrong: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  1_000_000_000 x relu\n}\n",
    right: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  1000 x relu\n}\n",
  },
  RN0802: {
    slug: "nesting-too-deep",
    summary: "brackets, blocks or instances inside one another, without an end in sight",
    explanation:
      "Brackets may be nested 64 levels deep, and so may instances of blocks. What goes deeper is a block that, through its " +
      "arguments, ends up inside itself, or text that a program wrote.",
    wrong: "block again(unit: block) { unit(unit) }\nnetwork Tiny {\n  input image: float32[N, 3, 32, 32]\n  again(again)\n}\n",
    right: "block again(unit: block) { unit }\nnetwork Tiny {\n  input image: float32[N, 3, 32, 32]\n  again(relu)\n}\n",
  },
  RN0803: {
    slug: "number-too-large",
    summary: "a number, size or count too large to compute with exactly",
    explanation:
      "Numbers are exact, with up to 1,024 bits and exponents up to 300; sizes, parameters and multiply-adds are counted " +
      "exactly up to 2^53.",
    wrong: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 1e999999999)\n}\n",
    right: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 1e3)\n}\n",
  },
  RN0804: {
    slug: "source-too-large",
    summary: "a file too long to be a network that somebody wrote",
    explanation:
      "Files of more than 4,194,304 characters are not read. The deepest networks of the literature are a few lines: repeat with " +
      "`x`, `for` and blocks instead of writing every layer out.",
    wrong: "// any file of more than 4,194,304 characters",
    right: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  1000 x relu\n}\n",
  },
});
