import type { Command } from "./command.ts";
import { UsageError } from "./host.ts";

/** Adds `--set` and `--input`, the options of every command for one network. */
export function addNetworkOptions(command: Command): Command {
  return command
    .option("--set <name=value>", "give a parameter a value (--set option=A); repeatable", collectSetting)
    .option("--input <sizes>", "sizes of the input (--input 1x3x224x224); repeatable where there are several inputs", collectSizes);
}

/** `name=value` pairs by name; a name given twice takes the last value. */
export function collectSetting(text: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(at, 0)).trim();
  if (at < 1 || !/^[A-Za-z_]\w*$/.test(name)) {
    throw new UsageError(`\`--set ${text}\` is no setting`, { help: ["Write the name of a parameter, `=`, and a value: `--set option=A`, `--set depths=[3,4,6,3]`."] });
  }
  return { ...earlier, [name]: text.slice(at + 1).trim() };
}

/** `1x3x224x224`, one for each `--input`. */
export function collectSizes(text: string, earlier: readonly (readonly number[])[] = []): (readonly number[])[] {
  const parts = text.trim().split(/\s*[x,×]\s*/i);
  const sizes = parts.map(Number);
  if (parts.length < 2 || !parts.every((part) => /^\d+$/.test(part)) || sizes.some((size) => size < 1 || !Number.isSafeInteger(size))) {
    throw new UsageError(`\`--input ${text}\` is no shape`, { help: ["Write all sizes of the input, the batch first: `--input 1x3x224x224`."] });
  }
  return [...earlier, sizes];
}

/** A parser for whole-number options. */
export function wholeNumber(option: string, minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && !Number.isSafeInteger(value)) throw new UsageError(`\`${option} ${text}\`: at most ${Number.MAX_SAFE_INTEGER} can be counted exactly`);
    if (!/^\d+$/.test(text) || value < minimum) {
      throw new UsageError(`\`${option} ${text}\`: a whole number of at least ${minimum} is needed`);
    }
    return value;
  };
}

/** The values of a repeatable option, in order. */
export function collectText(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, text];
}
