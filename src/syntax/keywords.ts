/** What there is to say of a word or sign of the language. `rnc explain` and the reference page print the record. */
export interface Keyword {
  /** How it is written, with capitals for what is put in: `let NAME = EXPRESSION`. */
  readonly form: string;
  /** One line: what it does. */
  readonly summary: string;
  /** Where it stands, and what to know of it; Markdown. */
  readonly doc: string;
  /** A whole file without a mistake that uses it (compiled by a test). */
  readonly example: string;
}

const inBody = (body: string): string => `network Sample {\n  input image: float32[N, 3, 32, 32]\n${body.replace(/^(?=.)/gm, "  ")}\n}\n`;

/** The reserved words, all of them. */
export const KEYWORDS: Readonly<Record<string, Keyword>> = {
  use: {
    form: 'use MODULE { NAME, … }, or use "FILE.resnet" { NAME, … }',
    summary: "Takes names from a module of the standard library, or from another file.",
    doc: `It stands at the top level of a file. The path of a file starts from the importing file. Only what a file itself declares, or names
with \`let\`, can be imported from it.`,
    example: `use std.blocks { basic, stage }\nuse std.shortcuts { B }\n\n${inBody("shortcuts B\nconv(3x3, 16) -> stage(2, basic(16)) -> stage(2, basic(32), stride=2)")}`,
  },
  as: {
    form: "use MODULE { NAME as OTHER }",
    summary: "Gives an imported name another name in this file.",
    doc: "Needed where two things have the same name.",
    example: `use std.blocks { bottleneck as neck }\n\n${inBody("conv(1x1, 256) -> neck(64)")}`,
  },
  network: {
    form: "network NAME(parameters) { … }, or network NAME = OTHER(arguments)",
    summary: "Declares a network: what is checked, counted and compiled.",
    doc: `A network is a block with \`input\`s, and perhaps \`output\`s and contracts (\`expect\`). It can be used like a block in another one.
With \`=\` it is an alias: another network with some arguments given; its body may then restate inputs and outputs and add contracts, and
adds no layers.`,
    example: `network Small(classes: int = 10) {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16) -> bn -> relu\n  globalavgpool -> fc: linear(classes)\n}\nnetwork Small100 = Small(classes=100) { expect params == 2_164 }\n`,
  },
  block: {
    form: "block NAME(parameters) { … }, or block NAME = OTHER(arguments); as a type: PARAMETER: block",
    summary: "Declares a piece of network that works on whatever flows into it.",
    doc: `Every use makes an instance with its own weights. Parameters have a type and perhaps a default. As a type, \`block\` takes any block,
network, operator or join, with or without arguments. A shortcut option is a block with the parameters \`channels\` and \`stride\`.`,
    example: `block unit(width: int, activation: block = relu) {\n  conv(3x3, width) -> bn -> activation\n}\n\n${inBody("unit(16) -> unit(32, activation=gelu)")}`,
  },
  recipe: {
    form: "recipe NAME { FIELD: VALUE … }, or recipe NAME = OTHER { FIELD: VALUE … }",
    summary: "Declares how a network is trained.",
    doc: `A recipe is data: labelled fields, each a number, one call, or steps joined by \`->\`. An alias replaces the fields it names and keeps
the others. \`rnc explain optimizer\` tells of one field.`,
    example: `recipe Mine {\n  batch: 128\n  epochs: 20\n  optimizer: sgd(lr=0.1, momentum=0.9)\n  schedule: cosine\n  augment: pad(4) -> crop(32x32) -> hflip\n}\nrecipe Longer = Mine { epochs: 200 }\n`,
  },
  let: {
    form: "let NAME = EXPRESSION",
    summary: "Names a value.",
    doc: "It stands in a body or at the top level of a file, and holds from the next line on. It is no variable: it cannot be given twice.",
    example: inBody("let width = 64\nconv(1x1, width / 4) -> conv(3x3, width)"),
  },
  input: {
    form: "input NAME: float32[N, CHANNELS, SIZE, …]",
    summary: "Says what a network receives.",
    doc: `Axis 0 is the batch, axis 1 the channels, then come the spatial axes, none or any number. Sizes are expressions; an upper-case name
that nothing else has is an open size, and the same name twice is the same size. With one input the chain starts there; with several, each
chain begins with \`from\`.`,
    example: `network Stereo {\n  input left: float32[N, 3, H, W]\n  input right: float32[N, 3, H, W]\n  concat { from left | from right } -> conv(3x3, 16)\n}\n`,
  },
  output: {
    form: "output LABEL, or output NAME = LABEL",
    summary: "Says what a network returns.",
    doc: `Without it a network returns the end of its chain, under the name \`output\`. With it, it returns exactly those named. A layer whose
value reaches no output is a mistake (RN0705).`,
    example: `network Features {\n  input image: float32[N, 3, 64, 64]\n  c2: conv(3x3, 32, stride=2)\n  c3: conv(3x3, 64, stride=2)\n  output c2\n  output last = c3\n}\n`,
  },
  shortcuts: {
    form: "shortcuts POLICY",
    summary: "Sets what makes the other path of every `residual` that follows.",
    doc: `The policy is a block that the compiler tells \`channels\` and \`stride\` of F(x). It holds for what follows in the same body and in what
that body uses; a \`residual\` may name its own, \`residual(C) { … }\`. Without one the shortcut is the identity. \`none\` makes no path: a plain network. The options of the paper, A, B and C, are in std.shortcuts.`,
    example: `use std.blocks { basic }\nuse std.shortcuts { B }\n\n${inBody("shortcuts B\nconv(3x3, 16) -> basic(16) -> basic(32, stride=2)")}`,
  },
  require: {
    form: 'require CONDITION, "why"',
    summary: "Guards parameters, or makes an assumption on open sizes.",
    doc: `If the condition does not hold, the text is what the user is told, with the values. On open sizes, \`H % 32 == 0\` and \`H >= 32\` become
assumptions.`,
    example: `network Deep(depth: int = 20) {\n  require (depth - 2) % 6 == 0, "a CIFAR net has 6n+2 layers"\n  input image: float32[N, 3, 32, 32]\n  depth x conv(3x3, 16)\n}\n`,
  },
  expect: {
    form: "expect QUANTITY RELATION VALUE",
    summary: "States a contract: what must stay true of the network that is built.",
    doc: `On the left stands what is measured, of the network or of a labelled part (\`layer1.params\`): params, buffers, macs, depth, rf, rf.min,
memory, shape. The relation is one of \`== != < <= > >=\`. A contract that does not hold is an error with both numbers (RN0901).`,
    example: inBody("layer1: conv(3x3, 16)\nglobalavgpool -> linear(10)\nexpect params == 602\nexpect macs <= 0.5M\nexpect layer1.shape == [N, 16, 32, 32]"),
  },
  if: {
    form: "if CONDITION { … } else { … }, or A if CONDITION else B",
    summary: "Chooses while the network is built.",
    doc: "What is not chosen leaves no trace: there is no control flow at run time. The condition must be decided by what is known.",
    example: inBody("let pools = true\nconv(3x3, 16, stride = 1 if pools else 2)\nif pools { maxpool(2x2) }"),
  },
  else: {
    form: "if CONDITION { … } else { … }, or A if CONDITION else B",
    summary: "What is chosen where the condition of `if` does not hold.",
    doc: "An `if` of layers may go without it, or go on with `else if`; in an expression it is needed.",
    example: inBody("conv(3x3, 16)\nif in.channels > 3 { relu } else { gelu }"),
  },
  for: {
    form: "for NAME in LIST { … }",
    summary: "Builds its body once for every entry of a list, one after the other.",
    doc: "`range(n)` counts from 0; lists of lists make tables. Each pass has its own weights. To repeat one element there is `x`.",
    example: inBody("for row in [[16, 1], [32, 2], [64, 2]] { conv(3x3, row[0], stride=row[1]) -> bn -> relu }"),
  },
  in: {
    form: "for NAME in LIST, from in, in.channels",
    summary: "Divides the name from the list in `for`; elsewhere, what the enclosing block receives.",
    doc: "`in.channels` (also `in.features`), `in.size` (a list of the spatial sizes) and `in.rank` (the number of axes) are its sizes; `from in` continues from it.",
    example: `block gate {\n  mul { identity | globalavgpool(keep=true) -> conv(1x1, in.channels) -> sigmoid }\n}\n\n${inBody("conv(3x3, 32) -> gate")}`,
  },
  from: {
    form: "from LABEL, from INPUT, from in, from LABEL.PART",
    summary: "Continues from an earlier value instead of the last one.",
    doc: "The label stands before the line. `from in` is what the enclosing block receives, `from b.c5` an output of an inner network or a part of a block.",
    example: `network UNet {\n  input image: float32[N, 1, 64, 64]\n  enc: conv(3x3, 16) -> relu\n  maxpool(2x2) -> conv(3x3, 32) -> relu -> upconv(2x2, 16, stride=2)\n  concat { identity | from enc } -> conv(1x1, 2, bias=true)\n}\n`,
  },
  x: {
    form: "NUMBER x ELEMENT",
    summary: "Repeats one element; each pass has its own weights.",
    doc: "It has blanks around it: `3x3` is the list [3, 3]. It reaches one element; several need braces.",
    example: inBody("conv(3x3, 16) -> 3 x { conv(3x3, 16) -> bn -> relu }"),
  },
  and: {
    form: "A and B",
    summary: "True where both sides are.",
    doc: "The right side is not worked out where the left decides. It binds tighter than `or`, looser than `not`.",
    example: inBody("if in.channels == 3 and in.rank == 4 { conv(3x3, 16) }"),
  },
  or: {
    form: "A or B",
    summary: "True where one side is, or both.",
    doc: "The right side is not worked out where the left decides.",
    example: inBody("conv(3x3, 16) -> bn\nif in.channels == 1 or in.channels == 3 { relu }"),
  },
  not: {
    form: "not A",
    summary: "True where its right side is false.",
    doc: "It binds looser than comparisons: `not a == b` is `not (a == b)`.",
    example: inBody("let plain = false\nconv(3x3, 16)\nif not plain { bn -> relu }"),
  },
  true: {
    form: "true",
    summary: "The value of a condition that holds.",
    doc: "Numbers are no conditions.",
    example: inBody("conv(3x3, 16, bias=true) -> relu"),
  },
  false: {
    form: "false",
    summary: "The value of a condition that does not hold.",
    doc: "Numbers are no conditions.",
    example: inBody("conv(3x3, 16, bias=false) -> bn -> relu"),
  },
};

/** Signs, and the one name of the language that is no operator. */
export const SIGNS: Readonly<Record<string, Keyword>> = {
  "->": {
    form: "LAYER -> LAYER",
    summary: "What the left one makes flows into the right one.",
    doc: "A line end between two items does the same. A chain may be broken before the sign.",
    example: inBody("conv(3x3, 16) -> bn\n  -> relu"),
  },
  "{ }": {
    form: "{ ITEM … }",
    summary: "Holds the items of a body, or makes several layers one element.",
    doc: "Items stand on lines of their own, or are joined by `->`. A label on a group puts a name before everything in it: `stem: { … }`.",
    example: inBody("stem: { conv(3x3, 16) -> bn -> relu }\n2 x { conv(3x3, 16) -> relu }"),
  },
  "|": {
    form: "JOIN { BRANCH | BRANCH }",
    summary: "Divides the branches of a join.",
    doc: "Every branch gets the same input. One may stand before the first branch.",
    example: inBody("concat {\n  | conv(1x1, 8)\n  | conv(1x1, 4) -> conv(3x3, 8)\n}"),
  },
  ":": {
    form: "LABEL: ELEMENT",
    summary: "Names an element; the label becomes part of the names of its parameters.",
    doc: "`from`, `output` and `expect` name it so. After a parameter or an input stands its type.",
    example: inBody("globalavgpool -> fc: linear(10)\nexpect fc.params == 40"),
  },
  "///": {
    form: "/// TEXT",
    summary: "Documents the declaration below; `rnc list` and `rnc explain` print it.",
    doc: "At the top of a file, with an empty line under it, it documents the file.",
    example: `/// Convolution, normalisation, activation.\nblock unit(width: int) { conv(3x3, width) -> bn -> relu }\n\n${inBody("unit(16)")}`,
  },
  none: {
    form: "shortcuts none",
    summary: "The shortcut policy that makes no path: what a `residual` returns is F(x) alone.",
    doc: "It makes the plain twin of a residual network. It is no reserved word.",
    example: `use std.blocks { basic }\n\n${inBody("shortcuts none\nconv(3x3, 16) -> basic(16) -> basic(32, stride=2)")}`,
  },
};
