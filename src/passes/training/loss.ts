import type { Value } from "../../ir/graph.ts";
import { knownShape } from "../../ir/tensor-type.ts";
import { invariant } from "../../base/assert.ts";
import type { GraphWriter } from "./graph-writer.ts";

export interface Loss {
  /** A scalar: the mean cross-entropy of the batch. */
  readonly loss: Value;
  /** Its gradient by the logits. */
  readonly gradient: Value;
  /** A scalar: how many examples have their greatest logit at the greatest label. */
  readonly right: Value;
}

/**
 * Softmax cross-entropy and the number of right answers, in operators that every runtime has: no indices, no OneHot, no
 * LogSoftmax. With z the logits and t the labels, smoothed to (1 - ε) · t + ε / classes:
 *
 * loss = mean over the batch of log Σ exp(z) - Σ t · z, and dloss/dz = (softmax(z) - t) / N.
 *
 * @param labels [N, classes]; every row sums to 1
 */
export function crossEntropy(e: GraphWriter, logits: Value, labels: Value, labelSmoothing: number): Loss {
  const [batch, classes] = knownShape(logits.type.shape) ?? [];
  invariant(batch !== undefined && classes !== undefined, "logits have known sizes");
  e.moveTo({ name: "loss", origin: undefined });
  const greatest = e.op("reduce_max", [logits], { axes: [1], keep: true });
  const shifted = e.op("subtract", [logits, greatest]);
  const powers = e.op("exp", [shifted]);
  const total = e.op("reduce_sum", [powers], { axes: [1], keep: true });
  const targets = labelSmoothing === 0 ? labels : smoothed(e, labels, labelSmoothing, classes);
  const each = e.op("reduce_sum", [e.op("multiply", [targets, e.op("subtract", [e.op("log", [total]), shifted])])], { axes: [0, 1], keep: false });
  const loss = e.op("multiply", [each, e.scalar(1 / batch)], {}, "mean");
  const difference = e.op("subtract", [e.op("divide", [powers, total]), targets]);
  const gradient = e.op("multiply", [difference, e.scalar(1 / batch)], {}, "gradient");

  e.moveTo({ name: "right", origin: undefined });
  const answer = place(e, logits, greatest, classes);
  const wanted = place(e, labels, e.op("reduce_max", [labels], { axes: [1], keep: true }), classes);
  const right = e.op("reduce_sum", [e.op("equal", [answer, wanted])], { axes: [0, 1], keep: false });
  return { loss, gradient, right };
}

function smoothed(e: GraphWriter, labels: Value, share: number, classes: number): Value {
  return e.op("add", [e.op("multiply", [labels, e.scalar(1 - share)]), e.scalar(share / classes)], {}, "smoothed");
}

/** Where the greatest number of each row stands, the first of equal ones, counted from the end: [N, 1]. */
function place(e: GraphWriter, rows: Value, greatest: Value, classes: number): Value {
  const ranks = e.constant({ dtype: "float32", shape: [1, classes], data: Array.from({ length: classes }, (_, index) => classes - index) });
  return e.op("reduce_max", [e.op("multiply", [e.op("equal", [rows, greatest]), ranks])], { axes: [1], keep: true }, "place");
}
