import { runNamed } from "../engines/model-data.ts";
import { onnxruntime } from "../engines/onnxruntime.ts";
import { calibrate } from "../program/calibrate.ts";
import { writeSafetensors } from "../weights/safetensors-writer.ts";
import type { CliHost } from "./host.ts";
import { createWaiting } from "./progress.ts";
import { countText } from "./table.ts";
import type { NetworkOptions } from "./target.ts";
import { buildTarget } from "./target.ts";
import { VERSION } from "./version.ts";
import { writeOutput } from "./write-output.ts";

/** What `rnc weights calibrate` does: builds the network, measures its statistics with ONNX Runtime, writes safetensors. */
export async function calibrateTarget(target: string, options: NetworkOptions & { readonly output: string; readonly seed?: number }, host: CliHost): Promise<number> {
  const graph = await buildTarget(host, target, options);
  if (graph === undefined) return 1;
  const { seed = 0, output } = options;
  const waiting = createWaiting(host, "measuring statistics");
  const source = await calibrate(graph, {
    version: VERSION,
    seed,
    async run(model, inputs) {
      const inference = await onnxruntime.open({ format: "onnx", files: [model] });
      try {
        return await runNamed(inference, inputs);
      } finally {
        await inference.close();
      }
    },
  }).finally(() => waiting.end());
  const { size, chunks } = writeSafetensors(graph.parameters, source, { format: "pt", "rnc.network": graph.name, "rnc.seed": String(seed), "rnc.version": VERSION });
  await writeOutput([{ path: "", sizeInBytes: size, chunks }], output, host);
  const told = output === "-" ? host.err : host.out;
  told.write(`wrote ${output}: calibrated weights of ${graph.name} from seed ${seed}, ${countText(graph.parameters.length)} tensors, ${countText(size)} bytes\n`);
  return 0;
}
