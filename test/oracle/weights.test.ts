import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWeights } from "../../src/weights/open-weights.ts";
import { writeSafetensors } from "../../src/weights/safetensors-writer.ts";
import { diskFile } from "../support/byte-source.ts";
import { needsPython, runPython } from "../support/python.ts";
import { collect, float32s } from "../support/weight-values.ts";

describe("weights against PyTorch and safetensors", function () {
  this.timeout(120_000);
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rnc-oracle-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("reads every value of a hundred random checkpoints as torch.load does", async function () {
    needsPython(this, "torch", "numpy");
    const count = 100;
    runPython("random_checkpoints.py", [folder, String(count)]);
    for (let number = 0; number < count; number++) {
      const said = JSON.parse(readFileSync(join(folder, `${number}.json`), "utf8"));
      const source = await openWeights(await diskFile(join(folder, `${number}.pth`)));
      expect(source.names(), `${number}`).to.deep.equal(said.all);
      for (const [name, { shape, values }] of Object.entries<{ shape: number[]; values: string }>(said.floats)) {
        expect(source.info(name)?.shape, `${number} ${name}`).to.deep.equal(shape);
        const got = await collect(source.read(name));
        expect(Buffer.compare(got, Buffer.from(values, "base64")), `${number} ${name} ${source.info(name)?.dtype}`).to.equal(0);
      }
      await source.close?.();
    }
  });

  it("writes files that the reference implementation reads", async function () {
    needsPython(this, "safetensors", "numpy");
    const source = await openWeights(await diskFile("test/weights/fixtures/cuda.pth"));
    const entries = ["module.conv.weight", "module.transposed", "module.scalar", "module.empty"].map((name) => ({ name, shape: source.info(name)?.shape ?? [] }));
    const path = join(folder, "written.safetensors");
    await writeFile(path, writeSafetensors(entries, source, { made: "by a test", ü: "\"\\" }).chunks());
    const said = JSON.parse(runPython("read_safetensors.py", [path]).toString());
    expect(said.metadata).to.deep.equal({ made: "by a test", ü: "\"\\" });
    const f32 = (shape: readonly number[], sum: number) => ({ dtype: "float32", shape, sum });
    expect(said.tensors).to.deep.equal({
      "module.conv.weight": f32([2, 3, 2, 2], 276),
      "module.transposed": f32([6, 4], 276),
      "module.scalar": f32([], 7),
      "module.empty": f32([0, 3], 0),
    });
    const again = await openWeights(await diskFile(path));
    expect(float32s(await collect(again.read("module.scalar")))).to.deep.equal([7]);
    await again.close?.();
    await source.close?.();
  });
});
