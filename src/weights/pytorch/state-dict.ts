import { InputError } from "../../base/input-error.ts";
import { shortened } from "../tensor-file.ts";
import { isNode } from "./pickle.ts";
import { describeValue, type PickledTensor, type PickleDict, type PickleValue } from "./values.ts";

/** Where training scripts put the network's tensors in a checkpoint, the most explicit names first. */
const WRAPPERS = ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "params", "weights"];

/** How far into a checkpoint the tensors are looked for. */
const MAX_DEPTH = 4;

/** Tensors by name, in the order of the file. */
export type NamedTensors = ReadonlyMap<string, PickledTensor>;

/**
 * The network's tensors in what a PyTorch file holds: a state dict, or a checkpoint that has one under a usual name, or
 * one dict of tensors under any name.
 *
 * @throws {@link InputError} when there is none, or no way to choose.
 */
export function findStateDict(root: PickleValue, file: string): NamedTensors {
  const holdsTensors = tensorHolders();
  let value = root;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    if (!isNode(value, "dict")) throw notTensors(value, file);
    const inner = wrapped(value, holdsTensors, file);
    if (inner === undefined) return tensorsOf(value, file);
    value = inner;
  }
  throw new InputError(`${file} hides its tensors more than ${MAX_DEPTH} dicts deep`);
}

type Holds = (dict: PickleDict) => boolean;

/** Whether a dict has tensors by name. Each dict is looked through once: a hostile file can mention one a million times. */
function tensorHolders(): Holds {
  const known = new Map<PickleDict, boolean>();
  return (dict) => {
    let holds = known.get(dict);
    if (holds === undefined) {
      holds = [...(dict.entries ?? [])].some(([name, value]) => typeof name === "string" && isNode(value, "tensor"));
      known.set(dict, holds);
    }
    return holds;
  };
}

/** The dict inside a checkpoint that holds the network, or nothing when this dict is the state dict itself. */
function wrapped(dict: PickleDict, holdsTensors: Holds, file: string): PickleValue | undefined {
  for (const name of WRAPPERS) {
    const value = dict.entries?.get(name);
    if (isNode(value, "dict") && leadsToTensors(value, holdsTensors)) return value;
  }
  if (holdsTensors(dict)) return undefined;
  const inner = [...(dict.entries ?? [])].filter(([, value]) => isNode(value, "dict") && holdsTensors(value));
  const [only, second] = inner;
  if (only !== undefined && second === undefined) return only[1];
  if (only !== undefined) {
    const names = inner.slice(0, 8).map(([name]) => (typeof name === "string" ? `\`${shortened(name)}\`` : "a number"));
    throw new InputError(`${file} holds several sets of tensors: ${names.join(", ")}`, {
      help: ['save the one you want alone: torch.save(torch.load(FILE)["NAME"], "weights.pth")'],
    });
  }
  const object = WRAPPERS.map((name) => dict.entries?.get(name)).find((value) => isNode(value, "object"));
  throw object === undefined ? notTensors(dict, file) : notTensors(object, file);
}

/** Looks through the usual names only, and at each dict once: a checkpoint may contain itself. */
function leadsToTensors(dict: PickleDict, holdsTensors: Holds): boolean {
  const seen = new Set([dict]);
  for (const next of seen) {
    if (holdsTensors(next)) return true;
    for (const name of WRAPPERS) {
      const inner = next.entries?.get(name);
      if (isNode(inner, "dict")) seen.add(inner);
    }
  }
  return false;
}

function tensorsOf(dict: PickleDict, file: string): NamedTensors {
  const tensors = new Map<string, PickledTensor>();
  for (const [name, value] of dict.entries ?? []) {
    if (typeof name !== "string") continue;
    if (isNode(value, "tensor")) tensors.set(name, value);
    else if (isNode(value, "object") && value.className.startsWith("torch._utils._rebuild_")) {
      throw new InputError(`\`${shortened(name)}\` in ${file} is a tensor that is not stored as plain values`, {
        notes: [`PyTorch would make it with ${shortened(value.className)}: it is quantized, sparse, or has no data`],
        help: ["save plain float tensors: dequantize() or to_dense() before torch.save"],
      });
    }
  }
  return tensors;
}

function notTensors(value: PickleValue, file: string): InputError {
  const found = shortened(describeValue(value));
  if (isNode(value, "object")) {
    return new InputError(`${file} holds a whole Python object, not tensors by name: ${found}`, {
      notes: ["reading it would mean running its Python code, so only state dicts are read"],
      help: ['in Python: torch.save(model.state_dict(), "weights.pth")'],
    });
  }
  const holds = isNode(value, "dict") ? "a dict without tensors" : found;
  return new InputError(`${file} has no state dict: it holds ${holds}`, {
    notes: ["a state dict maps names of parameters to tensors"],
    help: ['in Python: torch.save(model.state_dict(), "weights.pth")'],
  });
}
