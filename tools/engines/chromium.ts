/**
 * Finds Chromium and the SwiftShader that comes with it, WebGPU and WebGL without a graphics card; where there is none it is
 * got from Debian's packages: installed by root, unpacked into the cache by anybody else. Prints two lines, NAME=path, a path
 * empty where there is nothing; what is missing, and why, goes to standard error.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, firstThatRuns, main, makeWhole, run, say, Unavailable } from "./machine.ts";

const BINARIES = ["chromium", "chrome"];
const SWIFTSHADER = ["vk_swiftshader_icd.json", "libvk_swiftshader.so", "libvulkan.so.1"];
const UNPACKED = join(cacheFolder(), "chromium");

/** Folders with a Chromium: Debian's, Google's, and the one of the cache. */
const FOLDERS = ["/usr/lib/chromium", "/opt/google/chrome", join(UNPACKED, "usr/lib/chromium")];

interface Found {
  readonly browser: string | undefined;
  readonly swiftShader: string | undefined;
}

function find(): Found {
  const browsers = FOLDERS.flatMap((folder) => BINARIES.map((name) => join(folder, name))).filter((path) => existsSync(path));
  const shaders = FOLDERS.filter((folder) => SWIFTSHADER.every((file) => existsSync(join(folder, file))));
  return {
    browser: process.env["RNC_CHROMIUM"] || firstThatRuns(browsers, ["--version"]),
    swiftShader: process.env["RNC_SWIFTSHADER"] || (shaders[0] && join(shaders[0], "vk_swiftshader_icd.json")),
  };
}

function install(): void {
  if (process.platform !== "linux" || firstThatRuns(["apt-get"], ["--version"]) === undefined) {
    throw new Unavailable("there is no Chromium, and this is no Debian to get it for", "Install Chromium or Chrome, and name it with RNC_CHROMIUM; RNC_SWIFTSHADER names its vk_swiftshader_icd.json.");
  }
  if (process.getuid?.() === 0) {
    say("Chromium: installing Debian's package");
    const packages = ["install", "-y", "--no-install-recommends", "chromium"];
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    // The lists of packages are absent from small images, and old in others.
    const installed = run("apt-get", packages, { env }).worked || (run("apt-get", ["update"], { env }).worked && run("apt-get", packages, { env }).worked);
    if (installed && find().browser !== undefined) return;
    say("Chromium: apt-get could not install it; unpacking it instead");
  }
  unpack();
}

/** Debian's packages, unpacked beside the system: the libraries they depend on must be there already. */
function unpack(): void {
  makeWhole(UNPACKED, ["usr/lib/chromium/chromium", ...SWIFTSHADER.map((file) => `usr/lib/chromium/${file}`)], (unfinished) => {
    say(`Chromium: unpacking Debian's packages into ${UNPACKED} (0.4 GB)`);
    const got = run("apt-get", ["download", "chromium", "chromium-common"], { cwd: unfinished });
    if (!got.worked) throw new Unavailable(`apt-get could not fetch Chromium:\n${got.complaint}`, "Install Debian's package `chromium` as root (after `apt-get update`).");
    for (const name of readdirSync(unfinished)) {
      const unpacked = run("dpkg", ["-x", name, "."], { cwd: unfinished });
      if (!unpacked.worked) throw new Unavailable(`${name} could not be unpacked:\n${unpacked.complaint}`, `It needs 0.5 GB in ${cacheFolder()}; RNC_ENGINES_CACHE names another folder.`);
      rmSync(join(unfinished, name));
    }
  });
}

main(() => {
  let found = find();
  if (found.browser === undefined || found.swiftShader === undefined) {
    try {
      install();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      say(`${error.message}\n${error.help}`);
    }
    found = find();
  }
  if (found.browser === undefined && existsSync(UNPACKED)) say(whyItDoesNotStart());
  say(found.browser ? `Chromium: ${run(found.browser, ["--version"]).stdout.trim()}` : "Chromium: none");
  say(found.swiftShader ? "SwiftShader: found" : "SwiftShader: none");
  process.stdout.write(`RNC_CHROMIUM=${found.browser ?? ""}\nRNC_SWIFTSHADER=${found.swiftShader ?? ""}\n`);
});

function whyItDoesNotStart(): string {
  const { stdout } = run("ldd", [join(UNPACKED, "usr/lib/chromium/chromium")]);
  const missing = [...stdout.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name = ""]) => name);
  return missing.length > 0 ? `Chromium does not start: this system lacks ${missing.join(", ")}` : "Chromium does not start here";
}
