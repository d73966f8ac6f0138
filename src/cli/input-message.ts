import type { InputError } from "../base/input-error.ts";
import { gutterWidth, renderFrame } from "../diagnostics/render/frame.ts";
import type { CliHost } from "./host.ts";
import { UsageError } from "./host.ts";

/** What is wrong with what was given, as it is printed on standard error: what it is, where, why, and the next step. */
export function messageOf(error: InputError | UsageError, host: CliHost): string {
  const { colors } = host.err;
  const { bold, red, blue, cyan } = colors;
  const at = error instanceof UsageError ? error.at : undefined;
  const gutter = at ? gutterWidth([at]) : 1;
  const frame = at ? renderFrame([{ ...at, primary: true }], gutter, colors) : [];
  const pad = " ".repeat(gutter + 1);
  const indented = (lead: string, text: string): string => `${pad}${lead} ${text.replace(/\n/g, `\n${pad}  `)}\n`;
  return [
    `${bold(red("error"))}${bold(`: ${error.message}`)}\n`,
    ...frame.map((line) => `${line}\n`),
    ...(frame.length > 0 && error.notes.length + error.help.length > 0 ? [`${pad}${blue("│")}\n`] : []),
    ...error.notes.map((note) => indented(blue("="), note)),
    ...error.help.map((help) => indented(cyan("help:"), help)),
  ].join("");
}
