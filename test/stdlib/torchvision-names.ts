import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Which network of the standard library has which network's names. */
export const torchvisionNames: readonly (readonly [torchvision: string, ours: string])[] = [
  ["resnet18", "ResNet18"],
  ["resnet34", "ResNet34"],
  ["resnet50", "ResNet50"],
  ["resnet101", "ResNet101"],
  ["resnet152", "ResNet152"],
  ["resnext50_32x4d", "ResNeXt50_32x4d"],
  ["resnext101_32x8d", "ResNeXt101_32x8d"],
  ["resnext101_64x4d", "ResNeXt101_64x4d"],
  ["wide_resnet50_2", "WRN50_2"],
  ["wide_resnet101_2", "WRN101_2"],
  ["vgg16", "VGG16"],
  ["vgg19", "VGG19"],
  ["googlenet", "GoogLeNetTorchvision"],
  ["resnet50 backbone", "ResNet50Backbone"],
  ["resnet50 dilated", "ResNet50os8"],
];

/** The lists as committed: one tensor a line, `layer1.0.conv1.weight 64x64x1x1`, made by `test/oracle/torchvision_names.py`. */
export function committedNames(network: string): readonly string[] | undefined {
  const path = pathOf(network);
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : undefined;
}

/** Rewrites one committed list. */
export function commitNames(network: string, lines: readonly string[]): void {
  mkdirSync(fileURLToPath(new URL("./torchvision/", import.meta.url)), { recursive: true });
  writeFileSync(pathOf(network), `${lines.join("\n")}\n`);
}

function pathOf(network: string): string {
  return fileURLToPath(new URL(`./torchvision/${network.replaceAll(" ", "-")}.txt`, import.meta.url));
}

/** A line of a list. */
export function nameLine(name: string, shape: readonly number[]): string {
  return `${name} ${shape.join("x")}`;
}
