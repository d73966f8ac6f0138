import { readFileSync } from "node:fs";
import { expect } from "chai";
import { summarize } from "../../src/index.ts";
import { PAPER_PAGE, paperPage, paperTables } from "../../tools/paper-page.ts";
import { standardNetwork } from "../support/networks.ts";

describe("the paper's tables", () => {
  const { tables } = paperTables();

  it("are Tables 2 to 6, with the methods that the paper compares with", () => {
    expect(tables.map(({ table }) => table)).to.deep.equal([2, 3, 4, 5, 6]);
    expect(tables.map(({ rows }) => rows.length)).to.deep.equal([4, 10, 10, 6, 12]);
    const methods = tables.flatMap(({ rows }) => rows.map(({ method }) => method)).join("\n");
    for (const other of ["VGG", "GoogLeNet", "PReLU-net", "BN-inception"]) expect(methods).to.include(other);
  });

  for (const { table, columns, rows } of tables) {
    for (const { method, network, published, measured, note } of rows) {
      it(`Table ${table}, ${method}${network === null ? ": no network here, and why" : `: ${network}, counts as published`}`, () => {
        const names = columns.map(({ name }) => name);
        expect(Object.keys(published)).to.not.be.empty;
        for (const name of [...Object.keys(published), ...Object.keys(measured ?? {})]) expect(names).to.include(name);
        if (network === null) return expect(note).to.be.a("string");
        const { params, macs, depth } = summarize(standardNetwork(network));
        if (published["params"] !== undefined) {
          const digits = String(published["params"]).split(".")[1]!.length;
          expect((params / 1e6).toFixed(digits)).to.equal(published["params"].toFixed(digits));
        }
        // The paper cuts 3.86 to 3.8 and has 15.3 where VGG's definition gives 15.47.
        if (published["flops"] !== undefined) expect(macs! / 1e9).to.be.closeTo(published["flops"], 0.2);
        if (published["layers"] !== undefined) expect(depth).to.equal(published["layers"]);
      });
    }
  }

  it("agree where they say the same: plain and residual nets of Table 2 in Table 3", () => {
    const find = (number: number, method: string): number | undefined => tables.find(({ table }) => table === number)?.rows.find((row) => row.method === method)?.published["top-1"];
    expect(find(2, "plain, 34 layers")).to.equal(find(3, "plain-34"));
    expect(find(2, "ResNet, 34 layers")).to.equal(find(3, "ResNet-34 A"));
  });

  it("have a page that is made from them (npm run generate:reference)", () => {
    expect(readFileSync(new URL(`../../${PAPER_PAGE}`, import.meta.url), "utf8") === paperPage(), `${PAPER_PAGE} is stale: run npm run generate:reference`).to.equal(true);
  });
});
