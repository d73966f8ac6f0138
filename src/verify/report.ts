import { inOneSentence } from "../base/input-error.ts";
import type { FloatTensor } from "../engines/engine.ts";
import type { Graph } from "../ir/graph.ts";
import { isLearned } from "../passes/gradient.ts";
import { describeLayer } from "../program/describe-layer.ts";
import type { Difference } from "./difference.ts";
import { placesOfBlock, placesOfLayer } from "./places.ts";
import type { LinePlace } from "./places.ts";
import type { RunningEngine } from "./subject.ts";
import type { DifferenceOrigin, SubjectResult, Verification } from "./verify.ts";

/** Where weights came from. */
export interface WeightsTold {
  /** `model`: from a model that was given itself, so that only the architecture is compared. */
  readonly kind: "file" | "calibrated" | "model";
  readonly description: string;
}

/** An engine that took no part. */
export interface NotRun {
  readonly engine: RunningEngine["name"];
  readonly reason: string;
  /** What can be done about it. */
  readonly help: readonly string[];
}

export interface ReportContext {
  readonly graph: Graph;
  readonly inputs: readonly FloatTensor[];
  readonly weights: WeightsTold;
  readonly seed: number;
  readonly tolerance: number;
  readonly notRun: readonly NotRun[];
  /** True where training steps were compared. */
  readonly training?: boolean;
}

/** A difference as data; JSON has no infinity, so a null stands for what no number says, and `why` for the reason. */
export interface ReportedDifference {
  readonly agrees: boolean;
  /** max|a - b|. */
  readonly absolute: number | null;
  /** absolute / max|b|. */
  readonly relative: number | null;
  readonly why: string | null;
}

/** The gradient of a parameter, or what a running statistic became. */
export interface ReportedParameter extends ReportedDifference {
  readonly name: string;
  readonly what: "gradient" | "statistic";
}

export interface ReportedOrigin {
  readonly block: string;
  readonly relative: number | null;
  /** The user's own line first, then the library's. */
  readonly lines: readonly LinePlace[];
  readonly layer: { readonly name: string; readonly op: string; readonly description: string; readonly inserted: boolean; readonly relative: number | null; readonly why: string | null; readonly lines: readonly LinePlace[] } | null;
}

export interface ReportedResult {
  readonly name: string;
  readonly engine: RunningEngine["name"];
  readonly version: string;
  readonly device: string;
  /** The path of the model that was given; null for the network's own. */
  readonly model: string | null;
  readonly reference: boolean;
  readonly agrees: boolean;
  readonly failed: string | null;
  readonly outputs: readonly ({ readonly name: string } & ReportedDifference)[];
  /** Blocks that were compared; a user's own model may not show all. */
  readonly blocks: readonly ({ readonly name: string } & ReportedDifference)[];
  /** Of a training step: every gradient and running statistic; else empty. */
  readonly parameters: readonly ReportedParameter[];
  readonly origin: ReportedOrigin | null;
  readonly remarks: readonly string[];
}

/** What `rnc verify` found, as plain data; `grammar/verify.schema.json` describes its JSON form. */
export interface VerifyReport {
  readonly network: string;
  /** True where one training step of each was compared, false where answers were. */
  readonly training: boolean;
  readonly agrees: boolean;
  readonly tolerance: number;
  readonly seed: number;
  readonly weights: WeightsTold;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** The reference first. */
  readonly results: readonly ReportedResult[];
  readonly notRun: readonly NotRun[];
}

/** A verification as plain data. */
export function reportOf(verification: Verification, context: ReportContext): VerifyReport {
  const { graph, inputs, weights, seed, tolerance, notRun, training = false } = context;
  return {
    network: graph.name,
    training,
    agrees: verification.agrees,
    tolerance,
    seed,
    weights,
    inputs: graph.inputs.map(({ name }, index) => ({ name, shape: inputs[index]?.shape ?? [] })),
    results: verification.results.map((result, index) => resultOf(result, index === 0 && result.failed === undefined, verification, context)),
    notRun,
  };
}

function resultOf(result: SubjectResult, reference: boolean, { blocks }: Verification, { graph, tolerance, training = false }: ReportContext): ReportedResult {
  const { subject, agrees, failed, outputs, origin } = result;
  const { name, engine, path } = subject;
  const reported = (difference: Difference): ReportedDifference => ({
    agrees: difference.relative <= tolerance,
    absolute: finite(difference.absolute),
    relative: finite(difference.relative),
    why: difference.why ?? null,
  });
  return {
    name,
    engine: engine.name,
    version: engine.version,
    device: engine.device,
    model: path ?? null,
    reference,
    agrees,
    failed: failed ? inOneSentence(failed) : null,
    outputs: outputs.map((difference, index) => ({ name: training ? "loss" : (graph.outputs[index]?.name ?? ""), ...reported(difference) })),
    blocks: result.blocks.flatMap((difference, index) => (difference ? [{ name: blocks[index]?.name ?? "", ...reported(difference) }] : [])),
    parameters: (result.parameters ?? []).map(({ parameter, difference }) => ({ name: parameter.name, what: isLearned(parameter) ? "gradient" : "statistic", ...reported(difference) })),
    origin: origin ? originOf(origin) : null,
    remarks: [...subject.remarks, ...(training ? [] : remarksOn(result, blocks.length, tolerance))],
  };
}

function originOf({ block, difference, layer }: DifferenceOrigin): ReportedOrigin {
  return {
    block: block.name,
    relative: finite(difference.relative),
    lines: placesOfBlock(block),
    layer: layer
      ? {
          name: layer.node.name,
          op: layer.node.op,
          description: describeLayer(layer.node.op, layer.node.attributes, { name: "always", stride: true }),
          inserted: layer.node.origin?.inserted ?? false,
          relative: finite(layer.difference.relative),
          why: layer.difference.why ?? null,
          lines: placesOfLayer(layer.node),
        }
      : null,
  };
}

function remarksOn({ subject, outputs, blocks, asked, origin, failed }: SubjectResult, all: number, tolerance: number): readonly string[] {
  const remarks: string[] = [];
  const compared = blocks.filter((difference) => difference !== undefined).length;
  if (asked > 0 && asked < all) remarks.push(`${compared} of ${all} blocks are compared: some on the whole way, and all where a difference begins`);
  else if (subject.path !== undefined && failed === undefined && outputs.length > 0 && compared < all) {
    const names = "tensors with the network's names";
    remarks.push(compared === 0 ? `it has no ${names}, so its outputs alone are compared` : `it has ${names} for ${compared} of ${all} blocks; the others are not compared`);
  }
  if (origin === undefined && compared === asked && compared > 0 && outputs.some(({ relative }) => relative > tolerance)) {
    remarks.push("every block agrees when its result is shown: the difference comes with what the engine fuses across them");
  }
  return remarks;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
