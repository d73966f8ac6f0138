import picocolors from "picocolors";
import type { Colors } from "../diagnostics/render/colors.ts";

const { bold, dim, red, green, yellow, blue, cyan } = picocolors.createColors(true);

/** Marks of a terminal. Whether they are wanted is the host's decision. */
export const ANSI_COLORS: Colors = { bold, dim, red, green, yellow, blue, cyan };
