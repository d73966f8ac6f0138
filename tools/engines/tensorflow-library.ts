import { existsSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Unavailable, cacheFolder, firstThatRuns, makeWhole, ROOT, run, say } from "./machine.ts";

/**
 * The addon of tfjs-node 4.22 was written for the C API of TensorFlow 2.9, which later versions keep; wheels before 2.12
 * do not ship it.
 */
const VERSION = "2.15.1";
const WHEEL_IN_MB = 207;

/** TensorFlow's C library on the disk: `lib/` and `include/`. */
export interface TensorFlowLibrary {
  readonly folder: string;
  /** To link with, paths. */
  readonly libraries: readonly string[];
}

const LIBRARIES = ["lib/libtensorflow_cc.so.2", "lib/libtensorflow_framework.so.2"];
const HEADERS = ["include/tensorflow/c/c_api.h", "include/tensorflow/c/eager/c_api.h", "include/tsl/platform/ctstring.h"];

/** The library out of PyPI's wheel of TensorFlow, by way of pip: it knows this machine's mirrors and certificates. */
export function tensorFlowLibrary(): TensorFlowLibrary {
  const folder = join(cacheFolder(), `tensorflow-cpu-${VERSION}-${process.platform}-${process.arch}`);
  makeWhole(folder, [...LIBRARIES, ...HEADERS], (unfinished) => {
    const python = pythonWithPip();
    say(`TensorFlow's library: fetching tensorflow-cpu ${VERSION} from PyPI (${WHEEL_IN_MB} MB; 0.6 GB on the disk)`);
    const wheels = join(unfinished, "wheel");
    // The wheel of one Python version serves every Python here: nothing of it is ever imported.
    const which = ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11", "--platform", "manylinux2014_x86_64"];
    const pip = run(python, ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir", ...which, "--dest", wheels, `tensorflow-cpu==${VERSION}`]);
    if (!pip.worked) throw new Unavailable(`pip could not fetch tensorflow-cpu ${VERSION}:\n${pip.complaint}`, "This needs the network or a mirror of PyPI that pip is told of (PIP_INDEX_URL).");
    const [wheel] = readdirSync(wheels);
    const unpacked = run(python, [join(ROOT, "tools/engines/unpack_wheel.py"), join(wheels, wheel ?? ""), unfinished]);
    if (!unpacked.worked) throw new Unavailable(`the wheel could not be unpacked:\n${unpacked.complaint}`, `It needs 0.8 GB in ${cacheFolder()}; RNC_ENGINES_CACHE names another folder.`);
    rmSync(wheels, { recursive: true });
  });
  return { folder, libraries: LIBRARIES.map((file) => join(folder, file)) };
}

function pythonWithPip(): string {
  const named = process.env["PYTHON"];
  const python = firstThatRuns(named ? [named] : [join(ROOT, ".venv/bin/python"), "python3", "python3.11", "python"], ["-m", "pip", "--version"]);
  if (python === undefined) {
    throw new Unavailable(`${named ? `${named} is` : "there is"} no Python with pip, which fetches TensorFlow's library`, "Install it (`apt-get install python3-pip`), or name one with PYTHON=/path/to/python.");
  }
  return python;
}

/** Where `node_api.h` is: beside this Node, where systems put it, or out of npm's package of it. */
export function nodeHeaders(): string {
  const beside = resolve(realpathSync(process.execPath), "../../include/node");
  const known = [beside, "/usr/include/node", "/usr/include/nodejs/src", "/usr/local/include/node"].find((folder) => existsSync(join(folder, "node_api.h")));
  if (known !== undefined) return known;
  const folder = join(cacheFolder(), "node-api-headers");
  const headers = "node_modules/node-api-headers/include";
  makeWhole(folder, [`${headers}/node_api.h`], (unfinished) => {
    say("Node's headers: fetching node-api-headers from npm");
    const npm = run("npm", ["install", "--prefix", unfinished, "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "node-api-headers@^1.5.0"], { cwd: unfinished });
    if (!npm.worked) throw new Unavailable(`no node_api.h on this machine, and npm could not fetch node-api-headers:\n${npm.complaint}`, "Install Node's headers (`apt-get install libnode-dev`).");
  });
  return join(folder, headers);
}
