import { invariant } from "../../../base/assert.ts";
import { createGraphBuilder } from "../../../ir/graph.ts";
import type { Attributes, Graph, GraphBuilder, Node, Value } from "../../../ir/graph.ts";
import { sameShape } from "../../../ir/tensor-type.ts";
import { flagOf, indices } from "../../../ops/families/attributes.ts";
import { sizesOf } from "../../../ops/families/axes.ts";
import { convolutionAttributes } from "./operators.ts";

/** A convolution that is not written yet, as what reads it may become part of it. */
interface Waiting {
  readonly node: Node;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
}

const ADDS: ReadonlySet<string> = new Set(["add", "sum", "residual"]);

/**
 * Lets convolutions add another map and take max(x, 0) where that is all that is done with their results: a pass over memory less
 * for each. The added map becomes the result where it is read for the last time; where it is not, a convolution by ones adds it,
 * so that the runtime copies nothing.
 */
export function fuse(graph: Graph): Graph {
  const readers = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      const known = readers.get(input);
      if (known) known.push(node);
      else readers.set(input, [node]);
    }
  }
  const results = new Set(graph.outputs.map(({ value }) => value));
  const readOnlyBy = (value: Value): Node | undefined => {
    const [only, ...others] = readers.get(value) ?? [];
    return others.length > 0 || results.has(value) ? undefined : only;
  };
  const isLastRead = (value: Value, by: Node): boolean => !results.has(value) && value.producer.kind === "node" && (readers.get(value) ?? []).every(({ id }) => id <= by.id);

  const builder = createGraphBuilder();
  const made = new Map<Value, Value>();
  const waiting = new Map<Value, Waiting>();
  const write = ({ node, inputs, attributes }: Waiting, as: Node): Value => {
    const types = as.outputs.map(({ type }) => type);
    const [output] = builder.node({ op: "blocked_conv", name: as.name, attributes, inputs, types, origin: node.origin }).outputs;
    invariant(output, `${as.name} has a result`);
    return output;
  };
  const constant = ({ producer, name }: Value): Value => {
    invariant(producer.kind === "constant", `${name} was made before it is used`);
    return builder.constant(producer.tensor);
  };
  const of = (value: Value): Value => {
    const known = made.get(value);
    if (known) return known;
    const held = waiting.get(value);
    waiting.delete(value);
    const now = held ? write(held, held.node) : constant(value);
    made.set(value, now);
    return now;
  };
  const keep = (node: Node, held: Waiting): void => {
    const [output] = node.outputs;
    invariant(output, `${node.name} has a result`);
    const reader = readOnlyBy(output);
    const may = reader && ((reader.op === "relu" && !flagOf(held.attributes, "relu")) || (isSum(reader) && !flagOf(held.attributes, "relu") && !flagOf(held.attributes, "sum")));
    if (may) waiting.set(output, { ...held, node });
    else made.set(output, write(held, node));
  };

  for (const input of graph.inputs) made.set(input, builder.input(input.name, input.type));
  for (const node of graph.nodes) {
    const [first, second] = node.inputs;
    const held = node.inputs.map((value) => waiting.get(value));
    if (node.op === "blocked_conv") {
      keep(node, { node, inputs: node.inputs.map(of), attributes: node.attributes });
    } else if (node.op === "relu" && first && held[0]) {
      waiting.delete(first);
      keep(node, { ...held[0], attributes: { ...held[0].attributes, relu: true } });
    } else if (isSum(node) && first && second && first !== second && held.some((one) => one && !flagOf(one.attributes, "sum"))) {
      // Of two that wait the later one takes the other up.
      const index = held[1] && !flagOf(held[1].attributes, "sum") ? 1 : 0;
      const [taker, other] = index === 1 ? [second, first] : [first, second];
      const one = held[index];
      invariant(one, "one of them waits");
      if (held[1 - index] || isLastRead(other, node)) {
        const added = of(other);
        waiting.delete(taker);
        keep(node, { ...one, inputs: [...one.inputs, added], attributes: { ...one.attributes, sum: true } });
      } else {
        const sum = of(taker);
        keep(node, { node, inputs: [of(other), ones(builder, other), sum], attributes: passedOn(other) });
      }
    } else {
      const copy = builder.node({ ...node, inputs: node.inputs.map(of), types: node.outputs.map(({ type }) => type) });
      copy.outputs.forEach((output, index) => {
        const original = node.outputs[index];
        if (original) made.set(original, output);
      });
    }
  }
  const { name, symbols, facts, assumptions, instance } = graph;
  return builder.finish({ name, symbols, facts, assumptions, instance, outputs: graph.outputs.map(({ name: output, value }) => ({ name: output, value: of(value) })) });
}

const isSum = (node: Node): boolean => {
  const [first, second, ...others] = node.inputs;
  return ADDS.has(node.op) && first !== undefined && second !== undefined && others.length === 0 && sameShape(first.type.shape, second.type.shape);
};

const channelsOf = (map: Value): number => sizesOf(map.type)[1] ?? 1;

function ones(builder: GraphBuilder, map: Value): Value {
  const channels = channelsOf(map);
  return builder.constant({ dtype: "float32", shape: [channels, 1, 1, 1], data: indices(channels).map(() => 1) });
}

/** Of a convolution that hands a map on and adds another. */
function passedOn(map: Value): Attributes {
  const channels = channelsOf(map);
  return convolutionAttributes({ kernel: [1, 1], groups: channels, channels }, { sum: true });
}
