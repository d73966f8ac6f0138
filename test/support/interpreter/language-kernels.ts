import type { Attributes } from "../../../src/ir/graph.ts";
import type { Kernel } from "./evaluate.ts";
import { erf } from "./numbers.ts";
import { generate, map, offset, positions, read, sizeOf, tensor, zip } from "./tensor.ts";
import type { Tensor } from "./tensor.ts";

const list = (attributes: Attributes, name: string): number[] => attributes[name] as number[];
const number = (attributes: Attributes, name: string): number => attributes[name] as number;

/** A tensor's value, or `outside` where the position is not in it. */
function readOr(t: Tensor, position: readonly number[], outside: number): number {
  return position.every((p, axis) => p >= 0 && p < t.shape[axis]!) ? read(t, position) : outside;
}

/** How many windows there are on an axis: rounded down, or up as long as the last starts inside the input or its left pad. */
function windowCount(size: number, kernel: number, stride: number, dilation: number, begin: number, end: number, ceil: boolean): number {
  let count = 0;
  for (let start = -begin; ; start += stride) {
    const last = start + dilation * (kernel - 1);
    const fits = last <= size + end - 1;
    const reaches = ceil && start < size && last - (stride - 1) <= size + end - 1;
    if (!fits && !reaches) return count;
    count++;
  }
}

function outputSizes(x: Tensor, a: Attributes): number[] {
  const [kernel, stride, dilation, pads] = [list(a, "kernel"), list(a, "stride"), list(a, "dilation"), list(a, "pads")];
  return x.shape.slice(2).map((size, axis) =>
    windowCount(size, kernel[axis]!, stride[axis]!, dilation[axis]!, pads[axis]!, pads[axis + kernel.length]!, a.ceil === true),
  );
}

const conv: Kernel = ([x, weight, bias], a) => {
  const [stride, dilation, pads] = [list(a, "stride"), list(a, "dilation"), list(a, "pads")];
  const [channels, perGroup, ...kernel] = weight!.shape as [number, number, ...number[]];
  const groupSize = channels / number(a, "groups");
  return generate([x!.shape[0]!, channels, ...outputSizes(x!, a)], ([n, o, ...p]) => {
    let total = bias?.data[o!] ?? 0;
    for (const [c, ...k] of positions([perGroup, ...kernel])) {
      const channel = Math.floor(o! / groupSize) * perGroup + c!;
      const place = p.map((q, axis) => q * stride[axis]! + k[axis]! * dilation[axis]! - pads[axis]!);
      total += read(weight!, [o!, c!, ...k]) * readOr(x!, [n!, channel, ...place], 0);
    }
    return total;
  });
};

/** Every input position adds its window to the output. */
export const transposedConv: Kernel = ([x, weight, bias], a) => {
  const [stride, dilation, pads, extra] = [list(a, "stride"), list(a, "dilation"), list(a, "pads"), list(a, "extra")];
  const groups = number(a, "groups");
  const [inChannels, perGroup, ...kernel] = weight!.shape as [number, number, ...number[]];
  const sizes = x!.shape.slice(2).map((size, axis) => {
    const full = (size - 1) * stride[axis]! + dilation[axis]! * (kernel[axis]! - 1) + 1;
    return full - pads[axis]! - pads[axis + kernel.length]! + extra[axis]!;
  });
  const y = tensor([x!.shape[0]!, perGroup * groups, ...sizes]);
  for (const [n, c, ...p] of positions(x!.shape)) {
    for (const [o, ...k] of positions([perGroup, ...kernel])) {
      const place = p.map((q, axis) => q * stride[axis]! + k[axis]! * dilation[axis]! - pads[axis]!);
      if (place.some((q, axis) => q < 0 || q >= sizes[axis]!)) continue;
      const channel = Math.floor(c! / (inChannels / groups)) * perGroup + o!;
      y.data[offset(y.shape, [n!, channel, ...place])]! += read(x!, [n!, c!, ...p]) * read(weight!, [c!, o!, ...k]);
    }
  }
  return bias ? zip(y, { shape: [1, bias.shape[0]!, ...sizes.map(() => 1)], data: bias.data }, (a, b) => a + b) : y;
};

const linear: Kernel = ([x, weight, bias]) =>
  generate([x!.shape[0]!, weight!.shape[0]!], ([n, o]) => {
    let total = bias?.data[o!] ?? 0;
    for (let c = 0; c < x!.shape[1]!; c++) total += read(x!, [n!, c]) * read(weight!, [o!, c]);
    return total;
  });

const bn: Kernel = ([x, weight, bias, mean, variance], a) =>
  generate(x!.shape, (position) => {
    const c = position[1]!;
    return ((read(x!, position) - mean!.data[c]!) / Math.sqrt(variance!.data[c]! + number(a, "eps"))) * weight!.data[c]! + bias!.data[c]!;
  });

/** Normalizes every set of positions that `key` puts together. */
function normalised(x: Tensor, key: (position: readonly number[]) => string, weight: Tensor, bias: Tensor, eps: number): Tensor {
  const sets = new Map<string, number[]>();
  for (const position of positions(x.shape)) {
    const set = sets.get(key(position)) ?? [];
    set.push(read(x, position));
    sets.set(key(position), set);
  }
  const statistics = new Map(
    [...sets].map(([name, values]) => {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return [name, { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length }];
    }),
  );
  return generate(x.shape, (position) => {
    const { mean, variance } = statistics.get(key(position))!;
    return ((read(x, position) - mean) / Math.sqrt(variance + eps)) * weight.data[position[1]!]! + bias.data[position[1]!]!;
  });
}

function pooled(x: Tensor, a: Attributes, reduce: (values: number[], inPadding: number) => number): Tensor {
  const [kernel, stride, dilation, pads] = [list(a, "kernel"), list(a, "stride"), list(a, "dilation"), list(a, "pads")];
  return generate([...x.shape.slice(0, 2), ...outputSizes(x, a)], ([n, c, ...p]) => {
    const values: number[] = [];
    let inPadding = 0;
    for (const k of positions(kernel)) {
      const place = p.map((q, axis) => q * stride[axis]! + k[axis]! * dilation[axis]! - pads[axis]!);
      const inside = place.every((q, axis) => q >= 0 && q < x.shape[axis + 2]!);
      if (inside) values.push(read(x, [n!, c!, ...place]));
      else if (place.every((q, axis) => q < x.shape[axis + 2]! + pads[axis + kernel.length]!)) inPadding++;
    }
    return reduce(values, inPadding);
  });
}

const average = (values: readonly number[], count = values.length): number => values.reduce((a, b) => a + b, 0) / count;

const upsample: Kernel = ([x], a) => {
  const factor = list(a, "factor");
  const sizes = x!.shape.slice(2).map((size, axis) => size * factor[axis]!);
  const clamp = (value: number, size: number): number => Math.min(Math.max(value, 0), size - 1);
  return generate([...x!.shape.slice(0, 2), ...sizes], ([n, c, ...p]) => {
    if (a.mode === "nearest") return read(x!, [n!, c!, ...p.map((q, axis) => Math.floor(q / factor[axis]!))]);
    const centres = p.map((q, axis) => (q + 0.5) / factor[axis]! - 0.5);
    let total = 0;
    for (const corner of positions(centres.map(() => 2))) {
      const weights = centres.map((q, axis) => (corner[axis] ? q - Math.floor(q) : 1 - (q - Math.floor(q))));
      const place = centres.map((q, axis) => clamp(Math.floor(q) + corner[axis]!, x!.shape[axis + 2]!));
      total += weights.reduce((a, b) => a * b, 1) * read(x!, [n!, c!, ...place]);
    }
    return total;
  });
};

const blurpool: Kernel = ([x], a) => {
  const [kernel, stride, pads] = [list(a, "kernel"), list(a, "stride"), list(a, "pads")];
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);
  const tap = (size: number, k: number): number => choose(size - 1, k) / 2 ** (size - 1);
  const mirror = (q: number, size: number): number => (q < 0 ? -q : q >= size ? 2 * size - 2 - q : q);
  return generate([...x!.shape.slice(0, 2), ...outputSizes(x!, a)], ([n, c, ...p]) => {
    let total = 0;
    for (const k of positions(kernel)) {
      const place = p.map((q, axis) => mirror(q * stride[axis]! + k[axis]! - pads[axis]!, x!.shape[axis + 2]!));
      total += k.reduce((sofar, index, axis) => sofar * tap(kernel[axis]!, index), 1) * read(x!, [n!, c!, ...place]);
    }
    return total;
  });
};

const softmax: Kernel = ([x]) => {
  const others = (position: readonly number[]): string => position.filter((_, axis) => axis !== 1).join();
  const totals = new Map<string, number>();
  for (const position of positions(x!.shape)) totals.set(others(position), (totals.get(others(position)) ?? 0) + Math.exp(read(x!, position)));
  return generate(x!.shape, (position) => Math.exp(read(x!, position)) / totals.get(others(position))!);
};

const pass: Kernel = ([x]) => x!;
const add = (x: number, y: number): number => x + y;
const times = (x: number, y: number): number => x * y;
const sum: Kernel = (inputs) => inputs.reduce((a, b) => zip(a, b, add));
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** The operators of the language at inference. */
export const languageKernels: Readonly<Record<string, Kernel>> = {
  avgpool: ([x], a) => pooled(x!, a, (values, inPadding) => average(values, values.length + (a.count_pad ? inPadding : 0))),
  blurpool,
  bn,
  channels: ([x], a) =>
    generate(x!.shape.map((size, axis) => (axis === 1 ? number(a, "to") - number(a, "from") : size)), (p) =>
      read(x!, p.map((q, axis) => (axis === 1 ? q + number(a, "from") : q))),
    ),
  concat(inputs) {
    const total = inputs.reduce((sofar, { shape }) => sofar + shape[1]!, 0);
    return generate(inputs[0]!.shape.map((size, axis) => (axis === 1 ? total : size)), (p) => {
      let c = p[1]!;
      const from = inputs.find(({ shape }) => {
        if (c < shape[1]!) return true;
        c -= shape[1]!;
        return false;
      });
      return read(from!, p.map((q, axis) => (axis === 1 ? c : q)));
    });
  },
  conv,
  dropout: pass,
  droppath: pass,
  flatten: ([x]) => ({ shape: [x!.shape[0]!, sizeOf(x!.shape.slice(1))], data: x!.data }),
  gain: ([x, weight]) => zip(x!, weight!, times),
  gelu: ([x]) => map(x!, (v) => 0.5 * v * (1 + erf(v / Math.SQRT2))),
  globalavgpool: ([x], a) => {
    const kept = a.keep ? x!.shape.slice(2).map(() => 1) : [];
    const size = sizeOf(x!.shape.slice(2));
    return generate([...x!.shape.slice(0, 2), ...kept], ([n, c]) => {
      const start = (n! * x!.shape[1]! + c!) * size;
      return average([...x!.data.subarray(start, start + size)]);
    });
  },
  groupnorm: ([x, weight, bias], a) => {
    const size = x!.shape[1]! / number(a, "groups");
    return normalised(x!, ([n, c]) => `${n},${Math.floor(c! / size)}`, weight!, bias!, number(a, "eps"));
  },
  identity: pass,
  layernorm: ([x, weight, bias], a) =>
    normalised(x!, (p) => p.filter((_, axis) => axis !== 1).join(), weight!, bias!, number(a, "eps")),
  leakyrelu: ([x], a) => map(x!, (v) => (v > 0 ? v : v * number(a, "slope"))),
  linear,
  lrn: ([x], a) => {
    const size = number(a, "size");
    const reach = (size - 1) / 2;
    return generate(x!.shape, ([n, c, ...p]) => {
      let squares = 0;
      for (let near = c! - reach; near <= c! + reach; near++) squares += readOr(x!, [n!, near, ...p], 0) ** 2;
      return read(x!, [n!, c!, ...p]) / (number(a, "k") + (number(a, "alpha") / size) * squares) ** number(a, "beta");
    });
  },
  maxpool: ([x], a) => pooled(x!, a, (values) => Math.max(...values)),
  mean: (inputs, a) => map(sum(inputs, a), (v) => v / inputs.length),
  mul: (inputs) => inputs.reduce((a, b) => zip(a, b, times)),
  padchannels: ([x], a) => {
    const added = number(a, "channels") - x!.shape[1]!;
    const before = a.where === "split" ? Math.floor(added / 2) : 0;
    return generate(x!.shape.map((size, axis) => (axis === 1 ? number(a, "channels") : size)), ([n, c, ...p]) =>
      readOr(x!, [n!, c! - before, ...p], 0),
    );
  },
  relu: ([x]) => map(x!, (v) => Math.max(v, 0)),
  relu6: ([x]) => map(x!, (v) => Math.min(Math.max(v, 0), 6)),
  residual: sum,
  scale: ([x], a) => map(x!, (v) => v * number(a, "factor")),
  shift: ([x, bias]) => zip(x!, bias!, add),
  sigmoid: ([x]) => map(x!, logistic),
  silu: ([x]) => map(x!, (v) => v * logistic(v)),
  softmax,
  subsample: ([x], a) => {
    const stride = list(a, "stride");
    return generate([...x!.shape.slice(0, 2), ...x!.shape.slice(2).map((size, axis) => Math.ceil(size / stride[axis]!))], ([n, c, ...p]) =>
      read(x!, [n!, c!, ...p.map((q, axis) => q * stride[axis]!)]),
    );
  },
  sum,
  upconv: transposedConv,
  upsample,
};
