import { groupDigits } from "../base/digits.ts";
import { drawFigure } from "./draw.ts";
import { escapeXml } from "../base/markup.ts";
import { recipeText } from "./recipe-text.ts";
import { errorsOf, overridesText } from "./run.ts";
import type { TrainingRun } from "./run.ts";
import { errorFigure, lossFigure, onePanel } from "./run-figures.ts";

/** A page of a training that is still going on loads itself again after so many seconds. */
const RELOAD_S = 20;

const STYLE = `
:root { color-scheme: light }
body { font: 15px/1.5 Helvetica, Arial, sans-serif; color: #222; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
svg { max-width: 100%; height: auto }
table { border-collapse: collapse; margin: .5rem 0; display: block; overflow-x: auto }
th, td { padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
pre { background: #f5f5f5; padding: .7rem; overflow-x: auto; font-size: 13px }
`;

/**
 * A page about trainings that opens anywhere: one text, its pictures in it, nothing loaded from elsewhere and nothing to run.
 *
 * @param runs one, or several whose curves share a picture
 */
export function reportPage(runs: readonly TrainingRun[]): string {
  const title = runs.length === 1 ? (runs[0]?.name ?? "") : `${runs.length} trainings`;
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeXml(title)}</title>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    ...(runs.some(({ state }) => state === "running") ? [`<meta http-equiv="refresh" content="${RELOAD_S}">`] : []),
    `<style>${STYLE}</style></head><body>`,
    `<h1>${escapeXml(title)}</h1>`,
    ...runs.map((run) => `<p>${escapeXml(runs.length === 1 ? stateText(run) : `${run.name}: ${stateText(run)}`)}</p>`),
    errorTable(runs),
    ...(runs.some(({ lines }) => lines.length > 0)
      ? [drawFigure(errorFigure("Training and test error", onePanel(runs), boldOf(runs))), drawFigure(lossFigure(runs))]
      : ["<p>There are no numbers yet: the first come with the first line of <code>metrics.jsonl</code>.</p>"]),
    "<h2>What was used</h2>",
    ...runs.map((run) => settings(run, runs.length > 1)),
    "</body></html>\n",
  ].join("\n");
}

/** The errors of trainings in the form of Fig. 6, as an SVG picture of its own. */
export function reportPicture(runs: readonly TrainingRun[]): string {
  return drawFigure(errorFigure(runs.map(({ name }) => name).join(", "), onePanel(runs), boldOf(runs)));
}

/** What the bold curves are measured on. */
export function boldOf(runs: readonly Pick<TrainingRun, "data">[]): string {
  return [...new Set(runs.map(({ data }) => data.validationOf))].join(" or ") || "images for validation";
}

function stateText({ state, totalSteps, lines }: TrainingRun): string {
  const step = lines.at(-1)?.step ?? 0;
  const done = `${groupDigits(step)} of ${groupDigits(totalSteps)} steps (${Math.floor((100 * step) / Math.max(1, totalSteps))} %)`;
  if (state === "finished") return `Finished after ${groupDigits(step)} steps.`;
  return state === "running" ? `In progress: ${done}. This page loads itself again.` : `Stopped after ${done}; \`rnc train --resume\` goes on.`;
}

function errorTable(runs: readonly TrainingRun[]): string {
  const percent = (error: number | undefined): string => (error === undefined ? "–" : `${(100 * error).toFixed(2)} %`);
  const rows = runs.map((run) => {
    const { step, training, validation, best } = errorsOf(run);
    return [
      `<td>${escapeXml(run.name)}</td>`,
      ...[groupDigits(step), percent(training), percent(validation), best === undefined ? "–" : `${percent(best.error)}, step ${groupDigits(best.step)}`, percent(run.test?.error), percent(run.test?.error5), run.imagesPerSecond === undefined ? "–" : groupDigits(Math.round(run.imagesPerSecond))].map((text) => `<td class="number">${text}</td>`),
    ].join("");
  });
  const titles = ["steps", "training error, last", "validation error, last", "best", "test error, last weights", "top-5", "images/s"];
  return `<table><thead><tr><th>training</th>${titles.map((text) => `<th class="number">${text}</th>`).join("")}</tr></thead><tbody>${rows.map((row) => `<tr>${row}</tr>`).join("")}</tbody></table>`;
}

function settings(run: TrainingRun, named: boolean): string {
  const { network, seed, weights, data, engine, versions } = run;
  const rows: readonly (readonly [string, string])[] = [
    ["network", network],
    ["images", `${data.path}: ${data.classes} classes, ${groupDigits(data.train)} images train, ${data.validation === 0 ? "none" : `${groupDigits(data.validation)} ${data.validationOf}`} validate`],
    ["instead of the recipe", overridesText(run)],
    ["seed", String(seed)],
    ["weights at the beginning", weights ?? "initial weights of the seed"],
    ["engine", `${engine.name} ${engine.version}, ${engine.device}${engine.name === "onnxruntime" ? `, ${engine.threads} threads` : ""}`],
    ["versions", `rnc ${versions.rnc}, Node ${versions.node}, ${versions.platform}`],
  ];
  return [
    ...(named ? [`<h3>${escapeXml(run.name)}</h3>`] : []),
    `<table><tbody>${rows.filter(([, text]) => text !== "").map(([name, text]) => `<tr><th>${name}</th><td>${escapeXml(text)}</td></tr>`).join("")}</tbody></table>`,
    `<pre>${escapeXml(recipeText(run.recipe))}</pre>`,
  ].join("\n");
}
