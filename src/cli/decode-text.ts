import { isUtf8 } from "node:buffer";
import { groupDigits } from "../base/digits.ts";
import { InputError } from "../base/input-error.ts";

/** The text of a file's bytes without its byte order mark; bytes that are no UTF-8 are an {@link InputError} with their place. */
export function decodeText(bytes: Uint8Array, path: string): string {
  if (!isUtf8(bytes)) {
    const { offset, line } = firstInvalid(bytes);
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new InputError(`\`${path}\` is not UTF-8 text: byte ${groupDigits(offset)} (line ${groupDigits(line)}) is 0x${hex(bytes[offset])}`, {
      help: [utf16 ? "It looks like UTF-16: save it again as UTF-8." : "Save it again as UTF-8."],
    });
  }
  return new TextDecoder().decode(bytes);
}

function hex(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, "0").toUpperCase();
}

/** Where the first sequence that is no UTF-8 begins; lines count from 1. */
function firstInvalid(bytes: Uint8Array): { readonly offset: number; readonly line: number } {
  let line = 1;
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] as number;
    if (first === 10) line++;
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length === 0 || at + length > bytes.length || !isUtf8(bytes.subarray(at, at + length))) return { offset: at, line };
    at += length;
  }
  return { offset: bytes.length, line };
}
