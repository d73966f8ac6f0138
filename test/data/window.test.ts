import { expect } from "chai";
import type { PixelImage, Size } from "../../src/data/pixels.ts";
import { withShorterSide } from "../../src/data/pixels.ts";
import { centerCropped, cropped, mirrored, padded, render, roomFor, tenWindows, windowOf } from "../../src/data/window.ts";
import type { Window } from "../../src/data/window.ts";
import { expectInputError } from "../support/expect-input-error.ts";

/** An image whose red value is the number of the pixel, row by row; green 100 more, blue 200 more. */
function numbered(width: number, height: number, layout: PixelImage["layout"]): PixelImage {
  const bytes = new Uint8Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) bytes[layout === "planar" ? channel * width * height + pixel : pixel * 3 + channel] = pixel + 100 * channel;
  }
  return { name: "numbered.png", width, height, layout, bytes };
}

/** Red values in rows, after green and blue were found to be 100 and 200 more, or zero with red in the padding. */
function rows(window: Window): number[][] {
  const { width, height } = window;
  const values = new Float32Array(3 * width * height).fill(NaN);
  render(window, values);
  const plane = width * height;
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => {
      const [red, green, blue] = [0, 1, 2].map((channel) => values[channel * plane + row * width + column]!);
      if (green === 0) expect([red, blue]).to.deep.equal([0, 0]);
      else expect([green, blue]).to.deep.equal([red! + 100, red! + 200]);
      return green === 0 ? -1 : red!;
    }),
  );
}

/** Pixel by pixel, with arrays: the meaning of the steps without any arithmetic of windows. -1 is padding. */
const plain = {
  pad: (image: number[][], by: number): number[][] => {
    const width = image[0]!.length + 2 * by;
    const empty = Array.from({ length: by }, () => new Array<number>(width).fill(-1));
    const side = new Array<number>(by).fill(-1);
    return [...empty, ...image.map((row) => [...side, ...row, ...side]), ...empty];
  },
  mirror: (image: number[][]): number[][] => image.map((row) => [...row].reverse()),
  crop: (image: number[][], { width, height }: Size, left: number, top: number): number[][] => image.slice(top, top + height).map((row) => row.slice(left, left + width)),
};

describe("data: windows", () => {
  for (const layout of ["planar", "interleaved"] as const) {
    it(`pads, crops and mirrors in any order as the steps one after the other do (${layout})`, () => {
      let state = 7;
      const draw = (below: number): number => (state = (state * 1103515245 + 12345) % 2147483648) % below;
      for (let trial = 0; trial < 200; trial++) {
        const image = numbered(4 + draw(4), 3 + draw(5), layout);
        let window = windowOf(image);
        let expected = Array.from({ length: image.height }, (_, row) => Array.from({ length: image.width }, (_, column) => row * image.width + column));
        const done: string[] = [];
        for (let step = 0; step < 5; step++) {
          const kind = draw(3);
          if (kind === 0) {
            const by = 1 + draw(3);
            done.push(`pad ${by}`);
            window = padded(window, by);
            expected = plain.pad(expected, by);
          } else if (kind === 1) {
            done.push("mirror");
            window = mirrored(window);
            expected = plain.mirror(expected);
          } else {
            const size = { width: 1 + draw(window.width), height: 1 + draw(window.height) };
            const room = roomFor(window, size);
            const [left, top] = [draw(room.width + 1), draw(room.height + 1)];
            done.push(`crop ${size.width}x${size.height} at ${left}, ${top}`);
            window = cropped(window, size, left, top);
            expected = plain.crop(expected, size, left, top);
          }
        }
        expect(rows(window), `${image.width}x${image.height}: ${done.join(", ")}`).to.deep.equal(expected);
      }
    });
  }

  it("finds the middle as torchvision does: half of the rest, halves to the even number", () => {
    // torchvision.transforms.functional.center_crop: int(round((h - th) / 2.0)), Python's rounding.
    const check = (side: number, window: number, expected: number): void => {
      const left = centerCropped(windowOf(numbered(side, side, "planar")), { width: window, height: window }).left;
      expect(left, `${window} of ${side}`).to.equal(expected);
    };
    check(8, 4, 2);
    check(8, 5, 2);
    check(8, 7, 0);
    check(9, 4, 2);
    check(10, 5, 2);
    check(10, 3, 4);
  });

  it("gives ten crops: four corners, the middle, and the same of the mirror image", () => {
    const image = numbered(5, 4, "planar");
    const views = tenWindows(windowOf(image), { width: 2, height: 2 }).map(rows);
    expect(views[0]).to.deep.equal([[0, 1], [5, 6]]);
    expect(views[1]).to.deep.equal([[3, 4], [8, 9]]);
    expect(views[2]).to.deep.equal([[10, 11], [15, 16]]);
    expect(views[3]).to.deep.equal([[13, 14], [18, 19]]);
    // (5 - 2) / 2 = 1.5 rounds to 2.
    expect(views[4]).to.deep.equal([[7, 8], [12, 13]]);
    expect(views[5]).to.deep.equal([[4, 3], [9, 8]]);
    expect(views[8]).to.deep.equal([[11, 10], [16, 15]]);
    expect(views).to.have.lengthOf(10);
  });

  it("names an image that is too small for a window", () =>
    expectInputError(() => centerCropped(windowOf(numbered(5, 4, "planar")), { width: 5, height: 5 }), /`numbered.png` has 5x4 pixels when a window of 5x5 is to be cut.*resize/s));

  it("scales the shorter side as torchvision does: the longer one is rounded down", () => {
    expect(withShorterSide({ width: 500, height: 375 }, 256)).to.deep.equal({ width: 341, height: 256 });
    expect(withShorterSide({ width: 375, height: 500 }, 256)).to.deep.equal({ width: 256, height: 341 });
    expect(withShorterSide({ width: 1, height: 1 }, 7)).to.deep.equal({ width: 7, height: 7 });
  });
});
