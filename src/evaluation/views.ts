import { InputError } from "../base/input-error.ts";
import { withShorterSide } from "../data/pixels.ts";
import type { Size } from "../data/pixels.ts";
import type { StepCall, TestPass } from "../data/steps.ts";

/** How many views of an image are shown, and which. */
export type ViewKind = "single" | "ten-crop" | "multi-scale";

/** What a user says of the views of an image. */
export interface ViewChoice {
  /** Absent: as the recipe tests, else a single view. */
  readonly kind?: ViewKind;
  /** Shorter sides for `multi-scale`. */
  readonly scales?: readonly number[];
  /** Shorter side of an image from which windows are cut. */
  readonly resize?: number;
  /** Windows of this size, whatever the recipe says. */
  readonly size?: Size;
  /** Every view and its mirror image. */
  readonly flip?: boolean;
}

/** Sizes of He et al. 2015, section 3.4, for networks that were trained on windows of 224x224. */
export const PAPER_SCALES: readonly number[] = [224, 256, 384, 480, 640];
/** There a window of 224x224 is cut from an image whose shorter side is 256. */
const PAPER_WINDOW = 224;
const PAPER_SHORTER = 256;

/** True where images are shown at several sizes, whole: the network must take any. */
export function showsWholeImages({ kind }: ViewChoice, test: readonly StepCall[] | undefined): boolean {
  return kind === "multi-scale" || (kind === undefined && (test ?? []).some(({ function: name }) => name === "multi_scale"));
}

/** The size of the windows that a recipe shows in tests or in training, where it says one. */
export function windowOfRecipe(test: readonly StepCall[], augment: readonly StepCall[]): Size | undefined {
  const cuts = [...test, ...augment].filter(({ function: name }) => name === "ten_crop" || name === "center_crop" || name === "crop");
  const [height, width] = (cuts[0]?.arguments["size"] ?? []) as readonly number[];
  return height === undefined || width === undefined ? undefined : { height, width };
}

/**
 * What test images go through, in the words of a recipe's field `test`: that of the recipe where nothing else is said. A window
 * is cut from an image that is 256/224 times as large, as the paper does it, unless the recipe or the user says another size.
 *
 * @param test the recipe's field
 * @param window what the network takes; for whole images it is not looked at
 * @param images the size that all images have, where they have one
 */
export function testSteps(choice: ViewChoice, test: readonly StepCall[] | undefined, window: Size, images: Size | undefined): readonly StepCall[] {
  const { kind, scales = PAPER_SCALES, flip = false } = choice;
  const flipped = (steps: readonly StepCall[]): readonly StepCall[] => (flip && !steps.some(({ function: name }) => name === "with_hflip") ? [...steps, call("with_hflip")] : steps);
  if (kind === "multi-scale") return flipped([call("multi_scale", { shorter: scales })]);
  if (kind === undefined && test !== undefined) return flipped(changed(test, choice));
  const places = (test ?? []).filter(({ function: name }) => name === "resize" || name === "pad");
  const resized = choice.resize === undefined && places.length > 0 ? places : [resizeTo(choice.resize ?? Math.round((Math.min(window.height, window.width) * PAPER_SHORTER) / PAPER_WINDOW))];
  const size = [window.height, window.width];
  if (kind === "ten-crop") return [...resized, call("ten_crop", { size })];
  const isWhole = choice.resize === undefined && places.length === 0 && images?.height === window.height && images.width === window.width;
  return flipped(isWhole ? [call("single_view")] : [...resized, call("center_crop", { size })]);
}

/** The steps of a recipe with another size of images or windows. */
function changed(test: readonly StepCall[], { resize, size }: ViewChoice): readonly StepCall[] {
  if ((resize ?? size) === undefined) return test;
  if (test.some(({ function: name }) => name === "multi_scale")) throw new InputError("the recipe tests whole images at several scales, so there is no window and no other size", { help: ["`--scales` gives other scales, `--views single` and `--views ten-crop` cut windows."] });
  const cut = test.map((step) => (size && (step.function === "ten_crop" || step.function === "center_crop") ? call(step.function, { size: [size.height, size.width] }) : step));
  return resize === undefined ? cut : [resizeTo(resize), ...cut.filter(({ function: name }) => name !== "resize")];
}

/** The size that all images have after a pass; nothing where it depends on the image. */
export function sizeAfter({ before, tenCrop }: TestPass, images: Size | undefined): Size | undefined {
  if (tenCrop) return tenCrop;
  let size = images;
  for (const step of before) {
    if (step.kind === "center_crop") size = step.size;
    else if (step.kind === "resize" && size) size = typeof step.shorter === "number" ? withShorterSide(size, step.shorter) : undefined;
    else if (step.kind === "pad" && size) size = { width: size.width + 2 * step.width, height: size.height + 2 * step.width };
  }
  return size;
}

/** Steps as a recipe would have them: `resize(shorter=256) -> ten_crop(224x224)`. */
export function stepsText(steps: readonly StepCall[]): string {
  const valueText = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
    return typeof value === "object" && value !== null && "uniform" in value && Array.isArray(value.uniform) ? `uniform(${value.uniform.map(valueText).join(", ")})` : String(value);
  };
  const argumentText = ([name, value]: readonly [string, unknown]): string => (name === "size" && Array.isArray(value) ? value.map(valueText).join("x") : `${name}=${valueText(value)}`);
  return steps.map(({ function: name, arguments: given }) => (Object.keys(given).length === 0 ? name : `${name}(${Object.entries(given).map(argumentText).join(", ")})`)).join(" -> ");
}

function resizeTo(shorter: number): StepCall {
  return call("resize", { shorter });
}

function call(name: string, given: StepCall["arguments"] = {}): StepCall {
  return { function: name, arguments: given };
}
