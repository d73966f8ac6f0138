import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import * as ort from "onnxruntime-node";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";
import { needsPython, pythonOracle } from "../support/python.ts";

/** Names and first numbers of a safetensors file, by its published layout. */
function tensorsOf(path: string): Record<string, { shape: number[]; values: Float32Array }> {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: _, ...tensors } = JSON.parse(bytes.subarray(8, start).toString()) as Record<string, { shape: number[]; data_offsets: [number, number] }>;
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data_offsets: [from, to] }]) => [name, { shape, values: new Float32Array(Uint8Array.from(bytes.subarray(start + from, start + to)).buffer) }]),
  );
}

const STEP = ["--target", "onnx-training"];

describe("rnc compile --target onnx-training", function () {
  this.timeout(120_000);
  before(ensureBuilt);

  it("writes a model and a state that fit together: a loop trains, and what it trained is compiled", () =>
    inFolder(async (folder) => {
      const ran = rnc(["compile", "ResNet8", ...STEP, "--batch", "4", "-o", "step.onnx"], { cwd: folder });
      expect(ran.code, ran.stderr).to.equal(0);
      const size = (name: string): string => statSync(join(folder, name)).size.toLocaleString("en-US");
      for (const text of ["optimizer: SGD, momentum 0.9, weight decay 0.0001 on weights", `wrote step.onnx  ${size("step.onnx")} bytes`, `wrote step.safetensors  ${size("step.safetensors")} bytes: the state to begin with`, "`labels` [4, 10]", "`learning_rate` []"]) {
        expect(ran.stdout).to.include(text);
      }
      expect(readdirSync(folder).sort()).to.deep.equal(["step.onnx", "step.safetensors"]);

      const session = await ort.InferenceSession.create(join(folder, "step.onnx"), { graphOptimizationLevel: "disabled" });
      const begun = tensorsOf(join(folder, "step.safetensors"));
      expect(session.inputNames.slice().sort()).to.deep.equal([...Object.keys(begun), "image", "labels", "learning_rate"].sort());
      expect(Object.entries(begun).filter(([name, { values }]) => name.startsWith("momentum.") && values.some((value) => value !== 0))).to.deep.equal([]);
      let state: Record<string, ort.Tensor> = Object.fromEntries(Object.entries(begun).map(([name, { shape, values }]) => [name, new ort.Tensor("float32", values, shape)]));
      const image = new ort.Tensor("float32", Float32Array.from({ length: 4 * 3 * 32 * 32 }, (_, i) => Math.sin(i * i)), [4, 3, 32, 32]);
      const labels = new ort.Tensor("float32", Float32Array.from({ length: 40 }, (_, i) => (i % 11 === 0 ? 1 : 0)), [4, 10]);
      const losses: number[] = [];
      for (let step = 0; step < 8; step++) {
        const results = await session.run({ ...state, image, labels, learning_rate: new ort.Tensor("float32", [0.05], []) });
        losses.push(results["loss"]!.data[0] as number);
        state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`${name}.next`]!]));
        if (step === 7) expect(results["right"]!.data[0]).to.equal(4);
      }
      await session.release();
      expect(losses[7]).to.be.lessThan(losses[0]! / 2);

      const names = Object.keys(state);
      const header: Record<string, object> = {};
      let at = 0;
      for (const name of names) header[name] = { dtype: "F32", shape: state[name]!.dims, data_offsets: [at, (at += 4 * state[name]!.data.length)] };
      const text = Buffer.from(JSON.stringify(header));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(text.length));
      writeFileSync(join(folder, "trained.safetensors"), Buffer.concat([length, text, ...names.map((name) => new Uint8Array((state[name]!.data as Float32Array).slice().buffer))]));
      const used = rnc(["compile", "ResNet8", "--weights", "trained.safetensors", "--ignore", "momentum", "-o", "trained.onnx"], { cwd: folder });
      expect(used.code, used.stderr).to.equal(0);
      const again = rnc(["compile", "ResNet8", ...STEP, "--batch", "2", "--weights", "trained.safetensors", "-o", "again.onnx"], { cwd: folder });
      expect(again.code, again.stderr).to.equal(0);
      const goes = tensorsOf(join(folder, "again.safetensors"));
      for (const name of names) expect([...goes[name]!.values], name).to.deep.equal([...(state[name]!.data as Float32Array)]);
    }));

  it("takes a recipe's values, and the command line's before them", () =>
    inFolder((folder) => {
      writeFileSync(
        join(folder, "a.resnet"),
        "use std.cifar { ResNet8 }\nnetwork Mine = ResNet8 {}\nrecipe Quick {\n  batch: 16\n  steps: 10\n  optimizer: sgd(lr=0.2, momentum=0.8, weight_decay=5e-4, decay=\"all\", nesterov=true)\n  label_smoothing: 0.1\n  freeze: layers([\"conv1\", \"bn1\"], statistics=false)\n}\n",
      );
      const own = rnc(["compile", "a.resnet", ...STEP, "--recipe", "Quick", "-o", "own.onnx"], { cwd: folder });
      expect(own.code, own.stderr).to.equal(0);
      for (const text of ["SGD, momentum 0.8 (Nesterov), weight decay 0.0005 on every learned parameter, labels smoothed by 0.1", "`labels` [16, 10]", "frozen: 3 of ", "learning rate of 0.2"]) expect(own.stdout).to.include(text);
      const others = rnc(["compile", "ResNet8", ...STEP, "--recipe", "a.resnet#Quick", "-o", "others.onnx"], { cwd: folder });
      expect(others.stdout, others.stderr).to.include("SGD, momentum 0.8 (Nesterov), weight decay 0.0005 on every learned parameter, labels smoothed by 0.1");
      const told = rnc(["compile", "a.resnet", ...STEP, "--recipe", "Cifar10", "--batch", "8", "--momentum", "0.5", "-o", "told.onnx"], { cwd: folder });
      // The library's recipe of section 4.2: batch 128, momentum 0.9, decay 1e-4 on weights, He by fan-in.
      for (const text of ["SGD, momentum 0.5, weight decay 0.0001 on weights", "`labels` [8, 10]", "He normal by fan-in"]) expect(told.stdout).to.include(text);
    }));

  it("tells of masks, of what is frozen, and of outputs that are not trained", () =>
    inFolder((folder) => {
      const masked = rnc(["compile", "StochasticDepth", "--set", "n=1", ...STEP, "--batch", "8", "--freeze", "layer1.*", "-o", "s.onnx"], { cwd: folder });
      expect(masked.code, masked.stderr).to.equal(0);
      // layer1 has two convolutions and two batch norms; so have layer2 and layer3, and there are a stem of one each and a classifier.
      for (const text of ["`layer1.0.droppath1.uniform` [8, 1, 1, 1]", "frozen: 6 of 23 learned parameters and 4 running statistics"]) expect(masked.stdout).to.include(text);
      writeFileSync(join(folder, "two.resnet"), "network Two {\n  input image: float32[N, 3, 8, 8]\n  conv(3x3, 4) -> globalavgpool -> head: linear(5) -> odds: softmax\n  output rough = odds\n}\n");
      const soft = rnc(["compile", "two.resnet", ...STEP, "--batch", "8", "-o", "t.onnx"], { cwd: folder });
      expect(soft.code, soft.stderr).to.equal(0);
      expect(soft.stdout).to.include("`rough` ends in a softmax; the loss is taken from what goes into it");
    }));

  const refused: readonly [title: string, args: readonly string[], code: number, err: readonly string[]][] = [
    ["no batch", ["ResNet8"], 1, ["fixed number of images", "--batch 128"]],
    ["a batch beside the one of the sizes", ["ResNet8", "--input", "4x3x32x32", "--batch", "8"], 1, ["fixed at 4, so it cannot be 8", "`--input` gives all sizes"]],
    ["an open size", ["ResNet18AnySize", "--batch", "8"], 1, ["sizes that are not known: [8, 3, H, W]", "--input 8x3x224x224"]],
    ["several outputs", ["GoogLeNetAuxiliary", "--batch", "8"], 1, ["has 3 outputs", "--loss-on logits"]],
    ["an output that there is not", ["GoogLeNetAuxiliary", "--batch", "8", "--loss-on", "aux3"], 1, ["has no output `aux3`", "`aux2` [N, 1000]"]],
    ["outputs of which none has classes", ["FPN", "--batch", "8"], 1, ["None of them has one number for every class"]],
    ["an output that is a map", ["ResNet50os8", "--batch", "8"], 1, ["[N, 2048, ceil(H / 8), ceil(W / 8)]", "[N, classes]"]],
    ["a pattern that fits nothing", ["ResNet8", "--batch", "8", "--freeze", "conf1.*"], 1, ["`--freeze conf1.*` fits no parameter of `ResNet8`", "Near to it: `conv1`"]],
    ["everything frozen", ["ResNet8", "--batch", "8", "--freeze", "*"], 1, ["has no parameter to train: all are frozen"]],
    ["a recipe that there is not", ["ResNet8", "--recipe", "Cifar11"], 1, ["there is no recipe `Cifar11`", "`Cifar10`"]],
    ["Nesterov without momentum", ["ResNet8", "--batch", "8", "--nesterov", "--momentum", "0"], 1, ["the momentum is 0"]],
    ["a momentum above 1", ["ResNet8", "--batch", "8", "--momentum", "9"], 2, ["a number from 0 to 1 is needed"]],
    ["a decay of something", ["ResNet8", "--batch", "8", "--decay", "some"], 2, ["`weights` or `all` is needed"]],
    ["a softmax", ["ResNet8", "--batch", "8", "--softmax"], 2, ["its loss takes the softmax itself"]],
    ["folded batch norms", ["ResNet8", "--batch", "8", "--fold-bn"], 2, ["cannot be trained"]],
    ["external data", ["ResNet8", "--batch", "8", "--external-data"], 2, ["in a file of their own anyway"]],
  ];
  for (const [title, args, code, err] of refused) {
    it(`refuses ${title} before a file is written`, () =>
      inFolder((folder) => {
        const ran = rnc(["compile", ...args, ...STEP, "-o", "x.onnx"], { cwd: folder });
        for (const text of err) expect(ran.stderr).to.include(text);
        expect(ran.code).to.equal(code);
        expect(ran.stdout).to.equal("");
        expect(readdirSync(folder)).to.deep.equal([]);
      }));
  }

  describe("the loops of its page", () => {
    const page = readFileSync(new URL("../../grammar/TRAINING.md", import.meta.url), "utf8");
    const code = (language: string): string => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page)?.[1] ?? "";
    /** Every step of a loop tells its loss first, before the step. */
    const falls = (told: string): void => {
      const losses = told.trim().split("\n").map((line) => Number(line.split(" ")[0]));
      expect(losses).to.have.length(6);
      // Ten classes, images that are like one another within them: 6 steps do not learn them all, and begin to.
      expect(losses[5]).to.be.lessThan(losses[0]! * 0.9);
    };

    it("train in JavaScript", () =>
      inFolder((folder) => {
        expect(rnc(["compile", "ResNet8", ...STEP, "--batch", "10", "-o", "step.onnx"], { cwd: folder }).code).to.equal(0);
        symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(folder, "node_modules"));
        const batches = `const batches = Array.from({ length: 6 }, () => ({
          image: new ort.Tensor("float32", Float32Array.from({ length: 30720 }, (_, i) => Math.sin((1 + Math.floor(i / 3072)) * i)), [10, 3, 32, 32]),
          labels: new ort.Tensor("float32", Float32Array.from({ length: 100 }, (_, i) => (i % 11 === 0 ? 1 : 0)), [10, 10]),
        }));\n`;
        writeFileSync(join(folder, "loop.mjs"), code("js").replace(/(?=const session)/, batches));
        falls(execFileSync(process.execPath, ["loop.mjs"], { cwd: folder }).toString());
      }));

    it("train in Python, and what they wrote is compiled", async function () {
      needsPython(this, "numpy", "safetensors", "onnxruntime");
      await inFolder((folder) => {
        expect(rnc(["compile", "ResNet8", ...STEP, "--batch", "10", "-o", "step.onnx"], { cwd: folder }).code).to.equal(0);
        const batches = 'x = np.arange(30720).reshape(10, 3, 32, 32)\nbatches = [(np.sin(x * np.arange(1, 11).reshape(10, 1, 1, 1)).astype("float32"), np.eye(10, dtype="float32"))] * 6\n';
        writeFileSync(join(folder, "loop.py"), code("python").replace(/(?=options = )/, batches));
        falls(execFileSync(pythonOracle()!, ["loop.py"], { cwd: folder }).toString());
        const used = rnc(["compile", "ResNet8", "--weights", "trained.safetensors", "--ignore", "momentum", "-o", "trained.onnx"], { cwd: folder });
        expect(used.code, used.stderr).to.equal(0);
      });
    });
  });

  it("does not write the state over the weights that it is made of", () =>
    inFolder((folder) => {
      expect(rnc(["compile", "ResNet8", ...STEP, "--batch", "4", "-o", "r8.onnx"], { cwd: folder }).code).to.equal(0);
      const before = readFileSync(join(folder, "r8.safetensors"));
      const ran = rnc(["compile", "ResNet8", ...STEP, "--batch", "8", "--weights", "./r8.safetensors", "--ignore", "momentum", "-o", "r8.onnx"], { cwd: folder });
      expect([ran.code, ran.stdout]).to.deep.equal([1, ""]);
      expect(ran.stderr).to.include("the state to begin with would be written over `./r8.safetensors`").and.to.include("-o r8-step.onnx");
      expect(readFileSync(join(folder, "r8.safetensors")).equals(before)).to.equal(true);
      expect(readdirSync(folder).sort()).to.deep.equal(["r8.onnx", "r8.safetensors"]);
    }));

  it("refuses standard output, and its options for other targets", () =>
    inFolder((folder) => {
      const piped = rnc(["compile", "ResNet8", ...STEP, "--batch", "8", "-o", "-"], { cwd: folder });
      expect([piped.code, piped.stdout]).to.deep.equal([2, ""]);
      expect(piped.stderr).to.include("a training step is two files");
      const other = rnc(["compile", "ResNet8", "--freeze", "conv1", "-o", "x.onnx"], { cwd: folder });
      expect(other.code).to.equal(2);
      expect(other.stderr).to.include("`--freeze` is about a training step").and.to.include("--target onnx-training");
    }));
});
