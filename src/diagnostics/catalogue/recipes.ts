import { defineDiagnostics } from "../entry.ts";

export const recipes = defineDiagnostics({
  RN1001: {
    slug: "unknown-in-recipe",
    summary: "A recipe has a field, a function or a metric that does not exist, or something that is no field.",
    explanation:
      "A recipe is a list of labelled fields: numbers (`batch: 128`), one call (`optimizer: sgd(lr=0.1)`) or steps in a row " +
      "(`augment: pad(4) -> crop(32x32) -> hflip`). Fields, their functions and the metrics are a fixed, small set, listed in " +
      "the language reference; a recipe that is an alias (`recipe Mine = Cifar10 { … }`) replaces the fields it names.",
    wrong: "recipe Wrong {\n  batch: 128\n  schedul: step(at=[32_000, 48_000])\n}",
    right: "recipe Right {\n  batch: 128\n  schedule: step(at=[32_000, 48_000])\n}",
  },
});
