import type { Rule } from "chevrotain";
import { ResnetParser } from "../src/syntax/grammar.ts";
import { METHODS, prepareGrammar, type AfterRepetition, type Analysed, type PreparedGrammar } from "../src/syntax/prepared-grammar.ts";

type Walker = new (rule: Rule, occurrence: number) => { startWalking(): AfterRepetition };

// Chevrotain's walkers are no part of its public door; they are only needed here, where the data is made.
const walkers = (await import(new URL("../node_modules/chevrotain/lib/src/parse/grammar/interpreter.js", import.meta.url).href)) as Readonly<Record<string, Walker>>;

const WALKER_OF: Readonly<Record<number, string>> = {
  [METHODS.many]: "NextTerminalAfterManyWalker",
  [METHODS.atLeastOne]: "NextTerminalAfterAtLeastOneWalker",
  [METHODS.manySeparated]: "NextTerminalAfterManySepWalker",
  [METHODS.atLeastOneSeparated]: "NextTerminalAfterAtLeastOneSepWalker",
};

/** What Chevrotain finds out about our grammar, from a parser that has just done so. */
export function prepareGrammarOf(): PreparedGrammar {
  const parser = new ResnetParser({ validate: false });
  return prepareGrammar(parser as unknown as Analysed, (rule, method, occurrence) => {
    const Walker = walkers[WALKER_OF[method] ?? ""];
    if (Walker === undefined) throw new Error(`Chevrotain has no walker for its method ${method}`);
    return new Walker(rule, occurrence).startWalking();
  });
}
