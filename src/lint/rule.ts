import type { Span } from "../base/source-file.ts";
import type { Fix, Label, RuleCode, Severity } from "../diagnostics/problem.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import type { Measures, NodeMeasure } from "../passes/measure.ts";
import type { Module } from "../syntax/ast.ts";
import type { PlacedElement } from "../syntax/elements.ts";
import type { MapLayer } from "./analysis/maps.ts";
import type { ResidualUnit } from "./analysis/residuals.ts";
import type { RecipeFacts } from "./recipes.ts";

/**
 * One question a careful colleague would ask of an architecture. A rule is one file in `rules/`: what it says, why, a
 * program that it finds fault with and the same program mended. `rnc explain` and the reference page print the record.
 */
export interface Rule {
  /** Stable and never re-used: `RL05`. */
  readonly code: RuleCode;
  /** In kebab-case, for `--select`, `rnc.toml` and `rnc-ignore`: `single-layer-residual`. */
  readonly name: string;
  /** What a finding weighs unless `rnc.toml` says otherwise; findings of weight `info` are only shown when asked for. */
  readonly severity: Severity;
  /** One line: what it looks for. */
  readonly summary: string;
  /** Why it matters, in a few sentences, with the figure. */
  readonly why: string;
  /** Where the figure was measured; `undefined` says that nobody has measured it, and the reference says so, too. */
  readonly evidence: string | undefined;
  /** When a finding may be ignored, and what the rule leaves out by itself. */
  readonly exceptions: string;
  /** A whole file with at least one finding of this rule. */
  readonly wrong: string;
  /** The same file, mended: no finding of this rule. */
  readonly right: string;
  /** Numbers that `rnc.toml` may set, by name: `depth`. */
  readonly thresholds?: Readonly<Record<string, Threshold>>;
  /** Asked once a file. */
  readonly checkModule?: (context: ModuleContext) => void;
  /** Asked once for every network of the file that can be built. */
  readonly checkNetwork?: (context: NetworkContext) => void;
}

export interface Threshold {
  readonly default: number;
  /** One line, with the unit. */
  readonly meaning: string;
}

/** What every rule knows. */
export interface RuleContext {
  /** The file that is linted, also when it is a module of the standard library. */
  readonly module: Module;
  /** The value of one of the rule's own thresholds. */
  threshold(name: string): number;
}

export interface ModuleContext extends RuleContext {
  /** The comments of the file in order, `//` and `///`, with their places. */
  readonly comments: readonly Span[];
  /** Every element of a chain in the file, outer ones before inner ones, in the order of the text. */
  readonly elements: readonly PlacedElement[];
  report(finding: Finding & { readonly at: Span }): void;
}

export interface NetworkContext extends RuleContext {
  readonly graph: Graph;
  /** Measures by node id, and of the whole. */
  readonly nodes: readonly NodeMeasure[];
  readonly total: Measures;
  /** The nodes that read a value, in order; none for a network's output that nothing else reads. */
  consumersOf(value: Value): readonly Node[];
  /** Every instance of the network from the outside in: blocks, joins, groups; each once, in order of their first node. */
  readonly instances: readonly Instance[];
  /** The nodes made inside an instance (also deeper ones), in order. */
  nodesOf(instance: Instance): readonly Node[];
  /** Every `residual`, in the order of its first layer. */
  readonly residuals: readonly ResidualUnit[];
  /** The layers with windows before any global operator, in order; without those whose sizes are open. */
  readonly mapLayers: readonly MapLayer[];
  /** The recipes that the file declares or imports: nothing says which of them trains this network. */
  readonly recipes: readonly RecipeFacts[];
  /**
   * Notes a finding. Findings of one rule with the same place in the linted file and the same message are one, with a
   * count and the first names: the same cause in 36 blocks is said once.
   */
  report(finding: Finding & { readonly at: Node | Instance }): void;
}

/** What a rule says of a place. Of a node or an instance, the place is the innermost line of the linted file that made it. */
export interface Finding {
  readonly at: Node | Instance | Span;
  /** What is the matter, in the reader's words; numbers that differ from block to block belong in `notes`. */
  readonly message: string;
  /** What is at the place; the framework adds block and layer names. */
  readonly label?: string;
  readonly secondary?: readonly Label[];
  /** The numbers. */
  readonly notes?: readonly string[];
  /** The next step. */
  readonly help?: readonly string[];
  readonly fixes?: readonly Fix[];
}

/** What is said of a rule without evidence. */
export const UNMEASURED = "none; nobody has published a measurement.";

/** Checks a record against {@link Rule}. */
export function defineRule(rule: Rule): Rule {
  return rule;
}
