/** `npm run engines`: TensorFlow.js for Node where its own download is closed. */
import { cacheFolder, main, say, Unavailable } from "./machine.ts";
import { addNativePart, addPackages, isInstalled, PACKAGES, prove, removePackage } from "./tfjs-node.ts";
import type { TfjsPackage } from "./tfjs-node.ts";

const HELP = `npm run engines

Adds the optional engines @tensorflow/tfjs-node and @tensorflow/tfjs-node-gpu to node_modules, and proves that they load
and train. package.json and the lock file stay as they are; \`npm ci\` removes them again, and the second time is quick.

With an open network you do not need this: \`npm install @tensorflow/tfjs-node\` fetches its native part by itself. This
takes TensorFlow's library out of the Python wheel instead, compiles the native part here, and both packages then compute
on the CPU. Linux on x64; needs python3 with pip and g++, and 0.6 GB in the cache.

  --check            only says what works; exit code 1 unless both do
  --help             this

  RNC_ENGINES_CACHE  where the library stays (here: ${cacheFolder()})
  PYTHON, CXX        the Python that has pip; the C++ compiler
`;

function report(name: TfjsPackage): boolean {
  const proof = prove(name);
  say(proof.works ? `${name} ${proof.version}: loads and trains` : `${name}: does not work here: ${proof.reason}`);
  return proof.works;
}

main(() => {
  const [argument, ...more] = process.argv.slice(2);
  if (argument === "--help") return void process.stdout.write(HELP);
  if (argument !== undefined && (argument !== "--check" || more.length > 0)) throw new Unavailable(`unknown argument: ${[argument, ...more].join(" ")}`, "`npm run engines -- --help` lists what there is.");
  if (argument === "--check") {
    if (PACKAGES.map(report).includes(false)) process.exitCode = 1;
    return;
  }
  const proofs = PACKAGES.map((name) => ({ name, proof: prove(name) }));
  const broken = proofs.filter(({ proof }) => !proof.works).map(({ name }) => name);
  for (const { name, proof } of proofs) if (proof.works) say(`${name} ${proof.version}: already works`);
  if (broken.length === 0) return;
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Unavailable(`this way of installing is for Linux on x64, not ${process.platform} on ${process.arch}`, `\`npm install ${broken.join(" ")}\` fetches what the packages' makers have for other machines.`);
  }
  const absent = broken.filter((name) => !isInstalled(name));
  let done = false;
  try {
    addPackages();
    for (const name of broken) addNativePart(name);
    done = !broken.map(report).includes(false);
  } finally {
    // A package without its native part would look installed, and break whatever finds it.
    if (!done) absent.forEach(removePackage);
  }
  if (!done) {
    throw new Unavailable(
      "what was installed does not work",
      `Delete ${cacheFolder()} and node_modules/@tensorflow/tfjs-node*, and run this again; Node 20 or 22 is what these packages were made for, this is ${process.version}.`,
    );
  }
});
