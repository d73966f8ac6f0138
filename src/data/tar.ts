import { InputError } from "../base/input-error.ts";

const BLOCK = 512;
const SIZE_AT = 124;
const SIZE_LENGTH = 12;
const KIND_AT = 156;
const NAME_LENGTH = 100;

/** A file of an archive; its bytes are read before the next file is asked for, or passed over. */
export interface TarFile {
  readonly name: string;
  readonly sizeInBytes: number;
  chunks(): AsyncGenerator<Uint8Array>;
}

/**
 * The plain files of a tar archive (the form of POSIX.1-1988, without long names), in order.
 *
 * @throws {@link InputError} where the archive ends in the middle of a file
 */
export async function* readTar(archive: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const source = createReader(archive);
  for (;;) {
    const header = await source.exactly(BLOCK);
    if (header === undefined || header.every((byte) => byte === 0)) return;
    const sizeInBytes = Number.parseInt(textOf(header.subarray(SIZE_AT, SIZE_AT + SIZE_LENGTH)).trim() || "0", 8);
    if (!Number.isSafeInteger(sizeInBytes)) throw new InputError("the archive is no tar file: a size in it is no number");
    let left = sizeInBytes;
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      while (left > 0) {
        const chunk = await source.some(left);
        left -= chunk.length;
        yield chunk;
      }
    };
    const kind = header[KIND_AT];
    // "0" or nothing: a plain file. Folders, links and the like are passed over.
    if (kind === 0x30 || kind === 0) yield { name: textOf(header.subarray(0, NAME_LENGTH)), sizeInBytes, chunks };
    while (left > 0) left -= (await source.some(left)).length;
    await source.exactly((BLOCK - (sizeInBytes % BLOCK)) % BLOCK);
  }
}

/** Text up to the first zero byte. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}

function createReader(archive: AsyncIterable<Uint8Array>): { some(most: number): Promise<Uint8Array>; exactly(count: number): Promise<Uint8Array | undefined> } {
  const iterator = archive[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  const some = async (most: number): Promise<Uint8Array> => {
    while (rest.length === 0) {
      const { done, value } = await iterator.next();
      if (done) throw new InputError("the archive ends in the middle of a file");
      rest = value;
    }
    const part = rest.subarray(0, most);
    rest = rest.subarray(part.length);
    return part;
  };
  return {
    some,
    async exactly(count) {
      const bytes = new Uint8Array(count);
      for (let done = 0; done < count; ) {
        if (done === 0 && rest.length === 0) {
          const { done: atEnd, value } = await iterator.next();
          // An archive may end without its two empty blocks.
          if (atEnd) return undefined;
          rest = value;
          continue;
        }
        const part = await some(count - done);
        bytes.set(part, done);
        done += part.length;
      }
      return bytes;
    },
  };
}
