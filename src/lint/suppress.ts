import type { SourceFile, Span } from "../base/source-file.ts";
import { catalogue } from "../diagnostics/catalogue.ts";
import type { Fix } from "../diagnostics/problem.ts";
import type { Graph } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import type { Module } from "../syntax/ast.ts";
import { commentsOf, parse } from "../syntax/index.ts";
import type { Covered, IgnoreComment } from "./ignore-comments.ts";
import { ignoreCommentsOf } from "./ignore-comments.ts";
import type { Finding, Rule } from "./rule.ts";
import { unusedIgnore } from "./rules/unused-ignore.ts";
import { findRule, rulesLike } from "./settings.ts";

/** The `rnc-ignore` comments of a lint. */
export interface Ignores {
  /** Whether an ignore covers one of the lines that had a part in a finding; it counts as used then. */
  isIgnored(rule: Rule, chain: readonly Span[]): boolean;
  /** What is wrong with the ignores of the linted file, and which of them ignored nothing. */
  findings(asked: Asked): readonly (Finding & { readonly at: Span })[];
}

/** Which rules could have found something: an ignore of a rule that was not asked may well be of use. */
export interface Asked {
  readonly rules: ReadonlySet<Rule>;
  /** True when the rules for texts were asked. */
  readonly text: boolean;
  /** The networks that were looked at; absent when they are not all that the file has. */
  readonly graphs: readonly Graph[] | undefined;
}

/** An ignore of one rule that holds. */
interface Ignore {
  readonly written: IgnoreComment;
  readonly name: IgnoreComment["names"][number];
  readonly rule: Rule;
  isUsed: boolean;
}

/** Reads the ignores of the linted file now; those of imported files when a finding leads there. Those of the library hold for its own modules alone. */
export function readIgnores(module: Module, comments: readonly Span[]): Ignores {
  const written = ignoreCommentsOf(module, comments);
  const holding = new Map<SourceFile, readonly Ignore[]>([[module.source, ignoresIn(written)]]);
  const ignoresOf = (source: SourceFile): readonly Ignore[] => {
    const known = holding.get(source);
    if (known) return known;
    const read = source.standard || !source.text.includes("rnc-ignore") ? [] : ignoresIn(ignoreCommentsOf(parse(source).module, commentsOf(source)));
    holding.set(source, read);
    return read;
  };
  return {
    isIgnored(rule, chain) {
      if (rule === unusedIgnore) return false;
      const found = chain.flatMap(({ source, start }) => ignoresOf(source).filter((ignore) => ignore.rule === rule && covers(ignore.written.covers, start)));
      for (const ignore of found) ignore.isUsed = true;
      return found.length > 0;
    },
    findings: (asked) => [...written.flatMap(faultsOf), ...unusedIn(written, ignoresOf(module.source), module, asked)],
  };
}

const covers = ({ kind, start, end }: Covered, at: number): boolean => kind !== "nothing" && at >= start && (at < end || kind === "file");

function ignoresIn(written: readonly IgnoreComment[]): readonly Ignore[] {
  return written.flatMap((ignore) => {
    if (faultOf(ignore) !== undefined) return [];
    return ignore.names.flatMap((name) => {
      const rule = findRule(name.text);
      return rule && rule !== unusedIgnore ? [{ written: ignore, name, rule, isUsed: false }] : [];
    });
  });
}

type Fault = Finding & { readonly at: Span };

/** What makes a comment no ignore at all. */
function faultOf({ comment, keyword, names, reason, covers: { kind } }: IgnoreComment): Fault | undefined {
  if (keyword !== "rnc-ignore" && keyword !== "rnc-ignore-file") {
    return { at: comment, message: `there is no \`${keyword}\``, help: ["`// rnc-ignore RULE: REASON` holds for a line or a declaration, `// rnc-ignore-file RULE: REASON` at the top for the file."] };
  }
  if (names.length === 0) return { at: comment, message: `this \`${keyword}\` names no rule, and ignores nothing`, help: [`Name the rule and say why: \`// ${keyword} RULE: REASON\`.`] };
  if (reason === "") return { at: comment, message: `this \`${keyword}\` gives no reason, and ignores nothing`, label: "why?", help: [`Whoever reads it next wants to know: \`// ${keyword} ${names.map(({ text }) => text).join(", ")}: REASON\`.`] };
  if (kind === "nothing" && keyword === "rnc-ignore-file") return { at: comment, message: "`rnc-ignore-file` stands at the top of a file, and here it ignores nothing", help: ["Move it above the first declaration, or write `rnc-ignore` for the declaration or line below."] };
  if (kind === "nothing") return { at: comment, message: "this `rnc-ignore` stands above nothing, and ignores nothing", help: ["It belongs behind what it speaks of, or on the line above."] };
  return undefined;
}

/** What is wrong with an ignore, or with the names in it. */
function faultsOf(ignore: IgnoreComment): readonly Fault[] {
  const fault = faultOf(ignore);
  if (fault) return [fault];
  return ignore.names.flatMap(({ text, span }): readonly Fault[] => {
    const rule = findRule(text);
    if (rule === unusedIgnore) return [{ at: span, message: `\`${unusedIgnore.name}\` cannot be ignored by a comment`, help: [`In rnc.toml: \`ignore = ["${unusedIgnore.name}"]\`.`] }];
    if (rule) return [];
    const wanted = text.toLowerCase();
    const checked = Object.entries(catalogue).find(([code, { slug }]) => code.toLowerCase() === wanted || slug === wanted);
    if (checked) return [{ at: span, message: `\`${text}\` is a message of the checker, and those cannot be ignored`, help: [`Rules of \`rnc lint\` can. \`rnc explain ${checked[0]}\` says how to mend it.`] }];
    return [{ at: span, message: `there is no rule \`${text}\`, and nothing is ignored`, help: [rulesLike(text)] }];
  });
}

/** The ignores that hold and were not needed, a comment at a time. */
function unusedIn(written: readonly IgnoreComment[], holding: readonly Ignore[], module: Module, asked: Asked): readonly Fault[] {
  const reached = reachedIn(module, asked.graphs);
  return written.flatMap((ignore): readonly Fault[] => {
    const own = holding.filter((candidate) => candidate.written === ignore);
    const unused = own.filter(({ isUsed, rule }) => !isUsed && couldFind(rule, ignore.covers, asked, reached));
    if (unused.length === 0) return [];
    const isAll = unused.length === ignore.names.length;
    const names = unused.map(({ rule }) => `\`${rule.name}\``).join(", ");
    return [{
      at: isAll ? ignore.comment : (unused[0]?.name.span ?? ignore.comment),
      message: `${names} ${unused.length === 1 ? "finds" : "find"} nothing to ignore ${placeText(ignore.covers)}`,
      label: "not needed",
      help: ["Take it away: what was to be ignored is mended, or stands elsewhere."],
      fixes: [isAll ? withoutComment(ignore.comment) : withoutNames(ignore, new Set(unused.map(({ name }) => name)))],
    }];
  });
}

function placeText({ kind }: Covered): string {
  if (kind === "file") return "in this file";
  return kind === "declaration" ? "in this declaration" : "here";
}

/** Rules for texts see the whole text. Rules for networks see what a network made: nothing can be said of blocks that no network uses. */
function couldFind(rule: Rule, { kind, start }: Covered, { rules, text, graphs }: Asked, reached: (offset: number) => boolean): boolean {
  if (!rules.has(rule) || (rule.checkModule && !text)) return false;
  if (rule.checkNetwork === undefined) return true;
  return graphs !== undefined && graphs.length > 0 && (kind === "file" || reached(start));
}

/** Whether the declaration around an offset made a part of a network. */
function reachedIn({ source, items }: Module, graphs: readonly Graph[] | undefined): (offset: number) => boolean {
  let used: ReadonlySet<unknown> | undefined;
  const itemAt = (offset: number): unknown => items.find(({ start, end }) => start <= offset && offset < end);
  const usedItems = (): ReadonlySet<unknown> => {
    const places = new Set<number>();
    const seen = new Set<Instance>();
    const add = (span: Span): void => void (span.source === source && places.add(span.start));
    for (const { nodes, instance } of graphs ?? []) {
      if (instance) add(instance.callSpan);
      for (const { origin } of nodes) {
        if (origin) add(origin.span);
        for (let at = origin?.instance; at && !seen.has(at); at = at.parent) {
          seen.add(at);
          add(at.callSpan);
        }
      }
    }
    return new Set([...places].map(itemAt));
  };
  return (offset) => {
    used ??= usedItems();
    // A declaration is covered from the beginning of its line.
    const item = itemAt(offset) ?? items.find(({ start }) => start >= offset);
    return used.has(item);
  };
}

/** A comment with the blanks before it; with its line, where it stands alone. */
function withoutComment(comment: Span): Fix {
  const { source } = comment;
  let start = comment.start;
  while (start > 0 && /[ \t]/.test(source.text.charAt(start - 1))) start--;
  const isAlone = start === 0 || /[\r\n]/.test(source.text.charAt(start - 1));
  const lineEnd = isAlone ? (/^(?:\r\n|\r|\n)/.exec(source.text.slice(comment.end, comment.end + 2))?.[0].length ?? 0) : 0;
  return { title: "remove it", isSafe: true, edits: [{ span: { source, start, end: comment.end + lineEnd }, text: "" }] };
}

/** The list of rules anew, without some of them. */
function withoutNames({ names }: IgnoreComment, unused: ReadonlySet<IgnoreComment["names"][number]>): Fix {
  const [first, last] = [names[0], names.at(-1)];
  const kept = names.filter((name) => !unused.has(name)).map(({ text }) => text);
  if (first === undefined || last === undefined) return { title: "remove it", edits: [] };
  return { title: "name the others alone", isSafe: true, edits: [{ span: { ...first.span, end: last.span.end }, text: kept.join(", ") }] };
}
