/** What is drawn of a network, before anything has a place. Boxes and lines are in topological order of the boxes. */
export interface Picture {
  /** The network's name. */
  readonly name: string;
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  /** Blocks that are drawn once and stand for several. */
  readonly folds: readonly Fold[];
}

/** One box: an input, a layer with what follows it position by position, a join, or the layers that a path holds. */
export interface Box {
  readonly kind: "input" | "layer" | "join" | "group";
  /** Its text, a line or two. */
  readonly text: readonly string[];
  /** Every layer in it with its name and shape, for a reader who asks. */
  readonly details: readonly string[];
  /** Names of its layers, in order; of the input. */
  readonly layers: readonly string[];
  /** The channels of what comes out, where there are positions: what the colour says. Only of weighted layers and groups. */
  readonly channels: number | undefined;
  /** The size of the map that comes out: `56`, `56x28`, `1` where nothing is left of it. */
  readonly size: string | undefined;
  /** Paths of the stage and of the block it stands in. */
  readonly stage: string | undefined;
  readonly unit: string | undefined;
  /** True for what a shortcut option put there. */
  readonly isInserted: boolean;
  /** Names of the network's outputs that it gives. */
  readonly outputs: readonly string[];
  /** Equal for boxes whose layers compute the same with other weights. */
  readonly signature: string;
}

/** A value on its way. */
export interface Line {
  /** Indices of boxes; `from` is less than `to`. */
  readonly from: number;
  readonly to: number;
  /** `identity`: the shortcut of a residual, the input itself. `inserted`: one that a shortcut option made of layers. */
  readonly kind: "flow" | "identity" | "inserted";
  /** What an inserted shortcut does, where its layers have no boxes: `1x1 conv, 128, /2`. */
  readonly text: string | undefined;
  readonly details: readonly string[];
}

/** Identical blocks in a row, the first of which is drawn. */
export interface Fold {
  readonly times: number;
  readonly boxes: ReadonlySet<number>;
  /** Paths of the first and the last one, where they have any. */
  readonly first: string | undefined;
  readonly last: string | undefined;
}

/** How much of a network is drawn, and in which form. */
export interface PictureOptions {
  /** Draws every layer as a box of its own: normalisations, activations, inserted shortcuts, too. */
  readonly allLayers?: boolean;
  /** One box for all layers that have the first `depth` parts of their paths in common. */
  readonly depth?: number;
  /** Draws identical blocks in a row once. */
  readonly fold?: boolean;
}
