import { InputError } from "../../base/input-error.ts";
import { didYouMean } from "../../base/suggest.ts";
import { elementCount } from "../element-types.ts";
import { shortened, type JoinedTensor } from "../tensor-file.ts";
import { rowMajorStrides, type StoredTensor } from "../transpose.ts";
import { damaged, isRecord, MAX_RANK, sizesOf, type ManifestWeight } from "./model-json.ts";

/** Where the values of one weight of a LayersModel belong in a network's parameters. */
export interface TfjsWeightPlace {
  /** As TensorFlow.js saves it: `conv1/kernel`. */
  readonly name: string;
  readonly parameter: string;
  /** Axis i of the weight is axis `axes[i]` of the parameter, or of the part of it; absent: as it is. */
  readonly axes?: readonly number[];
  /** The part of the parameter's first axis that it holds, from and to (exclusive); absent: all of it. */
  readonly rows?: readonly [from: number, to: number];
  /** The shape of the parameter, or of those rows, where the weight spells the same numbers with other axes. */
  readonly shape?: readonly number[];
}

/** The most names that are looked at for a near one. */
const MAX_COMPARED = 2_000;

/**
 * What rnc noted in a model about its weights, `{ weights: { NAME: { parameter, axes?, rows?, shape? } } }`.
 *
 * @throws {@link InputError} when it is something else
 */
export function placesOfMetadata(metadata: unknown, description: string): TfjsWeightPlace[] {
  const weights = isRecord(metadata) ? metadata["weights"] : undefined;
  const fail = (what: string): never => {
    throw damaged(description, `in what rnc noted about its weights (\`userDefinedMetadata.rnc\`), ${what}`);
  };
  if (!isRecord(weights)) return fail("the list of `weights` is missing");
  return Object.entries(weights).map(([name, place]) => {
    const shown = `\`${shortened(name)}\``;
    if (!isRecord(place) || typeof place["parameter"] !== "string") return fail(`${shown} has no \`parameter\``);
    const { axes, rows, shape } = place;
    const [axisList, rowList, sizes] = [sizesOf(axes), sizesOf(rows), sizesOf(shape)];
    if (axes !== undefined && axisList === undefined) return fail(`the \`axes\` of ${shown} are not whole numbers`);
    if (shape !== undefined && (sizes === undefined || sizes.length > MAX_RANK)) return fail(`the \`shape\` of ${shown} is not a list of at most ${MAX_RANK} whole numbers`);
    const [from, to] = rowList ?? [];
    if (rows !== undefined && (from === undefined || to === undefined || rowList?.length !== 2)) return fail(`the \`rows\` of ${shown} are not two whole numbers`);
    return {
      name,
      parameter: place["parameter"],
      ...(axisList === undefined ? {} : { axes: axisList }),
      ...(from === undefined || to === undefined ? {} : { rows: [from, to] as const }),
      ...(sizes === undefined ? {} : { shape: sizes }),
    };
  });
}

/** A weight of the manifest as a strided part of a parameter. */
interface Part {
  readonly name: string;
  readonly rows: readonly [number, number] | undefined;
  readonly stored: StoredTensor;
}

/**
 * The parameters of a network, made of the weights of a LayersModel: each weight is the transposed view of a parameter or of
 * some rows of it, so nothing is computed. Weights without a place keep their name and layout.
 *
 * @throws {@link InputError} when weights are missing, or parts of a parameter overlap, leave a hole or do not fit together
 */
export function parametersOf(weights: readonly ManifestWeight[], places: readonly TfjsWeightPlace[], description: string): Map<string, JoinedTensor> {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  const parts = new Map<string, Part[]>();
  const missing = places.filter(({ name }) => !byName.has(name));
  if (missing.length > 0) throw missingWeights(missing, [...byName.keys()], places.length, description);
  for (const place of places) {
    const weight = byName.get(place.name);
    if (weight === undefined || !byName.delete(place.name)) throw damaged(description, `\`${shortened(place.name)}\` is said to be two parameters`);
    const part = { name: place.name, rows: place.rows, stored: partOf(weight, place, description) };
    const known = parts.get(place.parameter);
    if (known === undefined) parts.set(place.parameter, [part]);
    else known.push(part);
  }
  const tensors = new Map<string, JoinedTensor>();
  // In the order of the file, so that reading goes forward through it.
  const order = [...parts].map(([name, list]) => ({ name, list, start: list.reduce((least, { stored }) => Math.min(least, stored.start), Infinity) })).sort((a, b) => a.start - b.start);
  for (const { name, list } of order) tensors.set(name, joined(name, list, description));
  for (const weight of byName.values()) {
    if (tensors.has(weight.name)) throw damaged(description, `\`${shortened(weight.name)}\` is the name of a weight and of a parameter`);
    tensors.set(weight.name, asItIs(weight));
  }
  return tensors;
}

/** A weight under its own name and in its own layout. */
export function asItIs(weight: ManifestWeight): JoinedTensor {
  const { name, dtype, shape, start } = weight;
  return { name, dtype, shape, parts: dtype === "F32" ? [{ dtype, littleEndian: true, shape, strides: rowMajorStrides(shape), start }] : [] };
}

function partOf(weight: ManifestWeight, place: TfjsWeightPlace, description: string): StoredTensor {
  const { name, dtype, start } = weight;
  const rank = place.shape?.length ?? weight.shape.length;
  const axes = place.axes ?? (place.shape ?? weight.shape).map((_, axis) => axis);
  const isOrder = axes.length === rank && [...axes].sort((a, b) => a - b).every((axis, i) => axis === i);
  if (!isOrder) throw damaged(description, `[${shortened(axes.join(", "))}] is no order of the ${rank} axes of \`${shortened(name)}\``);
  const shape = place.shape === undefined ? weight.shape : axes.map((axis) => place.shape?.[axis] ?? 0);
  if (elementCount(shape) !== elementCount(weight.shape)) {
    throw damaged(description, `\`${shortened(name)}\` is [${weight.shape.join(", ")}], which are not as many values as [${shortened(shape.join(", "))}] has`);
  }
  if (dtype !== "F32") throw new InputError(`\`${shortened(name)}\` in ${description} holds ${dtype} values, which cannot be weights`, { notes: ["TF.js trains float32"] });
  const ownStrides = rowMajorStrides(shape);
  const ourShape = new Array<number>(rank).fill(0);
  const strides = new Array<number>(rank).fill(0);
  for (const [i, axis] of axes.entries()) {
    ourShape[axis] = shape[i] ?? 0;
    strides[axis] = ownStrides[i] ?? 0;
  }
  return { dtype, littleEndian: true, shape: ourShape, strides, start };
}

function joined(name: string, list: readonly Part[], description: string): JoinedTensor {
  const [only] = list;
  if (only !== undefined && only.rows === undefined && list.length === 1) return { name, dtype: "F32", shape: only.stored.shape, parts: [only.stored] };
  const fail = (what: string): never => {
    throw damaged(description, `the parts of \`${shortened(name)}\` do not make one parameter: ${what}`);
  };
  const inOrder = [...list].sort((a, b) => (a.rows?.[0] ?? 0) - (b.rows?.[0] ?? 0));
  const shapeOf = ({ stored }: Part): string => stored.shape.slice(1).join(", ");
  let row = 0;
  for (const part of inOrder) {
    const [from, to] = part.rows ?? fail(`\`${shortened(part.name)}\` does not say which rows it is`);
    if (from !== row) fail(from < row ? `row ${from} is there twice` : `rows ${row} to ${from} are missing`);
    if (part.stored.shape.length === 0 || to - from !== part.stored.shape[0]) {
      fail(`\`${shortened(part.name)}\` should be rows ${from} to ${to} and is [${part.stored.shape.join(", ")}] in the layout of the network`);
    }
    if (only !== undefined && shapeOf(part) !== shapeOf(only)) fail(`[${shapeOf(only)}] and [${shapeOf(part)}] are different axes`);
    row = to;
  }
  const shape = [row, ...(only?.stored.shape.slice(1) ?? [])];
  return { name, dtype: "F32", shape, parts: inOrder.map(({ stored }) => stored) };
}

function missingWeights(missing: readonly TfjsWeightPlace[], names: readonly string[], wanted: number, description: string): InputError {
  const compared = names.slice(0, MAX_COMPARED).map(shortened);
  const notes = missing.slice(0, 8).map(({ name, parameter }, i) => {
    const near = i < 3 ? didYouMean(shortened(name), compared) : undefined;
    return `missing: \`${shortened(name)}\`, which is \`${shortened(parameter)}\` of the network${near === undefined ? "" : `; ${near}`}`;
  });
  if (missing.length > 8) notes.push(`… and ${missing.length - 8} more like these`);
  const statistics = missing.every(({ name }) => name.includes("/moving_"));
  return new InputError(`${description} lacks ${missing.length} of the ${wanted} weights that the network has`, {
    notes,
    help: [statistics ? "save the whole model: `model.save` without `trainableOnly`" : "give the folder of this network, or name another network"],
  });
}
