import type { Span, SourceFile } from "../base/source-file.ts";
import type { Value } from "../ir/graph.ts";
import type { Datum } from "./data.ts";

export type BindingRole = "parameter" | "let" | "loop" | "symbol" | "declaration" | "import" | "builtin";

/** A name and what it stands for. */
export interface Binding {
  readonly datum: Datum;
  readonly role: BindingRole;
  /** Where it was made; built-in names have none. */
  readonly span: Span | undefined;
  /** For a parameter: the argument that gave it its value. */
  readonly given?: Span | undefined;
}

/**
 * A lexical scope: parameters, `let` and loop variables of a declaration; then the file's declarations and imports; then
 * operators. A later level may hide an earlier one; a name of the same declaration may not be made twice.
 */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly bindings: Map<string, Binding>;
  readonly source: SourceFile;
  /** `declaration` is the outermost scope of a declaration, `nested` a loop inside it. */
  readonly level: "builtin" | "module" | "declaration" | "nested";
  /** The declaration's name, for messages. */
  readonly owner: string;
  /** True when part of the module could not be read: a name it lacks may have been there. */
  readonly broken?: boolean;
}

/** True when part of the file of this scope could not be read. */
export function inBrokenModule(scope: Scope): boolean {
  for (let at: Scope | undefined = scope; at; at = at.parent) if (at.broken) return true;
  return false;
}

export function nestedScope(parent: Scope): Scope {
  return { parent, bindings: new Map(), source: parent.source, level: "nested", owner: parent.owner };
}

export function findBinding(scope: Scope, name: string): Binding | undefined {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const found = at.bindings.get(name);
    if (found) return found;
  }
  return undefined;
}

/** The binding of this name in the same declaration (or the same module), which a new one would collide with. */
export function ownBinding(scope: Scope, name: string): Binding | undefined {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const found = at.bindings.get(name);
    if (found) return found;
    if (at.level !== "nested") return undefined;
  }
  return undefined;
}

/** Every name in scope, nearest first. */
export function namesInScope(scope: Scope): string[] {
  const names: string[] = [];
  for (let at: Scope | undefined = scope; at; at = at.parent) names.push(...at.bindings.keys());
  return names;
}

/** Several outputs of an inner network: only `from label.output` goes on. */
export interface SeveralValues {
  readonly kind: "several";
  readonly declaration: string;
  readonly label: string | undefined;
  readonly outputs: ReadonlyMap<string, Value | "unknown">;
}

/** What flows along a chain: a value; `unknown` after a mistake; `none` before a network with several inputs has said `from`. */
export type Flow = Value | "unknown" | "none" | SeveralValues;

export function isValue(flow: Flow): flow is Value {
  return typeof flow === "object" && "id" in flow;
}

/** A label of the text, and what it names. */
export interface LabelEntry {
  readonly flow: Flow;
  readonly span: Span;
  /** Its full name (`layer1`), with which parts are found (`layer1.0`); nothing for a label without effect. */
  readonly path: string | undefined;
  /** Outputs of a network element. */
  readonly outputs: ReadonlyMap<string, Value | "unknown"> | undefined;
}

/** Labels of one declaration's text; a pass of a loop has its own. */
export interface LabelScope {
  readonly parent: LabelScope | undefined;
  readonly entries: Map<string, LabelEntry>;
  /** Set when a block that would have dissolved here was not built: its labels are not known, so none is called missing. */
  incomplete?: boolean;
}

/** True when labels of this text may be missing because something could not be built. */
export function labelsIncomplete(labels: LabelScope): boolean {
  for (let at: LabelScope | undefined = labels; at; at = at.parent) if (at.incomplete) return true;
  return false;
}

export function findLabel(labels: LabelScope, name: string): LabelEntry | undefined {
  for (let at: LabelScope | undefined = labels; at; at = at.parent) {
    const found = at.entries.get(name);
    if (found) return found;
  }
  return undefined;
}

export function labelNames(labels: LabelScope): string[] {
  const names: string[] = [];
  for (let at: LabelScope | undefined = labels; at; at = at.parent) names.push(...at.entries.keys());
  return names;
}
