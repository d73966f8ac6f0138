import { expect } from "chai";
import type { Graph } from "../../src/ir/graph.ts";
import { trainingStep } from "../../src/passes/gradient.ts";
import type { TrainingStep } from "../../src/passes/gradient.ts";
import { feedsFor, noise, uniformOf } from "../support/graphs.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { generate, tensor, zip } from "../support/interpreter/tensor.ts";
import type { Tensor } from "../support/interpreter/tensor.ts";
import { networkIn } from "../support/networks.ts";

const SEED = 385;
const BATCH = 3;
const CLASSES = 3;
const DIRECTIONS = 2;

interface Net {
  readonly what: string;
  /** Sizes behind the batch. */
  readonly image: string;
  readonly body: string;
  /** What stays as it is. */
  readonly frozen?: RegExp;
  /** The convolutions that multiply their kernels, not the map. */
  readonly take: readonly string[];
}

/** Smooth, so that differences are of what gradients are of. What has no convolution before it has a map multiplied. */
const NETS: readonly Net[] = [
  { what: "biases", image: "2, 6, 6", body: "conv(3x3, 4, bias=true) -> bn -> silu -> conv(3x3, 4, bias=true) -> bn -> silu", take: ["conv1", "conv2"] },
  { what: "strides that leave positions out, and dilation", image: "2, 12, 12", body: "conv(3x3, 4, stride=2, pad=0) -> bn -> silu -> conv(3x3, 2, dilation=2, bias=true) -> bn -> silu", take: ["conv1", "conv2"] },
  { what: "groups, and a kernel for each channel", image: "4, 6, 6", body: "conv(3x3, 4, groups=2, bias=true) -> bn -> silu -> conv(3x3, 8, groups=4, stride=2x1) -> bn -> silu", take: ["conv1", "conv2"] },
  { what: "kernels of one tap, thinned out", image: "3, 6, 6", body: "conv(1x1, 4, stride=2, bias=true) -> bn -> silu -> conv(1x1, 4) -> bn -> silu", take: ["conv1", "conv2"] },
  { what: "one axis", image: "2, 12", body: "conv(3, 4, bias=true) -> bn -> silu -> conv(3, 4, stride=2, groups=2) -> bn -> silu", take: ["conv1", "conv2"] },
  { what: "three axes", image: "1, 4, 4, 4", body: "conv(3x3x3, 2, bias=true) -> bn -> silu -> conv(2x2x2, 4, stride=2, groups=2) -> bn -> silu", take: ["conv1", "conv2"] },
  { what: "kernels that outweigh the map", image: "2, 4, 4", body: "conv(3x3, 8) -> bn -> silu -> conv(3x3, 8, pad=0, bias=true) -> bn -> silu", take: ["conv1"] },
  { what: "two batch norms in a row", image: "2, 6, 6", body: "conv(3x3, 4, bias=true) -> bn -> bn -> silu", take: ["conv1"] },
  { what: "a convolution that two batch norms read", image: "2, 6, 6", body: "c: conv(3x3, 4, bias=true)\n sum { bn -> silu | bn }", take: [] },
  { what: "a convolution that is read once more, beside its batch norm", image: "2, 6, 6", body: "c: conv(3x3, 4, bias=true)\n sum { bn -> silu | silu }", take: [] },
  { what: "an input of the batch norm that is no convolution's", image: "2, 6, 6", body: "conv(3x3, 4) -> silu -> bn -> silu -> gain -> bn", take: [] },
  { what: "transposed convolutions before and after", image: "2, 4, 4", body: "upconv(2x2, 4, stride=2, bias=true) -> bn -> silu -> upconv(3x3, 4, stride=1, groups=2) -> bn -> silu -> conv(3x3, 4) -> bn -> silu", take: ["conv1"] },
  { what: "features without a map", image: "5", body: "linear(6) -> bn -> silu -> linear(6, bias=false) -> bn -> silu", take: [] },
  { what: "frozen kernels, with gradients through them", image: "2, 6, 6", body: "conv(3x3, 4, bias=true) -> bn -> silu -> conv(3x3, 4, bias=true) -> bn -> silu", frozen: /^conv2\.weight$/, take: ["conv1", "conv2"] },
  { what: "a bias alone that is trained", image: "2, 6, 6", body: "conv(3x3, 4) -> bn -> silu -> conv(3x3, 4, bias=true) -> bn -> silu", frozen: /^(conv1|conv2\.weight|bn1)/, take: ["conv2"] },
  { what: "a batch norm whose scale and shift are frozen", image: "2, 6, 6", body: "conv(3x3, 4, bias=true) -> bn -> silu", frozen: /^bn1\.(weight|bias)$/, take: ["conv1"] },
  { what: "batch norms that normalise by running statistics", image: "2, 6, 6", body: "conv(3x3, 4, bias=true) -> bn -> silu -> conv(3x3, 4, groups=2, bias=true) -> bn -> bn -> silu", frozen: /running/, take: ["conv1", "conv2"] },
  { what: "one running statistic of two that is frozen", image: "2, 6, 6", body: "conv(3x3, 4, bias=true) -> bn -> silu", frozen: /running_var/, take: ["conv1"] },
];

async function networkOf({ image, body }: Net): Promise<Graph> {
  const pool = image.includes(",") ? "globalavgpool -> " : "";
  return networkIn(`network Wibble {\n  input image: float32[N, ${image}]\n  ${body}\n  ${pool}linear(${CLASSES})\n}`, "Wibble");
}

function feedsOf(network: Graph, step: TrainingStep): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = { ...feedsFor(network, SEED, { N: BATCH }) };
  feeds[step.labels] = generate([BATCH, CLASSES], ([n, c]) => (n! % CLASSES === c ? 1 : 0));
  feeds[step.learningRate] = tensor([], [0.1]);
  for (const { kind, input, parameter } of step.state) if (kind === "momentum") feeds[input] = tensor(parameter.shape);
  return feeds;
}

describe("the factor that a batch norm hands to the convolution before it", () => {
  for (const net of NETS) {
    it(`leaves gradients what central differences of the loss are: ${net.what}`, async () => {
      const network = await networkOf(net);
      const step = trainingStep(network, { sizes: new Map([["N", BATCH]]), momentum: 0.9, weightDecay: 0, decays: "weights", frozen: ({ name }) => net.frozen?.test(name) ?? false });
      const scaled = new Set(step.graph.nodes.flatMap(({ name }) => /^(.*)\.backward\.scaled/.exec(name)?.[1] ?? []));
      expect([...scaled].sort()).to.deep.equal(net.take);

      const feeds = feedsOf(network, step);
      const results = evaluate(step.graph, feeds);
      const lossAt = (name: string, value: Tensor): number => evaluate(step.graph, { ...feeds, [name]: value }).loss!.data[0]!;
      const next = uniformOf(SEED);
      const momenta = step.state.filter(({ kind }) => kind === "momentum");
      expect(momenta.map(({ parameter }) => parameter.name)).to.have.members(network.parameters.map(({ name }) => name).filter((name) => !/running/.test(name) && !net.frozen?.test(name)));
      let greatest = 0;
      for (const { parameter, output } of momenta) {
        const value = feeds[parameter.name]!;
        for (let count = 0; count < DIRECTIONS; count++) {
          const direction = noise(parameter.shape, next);
          const moved = (by: number): number => lossAt(parameter.name, zip(value, direction, (x, d) => x + by * d));
          const measured = (moved(1e-5) - moved(-1e-5)) / 2e-5;
          // With a momentum of zero before and no decay, the next momentum is the gradient.
          const derived = results[output]!.data.reduce((total, g, index) => total + g * direction.data[index]!, 0);
          expect(derived, parameter.name).to.be.closeTo(measured, 1e-8);
          greatest = Math.max(greatest, Math.abs(measured));
        }
      }
      expect(greatest).to.be.greaterThan(1e-3);
    });
  }
});
