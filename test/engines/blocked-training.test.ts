import { expect } from "chai";
import { InputError } from "../../src/base/input-error.ts";
import { blockedStep } from "../../src/backends/onnx/blocked/index.ts";
import { blockHere, differenceOf } from "../../src/engines/onnx-layout.ts";
import { loadOnnxRuntime, ONNX_RUNTIME } from "../../src/engines/onnx-session.ts";
import { PROCESSOR, batchSizes, openStep, portableForm, valuesOf } from "../../src/engines/onnx-step.ts";
import type { StepForm } from "../../src/engines/onnx-step.ts";
import { openOnnxTraining } from "../../src/engines/onnx-training.ts";
import type { LayoutProbe } from "../../src/engines/onnx-training.ts";
import { apiOf } from "../../src/engines/runtime.ts";
import type { TrainingBatch, TrainingOptions } from "../../src/engines/training.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { uniformNumbers } from "../../src/weights/uniform-numbers.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";

const runtime = apiOf(loadOnnxRuntime(), ONNX_RUNTIME);
const BATCH = 16;
const OPTIONS: TrainingOptions = { batch: BATCH, momentum: 0.9, nesterov: false, weightDecay: 1e-4, decays: "weights", labelSmoothing: 0, seed: 5, threads: 1 };

function batchFor(network: Graph, step: number, batch = BATCH): TrainingBatch {
  const shape = [batch, ...network.inputs[0]!.type.shape.slice(1).map(Number)];
  const count = shape.reduce((product, size) => product * size, 1);
  const classes = Number(network.outputs[0]!.value.type.shape[1]);
  return {
    inputs: [{ data: uniformNumbers(3, step, "image", count).map((value) => 4 * value - 2), shape }],
    labels: Int32Array.from({ length: batch }, (_, example) => (example * 7 + step) % classes),
  };
}

/** The loss and the whole state after one step of this form. */
async function oneStep(network: Graph, weights: WeightSource, options: TrainingOptions, form: StepForm) {
  const training = await openStep(runtime, network, weights, options, form);
  const { loss, right } = await training.step(batchFor(network, 0, options.batch), 0.1);
  const state = await training.readState();
  const tensors = new Map<string, Float32Array>();
  for (const name of state.names()) tensors.set(name, await valuesOf(state, name, state.info(name)!.shape));
  await training.close();
  return { loss, right, tensors };
}

const blockedForm = (network: Graph, block: number, options = OPTIONS): StepForm => {
  const form = blockedStep(network, { ...options, sizes: batchSizes(network, options.batch) }, block);
  if (form === undefined) throw new Error("nothing of it is blocked");
  return form;
};

const operatorsOf = ({ step }: StepForm): readonly string[] => step.graph.nodes.map(({ op }) => op);

/** What is below it in a step is rounding: gradients of the parameters of these networks are 1e-4 and more. */
const ROUNDING = 1e-6;

/** A network around a body, which ends in ten classes. */
const netOf = (body: string, size = 16): Promise<Graph> =>
  networkIn(`use std.shortcuts { A, B }\nuse std.blocks { se }\nnetwork Wibble {\n  input image: float32[N, 3, ${size}, ${size}]\n  shortcuts A\n  ${body}\n  globalavgpool -> linear(10)\n}`, "Wibble");

/**
 * Smooth nets, so that every number of their steps is known to both layouts: where the input of a ReLU is near 0, two right
 * implementations may take different sides. `outside`: operators that must be there, on plain maps, and `inside`: ones that must not.
 * `nothing`: parameters that a batch norm behind them takes away, so that they have no gradient, and a mean that one before took away.
 */
const NETS: readonly { readonly what: string; readonly body: string; readonly size?: number; readonly outside?: readonly string[]; readonly inside?: readonly string[]; readonly nothing?: readonly string[] }[] = [
  { what: "option A", body: "conv(3x3, 16) -> bn -> silu\n residual { conv(3x3, 32, stride=2) -> bn -> silu -> conv(3x3, 32) -> bn } -> silu", inside: ["conv", "unblock", "padchannels", "subsample"] },
  { what: "option A, zeros on both sides", body: "conv(3x3, 16) -> bn -> silu\n residual(A(where=\"split\")) { conv(3x3, 32, stride=2) -> bn } -> silu", inside: ["conv", "unblock"] },
  { what: "bottlenecks with projections", body: "conv(7x7, 32, stride=2) -> bn -> silu\n residual(B) { conv(1x1, 16) -> bn -> silu -> conv(3x3, 16, stride=2) -> bn -> silu -> conv(1x1, 64) -> bn } -> silu\n residual(B) { conv(1x1, 16) -> bn -> silu -> conv(3x3, 16) -> bn -> silu -> conv(1x1, 64) -> bn } -> silu", inside: ["conv", "unblock"] },
  { what: "squeeze and excitation", body: "conv(3x3, 32) -> bn -> silu\n residual { conv(3x3, 32) -> bn -> se(16) } -> silu", inside: ["unblock"], outside: ["conv"] },
  { what: "pre-activation", body: "conv(3x3, 16)\n residual { bn -> silu -> conv(3x3, 16) -> bn -> silu -> conv(3x3, 16) }\n bn -> silu", inside: ["conv", "unblock"] },
  { what: "biases, no normalisation, a gain", body: "conv(3x3, 16, bias=true) -> silu\n residual { conv(3x3, 16, bias=true) -> gain(init=0.5) } -> gelu", inside: ["conv", "unblock"] },
  { what: "widths that are no multiples of a block", body: "conv(3x3, 16) -> bn -> silu -> conv(3x3, 20) -> bn -> silu -> conv(3x3, 32) -> bn -> silu -> conv(3x3, 16) -> bn -> silu", outside: ["conv", "unblock"] },
  { what: "groups, dilation, pools", body: "conv(3x3, 16) -> bn -> silu -> maxpool(3x3, stride=2)\n conv(3x3, 32, groups=4) -> bn -> silu -> avgpool(2x2)\n conv(3x3, 32, dilation=2) -> bn -> silu -> conv(3x3, 16) -> silu", outside: ["conv", "unblock"] },
  { what: "max pools", body: "conv(3x3, 16) -> bn -> silu -> maxpool(3x3, stride=2)\n conv(3x3, 32) -> bn -> silu -> maxpool(2x2)\n conv(3x3, 16) -> bn -> silu -> maxpool(3x3, stride=1, pad=1) -> conv(3x3, 16) -> silu", inside: ["conv", "unblock", "slice", "conv_transpose"] },
  { what: "max pools that see equal maxima", body: "conv(3x3, 16) -> bn -> silu -> upsample(2) -> conv(1x1, 16) -> silu\n maxpool(3x3, stride=2) -> conv(3x3, 16) -> silu", inside: ["conv", "slice"] },
  { what: "max pools that leave positions out", size: 15, body: "conv(3x3, 16) -> bn -> silu -> maxpool(3x3, stride=2, pad=0)\n conv(3x3, 32) -> bn -> silu -> maxpool(2x2, stride=3) -> conv(3x3, 16) -> silu", outside: ["unblock", "slice", "conv_transpose"] },
  { what: "sizes that a stride does not divide", size: 15, body: "conv(3x3, 16) -> bn -> silu\n residual { conv(3x3, 32, stride=2) -> bn } -> silu\n conv(5x5, 32, stride=3) -> bn -> silu -> conv(2x2, 32, stride=2) -> silu", outside: ["unblock"] },
  { what: "long rows, which are summed in strips", size: 64, body: "conv(3x3, 16, stride=2) -> bn -> silu -> conv(3x3, 16) -> bn -> silu", inside: ["conv", "unblock"] },
  { what: "a batch norm's factor after biases, strides, dilation and kernels of 1x1", body: "conv(3x3, 16, bias=true) -> bn -> silu -> conv(3x3, 16, stride=2, bias=true) -> bn -> silu\n conv(3x3, 16, dilation=2, bias=true) -> bn -> silu -> conv(1x1, 32, stride=2) -> bn -> silu", outside: ["conv"], nothing: ["conv1.bias", "conv2.bias", "conv3.bias"] },
  { what: "a batch norm's factor after few channels, and after kernels that outweigh the map", body: "conv(1x1, 4) -> bn -> silu -> conv(3x3, 16, bias=true) -> bn -> silu -> avgpool(8x8)\n conv(2x2, 64, pad=0) -> bn -> silu -> conv(1x1, 16) -> bn -> silu", size: 24, outside: ["conv"], nothing: ["conv2.bias"] },
  { what: "two batch norms in a row, and two that read one convolution", body: "c: conv(3x3, 16, bias=true)\n sum { bn -> bn | bn -> silu | identity } -> conv(3x3, 16, groups=16) -> bn -> silu -> conv(3x3, 16, groups=2, stride=2) -> bn -> silu", outside: ["conv"], nothing: ["bn1.weight", "bn1.bias", "bn2.running_mean"] },
  { what: "branches side by side, three summed", body: "conv(3x3, 16) -> bn -> silu\n sum { conv(3x3, 16) -> bn | conv(1x1, 16) | identity }\n concat { conv(3x3, 16) | identity } -> silu" },
];

describe("training in ONNX Runtime's blocked layout", function () {
  this.timeout(180_000);
  let block: 8 | 16;
  before(async () => {
    block = await blockHere(runtime);
  });

  /** The greatest difference of any tensor of the state, as a share of its greatest number; and those whose gradient is nothing. */
  async function compare(network: Graph, options: TrainingOptions, seed: number) {
    const weights = seededWeights(network.parameters, { seed });
    const form = blockedForm(network, block, options);
    const [ours, portable] = [await oneStep(network, weights, options, form), await oneStep(network, weights, options, portableForm(network, options))];
    expect(ours.loss).to.be.closeTo(portable.loss, 1e-4 * Math.abs(portable.loss));
    expect(ours.right).to.equal(portable.right);
    expect([...ours.tensors.keys()]).to.deep.equal([...portable.tensors.keys()]);
    let worst = { name: "", share: 0 };
    const nothing = new Set<string>();
    for (const [name, expected] of portable.tensors) {
      const found = ours.tensors.get(name)!;
      let [greatest, difference] = [0, 0];
      expected.forEach((value, at) => {
        greatest = Math.max(greatest, Math.abs(value));
        difference = Math.max(difference, Math.abs(value - found[at]!));
      });
      if (greatest < ROUNDING && difference < ROUNDING) {
        nothing.add(name.replace(/^momentum\./, ""));
        continue;
      }
      const share = difference / greatest;
      if (!(share <= worst.share)) worst = { name, share };
    }
    return { form, worst, nothing: [...nothing] };
  }

  for (const { what, body, size, outside = [], inside = [], nothing = [] } of NETS) {
    it(`comes to the loss and the state of the portable step: ${what}`, async () => {
      const { form, worst, ...compared } = await compare(await netOf(body, size), OPTIONS, 1);
      expect(worst.share, worst.name).to.be.at.most(1e-4);
      expect(compared.nothing).to.have.members(nothing);
      const found = operatorsOf(form);
      expect(found).to.include("blocked_conv");
      expect(inside.filter((op) => found.includes(op)), "still plain").to.deep.equal([]);
      expect(outside.filter((op) => !found.includes(op)), "blocked, though").to.deep.equal([]);
    });
  }

  for (const name of ["ResNet20", "ResNet20B"]) {
    it(`comes to the state of the portable step, with ReLUs: ${name}`, async () => {
      // Of some seeds at least one has no ReLU that takes the other side.
      let worst = { name: "", share: Infinity };
      for (let seed = 1; seed <= 5 && worst.share > 1e-4; seed++) {
        const found = await compare(standardNetwork(name), OPTIONS, seed);
        expect(operatorsOf(found.form).filter((op) => op === "conv" || op === "relu" || op === "unblock")).to.deep.equal([]);
        if (found.worst.share < worst.share) ({ worst } = found);
      }
      expect(worst.share, worst.name).to.be.at.most(1e-4);
    });
  }

  it("goes on from its own state with the same bytes, masks of dropout too", async () => {
    const network = await netOf("conv(3x3, 16) -> bn -> relu -> dropout(0.3)\n residual { conv(3x3, 16) -> bn -> droppath(keep=0.8) } -> relu");
    const weights = seededWeights(network.parameters, { seed: 8 });
    const form = blockedForm(network, block);
    const run = async (from: WeightSource, first: number, last: number) => {
      const training = await openStep(runtime, network, from, { ...OPTIONS, firstStep: first }, form);
      const losses = [];
      for (let step = first; step < last; step++) losses.push((await training.step(batchFor(network, step), 0.05)).loss);
      const state = await training.readState();
      await training.close();
      return { losses, state };
    };
    const whole = await run(weights, 0, 4);
    const begun = await run(weights, 0, 2);
    const resumed = await run(begun.state, 2, 4);
    expect([...begun.losses, ...resumed.losses]).to.deep.equal(whole.losses);
    for (const name of whole.state.names()) {
      const { shape } = whole.state.info(name)!;
      expect(Buffer.from((await valuesOf(resumed.state, name, shape)).buffer).equals(Buffer.from((await valuesOf(whole.state, name, shape)).buffer)), name).to.equal(true);
    }
  });

  it("makes several steps in a loop, which come to the same bytes as one by one, masks of dropout too", async () => {
    const network = await netOf("conv(3x3, 16) -> bn -> relu -> dropout(0.3)\n residual { conv(3x3, 16) -> bn -> droppath(keep=0.8) } -> relu");
    const weights = seededWeights(network.parameters, { seed: 8 });
    const options = { ...OPTIONS, frozen: ({ name }: { readonly name: string }) => name.startsWith("linear") && name.endsWith("bias") };
    const batches = [0, 1, 2, 3, 4].map((step) => batchFor(network, step));
    const rates = [0.1, 0.1, 0.05, 0.01, 0.01];
    for (const form of [blockedForm(network, block, options), portableForm(network, options)]) {
      const alone = await openStep(runtime, network, weights, options, form);
      const looped = await openStep(runtime, network, weights, options, form, { ...PROCESSOR, loopedFromBytes: 0 });
      expect([alone.several, looped.several!.most]).to.deep.equal([undefined, 8]);
      const one = [];
      for (const [index, batch] of batches.entries()) one.push(await alone.step(batch, rates[index]!));
      const several = [...(await looped.several!.steps(batches.slice(0, 3), rates.slice(0, 3))), await looped.step(batches[3]!, rates[3]!), ...(await looped.several!.steps(batches.slice(4), rates.slice(4)))];
      expect(several).to.deep.equal(one);
      const [expected, found] = [await alone.readState(), await looped.readState()];
      for (const name of expected.names()) expect(Buffer.from((await valuesOf(found, name, expected.info(name)!.shape)).buffer).equals(Buffer.from((await valuesOf(expected, name, expected.info(name)!.shape)).buffer)), name).to.equal(true);
      await alone.close();
      await looped.close();
    }
  });

  for (const [what, pattern] of [["kernels", /^conv.*weight/], ["batch norms", /^bn/], ["running statistics", /running/], ["biases, scales and shifts", /^(conv2\.bias|bn1\.weight|bn2\.bias)$/]] as const) {
    it(`comes to the state of the portable step where ${what} are frozen`, async () => {
      const network = await netOf("conv(3x3, 16, bias=true) -> bn -> silu -> conv(3x3, 16, bias=true, stride=2) -> bn -> silu -> conv(1x1, 16) -> bn -> silu");
      const { form, worst } = await compare(network, { ...OPTIONS, frozen: ({ name }) => pattern.test(name) }, 2);
      expect(worst.share, worst.name).to.be.at.most(1e-4);
      // Kernels come packed, also where they stay as they are.
      expect(operatorsOf(form)).to.include("blocked_conv").and.not.to.include("conv");
    });
  }

  describe("which layout it chooses", () => {
    const network = async (): Promise<Graph> => netOf("conv(3x3, 16) -> bn -> silu");
    const open = async (options: Partial<TrainingOptions> = {}, probe?: Partial<LayoutProbe>, of = network()) => {
      const net = await of;
      const weights = seededWeights(net.parameters, { seed: 1 });
      const training = await openOnnxTraining(runtime, net, weights, { ...OPTIONS, ...options }, { blockHere, differenceOf, ...probe });
      const batch = options.batch ?? BATCH;
      const { loss } = await training.step(batchFor(net, 0, batch), 0.1);
      await training.close();
      const portable = await openStep(runtime, net, weights, { ...OPTIONS, ...options }, portableForm(net, { ...OPTIONS, ...options }));
      const expected = await portable.step(batchFor(net, 0, batch), 0.1);
      await portable.close();
      expect(loss).to.be.closeTo(expected.loss, 1e-4);
      return training.layout!;
    };

    it("is the blocked one where a step comes to the same", async () => {
      expect(await open()).to.deep.equal({ name: `blocked by ${block}`, why: "a step comes to what the portable one comes to" });
    });
    it("is the portable one where the runtime has no such layout, with its reason", async () => {
      const layout = await open({}, { blockHere: () => Promise.reject(new InputError("ReorderInput(1) is not a registered function")) });
      expect(layout).to.deep.equal({ name: "portable", why: "ONNX Runtime has no blocked layout here that works: ReorderInput(1) is not a registered function" });
    });
    it("is the portable one where the runtime has other blocks than it said: the step it makes is another", async () => {
      const { name, why } = await open({}, { blockHere: () => Promise.resolve(block === 16 ? 8 : 16) });
      expect(name).to.equal("portable");
      expect(why).to.match(/its loss there is|goes another way|does not|no blocked layout here that works/);
    });
    it("is the portable one where a parameter goes another way", async () => {
      const wrong: LayoutProbe["differenceOf"] = async (of, net, weights, options, form) => {
        const decayed = blockedStep(net, { ...options, weightDecay: 5, sizes: batchSizes(net, options.batch) }, block)!;
        expect(await differenceOf(of, net, weights, options, form), "the right one").to.equal(undefined);
        return differenceOf(of, net, weights, options, decayed);
      };
      expect((await open({}, { differenceOf: wrong })).why).to.match(/^`conv1\.weight` goes another way there than in the portable one$/);
    });
    it("is the portable one where batches or channels do not divide into blocks", async () => {
      expect(await open({ batch: 6 })).to.deep.equal({ name: "portable", why: `batches of 6 do not divide into blocks of ${block}` });
      expect((await open({}, {}, netOf("conv(3x3, 12) -> bn -> silu"))).why).to.equal(`no convolution has channels that divide into blocks of ${block}`);
    });
    it("is the one that a run began with, where it is there", async () => {
      expect((await open({ layout: "portable" })).name).to.equal("portable");
      expect((await open({ layout: `blocked by ${block}` })).name).to.equal(`blocked by ${block}`);
      expect(await open({ layout: `blocked by ${block === 16 ? 8 : 16}` })).to.deep.equal({ name: "portable", why: `the run began blocked by ${block === 16 ? 8 : 16}, and ONNX Runtime has blocks of ${block} on this processor` });
    });
  });
});
