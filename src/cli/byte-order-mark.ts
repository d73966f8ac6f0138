import type { CliHost } from "./host.ts";

/** The text of a file as it stands on the disk, with the byte order mark that `readText` drops. */
export async function withMark(path: string, text: string, host: CliHost): Promise<string> {
  const file = await host.openBytes(path);
  try {
    if (file.size < 3) return text;
    const [first, second, third] = await file.read(0, 3);
    return first === 0xef && second === 0xbb && third === 0xbf ? `\ufeff${text}` : text;
  } finally {
    await file.close();
  }
}
