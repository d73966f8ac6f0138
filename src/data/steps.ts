import { InputError } from "../base/input-error.ts";
import type { Size } from "./pixels.ts";

/** A call of a recipe's chain (`crop(32x32)`), as far as data sets need to know it. */
export interface StepCall {
  readonly function: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A whole number, or one drawn for every image, both ends included. */
export type Drawn = number | readonly [low: number, high: number];

/** What is done to one image. */
export type Step = PlaceStep | ValueStep;

/** Steps that decide which pixels are seen, and where; bytes stay bytes. */
export type PlaceStep =
  | { readonly kind: "resize"; readonly shorter: Drawn }
  | { readonly kind: "crop"; readonly size: Size }
  | { readonly kind: "center_crop"; readonly size: Size }
  | { readonly kind: "pad"; readonly width: number }
  | { readonly kind: "hflip"; readonly rate: number };

/** Steps after which an image is numbers, no longer bytes. */
export type ValueStep =
  | { readonly kind: "pca_color"; readonly sigma: number }
  | { readonly kind: "subtract_mean"; readonly per: "pixel" | "channel" }
  | { readonly kind: "normalize"; readonly mean: readonly number[]; readonly std: readonly number[] };

/** What a test image goes through; the scores of all its views are averaged. */
export interface TestPass {
  /** Draw nothing, and leave bytes. */
  readonly before: readonly PlaceStep[];
  /** Ten windows of this size instead of the whole image: four corners and the middle, and their mirror images. */
  readonly tenCrop: Size | undefined;
  /** Every view and its mirror image. */
  readonly mirrored: boolean;
  /** Bring each view into the form that the network was trained with. */
  readonly values: readonly ValueStep[];
}

const VALUE_STEPS: ReadonlySet<string> = new Set(["pca_color", "subtract_mean", "normalize"]);
/** Done to test images, too: they draw nothing, and networks want such numbers. */
const ALSO_IN_TESTS: ReadonlySet<string> = new Set(["subtract_mean", "normalize"]);

export function isValueStep(step: Step): step is ValueStep {
  return VALUE_STEPS.has(step.kind);
}

/**
 * The steps of a recipe's field `augment`.
 *
 * @throws {@link InputError} where a `resize` stands behind a step that makes numbers of bytes, or numbers do not fit red, green, blue
 */
export function trainingSteps(augment: readonly StepCall[]): readonly Step[] {
  const steps = augment.map(stepOf);
  const values = steps.findIndex(isValueStep);
  const resize = steps.findLastIndex((step) => step.kind === "resize");
  if (values >= 0 && resize > values) {
    throw new InputError(`\`augment\` scales images after \`${steps[values]?.kind}\`; only images whose values are still 0 … 255 can be scaled`, { help: ["Write `resize(…)` first."] });
  }
  const normalize = steps.findIndex((step) => step.kind === "normalize");
  if (normalize >= 0 && steps.findLastIndex((step) => step.kind === "pca_color" || step.kind === "subtract_mean") > normalize) {
    throw new InputError("`augment` changes colours or subtracts a mean after `normalize`, which has brought the values to another scale", { help: ["Write `normalize(…)` last."] });
  }
  return steps;
}

/** How many views a pass gives of each image. */
export function viewsOf({ tenCrop, mirrored }: TestPass): number {
  return tenCrop !== undefined ? 10 : mirrored ? 2 : 1;
}

/**
 * What test images go through, by the recipe's fields `test` and `augment` (whose last steps bring the values into the form of
 * the training images): one pass, or with `multi_scale` one for each size. A pass gives every image equally many views.
 */
export function testPasses(test: readonly StepCall[], augment: readonly StepCall[]): readonly TestPass[] {
  const values = augment.filter((call) => ALSO_IN_TESTS.has(call.function)).map(stepOf).filter(isValueStep);
  const before: PlaceStep[] = [];
  let scales: readonly number[] | undefined;
  let tenCrop: Size | undefined;
  let mirrored = false;
  for (const call of test) {
    const { function: name, arguments: given } = call;
    if (tenCrop !== undefined && name !== "with_hflip" && name !== "single_view") throw new InputError(`\`test\` has \`${name}\` after \`ten_crop\`, which has made its views already`, { help: ["Write `ten_crop(…)` last."] });
    if (name === "single_view") continue;
    if (name === "with_hflip") mirrored = true;
    else if (name === "ten_crop") tenCrop = sizeOf(given.size);
    else if (name === "multi_scale") scales = given.shorter as readonly number[];
    else before.push(placeStepOf(call));
  }
  // The ten windows have their mirror images already.
  const pass = (first: readonly PlaceStep[]): TestPass => ({ before: [...first, ...before], tenCrop, mirrored: mirrored && tenCrop === undefined, values });
  return scales === undefined ? [pass([])] : scales.map((shorter) => pass([{ kind: "resize", shorter }]));
}

/** The same steps with nothing drawn: the middle of each range, no mirroring, no change of colour. */
export function withoutDraws(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step): Step[] => {
    switch (step.kind) {
      case "resize":
        return [{ kind: "resize", shorter: typeof step.shorter === "number" ? step.shorter : Math.round((step.shorter[0] + step.shorter[1]) / 2) }];
      case "crop":
        return [{ kind: "center_crop", size: step.size }];
      case "hflip":
      case "pca_color":
        return [];
      default:
        return [step];
    }
  });
}

function placeStepOf(call: StepCall): PlaceStep {
  const step = stepOf(call);
  if (!isValueStep(step)) return step;
  throw new InputError(`\`test\` does not know \`${call.function}\``);
}

function stepOf({ function: name, arguments: given }: StepCall): Step {
  switch (name) {
    case "resize": {
      const shorter = given.shorter as number | { readonly uniform: readonly [number, number] };
      return { kind: "resize", shorter: typeof shorter === "number" ? shorter : shorter.uniform };
    }
    case "crop":
    case "center_crop":
      return { kind: name, size: sizeOf(given.size) };
    case "pad":
      return { kind: "pad", width: given.width as number };
    case "hflip":
      return { kind: "hflip", rate: given.rate as number };
    case "pca_color":
      return { kind: "pca_color", sigma: given.sigma as number };
    case "subtract_mean":
      return { kind: "subtract_mean", per: given.per as "pixel" | "channel" };
    case "normalize": {
      const [mean, std] = [given.mean as readonly number[], given.std as readonly number[]];
      if (mean.length !== 3 || std.length !== 3 || std.some((value) => !(value > 0))) {
        throw new InputError(`\`normalize\` has mean [${mean.join(", ")}] and std [${std.join(", ")}]; red, green and blue need three numbers each, and no std of 0`);
      }
      return { kind: "normalize", mean, std };
    }
    default:
      throw new InputError(`data sets know no step \`${name}\``);
  }
}

/** A recipe's sizes are height and width. */
function sizeOf(value: unknown): Size {
  const [height, width] = value as readonly [number, number];
  return { height, width };
}
