import { groupDigits } from "../base/digits.ts";
import { drawFigure } from "./draw.ts";
import type { Axis, Curve, Figure } from "./figure.ts";
import type { Experiment } from "./experiment.ts";
import { networksOf } from "./experiment.ts";
import { boldOf } from "./page.ts";
import { recipeText } from "./recipe-text.ts";
import type { TrainingRun } from "./run.ts";
import { errorsOf } from "./run.ts";
import { errorFigure } from "./run-figures.ts";

/** One training of an experiment. */
export interface ExperimentRun {
  /** Called as the experiment calls it. */
  readonly run: TrainingRun;
  readonly params: number;
  readonly multiplyAdds: number | undefined;
  /** Standard deviations of the responses, in the order of layers; absent where they were not asked for. */
  readonly responses?: readonly number[];
}

/** An experiment with its trainings, by the names of its networks. */
export interface ExperimentResult {
  readonly experiment: Experiment;
  readonly length: "small" | "full";
  readonly runs: ReadonlyMap<string, ExperimentRun>;
}

/** The figure as an SVG picture, laid out like the paper's. */
export function experimentPicture(result: ExperimentResult): string {
  return drawFigure(result.experiment.figure.kind === "errors" ? errorsOfPanels(result) : responseFigure(result));
}

function errorsOfPanels({ experiment, length, runs }: ExperimentResult): Figure {
  const panels = experiment[length].panels.map(({ title, networks }) => ({ title, runs: networks.flatMap(({ name }) => runs.get(name)?.run ?? []) }));
  return errorFigure(experiment.title, panels, boldOf([...runs.values()].map(({ run }) => run)));
}

/** Standard deviations by layer, above in the order of layers and below from the greatest to the least, as in Fig. 7. */
function responseFigure({ experiment, runs }: ExperimentResult): Figure {
  const measured = [...runs].map(([name, { responses = [] }]) => ({ name, responses }));
  const all = measured.flatMap(({ responses }) => responses);
  const x = (title: string): Axis => ({ title, from: 0, to: Math.max(1, ...measured.map(({ responses }) => responses.length)) + 1 });
  const y: Axis = { title: "std", from: 0, to: 1.1 * Math.max(1e-3, ...all) };
  const curves = (order: (values: readonly number[]) => readonly number[]): readonly Curve[] =>
    measured.map(({ name, responses }, colour) => ({ name, colour, look: "bold", points: order(responses).map((value, index) => [index + 1, value] as const) }));
  return {
    title: experiment.title,
    columns: 1,
    panels: [
      { title: "standard deviation of layer responses", x: x("layer index (original)"), y, curves: curves((values) => values) },
      { title: "", x: x("layer index (sorted by magnitude)"), y, curves: curves((values) => [...values].sort((a, b) => b - a)) },
    ],
  };
}

/** The result as a page of Markdown, its figure in a file beside it. */
export function experimentPage(result: ExperimentResult, figurePath: string, command: string): string {
  const { experiment, length, runs } = result;
  const [some] = [...runs.values()];
  const recipes = new Map([...runs.values()].map(({ run }) => [recipeText(run.recipe), run.recipe]));
  return [
    `# ${experiment.title}`,
    "",
    `${experiment.source}. ${experiment.about}`,
    "",
    `![${experiment.title}](${figurePath})`,
    "",
    ...markdownTable(tableOf(result)),
    "",
    length === "small" ? "This is the small form, minutes on a processor: orders can be seen, published errors cannot be reached. `--full` is the length of the paper." : "This is the length of the paper.",
    "",
    `    ${command}`,
    "",
    ...(some === undefined ? [] : conditions(some.run, [...runs.values()].map(({ run }) => run))),
    ...[...recipes.keys()].flatMap((text) => ["", "```resnet", text, "```"]),
    "",
  ].join("\n");
}

function conditions({ data, versions, seed }: TrainingRun, all: readonly TrainingRun[]): readonly string[] {
  const engines = new Set(all.map(({ engine: { name, version, device, threads } }) => `${name} ${version}, ${device}, ${threads} threads`));
  return [
    `${groupDigits(data.train)} images train${data.validation === 0 ? "" : `, ${groupDigits(data.validation)} ${data.validationOf} validate`}; seed ${seed}; ${[...engines].join(" and ")}; rnc ${versions.rnc}, Node ${versions.node}, ${versions.platform}.`,
    "Training errors are means of the last interval, with augmentation; test errors are of the last weights, one view an image.",
  ];
}

/** The result as numbers: `results.json`. Errors are fractions. */
export function experimentNumbers({ experiment, length, runs }: ExperimentResult): object {
  return {
    title: experiment.title,
    length,
    networks: networksOf(experiment[length]).flatMap(({ name, network, set, published }) => {
      const found = runs.get(name);
      if (found === undefined) return [];
      const { run, params, multiplyAdds, responses } = found;
      const { step, training, validation, best } = errorsOf(run);
      return [
        {
          name, network, set, recipe: run.recipe.name, steps: step, seed: run.seed, params, multiply_adds: multiplyAdds ?? null,
          train_error: training ?? null, val_error: validation ?? null, best: best ?? null, test_error: run.test?.error ?? null, published_test_error: published === undefined ? null : published / 100,
          curve: run.lines.map(({ step: at, train_error, val_error }) => [at, train_error, val_error ?? null]),
          ...(responses === undefined ? {} : { responses }),
        },
      ];
    }),
  };
}

interface TextTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The table of a result; the first column is text, all others are numbers. */
export function tableOf({ experiment, length, runs }: ExperimentResult): TextTable {
  const networks = networksOf(experiment[length]).flatMap((network) => {
    const found = runs.get(network.name);
    return found ? [{ ...network, ...found }] : [];
  });
  const percent = (fraction: number | undefined): string => (fraction === undefined ? "–" : (100 * fraction).toFixed(2));
  const withPublished = networks.some(({ published }) => published !== undefined);
  const withResponses = experiment.figure.kind === "responses";
  return {
    titles: ["network", "parameters", "multiply-adds", "steps", "training error, %", "validation error, %", "test error, %", ...(withPublished ? ["published test error, %"] : []), ...(withResponses ? ["layers", "mean std", "least", "greatest"] : [])],
    rows: networks.map(({ name, run, params, multiplyAdds, published, responses = [] }) => {
      const { step, training, validation } = errorsOf(run);
      const spread = [responses.reduce((sum, value) => sum + value, 0) / responses.length, Math.min(...responses), Math.max(...responses)];
      return [
        name, groupDigits(params), multiplyAdds === undefined ? "–" : groupDigits(multiplyAdds), groupDigits(step), percent(training), percent(validation), percent(run.test?.error),
        ...(withPublished ? [published === undefined ? "–" : String(published)] : []),
        ...(withResponses ? [String(responses.length), ...spread.map((value) => value.toFixed(3))] : []),
      ];
    }),
  };
}

function markdownTable({ titles, rows }: TextTable): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(titles), line(titles.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)];
}
