import type { Shortcuts } from "../syntax/ast.ts";
import { boundOf, parametersOf } from "./call.ts";
import type { Context, PolicyCell } from "./context.ts";
import { report } from "./context.ts";
import type { BlockDatum } from "./data.ts";
import { formatDatum, targetName } from "./data.ts";
import { evaluate } from "./evaluate.ts";
import { spanAt } from "./context.ts";

/** `shortcuts P`: holds from its line on in its body and everything its body holds. */
export function setPolicy(item: Shortcuts, context: Context): void {
  const datum = evaluate(item.policy, context);
  context.policy.current = "unknown";
  if (datum.kind === "unknown") return;
  if (datum.kind !== "block") {
    report(context, item.policy, { code: "RN0505", message: `a shortcut option is a block, this is ${formatDatum(datum)}` });
    return;
  }
  if (isShortcutOption(datum, item.policy, context)) context.policy.current = { block: datum, span: spanAt(context, item.policy) };
}

/** Reports a block that cannot be asked for a shortcut: it must take `channels` and `stride`, and need nothing else. */
export function isShortcutOption(block: BlockDatum, range: { readonly start: number; readonly end: number }, context: Context): boolean {
  const { target } = block;
  if (target.kind === "none" || isIdentity(block)) return true;
  const name = targetName(target);
  const parameters = parametersOf(target, context);
  const names = parameters.map((parameter) => parameter.name);
  const takesBoth = target.kind === "declaration" && target.declared.ast.keyword === "block" && names.includes("channels") && names.includes("stride");
  const bound = boundOf(block, context);
  const open = parameters.filter((parameter) => parameter.required && parameter.name !== "channels" && parameter.name !== "stride" && !bound.has(parameter.name));
  if (takesBoth && open.length === 0) return true;
  report(context, range, {
    code: "RN0505",
    message: `\`${name}\` is no shortcut option: ${takesBoth ? `it still needs \`${open[0]?.name}\`` : "it must take `channels` and `stride`"}`,
    notes: ["A shortcut option is a block that is told what F did: `block P(channels: int, stride: int[]) { … }`."],
    help: takesBoth ? [`Give it: \`${name}(${open[0]?.name}=…)\`.`] : ["The library has A, B, C and D: `use std.shortcuts { A, B, C, D }`; `none` makes a plain network."],
  });
  return false;
}

export function isIdentity(block: BlockDatum): boolean {
  return block.target.kind === "operator" && block.target.record.name === "identity";
}

/** The policy in force here: this body's last, else outward through the instances; `undefined` is the identity. */
export function policyInForce(cell: PolicyCell): PolicyCell["current"] {
  for (let at: PolicyCell | undefined = cell; at; at = at.parent) if (at.current) return at.current;
  return undefined;
}
