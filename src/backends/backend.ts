/** A file a backend makes: its bytes come in chunks that are only valid until the next is asked for. */
export interface EmittedFile {
  /** Relative to where the user asked the output to be; empty for the one file that `-o` itself names. */
  readonly path: string;
  readonly sizeInBytes: number;
  chunks(): AsyncIterable<Uint8Array>;
}
