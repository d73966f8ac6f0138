import type { Rule } from "./rule.ts";
import { activationOnShortcut } from "./rules/activation-on-shortcut.ts";
import { aliasedDownsampling } from "./rules/aliased-downsampling.ts";
import { biasBeforeNorm } from "./rules/bias-before-norm.ts";
import { bnSmallBatch } from "./rules/bn-small-batch.ts";
import { bottleneckRatio } from "./rules/bottleneck-ratio.ts";
import { channelsAlignment } from "./rules/channels-alignment.ts";
import { constantDroppath } from "./rules/constant-droppath.ts";
import { deepPlain } from "./rules/deep-plain.ts";
import { dropoutBeforeNorm } from "./rules/dropout-before-norm.ts";
import { groupedWidth } from "./rules/grouped-width.ts";
import { ineffectiveShortcuts } from "./rules/ineffective-shortcuts.ts";
import { largeDenseHead } from "./rules/large-dense-head.ts";
import { missingFinalNorm } from "./rules/missing-final-norm.ts";
import { normAfterActivation } from "./rules/norm-after-activation.ts";
import { optionACost } from "./rules/option-a-cost.ts";
import { optionCBottleneck } from "./rules/option-c-bottleneck.ts";
import { redundantProjection } from "./rules/redundant-projection.ts";
import { repeatedOperator } from "./rules/repeated-operator.ts";
import { repeatedStride } from "./rules/repeated-stride.ts";
import { rfBorder } from "./rules/rf-border.ts";
import { rfTooSmall } from "./rules/rf-too-small.ts";
import { singleLayerResidual } from "./rules/single-layer-residual.ts";
import { spatialUnderflow } from "./rules/spatial-underflow.ts";
import { stemVsInput } from "./rules/stem-vs-input.ts";
import { strayDocComment } from "./rules/stray-doc-comment.ts";
import { stride1x1Discard } from "./rules/stride-1x1-discard.ts";
import { unequalStages } from "./rules/unequal-stages.ts";
import { unevenPadding } from "./rules/uneven-padding.ts";
import { unlabelledBlocks } from "./rules/unlabelled-blocks.ts";
import { unnormalisedResidual } from "./rules/unnormalised-residual.ts";
import { unused } from "./rules/unused.ts";
import { unusedIgnore } from "./rules/unused-ignore.ts";
import { weightsOnTinyMaps } from "./rules/weights-on-tiny-maps.ts";
import { widthNotGrowing } from "./rules/width-not-growing.ts";
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
  spatialUnderflow,
  rfBorder,
  rfTooSmall,
  unevenPadding,
  stride1x1Discard,
  stemVsInput,
  weightsOnTinyMaps,
  aliasedDownsampling,
  biasBeforeNorm,
  normAfterActivation,
  missingFinalNorm,
  dropoutBeforeNorm,
  bnSmallBatch,
  zeroGamma,
  activationOnShortcut,
  unnormalisedResidual,
  channelsAlignment,
  widthNotGrowing,
  groupedWidth,
  bottleneckRatio,
  optionCBottleneck,
  optionACost,
  redundantProjection,
  largeDenseHead,
  constantDroppath,
  deepPlain,
  unequalStages,
];
