import { countedText } from "../../base/digits.ts";
import { didYouMean } from "../../base/suggest.ts";
import { CIFAR10 } from "../../data/cifar10.ts";
import { MOST_PIXELS } from "../../data/image-file.ts";
import { sizeText } from "../../data/pixels.ts";
import { workersFor } from "../data/batches.ts";
import { checkData } from "../data/check-data.ts";
import type { DataReport, PartReport, SameImages } from "../data/check-data.ts";
import { fetchCifar10 } from "../data/fetch-cifar10.ts";
import { openDataSet } from "../data/open-data-set.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { Interrupted, UsageError } from "../host.ts";
import { wholeNumber } from "../options.ts";
import { createProgress } from "../progress.ts";
import { writeJson } from "../report.ts";
import { countText, renderTable } from "../table.ts";

interface CheckOptions {
  readonly json?: boolean;
  readonly workers?: number;
}

const CHECK_HELP = `
A data set is a folder of JPEG and PNG images by class, DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg (or test/), or
without parts DIR/CLASS/*.jpg; or CIFAR-10 in its binary form. Classes are numbered in the order of their names.
Reading images needs sharp (npm install sharp); CIFAR-10 does not.

Every image is decoded to its end. Broken are those that cannot be: cut short, of another format than their name says, not
readable, or with more than ${MOST_PIXELS / 1e6} million pixels. Training passes over a few of them and names them.

Examples:
  rnc data check photos
  rnc data check cifar10 --json

Exit codes: 0 all images can be used, 1 some cannot, or the folder is no data set, 2 wrong usage.`;

const FETCH_HELP = `
The archive comes from the publisher and is checked by its MD5; a download that was stopped goes on.

Examples:
  rnc data fetch cifar10 -o cifar10`;

/** `rnc data`: looks into data sets for training, and brings CIFAR-10. */
export function register(program: Command, host: CliHost): void {
  const data = program.command("data").description("check a data set for training; bring CIFAR-10");
  data
    .command("check")
    .argument("<folder>", "a folder of images by class, or CIFAR-10 in its binary form")
    .description("say what is in a data set: images, classes, sizes, what is broken or there twice")
    .option("--json", "print the result as JSON (grammar/data.schema.json)")
    .option("--workers <n>", "threads that decode images (default: one for each processor but one)", wholeNumber("--workers", 0))
    .addHelpText("after", CHECK_HELP)
    .action((folder: string, options: CheckOptions) => check(folder, options, host));
  data
    .command("fetch")
    .argument("<name>", "cifar10")
    .requiredOption("-o, --output <folder>", "where to put it; made where it is missing")
    .description(`bring a data set from its publisher (CIFAR-10: 170 MB from ${new URL(CIFAR10.archive.url).host}, checked by MD5)`)
    .addHelpText("after", FETCH_HELP)
    .action((name: string, { output }: { readonly output: string }) => bring(name, output, host));
}

async function check(folder: string, { json, workers }: CheckOptions, host: CliHost): Promise<number> {
  const data = openDataSet(folder);
  const threads = Math.max(...data.parts.map(workersFor));
  const bar = createCounter(host, `decoding ${folder}`);
  const report = await checkData(data, { workers: workers ?? threads, onProgress: bar.update }).finally(() => bar.end());
  if (json) writeJson(host, report);
  else host.out.write(textOf(report, host));
  return report.parts.some(({ broken }) => broken.length > 0) ? 1 : 0;
}

async function bring(name: string, output: string, host: CliHost): Promise<void> {
  if (name !== "cifar10") throw new UsageError(`there is no data set \`${name}\` to fetch`, { help: [didYouMean(name, ["cifar10"]) ?? "There is `cifar10`."] });
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => controller.abort(new Interrupted(signal));
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  let progress: ReturnType<typeof createProgress> | undefined;
  try {
    const path = await fetchCifar10(output, {
      signal: controller.signal,
      onProgress: (done, total) => (progress ??= createProgress(host, `downloading ${CIFAR10.archive.name}`, total)).update(done),
    });
    progress?.end();
    host.out.write(`CIFAR-10 is in ${path}\n`);
  } finally {
    progress?.end();
    for (const signal of signals) process.off(signal, stop);
  }
}

/** `decoding pets  1,200 of 3,400`: on a terminal. */
function createCounter(host: CliHost, label: string): { update(done: number, total: number): void; end(): void } {
  const begun = performance.now();
  let shown = 0;
  return {
    update(done, total) {
      const now = performance.now();
      if (!host.err.isTerminal || now - begun < 1000 || now - shown < 100) return;
      shown = now;
      host.err.write(`\r\x1b[2K${label}  ${countText(done)} of ${countText(total)}`);
    },
    end() {
      if (shown > 0) host.err.write("\r\x1b[2K");
    },
  };
}

const SHOWN = 10;
/** Classes in a table; more are summed up. */
const CLASSES_SHOWN = 40;
/** From here the smallest classes are hard to learn. */
const IMBALANCE = 3;

function textOf(report: DataReport, host: CliHost): string {
  const { colors } = host.out;
  const lines: string[] = [`${colors.bold(report.path)}: ${report.kind === "cifar10" ? "CIFAR-10 in its binary form" : "images by class"}, ${countedText(report.classes.length, "class", "classes")}`, ""];
  const shown = report.classes.slice(0, CLASSES_SHOWN);
  const table = {
    columns: [{ title: "class" }, ...report.parts.map(({ name }) => ({ title: name, align: "right" as const }))],
    rows: [
      ...shown.map((name, label) => ({ cells: [name, ...report.parts.map(({ counts }) => countText(counts[label] ?? 0))] })),
      ...(shown.length < report.classes.length ? [{ cells: [`… ${report.classes.length - shown.length} more`, ...report.parts.map(() => "")] }] : []),
      { cells: ["all", ...report.parts.map(({ images }) => countText(images))], ruled: true },
    ],
  };
  lines.push(renderTable(table, { title: colors.bold, rule: (text) => text }));
  for (const part of report.parts) lines.push(...partLines(part, report.classes));
  lines.push(...sameLines("have the same content", report.sameContent), ...sameLines("have the same file name", report.sameName.filter(({ severalClasses, severalParts }) => severalClasses || severalParts)));
  if (report.asPublished === true) lines.push("every file is as published (MD5)");
  for (const remark of report.remarks) lines.push(`note: ${remark}`);
  const broken = report.parts.reduce((sum, part) => sum + part.broken.length, 0);
  lines.push(broken === 0 ? "every image can be used" : `${countText(broken)} ${broken === 1 ? "image" : "images"} cannot be used`);
  return `${lines.join("\n")}\n`;
}

function partLines(part: PartReport, classes: readonly string[]): string[] {
  const sizes = part.sizes.slice(0, 3).map((size) => `${sizeText(size)} (${countText(size.images)})`);
  const more = part.sizes.length > sizes.length ? ` and ${countText(part.sizes.length - sizes.length)} more sizes, ${range(part)}` : "";
  const channels = part.channels.map(({ channels: number, images }) => `${countedText(number, "channel")} (${countText(images)})`).join(", ");
  const formats = part.formats.map(({ format, images }) => `${format} (${countText(images)})`).join(", ");
  const lines = [`${part.name}: ${sizes.length === 0 ? "nothing that can be decoded" : `${sizes.join(", ")}${more}; ${channels}; ${formats}`}`];
  if (part.imbalance >= IMBALANCE) {
    const largest = part.counts.indexOf(Math.max(...part.counts));
    const smallest = part.counts.indexOf(Math.min(...part.counts.filter((count) => count > 0)));
    lines.push(`note: ${part.name}: \`${classes[largest]}\` has ${part.imbalance.toFixed(1)} times as many images as \`${classes[smallest]}\``);
  }
  for (const { message } of part.broken.slice(0, SHOWN)) lines.push(`broken: ${message}`);
  if (part.broken.length > SHOWN) lines.push(`broken: ${countText(part.broken.length - SHOWN)} more (\`--json\` names all)`);
  return lines;
}

function range({ sizes }: PartReport): string {
  const widths = sizes.map(({ width }) => width);
  const heights = sizes.map(({ height }) => height);
  const least = (values: readonly number[]): number => values.reduce((one, other) => Math.min(one, other));
  const most = (values: readonly number[]): number => values.reduce((one, other) => Math.max(one, other));
  return `width ${least(widths)} to ${most(widths)}, height ${least(heights)} to ${most(heights)}`;
}

function sameLines(what: string, groups: readonly SameImages[]): string[] {
  const lines = groups.slice(0, SHOWN).map(({ images, severalClasses, severalParts }) => {
    const why = severalClasses ? " and different classes" : severalParts ? ", in several parts" : "";
    return `note: ${images.slice(0, 3).map((name) => `\`${name}\``).join(", ")}${images.length > 3 ? ` and ${images.length - 3} more` : ""} ${what}${why}`;
  });
  if (groups.length > SHOWN) lines.push(`note: ${countText(groups.length - SHOWN)} more groups of images ${what} (\`--json\` names all)`);
  return lines;
}
