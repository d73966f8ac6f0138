import { avgpool } from "./avgpool.ts";
import { blurpool } from "./blurpool.ts";
import { bn } from "./bn.ts";
import { channels } from "./channels.ts";
import { concat } from "./concat.ts";
import { conv } from "./conv.ts";
import { dropout } from "./dropout.ts";
import { droppath } from "./droppath.ts";
import { flatten } from "./flatten.ts";
import { gain } from "./gain.ts";
import { gelu } from "./gelu.ts";
import { globalavgpool } from "./globalavgpool.ts";
import { groupnorm } from "./groupnorm.ts";
import { identity } from "./identity.ts";
import { layernorm } from "./layernorm.ts";
import { leakyrelu } from "./leakyrelu.ts";
import { linear } from "./linear.ts";
import { lrn } from "./lrn.ts";
import { maxpool } from "./maxpool.ts";
import { mean } from "./mean.ts";
import { mul } from "./mul.ts";
import { padchannels } from "./padchannels.ts";
import { relu } from "./relu.ts";
import { relu6 } from "./relu6.ts";
import { residual } from "./residual.ts";
import { scale } from "./scale.ts";
import { shift } from "./shift.ts";
import { sigmoid } from "./sigmoid.ts";
import { silu } from "./silu.ts";
import { softmax } from "./softmax.ts";
import { subsample } from "./subsample.ts";
import { sum } from "./sum.ts";
import { upconv } from "./upconv.ts";
import { upsample } from "./upsample.ts";
import type { OpRecord } from "./define-op.ts";
import { add, divide, equal, erf, exp, log, multiply, reciprocal, sqrt, step, subtract } from "./internal/elementwise.ts";
import { concatenate, expand, pad, reshape, slice, take, transpose } from "./internal/movement.ts";
import { affine, convTranspose, gemm, matmul } from "./internal/products.ts";
import { reduceMax, reduceMean, reduceSum } from "./internal/reduce.ts";

const language = {
  avgpool,
  blurpool,
  bn,
  channels,
  concat,
  conv,
  dropout,
  droppath,
  flatten,
  gain,
  gelu,
  globalavgpool,
  groupnorm,
  identity,
  layernorm,
  leakyrelu,
  linear,
  lrn,
  maxpool,
  mean,
  mul,
  padchannels,
  relu,
  relu6,
  residual,
  scale,
  shift,
  sigmoid,
  silu,
  softmax,
  subsample,
  sum,
  upconv,
  upsample,
} as const;

const internal = {
  add,
  affine,
  concatenate,
  conv_transpose: convTranspose,
  divide,
  equal,
  erf,
  exp,
  expand,
  gemm,
  log,
  matmul,
  multiply,
  pad,
  reciprocal,
  reduce_max: reduceMax,
  reduce_mean: reduceMean,
  reduce_sum: reduceSum,
  reshape,
  slice,
  sqrt,
  step,
  subtract,
  take,
  transpose,
} as const;

/** The name of an operator. */
export type OpName = keyof typeof language | keyof typeof internal;

/** Every operator by its name, those of the language first. */
export const operators: Readonly<Record<OpName, OpRecord>> = Object.freeze({ ...language, ...internal });

/** The record of this name, where there is one. Names that only look like one (`constructor`) are none. */
export function findOperator(name: string): OpRecord | undefined {
  return Object.hasOwn(operators, name) ? operators[name as OpName] : undefined;
}
