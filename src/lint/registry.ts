import type { Rule } from "./rule.ts";
import { activationOnShortcut } from "./rules/activation-on-shortcut.ts";
import { biasBeforeNorm } from "./rules/bias-before-norm.ts";
import { bnSmallBatch } from "./rules/bn-small-batch.ts";
import { deepPlain } from "./rules/deep-plain.ts";
import { dropoutBeforeNorm } from "./rules/dropout-before-norm.ts";
import { ineffectiveShortcuts } from "./rules/ineffective-shortcuts.ts";
import { missingFinalNorm } from "./rules/missing-final-norm.ts";
import { normAfterActivation } from "./rules/norm-after-activation.ts";
import { repeatedOperator } from "./rules/repeated-operator.ts";
import { repeatedStride } from "./rules/repeated-stride.ts";
import { singleLayerResidual } from "./rules/single-layer-residual.ts";
import { strayDocComment } from "./rules/stray-doc-comment.ts";
import { unequalStages } from "./rules/unequal-stages.ts";
import { unlabelledBlocks } from "./rules/unlabelled-blocks.ts";
import { unnormalisedResidual } from "./rules/unnormalised-residual.ts";
import { unused } from "./rules/unused.ts";
import { unusedIgnore } from "./rules/unused-ignore.ts";
import { zeroGamma } from "./rules/zero-gamma.ts";

/** Every rule, in the order of its code. */
export const RULES: readonly Rule[] = [
  repeatedOperator,
  unlabelledBlocks,
  unused,
  strayDocComment,
  singleLayerResidual,
  repeatedStride,
  ineffectiveShortcuts,
  unusedIgnore,
  biasBeforeNorm,
  normAfterActivation,
  missingFinalNorm,
  dropoutBeforeNorm,
  bnSmallBatch,
  zeroGamma,
  activationOnShortcut,
  unnormalisedResidual,
  deepPlain,
  unequalStages,
];
