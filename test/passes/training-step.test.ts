import { expect } from "chai";
import { InputError } from "../../src/base/input-error.ts";
import { symbolDim } from "../../src/ir/dim.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { trainingStep } from "../../src/passes/gradient.ts";
import type { TrainingOptions, TrainingStep } from "../../src/passes/gradient.ts";
import { neededBy } from "../../src/passes/training/logits.ts";
import { feedsFor, netBuilder } from "../support/graphs.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { tensor } from "../support/interpreter/tensor.ts";
import type { Tensor } from "../support/interpreter/tensor.ts";

const BATCH = 3;
const CLASSES = 4;
const sizes = new Map([["N", BATCH]]);
const plain = { sizes, momentum: 0.9, weightDecay: 0, decays: "weights" } as const satisfies TrainingOptions;

/** Logits that are what is fed: a scale of 1 is all that is learned. */
function scaled(): Graph {
  const net = netBuilder();
  return net.finish(net.op("gain", net.input([symbolDim("N"), CLASSES]), {}, "gain"));
}

function feedsOf(network: Graph, step: TrainingStep, logits: readonly number[], labels: readonly number[]): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = { ...feedsFor(network, 1, { N: BATCH }), image: tensor([BATCH, CLASSES], [...logits]) };
  for (const { name, shape } of network.parameters) feeds[name] = tensor(shape, Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () => 1));
  for (const { kind, input, parameter } of step.state) if (kind === "momentum") feeds[input] = tensor(parameter.shape);
  return { ...feeds, [step.labels]: tensor([BATCH, CLASSES], [...labels]), [step.learningRate]: tensor([], [0.5]) };
}

const LOGITS = [1, 2, 3, 4, 5, 5, 1, 0, -1, -2, -3, -4];
const LABELS = [0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0];

describe("what a training step measures", () => {
  const network = scaled();
  const at = (options: Partial<TrainingOptions>, labels: readonly number[] = LABELS): Record<string, Tensor> => {
    const step = trainingStep(network, { ...plain, ...options });
    return evaluate(step.graph, feedsOf(network, step, LOGITS, labels));
  };

  it("counts answers whose greatest logit is at the label; of equal ones the first counts, as argmax has it", () => {
    // Row 0: logit 3 is greatest and the label. Row 1: 0 and 1 are equal, the first is the answer, the label is 1. Row 2: right.
    expect(at({}).right!.data[0]).to.equal(2);
    expect(at({}, [0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0]).right!.data[0]).to.equal(3);
    // Shares of classes: the greatest is the right answer.
    expect(at({}, [0.1, 0.2, 0.3, 0.4, 0.5, 0.2, 0.2, 0.1, 0.4, 0.6, 0, 0]).right!.data[0]).to.equal(2);
  });

  it("smooths labels to (1 - ε) · t + ε / classes, as PyTorch does", () => {
    for (const labelSmoothing of [0, 0.1, 1]) {
      let expected = 0;
      for (let n = 0; n < BATCH; n++) {
        const row = LOGITS.slice(n * CLASSES, (n + 1) * CLASSES);
        const total = Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0));
        const hard = total - row[LABELS.indexOf(1, n * CLASSES) - n * CLASSES]!;
        const even = total - row.reduce((sum, z) => sum + z, 0) / CLASSES;
        expected += ((1 - labelSmoothing) * hard + labelSmoothing * even) / BATCH;
      }
      expect(at({ labelSmoothing }).loss!.data[0], `smoothed by ${labelSmoothing}`).to.be.closeTo(expected, 1e-12);
    }
  });

  it("descends with smoothed labels on the smoothed loss", () => {
    const step = trainingStep(network, { ...plain, labelSmoothing: 0.2 });
    const feeds = feedsOf(network, step, LOGITS, LABELS);
    const { parameter } = step.state[0]!;
    const lossAt = (moved: number): number => evaluate(step.graph, { ...feeds, [parameter.name]: tensor(parameter.shape, [1 + moved]) }).loss!.data[0]!;
    const results = evaluate(step.graph, feeds);
    expect(results[`momentum.${parameter.name}.next`]!.data[0]).to.be.closeTo((lossAt(1e-5) - lossAt(-1e-5)) / 2e-5, 1e-8);
  });
});

describe("the optimizer of a training step", () => {
  const network = scaled();
  const moved = (options: Partial<TrainingOptions>, before: number): { value: number; momentum: number | undefined; gradient: number } => {
    const plainStep = trainingStep(network, plain);
    const name = network.parameters[0]!.name;
    const gradient = evaluate(plainStep.graph, feedsOf(network, plainStep, LOGITS, LABELS))[`momentum.${name}.next`]!.data[0]!;
    const step = trainingStep(network, { ...plain, ...options });
    const feeds = feedsOf(network, step, LOGITS, LABELS);
    if (feeds[`momentum.${name}`]) feeds[`momentum.${name}`] = tensor(network.parameters[0]!.shape, [before]);
    const results = evaluate(step.graph, feeds);
    return { value: results[`${name}.next`]!.data[0]!, momentum: results[`momentum.${name}.next`]?.data[0], gradient };
  };

  it("looks ahead in Nesterov's form: w - rate · (g + momentum · m)", () => {
    const { value, momentum, gradient } = moved({ nesterov: true, momentum: 0.8 }, 0.25);
    expect(momentum).to.be.closeTo(0.8 * 0.25 + gradient, 1e-12);
    expect(value).to.be.closeTo(1 - 0.5 * (gradient + 0.8 * (0.8 * 0.25 + gradient)), 1e-12);
  });

  it("keeps no momentum of 0", () => {
    const { value, momentum, gradient } = moved({ momentum: 0 }, 0);
    expect(momentum).to.equal(undefined);
    expect(value).to.be.closeTo(1 - 0.5 * gradient, 1e-12);
  });

  it("lets everything decay where that is asked, a scale too", () => {
    const { value, momentum, gradient } = moved({ weightDecay: 0.25, decays: "all" }, 0);
    expect(momentum).to.be.closeTo(gradient + 0.25, 1e-12);
    expect(value).to.be.closeTo(1 - 0.5 * (gradient + 0.25), 1e-12);
  });
});

describe("what is frozen in a training step", () => {
  const network = standardNetwork("ResNet8");
  const stepWith = (frozen: (name: string) => boolean): TrainingStep => trainingStep(network, { ...plain, weightDecay: 1e-4, frozen: ({ name }) => frozen(name) });
  const whole = stepWith(() => false);

  it("has neither a next value nor a momentum, and is an input still", () => {
    const step = stepWith((name) => name.startsWith("conv1.") || name.startsWith("layer1."));
    const inputs = step.graph.inputs.map(({ name }) => name);
    expect(step.state.filter(({ parameter: { name } }) => /^(conv1|layer1)\./.test(name))).to.deep.equal([]);
    expect(step.graph.outputs.filter(({ name }) => /^(momentum\.)?(conv1|layer1)\./.test(name))).to.deep.equal([]);
    expect(inputs).to.include.members(["conv1.weight", "layer1.0.conv1.weight", "layer1.0.bn1.bias", "bn1.running_mean", "momentum.fc.weight"]);
    expect(inputs).not.to.include("momentum.conv1.weight");
    expect(step.fixed.map(({ name }) => name)).to.include("conv1.weight").and.not.to.include("fc.weight");
    expect(verifyGraph(step.graph)).to.deep.equal([]);
  });

  it("costs no gradient: nothing is computed back into a frozen beginning, and no node is for nothing", () => {
    const step = stepWith((name) => /^(conv1|bn1|layer1|layer2)\./.test(name));
    const back = ({ graph }: TrainingStep): string[] => graph.nodes.filter(({ name }) => name.includes(".backward") || name.includes(".step.")).map(({ name }) => name);
    expect(back(step).filter((name) => /^(conv1|bn1|relu1|layer1|layer2)\./.test(name))).to.deep.equal([]);
    expect(back(step).filter((name) => name.startsWith("layer3."))).not.to.deep.equal([]);
    // The gradient by the input of layer3 would be for layer2 alone.
    expect(step.graph.nodes.filter(({ name }) => name === "layer3.0.conv1.backward.conv_transpose")).to.deep.equal([]);
    for (const { graph } of [step, whole]) {
      expect(neededBy(graph.outputs.map(({ value }) => value), graph.nodes).length).to.equal(graph.nodes.length);
    }
    // Two of three stages: more than a third of the work back is gone.
    expect(back(step).length).to.be.lessThan((back(whole).length * 2) / 3);
  });

  it("lets gradients through a frozen middle to what is before it", () => {
    const step = stepWith((name) => name.startsWith("layer2."));
    const stated = step.state.map(({ input }) => input);
    expect(stated).to.include.members(["conv1.weight", "momentum.conv1.weight", "layer1.0.conv1.weight", "fc.bias"]);
    expect(stated.filter((name) => name.includes("layer2."))).to.deep.equal([]);
    expect(step.graph.nodes.some(({ name }) => /^layer2\.0\.conv2\.backward\.(conv|transpose)/.test(name))).to.equal(true);
  });

  it("trains what is not frozen exactly as without", () => {
    const net = netBuilder();
    const image = net.input([symbolDim("N"), 2, 4, 4]);
    const small = net.finish(net.op("linear", net.op("globalavgpool", net.op("bn", net.op("conv", image, { kernel: [3, 3], channels: 3 }))), { features: CLASSES }, "fc"));
    const free = trainingStep(small, plain);
    const held = trainingStep(small, { ...plain, frozen: ({ name }) => name.startsWith("conv1.") });
    const feeds: Record<string, Tensor> = { ...feedsFor(small, 3, { N: BATCH }), labels: tensor([BATCH, CLASSES], LABELS), learning_rate: tensor([], [0.1]) };
    for (const { kind, input, parameter } of free.state) if (kind === "momentum") feeds[input] = tensor(parameter.shape);
    const [expected, found] = [evaluate(free.graph, feeds), evaluate(held.graph, Object.fromEntries(held.graph.inputs.map(({ name }) => [name, feeds[name]!])))];
    expect(held.state.length).to.equal(free.state.length - 2);
    for (const { output } of held.state) expect([...found[output]!.data], output).to.deep.equal([...expected[output]!.data]);
  });

  it("keeps running statistics where they are frozen themselves, and updates them where only scale and shift are", () => {
    const scaleAndShift = stepWith((name) => name === "bn1.weight" || name === "bn1.bias");
    expect(scaleAndShift.state.map(({ input }) => input)).to.include("bn1.running_mean").and.not.to.include("bn1.weight");
    const all = stepWith((name) => name.startsWith("bn1."));
    expect(all.state.filter(({ input }) => input.includes("bn1.running") && !input.includes("layer"))).to.deep.equal([]);
    // It normalises by them, in one operator; where one of two is frozen, by what the batch has.
    expect(all.fixed.map(({ name }) => name)).to.include("bn1.running_mean");
    expect(all.graph.nodes.find(({ name }) => name === "bn1")!.op).to.equal("bn");
    const one = stepWith((name) => name === "bn1.running_var");
    expect(one.fixed.map(({ name }) => name)).to.deep.equal([]);
    expect(one.state.map(({ input }) => input)).to.include("bn1.running_mean").and.not.to.include("bn1.running_var");
    expect(neededBy(all.graph.outputs.map(({ value }) => value), all.graph.nodes).length).to.equal(all.graph.nodes.length);
  });

  it("is refused where a batch norm would see one value of each channel, as PyTorch refuses it", async () => {
    const text = "network Mine {\n  input image: float32[N, 3, 4, 4]\n  conv(4x4, 8, pad=0) -> bn -> relu -> globalavgpool -> linear(10)\n}\n";
    const small = await networkIn(text, "Mine");
    const one = { ...plain, sizes: new Map([["N", 1]]) };
    expect(() => trainingStep(small, one)).to.throw(InputError, "`bn1` (`bn`) would normalise a single value of each channel");
    expect(() => trainingStep(small, { ...one, sizes: new Map([["N", 2]]) })).not.to.throw();
    expect(() => trainingStep(small, { ...one, frozen: ({ name }) => name.startsWith("bn1.") })).not.to.throw();
  });

  it("is refused where nothing is left to train", () => {
    expect(() => stepWith(() => true)).to.throw(InputError, "`ResNet8` has no parameter to train: all are frozen");
    const net = netBuilder();
    expect(() => trainingStep(net.finish(net.op("relu", net.input([symbolDim("N"), 3]))), plain)).to.throw(InputError, /has no parameter to train$/);
  });
});

describe("what a training step takes of a network", () => {
  it("is an output of two classes or more: the softmax of one is 1 whatever is learned", () => {
    const only = (classes: number): Graph => {
      const net = netBuilder();
      return net.finish(net.op("linear", net.input([symbolDim("N"), 3]), { features: classes }));
    };
    expect(() => trainingStep(only(1), plain)).to.throw(InputError, "is [N, 1]: one class");
    expect(trainingStep(only(2), plain).notes).to.deep.equal([]);
  });

  it("is what one output needs", () => {
    const two = twoHeads();
    const names = two.outputs.map(({ name }) => name);
    expect(() => trainingStep(two, plain)).to.throw(InputError, "has 2 outputs, and a training step has one loss");
    expect(() => trainingStep(two, { ...plain, lossOn: "none" })).to.throw(InputError, "has no output `none` to train on");
    const step = trainingStep(two, { ...plain, lossOn: names[0]! });
    const other = trainingStep(two, { ...plain, lossOn: names[1]! });
    const trained = (made: TrainingStep): string[] => made.state.flatMap(({ kind, input }) => (kind === "parameter" ? [input] : []));
    expect(trained(step)).to.include("first.weight").and.not.to.include("second.weight");
    expect(trained(other)).to.include("second.weight").and.not.to.include("first.weight");
    expect(step.notes.join()).to.include("the loss does not need `second.weight` and 1 more parameter: they are not in the step");
    expect(step.graph.inputs.map(({ name }) => name)).not.to.include("second.weight");
  });

  it("stands on what goes into a last softmax, and says so", () => {
    const net = netBuilder();
    const logits = net.op("linear", net.input([symbolDim("N"), 3]), { features: CLASSES }, "fc");
    const bare = trainingStep(net.finish(logits), plain);
    const ended = trainingStep(net.finish(net.op("softmax", logits)), plain);
    expect(bare.notes).to.deep.equal([]);
    expect(ended.notes.join()).to.include("`output` ends in a softmax; the loss is taken from what goes into it");
    const shown = ({ graph }: TrainingStep): string[] => graph.nodes.map(({ name, op, inputs }) => `${name} = ${op}(${inputs.map((value) => value.name.replace(/constant_\d+/, "constant")).join()})`);
    expect(shown(ended)).to.deep.equal(shown(bare));
  });

  it("keeps names apart: outputs from the network's inputs, momenta from its parameters", () => {
    const net = netBuilder();
    const step = trainingStep(net.finish(net.op("linear", net.input([symbolDim("N"), 3], "loss"), { features: CLASSES })), plain);
    expect([step.images, step.loss, step.right]).to.deep.equal([["loss"], "loss_", "right"]);
    const clash = netBuilder();
    const first = clash.op("linear", clash.input([symbolDim("N"), 3]), { features: CLASSES }, "a");
    const clashing = clash.finish(clash.op("linear", first, { features: CLASSES }, "momentum.a"));
    expect(() => trainingStep(clashing, plain)).to.throw(InputError, "`momentum.a.weight` is a parameter of `Wibble`, and what the momentum of `a.weight` is called");
  });

  it("may have an operator without a gradient before everything that is trained, and names it elsewhere", async () => {
    const text = `network Broken {\n  input image: float32[N, 3, 4, 4]\n  conv(1x1, 2)\n  relu\n  globalavgpool -> fc: linear(4)\n}\n`;
    const network = await networkIn(text, "Broken");
    // No operator of the language lacks a gradient; one that passes make does.
    const lacking: Graph = { ...network, nodes: network.nodes.map((node) => (node.op === "relu" ? { ...node, op: "exp" } : node)) };
    const relinked = relink(lacking);
    expect(() => trainingStep(relinked, plain)).to.throw(InputError, /`relu1` \(`exp`\) cannot be trained/);
    try {
      trainingStep(relinked, plain);
    } catch (error) {
      expect((error as InputError).notes.join()).to.include("mine.resnet:4:3");
    }
    expect(trainingStep(relinked, { ...plain, frozen: ({ name }) => name.startsWith("conv1") }).state.length).to.equal(4);
  });
});

/** Two classifiers on one trunk. */
function twoHeads(): Graph {
  const net = netBuilder();
  const trunk = net.op("relu", net.op("linear", net.input([symbolDim("N"), 6]), { features: 5 }, "trunk"));
  return net.finish(net.op("linear", trunk, { features: 3 }, "first"), net.op("linear", trunk, { features: 4 }, "second"));
}

/** Values name their makers: those of replaced nodes are pointed to them. */
function relink(graph: Graph): Graph {
  for (const node of graph.nodes) {
    node.outputs.forEach((value, index) => Object.assign(value, { producer: { kind: "node", node, index } }));
  }
  return graph;
}
