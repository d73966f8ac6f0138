import { expect } from "chai";
import { matchWeights, silentChoices, type MatchOptions, type WantedTensor } from "../../src/weights/match.ts";
import { overlaySource } from "../../src/weights/overlay.ts";
import { parseRename } from "../../src/weights/rename.ts";
import type { TensorDType, WeightSource } from "../../src/weights/source.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { floats } from "../support/torch-files.ts";
import { values } from "../support/weight-values.ts";

type Listed = Readonly<Record<string, readonly number[]>>;

/** A source whose tensor number i is full of i. */
function sourceOf(tensors: Listed, dtype: TensorDType = "F32"): WeightSource {
  const names = Object.keys(tensors);
  return {
    description: "net.pth",
    names: () => names,
    info: (name) => (tensors[name] === undefined ? undefined : { name, dtype, shape: tensors[name] }),
    async *read(name) {
      yield floats(names.indexOf(name));
    },
  };
}

const wantedOf = (tensors: Listed): WantedTensor[] => Object.entries(tensors).map(([name, shape]) => ({ name, shape }));

const NET = { "conv1.weight": [16, 3, 3, 3], "bn1.weight": [16], "bn1.bias": [16], "fc.weight": [10, 16], "fc.bias": [10] };

const prefixed = (prefix: string, tensors: Listed): Listed => Object.fromEntries(Object.entries(tensors).map(([name, shape]) => [prefix + name, shape]));
const without = (tensors: Listed, ...names: readonly string[]): Listed => Object.fromEntries(Object.entries(tensors).filter(([name]) => !names.includes(name)));
const match = (tensors: Listed, options: MatchOptions = {}, wanted: Listed = NET) => matchWeights(wantedOf(wanted), sourceOf(tensors), options);

describe("matching weights", () => {
  it("takes equal names and shapes as they are", async () => {
    const { source, applied, unused } = match(NET);
    expect(applied).to.deep.equal([]);
    expect(unused).to.deep.equal([]);
    expect(source.names()).to.deep.equal(Object.keys(NET));
    expect(await values(source, "fc.weight")).to.deep.equal([3]);
  });

  for (const [prefix, by] of [["module.", "DataParallel"], ["_orig_mod.module.", "torch.compile and DataParallel"], ["model.", "Lightning"], ["backbone.", "detection"], ["net.", "scripts"]] as const) {
    it(`takes off ${prefix} and says so`, async () => {
      const { source, applied } = match(prefixed(prefix, NET));
      expect(applied).to.have.length(1);
      expect(applied[0]).to.match(new RegExp(`^\`${prefix}\` taken off 5 tensors: .*${by}`, "u"));
      expect(source.info("fc.weight")).to.deep.equal({ name: "fc.weight", dtype: "F32", shape: [10, 16] });
      expect(await values(source, "fc.bias")).to.deep.equal([4]);
    });
  }

  it("keeps a prefix that belongs to the network's own names", () => {
    const wanted = prefixed("backbone.", NET);
    expect(match(wanted, {}, wanted).applied).to.deep.equal([]);
  });

  it("leaves counters out, and what the user says", () => {
    const { unused } = match({ ...NET, "bn1.num_batches_tracked": [], "aux.fc.weight": [5], "aux.fc.bias": [5] }, { ignore: ["aux"] });
    expect(unused).to.deep.equal(["bn1.num_batches_tracked", "aux.fc.weight", "aux.fc.bias"]);
  });

  it("renames whole words at the beginning, before or after a prefix is taken off", async () => {
    const { "fc.weight": weight, "fc.bias": bias, ...rest } = NET;
    const file = prefixed("module.", { ...rest, "linear.weight": weight, "linear.bias": bias });
    for (const [rename, how] of [["linear=fc", "`linear` renamed to `fc` in 2 tensors"], ["module.linear=fc", "`module.linear` renamed to `fc`"]] as const) {
      const { source, applied } = match(file, { renames: [parseRename(rename)] });
      expect(await values(source, "fc.weight")).to.deep.equal([3]);
      expect(applied.join("\n")).to.contain(how);
    }
    await expectInputError(() => match(file, { renames: [parseRename("lin=fc")] }), /called `lin`/u);
    await expectInputError(() => match(file, { renames: [parseRename("module.lineer=fc")] }), "did you mean `module.linear`");
  });

  it("suggests a rename when shapes say so, and does not take it by itself", async () => {
    const { "fc.weight": weight, "fc.bias": bias, ...rest } = NET;
    const error = await expectInputError(() => match(prefixed("module.", { ...rest, "linear.weight": weight, "linear.bias": bias })), "--rename linear=fc");
    expect(error.message).to.equal("net.pth does not fit the network: of 5 tensors, 2 missing, 2 unexpected");
    expect(error.help).to.deep.equal(["the shapes of `linear` fit `fc`: --rename linear=fc"]);
    expect(error.notes).to.deep.equal([
      "missing: `fc.weight` [10, 16]",
      "missing: `fc.bias` [10]",
      "unexpected: `linear.weight` [10, 16]",
      "unexpected: `linear.bias` [10]",
    ]);
    const other = await expectInputError(() => match({ ...rest, "linear.weight": [100, 16], "linear.bias": [100] }), "2 missing, 2 unexpected");
    expect(other.help).to.deep.equal([]);
    await expectInputError(() => match(prefixed("encoder.", NET)), "--rename encoder=");
  });

  it("tells everything that does not fit in one error, with the nearest names", async () => {
    const file = { ...without(NET, "bn1.bias"), "bn1.bais": [16], "fc.weight": [16, 10], "fc.bias": [100], extra: [1] };
    const error = await expectInputError(() => match(file), "1 missing, 2 that cannot be used, 2 unexpected");
    expect(error.notes).to.deep.equal([
      "missing: `bn1.bias` [16]; near: `bn1.bais`",
      "wrongly shaped: `fc.weight` is [10, 16] in the network and [16, 10] in the file; the numbers of values agree, their arrangement does not",
      "wrongly shaped: `fc.bias` is [10] in the network and [100] in the file",
      "unexpected: `bn1.bais` [16]",
      "unexpected: `extra` [1]",
    ]);
  });

  it("does not leave a tensor unused in silence", async () => {
    await expectInputError(() => match({ ...NET, "layer1.0.downsample.0.weight": [16, 16, 1, 1] }), "--ignore layer1");
  });

  it("shortens long lists", async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`layer${i}.weight`, [i + 1]]));
    const error = await expectInputError(() => match({}, {}, many), "500 missing");
    expect(error.notes).to.have.length(13);
    expect(error.notes[12]).to.equal("… and 488 more like these");
  });

  it("refuses integers, and two tensors of one name", async () => {
    await expectInputError(() => matchWeights(wantedOf(NET), sourceOf(NET, "I64")), "no weights: `fc.bias` holds I64 values");
    await expectInputError(() => match({ ...NET, "head.bias": [10] }, { renames: [parseRename("head=fc")] }), "both be called `fc.bias`");
    await expectInputError(() => parseRename("a"), "--rename linear=fc");
    await expectInputError(() => parseRename("a=b=c"), "is no rename");
  });

  it("asks a source that lists nothing", () => {
    const endless: WeightSource = { ...sourceOf(NET), names: () => [] };
    expect(match(NET).source.names()).to.deep.equal(matchWeights(wantedOf(NET), endless).source.names());
    expect(() => matchWeights(wantedOf({ other: [1] }), endless)).to.throw("1 missing");
  });

  it("lays one source over another", async () => {
    const top = sourceOf({ "fc.bias": [10] });
    const both = overlaySource(top, sourceOf(NET));
    expect(both.names()).to.have.members(Object.keys(NET));
    expect(await values(both, "fc.bias")).to.deep.equal([0]);
    expect(await values(both, "fc.weight")).to.deep.equal([3]);
  });

  it("says what no file tells", () => {
    expect(silentChoices({ hasZeroPadShortcut: false, hasStridedBottleneck: false })).to.deep.equal([]);
    expect(silentChoices({ hasZeroPadShortcut: true, hasStridedBottleneck: true }).join()).to.match(/option A.*1x1/u);
  });
});
