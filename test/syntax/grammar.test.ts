import { readFileSync } from "node:fs";
import { expect } from "chai";
import { Alternation, Alternative, Lexer, NonTerminal, Option, Repetition, RepetitionMandatory, RepetitionMandatoryWithSeparator, RepetitionWithSeparator, Terminal, type IProduction, type Rule, type TokenType } from "chevrotain";
import { ResnetParser } from "../../src/syntax/grammar.ts";
import { createLexer } from "../../src/syntax/lexer.ts";
import { reservedWords } from "../../src/syntax/reserved-words.ts";
import * as t from "../../src/syntax/tokens.ts";

const rules: Record<string, Rule> = new ResnetParser({ validate: true }).getGAstProductions();

/** A set of token strings of at most k tokens; each string is joined with blanks. */
type Strings = ReadonlySet<string>;
const joined = (a: string, b: string, k: number): string => [...a.split(" "), ...b.split(" ")].filter(Boolean).slice(0, k).join(" ");
const lengthOf = (a: string): number => (a === "" ? 0 : a.split(" ").length);
function concatenate(a: Strings, b: Strings, k: number): Set<string> {
  const made = new Set<string>();
  for (const x of a) {
    if (lengthOf(x) >= k) made.add(x);
    else for (const y of b) made.add(joined(x, y, k));
  }
  return made;
}

const partsOf = (production: IProduction): readonly IProduction[] => (production as Alternative).definition;

/** A category stands for each of its tokens. */
function membersOf(type: TokenType): string[] {
  const members = t.tokenTypes.filter(({ CATEGORIES }) => CATEGORIES?.includes(type)).map(({ name }) => name);
  return members.length > 0 ? members : [type.name];
}

/** One place where a parser has to choose, with what each of its ways may begin with. */
interface ChoicePoint {
  readonly where: string;
  readonly ways: readonly Strings[];
}

/**
 * Strong LL(k), as in Aho and Ullman: FIRSTk and FOLLOWk by fixed points, then for every choice the sets
 * FIRSTk(way) FOLLOWk(rest). Nothing of Chevrotain's own look-ahead is used.
 */
function choicePoints(grammar: Readonly<Record<string, Rule>>, k: number): ChoicePoint[] {
  const first = new Map<string, Set<string>>();
  const follow = new Map<string, Set<string>>();
  for (const name of Object.keys(grammar)) {
    first.set(name, new Set());
    follow.set(name, new Set());
  }
  follow.get("File")?.add("EOF");

  const repeat = (once: Strings): Set<string> => {
    let all = new Set([""]);
    for (;;) {
      const next = new Set([...all, ...concatenate(all, once, k)]);
      if (next.size === all.size) return all;
      all = next;
    }
  };
  const firstOf = (production: IProduction): Strings => {
    if (production instanceof Terminal) return new Set(membersOf(production.terminalType));
    if (production instanceof NonTerminal) return first.get(production.nonTerminalName) as Set<string>;
    if (production instanceof Alternation) return new Set(production.definition.flatMap((way) => [...firstOfAll(partsOf(way))]));
    const inner = firstOfAll((production as Alternative).definition);
    if (production instanceof Option) return new Set(["", ...inner]);
    if (production instanceof Repetition) return repeat(inner);
    if (production instanceof RepetitionMandatory) return concatenate(inner, repeat(inner), k);
    if (production instanceof RepetitionWithSeparator || production instanceof RepetitionMandatoryWithSeparator) {
      const more = concatenate(inner, repeat(concatenate(new Set(membersOf(production.separator)), inner, k)), k);
      return production instanceof RepetitionWithSeparator ? new Set(["", ...more]) : more;
    }
    return inner;
  };
  const firstOfAll = (productions: readonly IProduction[]): Strings =>
    productions.reduce<Strings>((all, production) => concatenate(all, firstOf(production), k), new Set([""]));

  const settle = (step: () => void, sets: Map<string, Set<string>>): void => {
    const size = (): number => [...sets.values()].reduce((sum, set) => sum + set.size, 0);
    for (let before = -1; before !== size(); ) {
      before = size();
      step();
    }
  };
  settle(() => {
    for (const [name, rule] of Object.entries(grammar)) for (const s of firstOfAll(rule.definition)) first.get(name)?.add(s);
  }, first);

  const points = new Map<string, ChoicePoint>();
  const walk = (productions: readonly IProduction[], after: Strings, where: string): void => {
    productions.forEach((production, index) => {
      const rest = concatenate(firstOfAll(productions.slice(index + 1)), after, k);
      const here = `${where}/${index}`;
      if (production instanceof NonTerminal) for (const s of rest) follow.get(production.nonTerminalName)?.add(s);
      else if (production instanceof Alternation) {
        const ways = production.definition.map((way) => concatenate(firstOfAll(partsOf(way)), rest, k));
        points.set(here, { where: here, ways });
        production.definition.forEach((way, number) => walk(partsOf(way), rest, `${here}.${number}`));
      } else if (production instanceof Option) {
        points.set(here, { where: here, ways: [concatenate(firstOfAll(production.definition), rest, k), rest] });
        walk(production.definition, rest, here);
      } else if (production instanceof Repetition || production instanceof RepetitionMandatory) {
        const inner = firstOfAll(production.definition);
        const again = concatenate(repeat(inner), rest, k);
        points.set(here, { where: here, ways: [concatenate(inner, again, k), rest] });
        walk(production.definition, again, here);
      } else if (production instanceof RepetitionWithSeparator || production instanceof RepetitionMandatoryWithSeparator) {
        const inner = firstOfAll(production.definition);
        const separated = concatenate(new Set(membersOf(production.separator)), inner, k);
        const again = concatenate(repeat(separated), rest, k);
        points.set(`${here} begin`, { where: `${here} begin`, ways: [concatenate(inner, again, k), rest] });
        points.set(`${here} again`, { where: `${here} again`, ways: [concatenate(separated, again, k), rest] });
        walk(production.definition, again, here);
      }
    });
  };
  settle(() => {
    for (const [name, rule] of Object.entries(grammar)) walk(rule.definition, follow.get(name) as Set<string>, name);
  }, follow);
  return [...points.values()];
}

function conflicts(points: readonly ChoicePoint[]): string[] {
  return points.flatMap(({ where, ways }) =>
    ways.flatMap((way, i) =>
      ways.slice(i + 1).flatMap((other) => {
        const shared = [...way].filter((s) => other.has(s));
        return shared.length > 0 ? [`${where}: ${shared.slice(0, 3).join(", ")}`] : [];
      }),
    ),
  );
}

/** The productions of the EBNF: a name and the terminals and names it mentions. */
function readEbnf(): Map<string, Set<string>> {
  const text = readFileSync(new URL("../../grammar/resnet.ebnf", import.meta.url), "utf8").replace(/\(\*[\s\S]*?\*\)/g, "");
  const productions = new Map<string, Set<string>>();
  for (const [, name, body] of text.matchAll(/^(\w+)\s*=\s*((?:"[^"]*"|[^;"])*);/gm)) {
    productions.set(name as string, new Set((body as string).match(/"[^"]*"|\w+/g)));
  }
  return productions;
}

/** What a rule of the parser mentions, in the words of the EBNF. */
function mentions(rule: Rule): Set<string> {
  const named = new Map<TokenType, string>([
    [t.Identifier, "Ident"], [t.Word, "Word"], [t.NewLine, "NL"], [t.NumberToken, rule.name === "Path" ? "Index" : "Number"],
    [t.Dims, "Dims"], [t.StringToken, "String"],
  ]);
  const found = new Set<string>();
  const addToken = (type: TokenType): void => {
    const members = t.tokenTypes.filter(({ CATEGORIES }) => CATEGORIES?.includes(type));
    const name = named.get(type);
    if (name) found.add(name);
    else if (members.length > 0) members.forEach(addToken);
    else found.add(`"${String(type.PATTERN)}"`);
  };
  const walk = (production: IProduction): void => {
    if (production instanceof Terminal) addToken(production.terminalType);
    else if (production instanceof NonTerminal) found.add(production.nonTerminalName);
    else {
      if (production instanceof RepetitionWithSeparator) addToken(production.separator);
      (production as Alternative).definition.forEach(walk);
    }
  };
  rule.definition.forEach(walk);
  return found;
}

describe("syntax: the grammar", () => {
  it("is strong LL(2)", () => {
    const points = choicePoints(rules, 2);
    expect(points.length).to.be.greaterThan(40);
    expect(conflicts(points)).to.deep.equal([]);
  });

  it("is not LL(1), which shows that the check can fail", () => {
    const found = conflicts(choicePoints(rules, 1)).join("\n");
    // A label, a named argument and a trailing comma need the second token.
    for (const rule of ["Element", "Arg", "Args", "Params", "List", "Use"]) expect(found).to.match(new RegExp(`^${rule}/`, "m"));
  });

  it("has the rules of grammar/resnet.ebnf, which mention the same words", () => {
    const productions = readEbnf();
    expect([...productions.keys()]).to.deep.equal(Object.keys(rules));
    expect(productions.size).to.equal(32);
    for (const [name, words] of productions) expect([...words].sort(), name).to.deep.equal([...mentions(rules[name] as Rule)].sort());
  });

  it("has 22 reserved words, the same for tokens and tools", () => {
    expect(t.reservedWords.map(({ name }) => name)).to.deep.equal([...reservedWords]);
    expect(reservedWords).to.have.length(22);
  });

  it("has token definitions in which Chevrotain finds no fault", () => {
    expect(createLexer({ validate: true }).lexerDefinitionErrors).to.deep.equal([]);
  });

  it("names the signs that each pattern can begin with, as Chevrotain finds them in the patterns", () => {
    const tried = (types: readonly TokenType[]): string[][] => {
      const { charCodeToPatternIdxToConfig } = new Lexer([...types], { positionTracking: "onlyOffset", ensureOptimizations: true }) as unknown as { charCodeToPatternIdxToConfig: { defaultMode: { tokenType: TokenType }[][] } };
      // Not `map`: the table has holes for signs that begin nothing.
      return Array.from(charCodeToPatternIdxToConfig.defaultMode, (entries) => (entries ?? []).map(({ tokenType }) => tokenType.name));
    };
    const hinted = t.tokenTypes.filter(({ START_CHARS_HINT }) => START_CHARS_HINT !== undefined);
    expect(hinted.length).to.be.greaterThan(9);
    const hints = hinted.map((type) => type.START_CHARS_HINT ?? []);
    const given = tried(t.tokenTypes);
    try {
      for (const type of hinted) delete type.START_CHARS_HINT;
      expect(given).to.deep.equal(tried(t.tokenTypes));
    } finally {
      hinted.forEach((type, index) => (type.START_CHARS_HINT = hints[index] ?? []));
    }
  });
});
