import type { InputError } from "../base/input-error.ts";
import type { CliHost, UsageError } from "./host.ts";

/** What is wrong with what was given, as it is printed on standard error: what it is, why, and the next step. */
export function messageOf(error: InputError | UsageError, host: CliHost): string {
  const { bold, red, blue, cyan } = host.err.colors;
  const indented = (lead: string, text: string): string => `  ${lead} ${text.replace(/\n/g, "\n    ")}\n`;
  return [
    `${bold(red("error"))}${bold(`: ${error.message}`)}\n`,
    ...error.notes.map((note) => indented(blue("="), note)),
    ...error.help.map((help) => indented(cyan("help:"), help)),
  ].join("");
}
