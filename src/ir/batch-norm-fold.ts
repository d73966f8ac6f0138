/**
 * How weight and bias of a layer follow from its old ones and the batch norm behind it. All are names of parameters.
 * What the layer computes stays the same; see `passes/fold-batch-norm.ts` for the algebra.
 */
export interface BatchNormFold {
  /** The layer's weight, which keeps its name; its axis 0 are the channels the batch norm works on. */
  readonly weight: string;
  /** The bias of the folded layer. */
  readonly bias: string;
  /** The bias the layer had before. */
  readonly oldBias: string | undefined;
  readonly scale: string;
  readonly shift: string;
  readonly runningMean: string;
  readonly runningVariance: string;
  readonly epsilon: number;
  readonly channels: number;
}
