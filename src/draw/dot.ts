import { coloursOf } from "./colours.ts";
import { foldText } from "./layout.ts";
import type { Box, Fold, Line, Picture } from "./picture.ts";

/** Styles of lines; shortcuts give way, so that what they pass stands straight. */
const LINES: Readonly<Record<Line["kind"], readonly string[]>> = { flow: ["weight=20"], identity: ["weight=0"], inserted: ["weight=0", "style=dotted"] };

/** Networks as one digraph in Graphviz's language, stages as clusters: for who lays out by `dot` or edits further. */
export function dotText(pictures: readonly Picture[]): string {
  const fill = coloursOf(pictures);
  return [
    `digraph ${quoted(pictures.map(({ name }) => name).join(", "))} {`,
    '  graph [rankdir=TB, bgcolor=white, fontname="Helvetica"];',
    '  node [shape=box, style=filled, fillcolor=white, fontname="Helvetica", fontsize=12];',
    '  edge [arrowsize=0.6, fontname="Helvetica", fontsize=10];',
    ...pictures.flatMap((picture, index) => networkLines(picture, index, fill)),
    "}\n",
  ].join("\n");
}

function networkLines({ name, boxes, lines, folds }: Picture, network: number, fill: (channels: number) => string): readonly string[] {
  const idOf = (box: number): string => `n${network}_${box}`;
  const foldOf = new Map(folds.flatMap((fold) => [...fold.boxes].map((box) => [box, fold] as const)));
  const hasOutputs = boxes.reduce((sum, box) => sum + box.outputs.length, 0) > 1;
  // Boxes by their stage, in that by what is drawn once: both are subgraphs.
  const stages = new Map<string | undefined, Map<Fold | undefined, string[]>>();
  boxes.forEach((box, index) => {
    const stage = stages.get(box.stage) ?? new Map<Fold | undefined, string[]>();
    const own = stage.get(foldOf.get(index)) ?? [];
    stages.set(box.stage, stage.set(foldOf.get(index), own));
    own.push(`${idOf(index)} [${attributesOf(box, fill).join(", ")}];`);
    if (hasOutputs) box.outputs.forEach((output, place) => own.push(`${idOf(index)}_${place} [label=${quoted(output)}, shape=oval];`, `${idOf(index)} -> ${idOf(index)}_${place};`));
  });
  let clusters = 0;
  const cluster = (label: string, style: string, inner: readonly string[]): readonly string[] => [`subgraph cluster_${network}_${clusters++} {`, `  label=${quoted(label)}; ${style};`, ...inner.map((line) => `  ${line}`), "}"];
  const ofStage = (own: ReadonlyMap<Fold | undefined, readonly string[]>): readonly string[] => [...own].flatMap(([fold, nodes]) => (fold ? cluster(foldText(fold.times), "style=dashed; color=black; labeljust=r", nodes) : nodes));
  const nodes = [...stages].flatMap(([stage, own]) => (stage === undefined ? ofStage(own) : cluster(stage, "style=solid; color=gray; labeljust=l", ofStage(own))));
  return cluster(name, "color=white", [...nodes, ...lines.map((line) => `${idOf(line.from)} -> ${idOf(line.to)}${lineAttributes(line)};`)]).map((line) => `  ${line}`);
}

function attributesOf(box: Box, fill: (channels: number) => string): readonly string[] {
  const shape = box.kind === "input" ? ["shape=oval"] : box.kind === "join" ? [box.text[0]?.length === 1 ? "shape=circle, margin=0, width=0.25" : "shape=oval"] : [];
  const colour = box.channels === undefined ? [] : [`fillcolor=${quoted(fill(box.channels))}`];
  return [`label=${quoted(box.text.join("\n"))}`, ...shape, ...colour, ...(box.isInserted ? ['style="filled,dotted"'] : []), `tooltip=${quoted(box.details.join("\n"))}`];
}

function lineAttributes({ kind, text }: Line): string {
  const attributes = [...LINES[kind], ...(text === undefined ? [] : [`label=${quoted(text)}`])];
  return attributes.length === 0 ? "" : ` [${attributes.join(", ")}]`;
}

/** A string of Graphviz's: quotes and backslashes escaped, line ends as it writes them. */
function quoted(text: string): string {
  return `"${text.replace(/[\u0000-\u0009\u000b-\u001f]/g, "\ufffd").replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;
}
