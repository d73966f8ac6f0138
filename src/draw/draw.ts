import type { Graph } from "../ir/graph.ts";
import { dotText } from "./dot.ts";
import { folded } from "./fold.ts";
import { pictureOf } from "./network-picture.ts";
import type { PictureOptions } from "./picture.ts";
import { sceneOf } from "./scene.ts";
import { svgText } from "./svg.ts";

/** An SVG picture, laid out; or the graph in Graphviz's language. */
export type PictureForm = "svg" | "dot";

/** Networks in the form of Fig. 3 of He et al. 2015, side by side, as the text of a file. The same networks give the same text. */
export function drawNetworks(graphs: readonly Graph[], form: PictureForm, options: PictureOptions = {}): string {
  const pictures = graphs.map((graph) => (options.fold ? folded(pictureOf(graph, options)) : pictureOf(graph, options)));
  return form === "dot" ? dotText(pictures) : svgText(sceneOf(pictures));
}
