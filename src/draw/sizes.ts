/** Sizes of what is drawn, in pixels. */
export const FONT = { text: 12, small: 10, title: 15, fold: 16 };
export const WIDTH = { least: 110, text: 250, pad: 10 };
export const HEIGHT = { box: 24, line: 14, sign: 16, join: 20 };
export const PILL = { height: 18, pad: 7, away: 16 };
/** Between boxes of a chain, rows of branches, a row and the shortcut past it, that and its text; around a chain in branches. */
export const GAP = { box: 20, branches: 34, around: 14, beside: 12, frame: 8 };
