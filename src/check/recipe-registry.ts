/**
 * What a recipe may say, as data: every field, the functions its value is made of, their parameters, and the metrics that
 * schedules and warm-ups look at. The checker, the language reference and training read these records; nothing else
 * knows the words.
 */

/** The type of an argument of a recipe function. */
export type RecipeType =
  | "int"
  | "float"
  | "bool"
  /** Whole numbers: `[32_000, 48_000]`. */
  | "int[]"
  | "float[]"
  /** Texts: `["conv1", "layer1"]`. */
  | "string[]"
  /** `32x32`, or one number for both sides. */
  | "size"
  /** One of `choices`, as a text or as a bare word: `per=pixel`. */
  | "word"
  /** The name of a metric: `val_error`. */
  | "metric"
  /** A metric compared with a number: `train_error < 0.80`. */
  | "condition"
  /** A number, or `uniform(a, b)`: a whole number drawn anew for every image. */
  | "sampled";

export type RecipeDefault = number | boolean | string;

export interface RecipeParameter {
  readonly name: string;
  readonly type: RecipeType;
  /** Taken by position, in the order of the record; others by name only. */
  readonly positional?: boolean;
  /** The value when it is not given; without one, and without `optional`, the argument is required. */
  readonly default?: RecipeDefault;
  /** May be left out, and is then absent in the resolved recipe. */
  readonly optional?: boolean;
  readonly choices?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly doc: string;
}

export interface RecipeFunction {
  readonly name: string;
  readonly doc: string;
  /** A call of it; absent: its name alone. */
  readonly sample?: string;
  readonly parameters: readonly RecipeParameter[];
  /** Of these arguments exactly one must be given. */
  readonly oneOf?: readonly string[];
  /** For a step of `augment`: it draws nothing, so the test images go through it too. */
  readonly alsoInTests?: boolean;
}

export type RecipeField = {
  readonly name: string;
  readonly doc: string;
  /** A value of it. */
  readonly sample: string;
  /** Fields that say the same thing another way: one body has one of them, and an alias replaces one by the other. */
  readonly insteadOf?: readonly string[];
} & (
  | { readonly form: "number"; readonly type: "int" | "float"; readonly minimum: number; readonly maximum?: number; readonly default?: number }
  /** `call`: one function; `chain`: any number in a row. */
  | { readonly form: "call" | "chain"; readonly functions: readonly RecipeFunction[]; readonly default?: string }
);

export interface RecipeMetric {
  readonly name: string;
  readonly doc: string;
}

/** What a schedule or a warm-up may look at. Errors are fractions: 0.80 is 80 %. */
export const recipeMetrics: readonly RecipeMetric[] = [
  { name: "train_error", doc: "Top-1 error on the training batches of the last 100 steps, 0 to 1." },
  { name: "train_loss", doc: "Mean cross-entropy of the training batches of the last 100 steps, without weight decay." },
  { name: "val_error", doc: "Top-1 error on the validation part of the split after each epoch, 0 to 1; the test set where there is no such part." },
  { name: "val_error5", doc: "Top-5 error on the same images, 0 to 1." },
  { name: "val_loss", doc: "Mean cross-entropy on the same images." },
];

const factor: RecipeParameter = { name: "factor", type: "float", default: 0.1, minimum: 0, maximum: 1, doc: "What the rate is multiplied with at each fall." };

const crop = (name: string, doc: string): RecipeFunction => ({
  name,
  sample: `${name}(224x224)`,
  doc,
  parameters: [{ name: "size", type: "size", positional: true, minimum: 1, doc: "Height and width of the window." }],
});

const resize: RecipeFunction = {
  name: "resize",
  sample: "resize(shorter=256)",
  doc: "Scales the image, keeping its proportions, until its shorter side has this length (He et al. 2015, section 3.4).",
  parameters: [{ name: "shorter", type: "sampled", positional: true, minimum: 1, doc: "Length of the shorter side in pixels; `uniform(256, 480)` draws it anew for every image." }],
};

const normalisations: readonly RecipeFunction[] = [
  {
    name: "subtract_mean",
    sample: "subtract_mean(per=pixel)",
    doc: "Subtracts the mean of the training images (He et al. 2015: per pixel).",
    alsoInTests: true,
    parameters: [{ name: "per", type: "word", choices: ["pixel", "channel"], default: "pixel", doc: "One mean for every pixel and channel, or one for every channel." }],
  },
  {
    name: "normalize",
    sample: "normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])",
    doc: "Subtracts a mean and divides by a standard deviation per channel, after the image was scaled to 0 … 1.",
    alsoInTests: true,
    parameters: [
      { name: "mean", type: "float[]", doc: "One number per channel." },
      { name: "std", type: "float[]", minimum: 0, doc: "One number per channel." },
    ],
  },
];

/** Every field of a recipe, in the order in which the reference lists them. */
export const recipeFields: readonly RecipeField[] = [
  { name: "batch", form: "number", type: "int", minimum: 1, sample: "64", doc: "Images per step, over all devices." },
  { name: "steps", form: "number", type: "int", minimum: 1, insteadOf: ["epochs"], sample: "32_000", doc: "Length of the training in steps (batches)." },
  { name: "epochs", form: "number", type: "int", minimum: 1, insteadOf: ["steps"], sample: "100", doc: "Length of the training in passes over the training images." },
  {
    name: "optimizer",
    form: "call",
    sample: "sgd(lr=0.05, momentum=0.9, weight_decay=5e-4)",
    doc: "How a gradient changes the weights.",
    functions: [
      {
        name: "sgd",
        sample: "sgd(lr=0.1, momentum=0.9, weight_decay=1e-4, nesterov=true)",
        doc: "Stochastic gradient descent: v = momentum · v + g, w = w − rate · v, where g holds the weight decay too; the rate is outside of v, as in PyTorch.",
        parameters: [
          { name: "lr", type: "float", positional: true, minimum: 0, doc: "Learning rate before warm-up and schedule change it." },
          { name: "momentum", type: "float", default: 0, minimum: 0, maximum: 1, doc: "Share of the last step that is kept." },
          { name: "weight_decay", type: "float", default: 0, minimum: 0, doc: "Added to the gradient: weight_decay · w." },
          { name: "decay", type: "word", choices: ["weights", "all"], default: "weights", doc: "What decays: weights of convolutions and linear layers, or every learned value, biases and batch norms too." },
          { name: "nesterov", type: "bool", default: false, doc: "Looks ahead: w = w − rate · (g + momentum · v)." },
        ],
      },
    ],
  },
  {
    name: "schedule",
    form: "call",
    sample: "step(at=[32_000, 48_000])",
    default: "constant",
    doc: "How the learning rate changes in the course of the training.",
    functions: [
      { name: "constant", doc: "It stays as it is.", parameters: [] },
      {
        name: "step",
        sample: "step(at=[100, 150], by=epochs)",
        doc: "It falls at fixed points.",
        parameters: [
          { name: "at", type: "int[]", minimum: 0, doc: "The points, rising." },
          factor,
          { name: "by", type: "word", choices: ["steps", "epochs"], default: "steps", doc: "What `at` counts." },
        ],
      },
      {
        name: "plateau",
        sample: "plateau(val_error, patience=5)",
        doc: "It falls when a metric stops falling.",
        parameters: [
          { name: "metric", type: "metric", positional: true, doc: "What is looked at, after every epoch." },
          factor,
          { name: "patience", type: "int", default: 5, minimum: 1, doc: "Epochs without a new best before the rate falls." },
          { name: "minimum", type: "float", default: 0, minimum: 0, doc: "The rate never falls below this." },
        ],
      },
      {
        name: "cosine",
        sample: "cosine(end=0.001)",
        doc: "It follows half a cosine from the full rate down to `end` (Loshchilov and Hutter 2017).",
        parameters: [{ name: "end", type: "float", default: 0, minimum: 0, doc: "The rate of the last step." }],
      },
    ],
  },
  {
    name: "warmup",
    form: "call",
    sample: "constant(lr=0.01, until = train_error < 0.80)",
    doc: "A gentler rate at the beginning. The points of a schedule count from the first step, warm-up included.",
    functions: [
      {
        name: "constant",
        sample: "constant(lr=0.01, epochs=1)",
        doc: "A fixed rate until a metric is met or for a time (He et al. 2015, section 4.2, for 110 layers).",
        oneOf: ["until", "steps", "epochs"],
        parameters: [
          { name: "lr", type: "float", positional: true, minimum: 0, doc: "The rate." },
          { name: "until", type: "condition", optional: true, doc: "It ends when this holds: `train_error < 0.80`." },
          { name: "steps", type: "int", optional: true, minimum: 1, doc: "It ends after so many steps." },
          { name: "epochs", type: "int", optional: true, minimum: 1, doc: "It ends after so many epochs." },
        ],
      },
      {
        name: "linear",
        sample: "linear(steps=400)",
        doc: "The rate rises in a straight line to the optimizer's (Goyal et al. 2017).",
        oneOf: ["steps", "epochs"],
        parameters: [
          { name: "start", type: "float", default: 0, minimum: 0, doc: "The rate of the first step." },
          { name: "steps", type: "int", optional: true, minimum: 1, doc: "It ends after so many steps." },
          { name: "epochs", type: "int", optional: true, minimum: 1, doc: "It ends after so many epochs." },
        ],
      },
    ],
  },
  {
    name: "split",
    form: "call",
    sample: "random(train=45_000, val=5_000)",
    default: "all",
    doc: "Which training images are kept apart for validation.",
    functions: [
      { name: "all", doc: "None: all of them train.", parameters: [] },
      {
        name: "random",
        sample: "random(train=45_000, val=5_000)",
        doc: "Drawn with the recipe's seed.",
        parameters: [
          { name: "train", type: "int", minimum: 1, doc: "Images that train." },
          { name: "val", type: "int", minimum: 1, doc: "Images that validate." },
        ],
      },
    ],
  },
  {
    name: "augment",
    form: "chain",
    sample: "pad(4) -> crop(32x32) -> hflip -> subtract_mean(per=channel)",
    doc: "What every training image goes through, in this order. Steps that draw nothing are done to test images too.",
    functions: [
      resize,
      crop("crop", "A window of this size at a place drawn anew for every image."),
      crop("center_crop", "The window of this size in the middle."),
      { name: "pad", sample: "pad(4)", doc: "Adds zeros on every side.", parameters: [{ name: "width", type: "int", positional: true, minimum: 1, doc: "Pixels on each side." }] },
      { name: "hflip", doc: "Mirrors left and right.", parameters: [{ name: "rate", type: "float", default: 0.5, minimum: 0, maximum: 1, doc: "How often." }] },
      {
        name: "pca_color",
        sample: "pca_color(0.1)",
        doc: "Adds multiples of the principal components of the colours (Krizhevsky et al. 2012).",
        parameters: [{ name: "sigma", type: "float", positional: true, default: 0.1, minimum: 0, doc: "Standard deviation of the multiples." }],
      },
      ...normalisations,
    ],
  },
  {
    name: "test",
    form: "chain",
    sample: "resize(shorter=256) -> ten_crop(224x224)",
    default: "single_view",
    doc: "What a test image goes through, and over how many views its scores are averaged.",
    functions: [
      { name: "single_view", doc: "The image as it is.", parameters: [] },
      resize,
      crop("center_crop", "The window of this size in the middle."),
      crop("ten_crop", "Scores averaged over the four corners and the middle, and their mirror images (Krizhevsky et al. 2012)."),
      {
        name: "multi_scale",
        sample: "multi_scale(shorter=[224, 256, 384])",
        doc: "The fully convolutional form at several sizes, scores averaged (He et al. 2015, section 3.4).",
        parameters: [{ name: "shorter", type: "int[]", minimum: 1, doc: "Lengths of the shorter side in pixels." }],
      },
      { name: "with_hflip", doc: "Every view and its mirror image.", parameters: [] },
    ],
  },
  {
    name: "init",
    form: "call",
    sample: "he_normal(fan=out)",
    default: "he_normal",
    doc: "How the weights begin. Other parameters begin as their operators say: batch norms with 1 and 0, biases of convolutions with 0.",
    functions: [
      {
        name: "he_normal",
        sample: 'he_normal(fan="in")',
        doc: "Normal with variance 2 / fan (He et al. 2015, arXiv 1502.01852).",
        parameters: [{ name: "fan", type: "word", choices: ["out", "in"], default: "out", doc: "Fan-out as in torchvision, or fan-in." }],
      },
    ],
  },
  {
    name: "freeze",
    form: "call",
    sample: 'layers(["conv1", "layer1"])',
    doc: "Layers whose parameters stay as they are.",
    functions: [
      {
        name: "layers",
        sample: 'layers(["conv1", "layer1"], statistics=false)',
        doc: "Everything at or below these paths.",
        parameters: [
          { name: "paths", type: "string[]", positional: true, doc: "Paths as `rnc summary` prints them: `[\"conv1\", \"layer1\"]`." },
          { name: "statistics", type: "bool", default: true, doc: "Running means and variances stay, too." },
        ],
      },
    ],
  },
  { name: "label_smoothing", form: "number", type: "float", minimum: 0, maximum: 1, default: 0, sample: "0.1", doc: "Share of the target that is spread evenly over all classes (Szegedy et al. 2016)." },
  { name: "seed", form: "number", type: "int", minimum: 0, default: 0, sample: "1", doc: "Decides initial weights, order, split and augmentation." },
];

/** `step(at, factor=0.1, by="steps")`: a function as one would call it. */
export function recipeForm(record: RecipeFunction): string {
  const parts = record.parameters.map((parameter) => {
    if (parameter.default !== undefined) return `${parameter.name}=${typeof parameter.default === "string" ? JSON.stringify(parameter.default) : parameter.default}`;
    return parameter.positional ? parameter.name : `${parameter.name}=…`;
  });
  return parts.length === 0 ? record.name : `${record.name}(${parts.join(", ")})`;
}
