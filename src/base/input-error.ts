/**
 * A mistake in what the user gave that has no place in a `.resnet` text: a weight file, a folder, a size on the command
 * line. Asynchronous readers reject with it; the command line prints message, notes and help and exits with 1.
 */
export class InputError extends Error {
  override name = "InputError";
  readonly notes: readonly string[];
  readonly help: readonly string[];

  constructor(message: string, more: { readonly notes?: readonly string[]; readonly help?: readonly string[] } = {}) {
    super(message);
    this.notes = more.notes ?? [];
    this.help = more.help ?? [];
  }
}

/** The message with its notes as one sentence without its period, for lists of reasons. */
export const inOneSentence = ({ message, notes }: InputError): string => [message, ...notes].map((text) => text.replace(/\.$/, "")).join("; ");
