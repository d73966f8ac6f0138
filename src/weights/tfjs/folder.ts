import { groupDigits } from "../../base/digits.ts";
import { InputError } from "../../base/input-error.ts";
import { joinedFiles, type FilePart, type OpenBeside } from "../files-beside.ts";
import { shortened, tensorFile } from "../tensor-file.ts";
import type { ByteSource, WeightSource } from "../source.ts";
import { damaged, describeModel, readModelJson, type ManifestGroup, type ManifestWeight } from "./model-json.ts";
import { asItIs, parametersOf, placesOfMetadata, type TfjsWeightPlace } from "./places.ts";

/** What a TF.js folder is read with. */
export interface TfjsFolderOptions {
  /** Opens the files that `model.json` names. */
  readonly beside: OpenBeside;
  /** Where the weights belong, asked for only when the model itself does not tell: another tool wrote it. */
  readonly places?: (() => Promise<readonly TfjsWeightPlace[]>) | undefined;
}

/** A TF.js model as weights, and sentences about how they were found. */
export interface TfjsFolderSource extends WeightSource {
  readonly remarks: readonly string[];
}

/**
 * Opens the folder of a TF.js LayersModel by its `model.json`. Its weights come under the names and in the layout of the
 * network it was made of: from what rnc noted in the model, which TF.js keeps when it saves, or by `places`. With neither
 * they are as TF.js has them, and a remark says so. Only the sizes of the other files are looked at before they are read.
 *
 * @throws {@link InputError} (as a rejection) for anything that contradicts itself
 */
export async function openTfjsFolder(modelJson: ByteSource, options: TfjsFolderOptions): Promise<TfjsFolderSource> {
  const description = describeModel(modelJson);
  const { groups, metadata } = await readModelJson(modelJson, description);
  const files: FilePart[] = [];
  const weights: ManifestWeight[] = [];
  let groupStart = 0;
  for (const group of groups) {
    files.push(...(await filesOf(group, options.beside, description)));
    for (const weight of group.weights) weights.push({ ...weight, start: groupStart + weight.start });
    groupStart += group.sizeInBytes;
  }
  const ofNetwork = weights.filter((weight) => !weight.ofOptimizer);
  const places = metadata === undefined ? await options.places?.() : placesOfMetadata(metadata, description);
  const tensors = places === undefined ? new Map(ofNetwork.map((weight) => [weight.name, asItIs(weight)])) : parametersOf(ofNetwork, places, description);
  const bytes = joinedFiles(description, files, options.beside);
  return {
    ...tensorFile(bytes, tensors),
    description,
    remarks: remarksOf(places !== undefined, weights.length - ofNetwork.length, description),
    async close() {
      await bytes.close();
      await modelJson.close();
    },
  };
}

/** The files of a group with their sizes, which together must be the group's. */
async function filesOf(group: ManifestGroup, beside: OpenBeside, description: string): Promise<FilePart[]> {
  const files: FilePart[] = [];
  for (const path of group.paths) {
    const file = await openShard(path, beside, description);
    files.push({ path, size: file.size });
    await file.close();
  }
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size === group.sizeInBytes) return files;
  const named = files.length === 1 ? `\`${shortened(files[0]?.path ?? "")}\` has` : `the ${files.length} files from \`${shortened(files[0]?.path ?? "")}\` on have`;
  const what = `${named} ${groupDigits(size)} bytes, and the ${groupDigits(group.weights.length)} weights in them need ${groupDigits(group.sizeInBytes)}`;
  throw damaged(description, files.length === 0 ? `${groupDigits(group.weights.length)} weights stand in no file` : what, "copy the whole folder again; its files belong together");
}

async function openShard(path: string, beside: OpenBeside, description: string): Promise<ByteSource> {
  try {
    return await beside(path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`a file of weights that ${description} names cannot be read: ${error.message}`, {
      notes: error.notes,
      help: [...error.help, "a TF.js model is `model.json` and the files beside it; copy the whole folder"],
    });
  }
}

function remarksOf(placed: boolean, ofOptimizer: number, description: string): string[] {
  const remarks: string[] = [];
  if (!placed) {
    remarks.push(`names and layouts are TensorFlow.js's own (a kernel is [height, width, in, out]): ${description} does not say which network it is; name it to have its names and layouts`);
  }
  if (ofOptimizer > 0) remarks.push(`${groupDigits(ofOptimizer)} ${ofOptimizer === 1 ? "tensor" : "tensors"} of the optimizer left out`);
  return remarks;
}
