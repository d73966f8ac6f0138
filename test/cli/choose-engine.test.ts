import { expect } from "chai";
import { chooseTrainingEngine } from "../../src/cli/train/choose-engine.ts";
import { timeEngine } from "../../src/cli/train/time-engine.ts";
import type { Timed } from "../../src/cli/train/time-engine.ts";
import type { EngineName, EngineStatus } from "../../src/engines/engine.ts";
import { ENGINES } from "../../src/engines/registry.ts";
import { stepOptions } from "../../src/verify/step-subject.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { networkIn } from "../support/networks.ts";

const works: EngineStatus = { kind: "works", version: "1", device: "CPU", notes: [] };
const missing: EngineStatus = { kind: "missing" };
const measured = (imagesPerSecond: number): Timed => ({ kind: "measured", imagesPerSecond });
const TEXT = "network Small {\n  input image: float32[N, 3, 8, 8]\n  conv(3x3, 4) -> bn -> relu -> globalavgpool -> linear(3)\n}\n";

describe("the engine that trains", function () {
  this.timeout(60_000);

  /** What is chosen among engines that are as said; and which of them were asked and timed. */
  async function chosen(wanted: string, steps: number, state: Readonly<Partial<Record<EngineName, EngineStatus | Timed>>>) {
    const network = await networkIn(TEXT, "Small");
    const trial = { network, weights: seededWeights(network.parameters, { seed: 0 }), options: stepOptions({ batch: 4, seed: 0 }), steps };
    const probed: string[] = [];
    const timed: string[] = [];
    const { engine, why, compared } = await chooseTrainingEngine(wanted, trial, {
      engines: ENGINES.filter(({ name }) => state[name] !== undefined),
      probe: async ({ name }) => {
        probed.push(name);
        const is = state[name]!;
        return is.kind === "missing" || is.kind === "broken" ? is : works;
      },
      time: async ({ name }) => {
        timed.push(name);
        return state[name] as Timed;
      },
    });
    return { name: engine.name, why, compared, probed, timed };
  }

  it("is the fastest that works, and the others are told", async () => {
    const state = { onnxruntime: measured(410.4), "onnxruntime-cuda": missing, "onnxruntime-webgpu": { kind: "slow", atMost: 3.2 }, "tfjs-node": measured(94.6), tfjs: measured(9) } as const;
    const found = await chosen("auto", 64_000, state);
    expect([found.name, found.why, found.compared]).to.deep.equal(["onnxruntime", "the fastest here: 410 images/s; tfjs-node 95 images/s; onnxruntime-webgpu less than 3.2 images/s", { onnxruntime: 410.4, "tfjs-node": 94.6 }]);
    // Plain JavaScript is not even looked at where something else works.
    expect([found.probed.includes("tfjs"), found.timed]).to.deep.equal([false, ["onnxruntime", "onnxruntime-webgpu", "tfjs-node"]]);
    expect((await chosen("auto", 64_000, { ...state, "tfjs-node": measured(500) })).name).to.equal("tfjs-node");
    const refused = await chosen("auto", 64_000, { onnxruntime: measured(3), "tfjs-node": { kind: "refused", reason: "no dilation" } });
    expect(refused.why).to.equal("the fastest here: 3.0 images/s; tfjs-node does not train this network (no dilation)");
  });

  it("is the first that works where comparing is not worth it, and nothing is timed", async () => {
    const short = await chosen("auto", 20, { onnxruntime: missing, "tfjs-node": measured(95), tfjs: measured(9) });
    expect([short.name, short.timed, short.probed]).to.deep.equal(["tfjs-node", [], ["onnxruntime", "tfjs-node"]]);
    const alone = await chosen("auto", 64_000, { onnxruntime: missing, tfjs: measured(9) });
    expect([alone.name, alone.timed, alone.compared]).to.deep.equal(["tfjs", [], undefined]);
    expect(alone.why).to.include("the only one that works here");
  });

  it("is the wanted one, or the reason why not", async () => {
    expect(await chosen("tfjs", 64_000, { onnxruntime: measured(1), tfjs: measured(9) })).to.deep.include({ name: "tfjs", why: "the one that was chosen", timed: [] });
    await expectInputError(() => chosen("tfjs-node", 20, { onnxruntime: measured(1), "tfjs-node": missing }), /`tfjs-node` does not work here[^]*npm install @tensorflow\/tfjs-node/);
    await expectInputError(() => chosen("auto", 20, { onnxruntime: missing, tfjs: missing }), /nothing here trains[^]*onnxruntime: not installed/);
    await expectInputError(() => chosen("auto", 640, { onnxruntime: { kind: "slow", atMost: 1 }, tfjs: missing, "tfjs-node": { kind: "refused", reason: "no" } }), /a time that can be measured[^]*less than 1.0 images\/s/);
  });

  it("is really timed, in a process that is gone then", async () => {
    const network = await networkIn(TEXT, "Small");
    const trial = { network, weights: seededWeights(network.parameters, { seed: 0 }), options: stepOptions({ batch: 4, seed: 0 }) };
    const engine = ENGINES.find(({ name }) => name === "onnxruntime")!;
    const found = await timeEngine(engine, trial);
    expect(found.kind, JSON.stringify(found)).to.equal("measured");
    expect(found.kind === "measured" && found.imagesPerSecond).to.be.greaterThan(10);
    const broken = await networkIn(TEXT.replace("linear(3)", "linear(3) -> conv(1x1, 2)").replace("globalavgpool -> linear(3) -> ", ""), "Small");
    expect((await timeEngine(engine, { ...trial, network: broken, weights: seededWeights(broken.parameters, { seed: 0 }) })).kind).to.equal("refused");
  });
});
