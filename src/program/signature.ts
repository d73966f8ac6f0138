import { boundOf, parametersOf, typeText } from "../check/call.ts";
import type { Target } from "../check/data.ts";
import { formatDatum } from "../check/data.ts";
import { moduleContext, moduleScope } from "../check/module-scope.ts";
import { createSession } from "../check/session.ts";
import type { Program } from "./load.ts";

/** A parameter that a network, block or recipe takes. */
export interface SignatureParameter {
  readonly name: string;
  /** `int`, `block`, `int[4]`. */
  readonly type: string;
  /** What it is when nothing is said, as text of the language; `undefined` where it must be given. */
  readonly value: string | undefined;
}

/**
 * What a declaration of a program's root file can be given. An alias without parameters of its own takes those of what it
 * stands for, with the values that it gives them.
 */
export function signatureOf(program: Program, name: string): readonly SignatureParameter[] {
  const session = createSession(program.checker.index, program.checker.scopes);
  const made = moduleScope(program.root, session);
  const declared = made.declared.find((candidate) => candidate.name === name);
  if (declared === undefined || declared.ast.keyword === "recipe") return [];
  const context = moduleContext(made, session);
  const target: Target = { kind: "declaration", declared };
  const bound = boundOf({ kind: "block", target, bound: new Map() }, context);
  return parametersOf(target, context).map(({ name: parameter, type, span }) => {
    const given = bound.get(parameter);
    const text = span?.source.text.slice(span.start, span.end);
    const written = text === undefined ? undefined : /=\s*([\s\S]+)$/.exec(text)?.[1]?.trim().replace(/\s+/g, " ");
    return { name: parameter, type: typeText(type), value: given ? formatDatum(given.datum) : written };
  });
}
