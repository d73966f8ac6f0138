import { expect } from "chai";
import { evalText } from "../../src/cli/eval/eval-text.ts";
import { NO_COLORS } from "../../src/diagnostics/render/colors.ts";
import { reportOf, resultOf } from "../../src/evaluation/report.ts";
import type { ReportedData, ReportedModel } from "../../src/evaluation/report.ts";
import { createTally } from "../../src/evaluation/tally.ts";

/** So many classes with ten images each; `wrong(label)` of them are taken for the next class. */
function textOf(classes: number, wrong: (label: number) => number, about: { readonly models?: readonly Partial<ReportedModel>[]; readonly data?: Partial<ReportedData>; readonly withMatrix?: boolean } = {}): string {
  const tally = createTally(classes);
  for (let label = 0; label < classes; label++) {
    for (let image = 0; image < 10; image++) tally.add(label, Array.from({ length: classes }, (_, index) => Number(index === (image < wrong(label) ? (label + 1) % classes : label))));
  }
  const counts = tally.counts();
  const data: ReportedData = { path: "photos", kind: "folder", of: "test images", images: counts.images, classes: Array.from({ length: classes }, (_, label) => `class${label}`), skipped: [], remarks: [], ...about.data };
  const model: ReportedModel = {
    name: "Net",
    kind: "network",
    weights: "w.safetensors",
    engine: { name: "onnxruntime", version: "1", device: "CPU" },
    scores: "logits",
    preprocessing: { from: "recipe", recipe: "R", views: "single_view", viewsPerImage: 1, values: "subtract_mean(per=pixel)", channelMean: [125.306, 122.95, 113.865] },
    remarks: [],
    result: resultOf(counts),
  };
  return evalText(reportOf(counts, { data, models: (about.models ?? [{}]).map((each) => ({ ...model, ...each })), withMatrix: about.withMatrix ?? false }), NO_COLORS);
}

describe("what rnc eval prints", () => {
  it("names every class of a few, and what each was taken for", () => {
    const text = textOf(6, (label) => label);
    expect(text).to.include("as the recipe R: single_view; subtract_mean(per=pixel) (mean 125.31, 122.95, 113.86); one view of each");
    // 0 + 1 + … + 5 of 60; Wilson's interval by hand: (0.25 + 0.0320 ± 1.96 · 0.0582) / 1.0640.
    expect(text).to.match(/top-1 +25\.00 % +15\.78 % to 37\.23 % +15 +45 +75\.00 %/);
    expect(text).to.match(/class2 +10 +2 +20\.00 % +0\.00 % +class3 \(2\)/);
    expect(text).to.match(/most frequent confusions\n {2}class5 -> class0 {2}5, 50\.00 % of class5\n {2}class4 -> class5 {2}4, 40\.00 % of class4\n/);
    expect(text).not.to.include("confusion matrix");
  });

  it("of many classes those with the highest error", () => {
    const text = textOf(50, (label) => (label % 10 === 7 ? 9 : label % 2));
    expect(text).to.include("the 20 of 50 classes with the highest error; `--json` has all");
    const shown = [...text.matchAll(/^(class\d+) +10 /gm)].map(([, name]) => name);
    expect(shown).to.have.length(20);
    expect(shown.slice(0, 5)).to.deep.equal(["class7", "class17", "class27", "class37", "class47"]);
  });

  it("without mistakes no confusions; without a fifth class no top-5 error", () => {
    const text = textOf(3, () => 0);
    expect(text).not.to.include("confusions").and.not.to.include("top-5");
    expect(text).to.match(/top-1 +0\.00 % +0\.00 % to 11\.35 % +0 +30 +100\.00 %/);
  });

  it("the matrix with a row for each class", () => {
    const text = textOf(3, (label) => label, { withMatrix: true });
    expect(text).to.match(/ +class +0 +1 +2\n0 +class0 +10 +\. +\.\n1 +class1 +\. +9 +1\n2 +class2 +2 +\. +8\n/);
  });

  it("models of one name by their weights, an ensemble below them", () => {
    const text = textOf(6, () => 1, { models: [{ weights: "a.safetensors" }, { weights: "b.safetensors" }, { name: "m.onnx", kind: "onnx", weights: null }] });
    for (const part of ["Net, a.safetensors  top-1", "Net, b.safetensors  top-1", "m.onnx              top-1", "ensemble of 3       top-1"]) expect(text).to.include(part);
  });

  it("images that were left out", () => {
    const skipped = Array.from({ length: 7 }, (_, place) => ({ name: `${place}.png`, message: `\`${place}.png\` is no image` }));
    const text = textOf(3, () => 1, { data: { images: 37, skipped, remarks: ["`photos` is odd"] } });
    for (const part of ["30 of 37 test images of photos, 3 classes", "not used: `4.png` is no image", "not used: 2 more (`--json` names all)", "note: `photos` is odd"]) expect(text).to.include(part);
    expect(text).not.to.include("`5.png`");
  });
});
