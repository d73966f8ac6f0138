import { InputError } from "../base/input-error.ts";
import type { CliHost } from "./host.ts";

/** The `.resnet` files of a folder and the folders in it; anything else is taken as it is. */
export function resnetFiles(target: string, host: CliHost): readonly string[] {
  if (host.pathKind(target) !== "folder") return [target];
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of host.list(folder)) {
      if (entry.startsWith(".") || entry === "node_modules/") continue;
      const path = `${folder.replace(/\/+$/, "") || "/"}/${entry}`;
      if (entry.endsWith("/")) visit(path.slice(0, -1));
      else if (entry.endsWith(".resnet")) found.push(path.replace(/^\.\//, ""));
    }
  };
  visit(target);
  if (found.length === 0) throw new InputError(`there is no \`.resnet\` file in \`${target}\``);
  return found;
}
