import { InputError } from "../base/input-error.ts";
import { groupDigits } from "../base/digits.ts";
import { permutation } from "./draws.ts";

/** Which images train and which validate: places in the data set, each in a fixed order. */
export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** `all` of a recipe's field `split`. */
export function trainOnAll(count: number): Split {
  return { train: Uint32Array.from({ length: count }, (_, index) => index), validation: new Uint32Array() };
}

/**
 * `random(train, val)` of a recipe's field `split`: drawn with the seed, without replacement, both parts in rising order.
 *
 * @throws {@link InputError} where the data set has fewer images
 */
export function splitAtRandom(count: number, { train, val }: { readonly train: number; readonly val: number }, seed: number): Split {
  if (train + val > count) {
    throw new InputError(`the recipe splits ${groupDigits(train)} + ${groupDigits(val)} images, and the data set has ${groupDigits(count)} for training`, {
      help: ["Give the split other numbers, or `split: all`."],
    });
  }
  const order = permutation(count, seed, "split");
  return { train: order.slice(0, train).sort(), validation: order.slice(train, train + val).sort() };
}

/** The images of an epoch in the order in which they train. */
export function orderOfEpoch(images: Uint32Array, seed: number, epoch: number): Uint32Array {
  return permutation(images.length, seed, `order/${epoch}`).map((place) => images[place] as number);
}
