/** Makes `dist/`: the launcher, the bundled command line with its code cache, the library for any platform, its types. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { BuildOptions, Metafile, Plugin } from "esbuild";
import { COMMANDS } from "../src/cli/commands.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
// Made aside and put in its place at the end: there is always a whole build, or none.
const dist = join(root, "dist-next");
rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "bin"), { recursive: true });

const shared = {
  absWorkingDir: root,
  bundle: true,
  // Names stay: the stack in a report of a mistake of ours must be readable.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "none",
  charset: "ascii",
  metafile: true,
  logLevel: "warning",
} satisfies BuildOptions;

/** Commander can start programs, which rnc never does: what that needs is a twentieth of the time a small check takes. */
const withoutChildProcess: Plugin = {
  name: "without-child-process",
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) => (/node_modules.commander./.test(importer) ? { path, namespace: "late" } : undefined));
    build.onLoad({ filter: /.*/, namespace: "late" }, () => ({ contents: `exports.spawn = (...args) => require("child_process").spawn(...args);` }));
  },
};

/** Leaves the other commands out: the launcher starts the whole program for them. */
const quickCommandsOnly: Plugin = {
  name: "quick-commands-only",
  setup(build) {
    const left = new Set(COMMANDS.filter(({ isQuick }) => !isQuick).map(({ name }) => `./commands/${name}.ts`));
    build.onResolve({ filter: /^\.\/commands\// }, ({ path }) => (left.has(path) ? { path, namespace: "left-out" } : undefined));
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "" }));
  },
};

const program = {
  ...shared,
  plugins: [withoutChildProcess],
  format: "cjs",
  platform: "node",
  target: "node20.19",
  // The cached script has no loader of ES modules: `import()` becomes `require`, and a module is where `__filename` says.
  supported: { "dynamic-import": false },
  define: { "import.meta.filename": "__filename" },
} satisfies BuildOptions;

const [quick, cli, engineProcess, dataWorker, library] = await Promise.all([
  build({ ...program, entryPoints: ["src/cli/bin.ts"], outfile: "dist-next/quick.cjs", plugins: [withoutChildProcess, quickCommandsOnly] }),
  build({ ...program, entryPoints: ["src/cli/bin.ts"], outfile: "dist-next/cli.cjs" }),
  // What `src/cli/engine-process.ts` starts, beside the file that starts it.
  build({ ...program, entryPoints: ["src/cli/engine-child.ts"], outfile: "dist-next/engine-child.cjs" }),
  // What `src/cli/data/pool.ts` starts.
  build({ ...program, entryPoints: ["src/cli/data/worker.ts"], outfile: "dist-next/data-worker.cjs" }),
  build({ ...shared, entryPoints: ["src/index.ts"], outfile: "dist-next/index.js", format: "esm", platform: "neutral", mainFields: ["module", "main"], target: "es2022" }),
]);

writeFileSync(join(dist, "THIRD-PARTY-LICENSES.txt"), licensesOf([quick.metafile, cli.metafile, engineProcess.metafile, dataWorker.metafile, library.metafile]));
const launcher = readFileSync(join(root, "tools/launcher.cjs"), "utf8");
const quickNames = COMMANDS.filter(({ isQuick }) => isQuick).map(({ name }) => name);
writeFileSync(join(dist, "bin/rnc.cjs"), launcher.replace("/* QUICK */", quickNames.map((name) => JSON.stringify(name)).join(", ")));
chmodSync(join(dist, "bin/rnc.cjs"), 0o755);
for (const [bundle, ...commands] of [["quick.cjs", "check", "lint"], ["cli.cjs", "compile"]] as const) {
  execFileSync(process.execPath, [join(root, "tools/make-code-cache.cjs"), join(dist, bundle), join(root, "tools/warm-up.resnet"), ...commands], { stdio: "inherit" });
}
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "tools/tsconfig.types.json"), "--outDir", join(dist, "types")], { stdio: "inherit" });
rmSync(join(root, "dist"), { recursive: true, force: true });
renameSync(dist, join(root, "dist"));

/** The licences of the packages whose code is in the bundles. */
function licensesOf(metafiles: readonly Metafile[]): string {
  const folders = new Set<string>();
  for (const { outputs } of metafiles) {
    for (const output of Object.values(outputs)) {
      for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
        const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
        if (folder && bytesInOutput > 0) folders.add(folder);
      }
    }
  }
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as { name: string; version: string; license: string };
    const text = licenseText(join(root, folder)) ?? licenseText(join(root, dirname(folder)));
    return `${name} ${version}, ${license}\n\n${text ?? `Licence: ${license}`}\n`;
  });
  return `The bundled files contain code of these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

function licenseText(folder: string): string | undefined {
  const file = ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENSE-MIT", "LICENCE", "license"].map((name) => join(folder, name)).find((path) => existsSync(path));
  return file === undefined ? undefined : readFileSync(file, "utf8").trim();
}
