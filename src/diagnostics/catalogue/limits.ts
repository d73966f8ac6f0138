import { defineDiagnostics } from "../entry.ts";

export const limits = defineDiagnostics({
  RN0802: {
    slug: "nesting-too-deep",
    summary: "brackets, blocks or instances inside one another, without an end in sight",
    explanation:
      "Text may be nested 256 levels deep, and instances of blocks 64. What goes deeper is a block that, through its " +
      "arguments, ends up inside itself, or text that a program wrote.",
    wrong: "block again(unit: block) { unit(unit) }\nnetwork Tiny {\n  input image: float32[N, 3, 32, 32]\n  again(again)\n}\n",
    right: "block again(unit: block) { unit }\nnetwork Tiny {\n  input image: float32[N, 3, 32, 32]\n  again(relu)\n}\n",
  },
  RN0804: {
    slug: "source-too-large",
    summary: "a file too long to be a network that somebody wrote",
    explanation:
      "Files of more than 16 Mi characters are not read. The deepest networks of the literature are a few lines: repeat with " +
      "`x`, `for` and blocks instead of writing every layer out.",
    wrong: "// any file of more than 16,777,216 characters",
    right: "network Tiny {\n  input image: float32[N, 3, 32, 32]\n  1000 x relu\n}\n",
  },
});
