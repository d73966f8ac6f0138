import type { WeightSource } from "./source.ts";

/** A source under other names: `names` maps each new name to the name that `source` knows. Other names are not there. */
export function renamedSource(source: WeightSource, names: ReadonlyMap<string, string>): WeightSource {
  const listed = [...names.keys()];
  return {
    description: source.description,
    names: () => listed,
    info(name) {
      const known = names.get(name);
      const info = known === undefined ? undefined : source.info(known);
      return info && { ...info, name };
    },
    read: (name, axes) => source.read(names.get(name) ?? name, axes),
    close: async () => source.close?.(),
  };
}

/** The tensors of `top`, and of `base` where `top` has none. Closing it closes both. */
export function overlaySource(top: WeightSource, base: WeightSource): WeightSource {
  const listed = [...new Set([...top.names(), ...base.names()])];
  return {
    description: `${top.description} over ${base.description}`,
    names: () => listed,
    info: (name) => top.info(name) ?? base.info(name),
    read: (name, axes) => (top.info(name) === undefined ? base : top).read(name, axes),
    async close() {
      await top.close?.();
      await base.close?.();
    },
  };
}
