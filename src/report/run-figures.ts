import type { MetricsLine } from "../training/loop.ts";
import type { Axis, Curve, Figure } from "./figure.ts";
import { thinned } from "./figure.ts";
import type { TrainingRun } from "./run.ts";

/** A panel of an error figure. */
export interface ErrorPanel {
  readonly title: string;
  readonly runs: readonly Pick<TrainingRun, "name" | "lines" | "totalSteps">[];
}

/** The axis of errors begins and ends at multiples of this, in percent: Fig. 6 has 0 to 20, Fig. 4 has 20 to 60. */
const STEP_OF_AXIS = 20;
/** The first part of a training, in which errors fall from those of guesses, may be cut off. */
const BEGINNING = 0.2;

/** Errors over iterations in the form of the paper's Fig. 6: training dashed, validation or test bold; all panels have the same axes. */
export function errorFigure(title: string, panels: readonly ErrorPanel[], bold: string): Figure {
  const runs = panels.flatMap((panel) => panel.runs);
  const y = errorAxis(runs);
  const x = iterations(runs);
  return {
    title,
    columns: Math.min(3, panels.length),
    note: `dashed: training error; bold: error on ${bold}`,
    panels: panels.map((panel) => ({ title: panel.title, x, y, curves: panel.runs.flatMap(({ name, lines }, colour) => errorCurves(name, lines, colour)) })),
  };
}

function errorCurves(name: string, lines: readonly MetricsLine[], colour: number): readonly Curve[] {
  const training = pointsOf(lines, ({ train_error }) => 100 * train_error);
  const tested = pointsOf(lines, ({ val_error }) => (val_error === undefined ? undefined : 100 * val_error));
  return [
    { name: `${name}, training`, points: training, colour, look: "dashed" },
    ...(tested.length > 0 ? [{ name, points: tested, colour, look: "bold" } as const] : []),
  ];
}

/** Loss and learning rate over iterations. */
export function lossFigure(runs: readonly Pick<TrainingRun, "name" | "lines" | "totalSteps">[]): Figure {
  const x = iterations(runs);
  const losses = runs.flatMap(({ name, lines }, colour): readonly Curve[] => {
    const tested = pointsOf(lines, ({ val_loss }) => val_loss);
    return [{ name: `${name}, training`, points: pointsOf(lines, ({ train_loss }) => train_loss), colour, look: "dashed" }, ...(tested.length > 0 ? [{ name, points: tested, colour, look: "bold" } as const] : [])];
  });
  const rates = runs.map(({ name, lines }, colour): Curve => ({ name, points: stepwise(lines), colour, look: "thin" }));
  const settled = runs.flatMap(({ lines }) => lines.slice(Math.floor(BEGINNING * lines.length)).flatMap(({ train_loss, val_loss }) => [train_loss, val_loss ?? 0]));
  return {
    title: "Loss and learning rate",
    columns: 2,
    panels: [
      { title: "loss", x, y: { title: "cross-entropy", from: 0, to: 1.1 * greatest(settled, 1) }, curves: losses },
      { title: "learning rate", x, y: rateAxis(rates), curves: rates },
    ],
  };
}

const pointsOf = (lines: readonly MetricsLine[], value: (line: MetricsLine) => number | undefined): Curve["points"] =>
  thinned(lines.flatMap((line): Curve["points"] => {
    const y = value(line);
    // JSON has null for what is no number: a loss that was infinite.
    return y === undefined || !Number.isFinite(y) ? [] : [[line.step, y]];
  }));

/** The rate of a line is that of the steps before it: it changes at once, not along a slope. */
function stepwise(lines: readonly MetricsLine[]): Curve["points"] {
  let before = 0;
  const points: (readonly [number, number])[] = [];
  for (const { step, lr } of lines) {
    if (points.at(-1)?.[1] === lr) points.pop();
    else points.push([before, lr]);
    points.push([step, lr]);
    before = step;
  }
  return points;
}

function rateAxis(curves: readonly Curve[]): Axis {
  const rates = curves.flatMap(({ points }) => points.map(([, rate]) => rate)).filter((rate) => rate > 0);
  const [least, most] = [rates.reduce((a, b) => Math.min(a, b), Infinity), greatest(rates, 1)];
  if (rates.length === 0 || most / least < 9) return { title: "rate", from: 0, to: 1.1 * most };
  return { title: "rate", from: 10 ** Math.floor(Math.log10(least) - 0.2), to: 10 ** Math.ceil(Math.log10(most) + 0.2), scale: "logarithmic" };
}

function iterations(runs: readonly Pick<TrainingRun, "totalSteps">[]): Axis {
  return { title: "iterations", from: 0, to: Math.max(1, ...runs.map(({ totalSteps }) => totalSteps)) };
}

/** Shows everything but the beginning. */
function errorAxis(runs: readonly Pick<TrainingRun, "lines">[]): Axis {
  const errors = runs.flatMap(({ lines }) => lines.slice(Math.floor(BEGINNING * lines.length)).flatMap(({ train_error, val_error }) => (val_error === undefined ? [train_error] : [train_error, val_error])));
  const [least, most] = [100 * errors.reduce((a, b) => Math.min(a, b), 1), 100 * greatest(errors, 1)];
  const from = Math.min(STEP_OF_AXIS * Math.floor(least / STEP_OF_AXIS), 100 - STEP_OF_AXIS);
  return { title: "error (%)", from, to: Math.max(STEP_OF_AXIS * Math.ceil(most / STEP_OF_AXIS), from + STEP_OF_AXIS) };
}

const greatest = (values: readonly number[], otherwise: number): number => {
  const finite = values.filter((value) => Number.isFinite(value));
  return finite.length === 0 ? otherwise : finite.reduce((a, b) => Math.max(a, b), 0) || otherwise;
};

/** All runs in one picture. */
export const onePanel = (runs: ErrorPanel["runs"]): readonly ErrorPanel[] => [{ title: "error", runs }];
