/** The schemas of `--json` that have no test of their own, held against what is printed. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import type { CliHost, Output } from "../../src/cli/host.ts";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { NO_COLORS } from "../../src/diagnostics/render/colors.ts";
import { inFolder } from "../support/cli.ts";
import { jpeg, patterned, png, writeCifar, writeTree } from "../support/image-sets.ts";

const schema = (name: string): { readonly $id: string; readonly properties: object } => JSON.parse(readFileSync(new URL(`../../grammar/${name}.schema.json`, import.meta.url), "utf8")) as { $id: string; properties: object };
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).addSchema([schema("summary"), schema("lint")]);

async function printed(...args: readonly string[]): Promise<Record<string, unknown>> {
  let text = "";
  const quiet: Output = { write: () => undefined, isTerminal: false, columns: 100, colors: NO_COLORS };
  const host: CliHost = { ...createNodeHost(), out: { ...quiet, write: (part) => (text += part) }, err: quiet };
  const { main } = await import("../../src/cli/main.ts");
  await main(args, host);
  return JSON.parse(text) as Record<string, unknown>;
}

/** True of the value, false without one of its fields or with one more. */
function check(name: string, value: Record<string, unknown>, optional: readonly string[] = []): void {
  const { $id } = schema(name);
  const conforms = ajv.getSchema($id) ?? ajv.compile(schema(name));
  expect(conforms(value), JSON.stringify(conforms.errors)).to.equal(true);
  for (const key of Object.keys(value)) {
    const { [key]: _left, ...rest } = value;
    expect(conforms(rest), key).to.equal(optional.includes(key));
  }
  expect(conforms({ ...value, wibble: 1 })).to.equal(false);
}

describe("rnc: schemas of JSON", function () {
  this.timeout(60_000);

  it("check: networks that are built, need a parameter, are wrong; files and folders", () =>
    inFolder(async (folder) => {
      const open = "network Open(width: int) {\n  input image: float32[N, 3, H, W]\n  conv(3x3, width)\n}\nnetwork Closed = Open(8)\n";
      writeTree(folder, { "open.resnet": open, "wrong.resnet": open.replace("width)\n}", "widht)\n}") });
      const report = await printed("check", folder, "ResNet20", "std.blocks", "--json");
      check("check", report);
      expect(report).to.have.property("files").with.length(4);
      expect(report).to.have.property("problems").with.length(1);
    }));

  it("list: the library, and a file without documentation", () =>
    inFolder(async (folder) => {
      check("list", await printed("list", "--json"));
      writeTree(folder, { "a.resnet": "block half(width: int) { conv(3x3, width) }\n" });
      check("list", await printed("list", `${folder}/a.resnet`, "--json"));
    }));

  it("doctor: engines that work, that are missing, that are broken", async () => {
    const report = await printed("doctor", "--timeout", "60", "--json");
    check("doctor", report);
    const [first, ...others] = report.engines as { readonly status: string }[];
    const rest = { ...first, status: "missing" } as Record<string, unknown>;
    for (const key of ["version", "device", "notes"]) delete rest[key];
    const conforms = ajv.getSchema(schema("doctor").$id)!;
    for (const [engine, fits] of [[rest, true], [{ ...rest, reason: "no such library", help: [] }, false], [{ ...rest, status: "broken", reason: "no such library", help: [] }, true]] as const) {
      expect(conforms({ ...report, engines: [engine, ...others] })).to.equal(fits);
    }
  });

  it("weights inspect: safetensors with tensors of several types, and none", () =>
    inFolder(async (folder) => {
      const header = JSON.stringify({ a: { dtype: "F32", shape: [2, 1], data_offsets: [0, 8] }, b: { dtype: "I64", shape: [], data_offsets: [8, 16] } });
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      writeTree(folder, { "some.safetensors": Buffer.concat([length, Buffer.from(header), Buffer.alloc(16)]) });
      const report = await printed("weights", "inspect", `${folder}/some.safetensors`, "--json");
      check("weights", report);
      expect(report).to.deep.include({ elements: 3, bytes: 16 });
    }));

  it("compare: networks of all kinds, sizes known and open", async () => {
    for (const networks of [["VGG19", "Plain34", "ResNet34"], ["ResNet18", "ResNet18AnySize"], ["GoogLeNet", "SEResNet20"], ["ResNet20", "ResNet20C", "--convention", "timm"], ["ResNet50Backbone", "FPN"]]) {
      check("compare", await printed("compare", ...networks, "--json"));
    }
  });

  it("compare: a network has what a summary has, but for the layers", () => {
    const network = (schema("compare") as unknown as { $defs: { network: { properties: object; required: string[] } } }).$defs.network;
    const shared = Object.keys(schema("summary").properties).filter((key) => key !== "layers");
    expect(Object.keys(network.properties)).to.deep.equal([...shared, "stages", "ratio"]);
    expect(network.required).to.deep.equal(Object.keys(network.properties));
  });

  it("data check: a folder with what is broken and what is there twice", () =>
    inFolder(async (folder) => {
      const twice = png(8, 6, patterned(1));
      writeTree(folder, { "train/cat/1.png": twice, "train/cat/2.jpg": await jpeg(9, 6, patterned(2)), "train/dog/1.png": twice, "train/dog/bad.jpg": "text", "val/cat/3.png": twice, "val/dog/note.txt": "no image", "val/dog/4.png": png(5, 5, patterned(4)) });
      const report = await printed("data", "check", folder, "--workers", "0", "--json");
      check("data", report);
      expect(report).to.have.property("sameContent").with.length(1);
      expect(report).to.not.have.property("asPublished");
    }));

  it("data check: one image, and none that can be used", () =>
    inFolder(async (folder) => {
      writeTree(folder, { "cat/1.png": png(8, 6, patterned(1)) });
      check("data", await printed("data", "check", folder, "--workers", "0", "--json"));
      writeTree(folder, { "cat/1.png": "text" });
      check("data", await printed("data", "check", folder, "--workers", "0", "--json"));
    }));

  it("data check: CIFAR-10", () =>
    inFolder(async (folder) => {
      writeCifar(folder, 5);
      const report = await printed("data", "check", folder, "--json");
      check("data", report, ["asPublished"]);
      expect(report.asPublished).to.equal(false);
    }));
});
