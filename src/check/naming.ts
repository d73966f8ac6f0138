/**
 * Names of parameters, three rules. (a) A label is the name. (b) A label on `{ }`, `if`, `x` or `for` opens a numbered
 * scope: everything unlabelled in it takes the next number from 0. (c) Elsewhere an operator takes its kind and an ordinal
 * from 1, and an unlabelled block or join dissolves into its holder, except when repeated: then each takes the next number.
 */
export interface NameScope {
  readonly kind: "named" | "numbered";
  /** What stands before every name made here: empty or `layer1.0.`. */
  readonly prefix: string;
  readonly ordinals: Map<string, number>;
  next: number;
}

export function nameScope(kind: NameScope["kind"], path: string): NameScope {
  return { kind, prefix: path === "" ? "" : `${path}.`, ordinals: new Map(), next: 0 };
}

/** The name of an operator; `kind` is its record's word (`conv`). */
export function operatorName(scope: NameScope, kind: string, label: string | undefined): string {
  if (scope.kind === "numbered") return scope.prefix + (label ?? String(scope.next++));
  const ordinal = (scope.ordinals.get(kind) ?? 0) + 1;
  scope.ordinals.set(kind, ordinal);
  return scope.prefix + (label ?? `${kind}${ordinal}`);
}

/** An operator `identity` leaves no trace: its number or ordinal is free again. */
export function releaseOperatorName(scope: NameScope, kind: string, label: string | undefined): void {
  if (scope.kind === "named") scope.ordinals.set(kind, (scope.ordinals.get(kind) ?? 1) - 1);
  else if (label === undefined) scope.next--;
}

/** The path of a block or join, or `undefined` when it dissolves into its holder. */
export function blockPath(scope: NameScope, label: string | undefined, repeated: boolean): string | undefined {
  if (label !== undefined) return scope.prefix + label;
  if (scope.kind === "numbered" || repeated) return scope.prefix + String(scope.next++);
  return undefined;
}

/** The path a scope stands for: its prefix without the dot. */
export function scopePath(scope: NameScope): string {
  return scope.prefix.slice(0, -1);
}
