import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { inFolder } from "../support/cli.ts";
import { patterned, png } from "../support/image-sets.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const POOL = new URL("../../src/cli/data/pool.ts", import.meta.url).href;

/** Closes a pool whose worker has answered meanwhile, in a process that nothing else keeps alive. */
const CLOSES_TOO_EARLY = `
import { createChunkPool } from ${JSON.stringify(POOL)};
const pool = createChunkPool({ job: { kind: "inspect" }, packed: undefined }, 1);
const chunk = { epoch: 0, indices: [0], names: [process.argv[2]] };
await pool.run(chunk);
pool.run(chunk).catch(() => undefined);
// The answer is there, and this thread has not looked at it yet.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
await pool.close();
console.log("closed");
`;

describe("threads that prepare images", function () {
  this.timeout(60_000);

  it("are waited for when a pool is closed, although one has just answered: the process does not end in between", () =>
    inFolder((folder) => {
      const [program, image] = [join(folder, "closes.mts"), join(folder, "image.png")];
      writeFileSync(program, CLOSES_TOO_EARLY);
      writeFileSync(image, png(8, 8, patterned(1)));
      const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", program, image], { cwd: REPOSITORY });
      // Node.js ends with 13 where an await is never answered.
      expect([status, stdout.toString().trim()], stderr.toString()).to.deep.equal([0, "closed"]);
    }));
});
