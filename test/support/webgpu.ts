import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Context } from "mocha";
import { cacheFolder } from "../../tools/engines/machine.ts";

/** The Vulkan driver that computes on the CPU: `RNC_SWIFTSHADER`, or the one that came with a Chromium of this machine. */
function swiftShader(): string | undefined {
  const named = process.env["RNC_SWIFTSHADER"];
  if (named) return named;
  const folders = ["/usr/lib/chromium", "/opt/google/chrome", join(cacheFolder(), "chromium/usr/lib/chromium")];
  return folders.map((folder) => join(folder, "vk_swiftshader_icd.json")).find((path) => existsSync(path));
}

/**
 * The environment of a process whose WebGPU computes on SwiftShader; skips the running test, and prints why, where there is
 * none. A process of its own: the folder of `libvulkan.so.1` must be known when it starts.
 */
export function needsSoftwareWebGpu(context: Context): NodeJS.ProcessEnv {
  const driver = swiftShader();
  if (driver === undefined) {
    console.log("      skipped: no SwiftShader for WebGPU; it comes with Chromium (`npx tsx tools/engines/chromium.ts`), and RNC_SWIFTSHADER names its vk_swiftshader_icd.json");
    return context.skip();
  }
  if (!existsSync(driver)) throw new Error(`RNC_SWIFTSHADER is ${driver}, which is not there`);
  const libraries = [dirname(driver), process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(delimiter);
  return { ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: libraries, XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"] ?? tmpdir() };
}
