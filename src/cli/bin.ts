import { main } from "./main.ts";
import { createNodeHost } from "./node-host.ts";

/** What the launcher runs: the exit code is set, not forced, so that nothing written is lost. */
export async function start(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), createNodeHost());
}

export { createNodeHost, main };
