/**
 * rnc as a library: from the text of a `.resnet` file to a checked network, its counts and its ONNX file. Nothing in
 * here knows files, a terminal or Node: texts come in, values and chunks of bytes go out.
 *
 * ```ts
 * import { buildNetwork, compileOnnx, listNetworks, loadProgram, renderProblems, summarize } from "rnc";
 *
 * const program = await loadProgram({ path: "net.resnet", text, standard: false });
 * const [network] = listNetworks(program);
 * const { value: graph, problems } = buildNetwork(program, network, { settings: { n: "3" } });
 * if (graph === undefined) console.error(renderProblems(problems));
 * else {
 *   console.log(summarize(graph).params);
 *   const { files } = compileOnnx(graph, { version: "1" });
 *   for await (const chunk of files[0].chunks()) await write(chunk);
 * }
 * ```
 *
 * A mistake in a text is a {@link Problem} in a result. A mistake in what has no text, such as a file of weights, is an
 * {@link InputError}. Anything else that is thrown is a bug of rnc.
 *
 * @module
 */
export { InputError } from "./base/input-error.ts";
export type { Position, SourceFile, Span } from "./base/source-file.ts";
export { positionAt } from "./base/source-file.ts";

export type { Fix, Label, Outcome, Problem, RuleCode, Severity } from "./diagnostics/problem.ts";
export { hasErrors } from "./diagnostics/problem.ts";
export type { Code } from "./diagnostics/catalogue.ts";
export { catalogue } from "./diagnostics/catalogue.ts";
export type { CatalogueEntry } from "./diagnostics/entry.ts";
export type { Colors } from "./diagnostics/render/colors.ts";
export type { PrettyOptions } from "./diagnostics/render/pretty.ts";
export { renderProblem, renderProblems } from "./diagnostics/render/pretty.ts";
export type { JsonProblem, JsonSpan } from "./diagnostics/render/json.ts";
export { jsonProblem } from "./diagnostics/render/json.ts";
export { applyFix } from "./diagnostics/render/fixes.ts";

export type * as syntax from "./syntax/ast.ts";
export { parseText } from "./program/parse-text.ts";

export type { ModuleHost, Program } from "./program/load.ts";
export { loadProgram, NO_FILES, standardProgram } from "./program/load.ts";
export type { BuildOptions, NetworkEntry } from "./program/networks.ts";
export { buildNetwork, checkProgram, listNetworks } from "./program/networks.ts";
export { standardDeclaration, standardLibrary, standardNames } from "./program/standard-library.ts";
export type { CompileOptions, Compiled } from "./program/compile.ts";
export { compileOnnx } from "./program/compile.ts";
export type { CompileTfjsOptions } from "./program/compile-tfjs.ts";
export { buildLayersModel, compileTfjs } from "./program/compile-tfjs.ts";
export type { CompiledTraining, CompileTrainingOptions } from "./program/compile-training.ts";
export { compileTraining } from "./program/compile-training.ts";
export type { StatePart, TrainingStep } from "./passes/gradient.ts";
export type { Comparison } from "./program/compare.ts";
export { compare } from "./program/compare.ts";
export type { SummarizeOptions, Summary } from "./program/summarize.ts";
export { summarize } from "./program/summarize.ts";

export type { LintOptions, LintResult } from "./lint/lint.ts";
export { lintProgram } from "./lint/lint.ts";
export type { LintConfig, LintSettings, RuleConfig, SettingProblem } from "./lint/settings.ts";
export { resolveSettings } from "./lint/settings.ts";
export type { Finding, ModuleContext, NetworkContext, Rule, RuleContext, Threshold } from "./lint/rule.ts";
export { RULES } from "./lint/registry.ts";
export type { AppliedFix, FixOptions } from "./lint/fix.ts";
export { applyFixes } from "./lint/fix.ts";
export type { FixedProgram, FixProgramOptions, RefusedFix } from "./lint/fix-program.ts";
export { fixProgram } from "./lint/fix-program.ts";

export type { Graph, GraphOutput, Node, Parameter, Value } from "./ir/graph.ts";
export type { Instance, Origin } from "./ir/origin.ts";
export type { DType, TensorType } from "./ir/tensor-type.ts";
export { formatShape } from "./ir/tensor-type.ts";

export type { EmittedFile } from "./backends/backend.ts";
export type { LayersApi, LayersArtifacts } from "./backends/tfjs/build.ts";
export type { ByteSource, TensorDType, TensorInfo, WeightSource } from "./weights/source.ts";
export type { OpenedWeights, OpenWeightsOptions } from "./weights/open-weights.ts";
export { openWeights } from "./weights/open-weights.ts";
export type { TfjsWeightPlace } from "./weights/tfjs/places.ts";
export { tfjsPlaces } from "./program/tfjs-places.ts";
export { seededWeights } from "./weights/seeded.ts";
export { uniformNumbers } from "./weights/uniform-numbers.ts";
export { writeSafetensors } from "./weights/safetensors-writer.ts";
