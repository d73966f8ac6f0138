import type { Span } from "../base/source-file.ts";
import type { Context } from "./context.ts";

/**
 * Takes a full name for a layer, block or group. A name in use is reported once; what follows goes on under a name no
 * text can write, so that one clash makes one message.
 */
export function registerName(path: string, span: Span, context: Context): string {
  const { session } = context;
  const earlier = session.named.get(path);
  const firstNode = session.builder.nodes.length;
  if (earlier === undefined) {
    session.named.set(path, { span, firstNode, endNode: firstNode, value: undefined });
    return path;
  }
  const inLoop = earlier.span.source === span.source && earlier.span.start === span.start;
  session.report({
    code: "RN0601",
    message: `two layers are called \`${path}\``,
    span,
    instance: context.instance,
    label: inLoop ? "every pass of the repetition uses this name" : "the second one",
    secondary: inLoop || earlier.span.source.standard ? [] : [{ span: earlier.span, text: "the first one" }],
    help: [inLoop ? "Make the repeated body a block of its own: its passes are then numbered." : "Label one of the blocks that hold them, or one of the layers."],
  });
  let copy = 2;
  while (session.named.has(`${path}#${copy}`)) copy++;
  const unique = `${path}#${copy}`;
  session.named.set(unique, { span, firstNode, endNode: firstNode, value: undefined });
  return unique;
}
