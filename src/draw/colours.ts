import type { Picture } from "./picture.ts";

/** As the paper's Fig. 3 has them, from narrow to wide, and four more. */
const COLOURS = ["#e2d6f0", "#d5e8d0", "#f6cfcb", "#cfe0f5", "#fdeec2", "#fbdcc0", "#cdeae6", "#e8d3de"];

/**
 * Fills of boxes by their width in channels, the same in all pictures: one colour for each width from narrow to wide, or, where
 * there are more widths than colours, for each range of them.
 */
export function coloursOf(pictures: readonly Picture[]): (channels: number) => string {
  const widths = [...new Set(pictures.flatMap(({ boxes }) => boxes.flatMap(({ channels }) => channels ?? [])))].sort((a, b) => a - b);
  const places = new Map(widths.map((width, place) => [width, place]));
  const [narrow, wide] = [Math.log(widths[0] ?? 1), Math.log(widths.at(-1) ?? 1)];
  const ranged = (channels: number): number => Math.floor((COLOURS.length * (Math.log(channels) - narrow)) / (wide - narrow));
  const placeOf = (channels: number): number => (widths.length <= COLOURS.length ? (places.get(channels) ?? 0) : Math.min(ranged(channels), COLOURS.length - 1));
  return (channels) => COLOURS[placeOf(channels)] ?? "#fff";
}
