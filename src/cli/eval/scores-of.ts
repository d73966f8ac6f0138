import { InputError } from "../../base/input-error.ts";
import type { FloatTensor, Inference } from "../../engines/engine.ts";
import type { Batch } from "../data/batches.ts";

/** A batch through the model; where its own batch is fixed, in pieces of that size, the last filled up with zeros. */
export async function scoresOf(inference: Pick<Inference, "run">, output: number, { data, shape }: Pick<Batch, "data" | "shape">, fixed: number | undefined): Promise<FloatTensor> {
  const [rows, ...sizes] = shape;
  const of = (results: readonly FloatTensor[]): FloatTensor => {
    const scores = results[output];
    if (scores === undefined) throw new InputError(`the model gives ${results.length} outputs, and the one with the scores is not among them`);
    return scores;
  };
  if (fixed === undefined || fixed === rows) return of(await inference.run([{ data, shape }]));
  const each = data.length / rows;
  let scores: Float32Array | undefined;
  let answered: readonly number[] = [];
  for (let row = 0; row < rows; row += fixed) {
    const piece = new Float32Array(fixed * each);
    piece.set(data.subarray(row * each, (row + fixed) * each));
    const result = of(await inference.run([{ data: piece, shape: [fixed, ...sizes] }]));
    const width = result.data.length / fixed;
    scores ??= new Float32Array(rows * width);
    scores.set(result.data.subarray(0, Math.min(fixed, rows - row) * width), row * width);
    answered = result.shape.slice(1);
  }
  return { data: scores ?? new Float32Array(), shape: [rows, ...answered] };
}
