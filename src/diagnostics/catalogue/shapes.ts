import { defineDiagnostics } from "../entry.ts";

export const shapes = defineDiagnostics({
  RN0401: {
    slug: "branch-mismatch",
    summary: "The branches of a join have different shapes.",
    explanation:
      "`sum` and `mean` add their branches element by element, so all of them need the same shape; `concat` joins channels, so everything but the channels must be equal; `mul` also lets a size of 1 stretch. Give the branches the same channels and strides.",
    wrong: "network Wibble {\n  input image: float32[N, 3, 32, 32]\n  sum { conv(3x3, 8) | conv(1x1, 16) }\n}\n",
    right: "network Wibble {\n  input image: float32[N, 3, 32, 32]\n  sum { conv(3x3, 16) | conv(1x1, 16) }\n}\n",
  },
  RN0402: {
    slug: "wrong-rank",
    summary: "A layer receives a tensor with too many or too few axes.",
    explanation:
      "`linear` works on [N, features]; convolutions and pools need spatial axes. Between them stands `globalavgpool`, which averages every channel, or `flatten`, which makes every position a feature.",
    wrong: "network Wibble {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16) -> linear(10)\n}\n",
    right: "network Wibble {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16) -> globalavgpool -> linear(10)\n}\n",
  },
  RN0403: {
    slug: "argument-does-not-fit",
    summary: "An argument does not fit the shape it is applied to.",
    explanation:
      "A kernel, stride, pad or dilation has one number for all spatial axes or one for each. `groups` divides the channels before and after. A kernel is not larger than the padded input, a range of channels lies inside those there are.",
    wrong: "network Wibble {\n  input image: float32[N, 30, 32, 32]\n  conv(3x3, 32, groups=16)\n}\n",
    right: "network Wibble {\n  input image: float32[N, 32, 32, 32]\n  conv(3x3, 32, groups=16)\n}\n",
  },
  RN0404: {
    slug: "sizes-not-provably-equal",
    summary: "Two sizes are equal for some inputs only.",
    explanation:
      "A network over symbols such as H must fit for every size it allows. Halving and doubling gives H back only if H is even; `require H % 2 == 0` says so, and exported files record it.",
    wrong:
      "network Wibble {\n  input image: float32[N, 3, H, 32]\n  concat { identity | maxpool(2x2) -> upsample(2) }\n}\n",
    right:
      "network Wibble {\n  input image: float32[N, 3, H, 32]\n  require H % 2 == 0\n  concat { identity | maxpool(2x2) -> upsample(2) }\n}\n",
  },
  RN0405: {
    slug: "unknown-features",
    summary: "The number of features of a layer with weights is not known.",
    explanation:
      "After `flatten` the features are channels times height times width. The weights of `linear` need that as a number, so the sizes must be known; `globalavgpool` fits any size.",
    wrong: "network Wibble {\n  input image: float32[N, 3, H, W]\n  conv(3x3, 16) -> flatten -> linear(10)\n}\n",
    right: "network Wibble {\n  input image: float32[N, 3, H, W]\n  conv(3x3, 16) -> globalavgpool -> linear(10)\n}\n",
  },
});
