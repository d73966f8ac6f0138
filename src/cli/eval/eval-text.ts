import { countedText } from "../../base/digits.ts";
import type { Colors } from "../../diagnostics/render/colors.ts";
import type { EvalReport, ReportedClass, ReportedError, ReportedModel, ReportedPreprocessing } from "../../evaluation/report.ts";
import type { Row, Table } from "../table.ts";
import { countText, renderTable } from "../table.ts";

/** More classes than this are told by the worst of them. */
const MOST_CLASSES = 40;
const WORST_CLASSES = 20;
const CONFUSIONS = 10;
const SKIPPED = 5;

/** A report for people. */
export function evalText(report: EvalReport, colors: Colors): string {
  const { bold, dim, yellow, cyan } = colors;
  const { data, models, result } = report;
  const mark = { title: bold, rule: dim };
  const lines: string[] = [];
  for (const model of models) lines.push(...modelLines(model, colors));
  const share = result.images === data.images ? "" : ` of ${countText(data.images)}`;
  lines.push(`${countText(result.images)}${share} ${data.of} of ${data.path}, ${countedText(data.classes.length, "class", "classes")}`);
  for (const { message } of data.skipped.slice(0, SKIPPED)) lines.push(`${yellow("not used:")} ${message}`);
  if (data.skipped.length > SKIPPED) lines.push(`${yellow("not used:")} ${countText(data.skipped.length - SKIPPED)} more (\`--json\` names all)`);
  for (const remark of data.remarks) lines.push(`${cyan("note:")} ${remark}`);
  lines.push("", renderTable(resultTable(report), mark));
  lines.push(renderTable(classTable(report), mark));
  if (report.classes.length > MOST_CLASSES) lines.push(dim(`the ${WORST_CLASSES} of ${countText(report.classes.length)} classes with the highest error; \`--json\` has all`), "");
  if (report.confusions.length > 0) lines.push(bold("most frequent confusions"), confusionsText(report), "");
  if (report.confusion !== null) lines.push(bold("confusion matrix: a row for each class, a column for each answer"), renderTable(matrixTable(report, report.confusion), mark));
  return `${lines.join("\n").trimEnd()}\n`;
}

function modelLines({ name, weights, engine, scores, preprocessing, remarks }: ReportedModel, { bold, cyan }: Colors): string[] {
  return [
    `${bold(name)}${weights === null ? "" : `  weights ${weights}`}`,
    `  engine: ${engine.name} ${engine.version} (${engine.device}); its scores are ${scores}`,
    `  images: ${preprocessingText(preprocessing)}`,
    ...(preprocessing.from === "paper" ? [`  ${cyan("note:")} nobody said how its images were prepared, so they are prepared as in the paper; \`--recipe NAME\` or \`--mean R,G,B --std R,G,B\` say otherwise`] : []),
    ...remarks.map((remark) => `  ${remark}`),
    "",
  ];
}

function preprocessingText({ from, recipe, views, viewsPerImage, values, channelMean }: ReportedPreprocessing): string {
  const whose = { run: `as the run's recipe ${recipe}`, recipe: `as the recipe ${recipe}`, options: `as the options say${recipe === null ? "" : `, views as the recipe ${recipe}`}`, paper: "as the paper" }[from];
  const mean = channelMean === null ? "" : ` (mean ${channelMean.map((value) => value.toFixed(2)).join(", ")})`;
  return `${whose}: ${views}; ${values === "" ? "values 0 to 255" : values}${mean}; ${viewsPerImage === 1 ? "one view" : `${viewsPerImage} views`} of each`;
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

/** A row for each error of each model, and for the ensemble. */
function resultTable({ models, result }: EvalReport): Table {
  const several = models.length > 1;
  const told = ({ name, weights }: ReportedModel): string => (weights !== null && models.filter((other) => other.name === name).length > 1 ? `${name}, ${weights}` : name);
  const rows = [...(several ? models.map((model) => ({ name: told(model), of: model.result })) : []), { name: several ? `ensemble of ${models.length}` : "", of: result }].flatMap(({ name, of }, index): Row[] => {
    const ruled = several && index === models.length;
    const cells = (title: string, error: ReportedError, shown: string): Row["cells"] => [shown, title, percent(error.error), `${percent(error.interval[0])} to ${percent(error.interval[1])}`, countText(error.wrong), countText(error.right), percent(error.accuracy)];
    return [{ cells: cells("top-1", of.top1, name), ...(ruled ? { ruled } : {}) }, ...(of.top5 ? [{ cells: cells("top-5", of.top5, "") }] : [])];
  });
  return {
    columns: [{ title: "model" }, { title: "" }, { title: "error", align: "right" }, { title: "95 % interval", align: "right" }, { title: "wrong", align: "right" }, { title: "right", align: "right" }, { title: "accuracy", align: "right" }],
    rows,
  };
}

function classTable({ classes, confusions }: EvalReport): Table {
  const shown = classes.length <= MOST_CLASSES ? classes : [...classes].sort((one, other) => (other.error ?? -1) - (one.error ?? -1)).slice(0, WORST_CLASSES);
  const most = new Map<string, string>();
  for (const { label, answer, images } of confusions) if (!most.has(label)) most.set(label, `${answer} (${countText(images)})`);
  const top5Of = ({ images, wrong5 }: ReportedClass): string => (wrong5 === null || images === 0 ? "" : percent(wrong5 / images));
  return {
    columns: [{ title: "class" }, { title: "images", align: "right" }, { title: "wrong", align: "right" }, { title: "top-1 error", align: "right" }, { title: "top-5 error", align: "right" }, { title: "mostly taken for" }],
    rows: shown.map((each) => ({ cells: [each.name, countText(each.images), countText(each.wrong), each.error === null ? "no images" : percent(each.error), top5Of(each), most.get(each.name) ?? ""] })),
  };
}

function confusionsText({ confusions, classes }: EvalReport): string {
  const imagesOf = new Map(classes.map(({ name, images }) => [name, images]));
  const rows = confusions.slice(0, CONFUSIONS);
  const widest = Math.max(...rows.map(({ label }) => label.length));
  return rows.map(({ label, answer, images }) => `  ${label.padEnd(widest)} -> ${answer}  ${countText(images)}, ${percent(images / (imagesOf.get(label) ?? images))} of ${label}`).join("\n");
}

/** Columns bear numbers: names of classes may be long. */
function matrixTable({ classes }: EvalReport, confusion: readonly (readonly number[])[]): Table {
  return {
    columns: [{ title: "" }, { title: "class" }, ...classes.map((_, index) => ({ title: String(index), align: "right" as const }))],
    rows: confusion.map((row, index) => ({ cells: [String(index), classes[index]?.name ?? "", ...row.map((count) => (count === 0 ? "." : countText(count)))] })),
  };
}
