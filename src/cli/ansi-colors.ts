import { styleText } from "node:util";
import type { Colors } from "../diagnostics/render/colors.ts";

const style =
  (format: Parameters<typeof styleText>[0]) =>
  (text: string): string =>
    styleText(format, text, { validateStream: false });

/** Marks of a terminal. Whether they are wanted is the host's decision. */
export const ANSI_COLORS: Colors = {
  bold: style("bold"),
  dim: style("dim"),
  red: style("red"),
  green: style("green"),
  yellow: style("yellow"),
  blue: style("blue"),
  cyan: style("cyan"),
};
