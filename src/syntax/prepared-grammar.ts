import { EOF, type IToken, type Rule, type TokenType } from "chevrotain";
import { tokenTypes } from "./tokens.ts";

/**
 * What Chevrotain finds out about the grammar when a parser is made (about 25 ms in a cold process), as plain data. It
 * is made when rnc is built, by {@link prepareGrammar}; token types are numbers, their places in `tokenTypes` with EOF last.
 */
export interface PreparedGrammar {
  /** The full names of the rules in order of definition: data of another grammar is not used. */
  readonly rules: readonly string[];
  /** For each choice point what is decided by the next token, or where that does not suffice by the next two. */
  readonly choices: readonly (readonly [key: number, decisions: readonly (readonly [first: number, decision: Decision])[]])[];
  /** The tokens at which reading can go on after a rule, by Chevrotain's name for the call. */
  readonly follows: Readonly<Record<string, readonly number[]>>;
  /** What comes after each repetition. */
  readonly afterRepetition: Readonly<Record<string, { readonly token?: number; readonly occurrence?: number; readonly isEndOfRule?: boolean }>>;
}

/** An alternative's number, or yes and no for what may be absent; a list: by the second token, `otherwise` for the rest. */
type Choice = number | boolean;
type Decision = Choice | { readonly otherwise: Choice | null; readonly second: readonly (readonly [number, Choice | null])[] };

/** The parts of a Chevrotain parser that its analysis fills; they exist, but are not in its typings. */
export interface Analysed {
  definedRulesNames: string[];
  readonly lookAheadFuncsCache: Map<number, LookAhead>;
  resyncFollows: Record<string, TokenType[]>;
  readonly firstAfterRepMap: Record<string, AfterRepetition>;
  readonly fullRuleNameToShort: Readonly<Record<string, number>>;
  performSelfAnalysis(): void;
  getGAstProductions(): Record<string, Rule>;
}

/** What comes behind a repetition, as Chevrotain finds it. */
export interface AfterRepetition {
  token: TokenType | undefined;
  occurrence: number | undefined;
  isEndOfRule: boolean | undefined;
}

type LookAhead = (this: { LA(distance: number): IToken }, alternatives: readonly object[]) => Choice | undefined;

const numbered = (): readonly TokenType[] => [...tokenTypes, EOF];

/** Gives a parser what its analysis would have found. */
export function installGrammar(parser: Analysed, prepared: PreparedGrammar): void {
  const types = numbered();
  const typesAt = (places: readonly number[]): TokenType[] => places.flatMap((place) => types[place] ?? []);
  const rules = parser.definedRulesNames;
  // Without rules the analysis only does what is left to be done to the object itself.
  parser.definedRulesNames = [];
  parser.performSelfAnalysis();
  parser.definedRulesNames = rules;
  for (const [key, decisions] of prepared.choices) parser.lookAheadFuncsCache.set(key, lookAhead(decisions, types));
  parser.resyncFollows = Object.fromEntries(Object.entries(prepared.follows).map(([name, places]) => [name, typesAt(places)]));
  for (const [key, { token, occurrence, isEndOfRule }] of Object.entries(prepared.afterRepetition)) {
    parser.firstAfterRepMap[key] = { token: token === undefined ? undefined : types[token], occurrence, isEndOfRule };
  }
}

function lookAhead(decisions: PreparedGrammar["choices"][number][1], types: readonly TokenType[]): LookAhead {
  const indexOf = (place: number): number => types[place]?.tokenTypeIdx ?? -1;
  // Lists by Chevrotain's numbers of token types, which are small; a parser asks them several times for each token.
  const byType = <T>(value: T): T[] => {
    const list: T[] = [];
    for (const { tokenTypeIdx } of types) list[tokenTypeIdx ?? 0] = value;
    return list;
  };
  const byFirst = byType<Choice | readonly (Choice | undefined)[] | undefined>(undefined);
  for (const [first, decision] of decisions) {
    if (typeof decision !== "object") byFirst[indexOf(first)] = decision;
    else {
      const bySecond = byType<Choice | undefined>(decision.otherwise ?? undefined);
      for (const [second, choice] of decision.second) bySecond[indexOf(second)] = choice ?? undefined;
      byFirst[indexOf(first)] = bySecond;
    }
  }
  return function () {
    const decision = byFirst[this.LA(1).tokenTypeIdx];
    return typeof decision === "object" ? decision[this.LA(2).tokenTypeIdx] : decision;
  };
}

/**
 * Writes down what the analysis of a parser found.
 *
 * @param walk the token behind a repetition, by Chevrotain's own walkers
 */
export function prepareGrammar(parser: Analysed, walk: (rule: Rule, method: number, occurrence: number) => AfterRepetition): PreparedGrammar {
  const types = numbered();
  const place = (type: TokenType): number => types.indexOf(type);
  const shortNames = new Map(Object.entries(parser.fullRuleNameToShort).map(([name, short]) => [short, name]));
  const productions = parser.getGAstProductions();
  const afterRepetition: Record<string, { token?: number; occurrence?: number; isEndOfRule?: boolean }> = {};
  const choices: [number, (readonly [number, Decision])[]][] = [];
  for (const [key, decide] of parser.lookAheadFuncsCache) {
    choices.push([key, types.flatMap((first, at) => decisionFor(decide, types, first).map((decision) => [at, decision] as const))]);
    const { method, rule, occurrence } = readKey(key);
    const production = productions[shortNames.get(rule) ?? ""];
    if (production === undefined || !REPETITIONS.has(method)) continue;
    const after = walk(production, method, occurrence);
    const { token, occurrence: count, isEndOfRule } = after;
    afterRepetition[key] = {
      ...(token === undefined ? {} : { token: place(token) }),
      ...(count === undefined ? {} : { occurrence: count }),
      ...(isEndOfRule === undefined ? {} : { isEndOfRule }),
    };
  }
  const follows = Object.fromEntries(Object.entries(parser.resyncFollows).map(([name, found]) => [name, found.map(place)]));
  return { rules: [...parser.definedRulesNames], choices, follows, afterRepetition };
}

/** Chevrotain's numbers for its methods: choices are keyed by rule, method and occurrence. */
export const METHODS = { or: 1, option: 2, many: 3, atLeastOne: 4, manySeparated: 5, atLeastOneSeparated: 6 } as const;
const REPETITIONS: ReadonlySet<number> = new Set([METHODS.many, METHODS.atLeastOne, METHODS.manySeparated, METHODS.atLeastOneSeparated]);

function readKey(key: number): { readonly occurrence: number; readonly method: number; readonly rule: number } {
  return { occurrence: key & 0xff, method: (key >> 8) & 0xf, rule: (key >> 12) << 12 };
}

/** What a choice point decides when it sees `first`, asked with every second token; nothing: no alternative fits. */
function decisionFor(decide: LookAhead, types: readonly TokenType[], first: TokenType): Decision[] {
  const ask = (second: TokenType): Choice | undefined => {
    const tokens = [first, second];
    const LA = (distance: number): IToken => ({ tokenTypeIdx: tokens[distance - 1]?.tokenTypeIdx }) as IToken;
    return decide.call({ LA, LA_FAST: LA } as { LA: typeof LA }, []);
  };
  const answers = types.map(ask);
  const counts = new Map<Choice | undefined, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const [[otherwise] = [undefined]] = [...counts].sort((a, b) => b[1] - a[1]);
  if (counts.size === 1) return otherwise === undefined || otherwise === false ? [] : [otherwise];
  const second = answers.flatMap((answer, at) => (answer === otherwise ? [] : [[at, answer ?? null] as const]));
  return [{ otherwise: otherwise ?? null, second }];
}
