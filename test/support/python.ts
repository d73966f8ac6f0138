import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Context } from "mocha";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const checked = new Map<string, string | undefined>();

/** The Python that has the oracles of `test/oracle/requirements.txt`: `RNC_PYTHON`, or that of `.venv`; nothing without one. */
export function pythonOracle(): string | undefined {
  const named = process.env["RNC_PYTHON"];
  if (named !== undefined && named !== "") return named;
  return [`${ROOT}.venv/bin/python`, `${ROOT}.venv/Scripts/python.exe`].find((path) => existsSync(path));
}

/**
 * Skips the running test, and prints why, where Python or one of its modules is not installed. An interpreter that was
 * named with `RNC_PYTHON` but cannot import them is an error: somebody meant the test to run.
 */
export function needsPython(context: Context, ...modules: readonly string[]): void {
  const reason = whyNot(modules);
  if (reason === undefined) return;
  const named = process.env["RNC_PYTHON"];
  if (named !== undefined && named !== "") throw new Error(`RNC_PYTHON is ${named}, but ${reason}`);
  console.log(`      skipped: ${reason}; python3 -m venv .venv && .venv/bin/pip install -r test/oracle/requirements.txt`);
  context.skip();
}

function whyNot(modules: readonly string[]): string | undefined {
  const python = pythonOracle();
  if (python === undefined) return "the Python oracles are not installed";
  const key = modules.join(",");
  if (!checked.has(key)) {
    const program = `import importlib.util, sys; print(",".join(m for m in sys.argv[1:] if importlib.util.find_spec(m) is None))`;
    const { status, stdout, error } = spawnSync(python, ["-c", program, ...modules], { encoding: "utf8" });
    const absent = (stdout ?? "").trim();
    checked.set(key, status !== 0 ? `${python} does not run: ${String(error ?? "")}` : absent === "" ? undefined : `Python lacks ${absent}`);
  }
  return checked.get(key);
}

/**
 * Runs a script of `test/oracle` and gives what it wrote to standard output.
 *
 * @param script its name: `write_checkpoints.py`
 * @throws an error with the script's own messages when it fails
 */
export function runPython(script: string, args: readonly string[] = [], stdin?: string | Uint8Array): Buffer {
  const python = pythonOracle();
  if (python === undefined) throw new Error("the Python oracles are not installed; ask needsPython first");
  const run = spawnSync(python, [`${ROOT}test/oracle/${script}`, ...args], {
    input: stdin ?? "",
    maxBuffer: 1 << 30,
    env: { ...process.env, OMP_NUM_THREADS: "2", PYTHONDONTWRITEBYTECODE: "1" },
  });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(`${script} ended with ${run.status ?? run.signal}:\n${run.stderr.toString()}`);
  return run.stdout;
}
