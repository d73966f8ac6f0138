import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Unavailable, firstThatRuns, ROOT, run, say } from "./machine.ts";
import { nodeHeaders, tensorFlowLibrary } from "./tensorflow-library.ts";

const VERSION = "4.22.0";
export const PACKAGES = ["@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"] as const;
export type TfjsPackage = (typeof PACKAGES)[number];

const folderOf = (name: TfjsPackage): string => join(ROOT, "node_modules", name);

export const isInstalled = (name: TfjsPackage): boolean => existsSync(join(folderOf(name), "package.json"));

export function removePackage(name: TfjsPackage): void {
  rmSync(folderOf(name), { recursive: true, force: true });
}

/** Loads a package in a process of its own and lets it train a step: its version, or why it does not work. */
export function prove(name: TfjsPackage): { readonly works: true; readonly version: string } | { readonly works: false; readonly reason: string } {
  if (!isInstalled(name)) return { works: false, reason: "it is not installed" };
  const { worked, stdout, complaint } = run(process.execPath, [join(ROOT, "tools/engines/prove.cjs"), name], { seconds: 300 });
  if (!worked) return { works: false, reason: complaint };
  const { version, libtensorflow } = JSON.parse(stdout.trim().split("\n").pop() ?? "") as { version: string; libtensorflow: string };
  return { works: true, version: `${version}, libtensorflow ${libtensorflow}` };
}

/** Puts the packages into `node_modules` without their install step, and without a change to package.json or the lock file. */
export function addPackages(): void {
  if (PACKAGES.every(isWhole)) return;
  // `--save-dev` makes npm take them although package.json names them as optional peers, which it leaves out.
  // `npm run --silent` would hand its silence down, and a silent npm writes no JSON.
  const install = ["install", "--loglevel=warn", "--save-dev", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", ...PACKAGES.map((name) => `${name}@${VERSION}`)];
  const plan = run("npm", [...install, "--dry-run", "--json"]);
  if (!plan.worked) throw new Unavailable(`npm could not find ${PACKAGES.join(" and ")}:\n${plan.complaint}`, "This needs the network, or a registry that npm is told of (`npm config set registry`).");
  const removed = removals(plan.stdout);
  if (removed.length > 0) {
    throw new Unavailable(`npm would remove ${removed.join(", ")}, which package.json does not name`, "Remove what you no longer need with `npm prune`, run this, then add the rest again.");
  }
  say(`npm: adding ${PACKAGES.map((name) => `${name}@${VERSION}`).join(" and ")} to node_modules`);
  const added = run("npm", install);
  if (!added.worked) throw new Unavailable(`npm could not install them:\n${added.complaint}`, "This needs the network, or a registry that npm is told of (`npm config set registry`).");
}

/** What a dry run would remove; npm writes lines for people before the JSON. A package of ours in another version is replaced. */
function removals(report: string): readonly string[] {
  const start = report.search(/^\{$/m);
  if (start < 0) throw new Error(`npm described its plan in no way this knows:\n${report}`);
  const { remove = [] } = JSON.parse(report.slice(start)) as { remove?: readonly { readonly name: string; readonly path: string }[] };
  return remove.filter(({ path }) => !PACKAGES.some((name) => `${path}/`.startsWith(`${folderOf(name)}/`))).map(({ name }) => name);
}

/** Whether it is there in its version, with what it depends on: an installation may have been stopped half way. */
function isWhole(name: TfjsPackage): boolean {
  const file = join(folderOf(name), "package.json");
  if (!existsSync(file)) return false;
  const { version, dependencies } = JSON.parse(readFileSync(file, "utf8")) as { version: string; dependencies: Readonly<Record<string, string>> };
  const folders = [join(folderOf(name), "node_modules"), join(ROOT, "node_modules")];
  return version === VERSION && Object.keys(dependencies).every((needed) => folders.some((folder) => existsSync(join(folder, needed, "package.json"))));
}

/** Builds the native part of a package against TensorFlow's library and puts both where the package looks. */
export function addNativePart(name: TfjsPackage): void {
  const folder = folderOf(name);
  const library = tensorFlowLibrary();
  const addon = addonOf(name, library.folder, library.libraries);
  const { find } = createRequire(join(folder, "package.json"))("@mapbox/node-pre-gyp") as { find(manifest: string): string };
  const place = find(join(folder, "package.json"));
  mkdirSync(dirname(place), { recursive: true });
  const aside = `${place}.${process.pid}`;
  copyFileSync(addon, aside);
  renameSync(aside, place);
  rmSync(join(folder, "deps"), { recursive: true, force: true });
  symlinkSync(library.folder, join(folder, "deps"));
}

/** The compiled addon, kept beside the library under its sources' hash: it speaks Node-API, so it outlives this Node. */
function addonOf(name: TfjsPackage, library: string, libraries: readonly string[]): string {
  const binding = join(folderOf(name), "binding");
  const sources = readdirSync(binding).sort().map((file) => join(binding, file));
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(source));
  const addon = join(library, `tfjs_binding-${hash.digest("hex").slice(0, 16)}.node`);
  if (existsSync(addon)) return addon;
  const named = process.env["CXX"];
  const compiler = firstThatRuns(named ? [named] : ["g++", "c++", "clang++"], ["--version"]);
  if (compiler === undefined) {
    throw new Unavailable(`${named ? `${named} is` : "there is"} no C++ compiler, which builds the native part of tfjs-node`, "Install one (`apt-get install g++`), or name one with CXX=/path/to/compiler.");
  }
  const headers = nodeHeaders();
  say(`${name}: compiling its native part`);
  const aside = `${addon}.${process.pid}`;
  const built = run(compiler, [
    ...["-std=c++17", "-O2", "-fPIC", "-shared", "-o", aside, `-I${headers}`, `-I${join(library, "include")}`],
    ...sources.filter((source) => source.endsWith(".cc")),
    ...libraries,
    // As the package's own build has it: `deps` beside `lib/napi-vN`.
    "-Wl,-rpath,$ORIGIN/../../deps/lib",
  ]);
  if (!built.worked) {
    rmSync(aside, { force: true });
    throw new Unavailable(`${compiler} could not compile it:\n${built.complaint}`, "It is C++17 against TensorFlow's C API; a g++ of version 9 or later should do.");
  }
  renameSync(aside, addon);
  return addon;
}
