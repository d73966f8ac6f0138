import type { Span } from "../base/source-file.ts";
import type { Instance } from "../ir/origin.ts";
import type { Context } from "./context.ts";
import type { NamedThing } from "./session.ts";

/**
 * Takes a full name for a layer, block or group. A name in use is reported once; what follows goes on under a name no
 * text can write, so that one clash makes one message.
 */
export function registerName(path: string, span: Span, context: Context): string {
  const { session } = context;
  const earlier = session.named.get(path);
  const firstNode = session.builder.nodes.length;
  const thing = { span, instance: context.instance, firstNode, endNode: firstNode, value: undefined };
  if (earlier === undefined) {
    session.named.set(path, thing);
    return path;
  }
  const [first, second] = unlikePlaces(earlier, thing);
  const inLoop = first === undefined;
  // Both were given the name by hand, or it came with a block that is used twice.
  const isWritten = [first, second].every((place) => place?.source.text.slice(place.start, place.end) === path.split(".").at(-1));
  const isInput = earlier.value?.producer.kind === "input" && earlier.value.name === path;
  session.report({
    code: "RN0601",
    message: isInput ? `a layer is called \`${path}\`, and so is an input` : `two layers are called \`${path}\``,
    span: second ?? span,
    instance: second === span ? context.instance : outerInstance(context.instance, second),
    label: inLoop ? "every pass of the repetition uses this name" : "the second one",
    secondary: first === undefined || first.source.standard ? [] : [{ span: first, text: isInput ? "the input" : "the first one" }],
    help: [isWritten ? "Give one of them another label." : isInput ? "Choose another name for one of them." : inLoop ? "Make the repeated body a block of its own: its passes are then numbered." : "Label one of the blocks that hold them, or one of the layers."],
  });
  let copy = 2;
  while (session.named.has(`${path}#${copy}`)) copy++;
  const unique = `${path}#${copy}`;
  session.named.set(unique, thing);
  return unique;
}

type Place = Pick<NamedThing, "span" | "instance">;

const samePlace = (a: Span, b: Span): boolean => a.source === b.source && a.start === b.start && a.end === b.end;

/** The innermost places in which two things with one name differ: their own, else the uses of the block that holds both. */
function unlikePlaces(first: Place, second: Place): readonly [Span, Span] | readonly [undefined, undefined] {
  if (!samePlace(first.span, second.span)) return [first.span, second.span];
  let a = first.instance;
  let b = second.instance;
  while (a && b && a !== b) {
    if (!samePlace(a.callSpan, b.callSpan)) return [a.callSpan, b.callSpan];
    a = a.parent;
    b = b.parent;
  }
  return [undefined, undefined];
}

/** The instance in whose text a use stands. */
function outerInstance(instance: Instance | undefined, use: Span | undefined): Instance | undefined {
  for (let at = instance; at; at = at.parent) if (use && at.callSpan === use) return at.parent;
  return instance;
}
