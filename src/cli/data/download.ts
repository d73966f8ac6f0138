import { open, stat } from "node:fs/promises";
import { InputError } from "../../base/input-error.ts";
import { codeOf } from "../node-host.ts";

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((doneInBytes: number, totalInBytes: number) => void) | undefined;
  /** What to do where there is no network. */
  readonly help: readonly string[];
  /** A silent server is waited for so long. */
  readonly patienceInMs?: number;
}

const PATIENCE_MS = 60_000;

/**
 * Downloads a file, or what is missing of it: what is there already is kept where the server can go on from it.
 *
 * @throws {@link InputError} without network, or when the server refuses or falls silent; what came so far stays
 */
export async function download(url: string, path: string, { signal, onProgress, help, patienceInMs = PATIENCE_MS }: DownloadOptions): Promise<void> {
  const there = await sizeOf(path);
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), patienceInMs);
  try {
    const stop = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
    const answer = await fetch(url, { signal: stop, headers: there > 0 ? { range: `bytes=${there}-` } : {} });
    // All of it was there: what it is worth is seen by its checksum.
    if (there > 0 && answer.status === 416) return;
    if (!answer.ok || answer.body === null) throw new InputError(`${url} cannot be had: the server answered ${answer.status} ${answer.statusText}`.trimEnd(), { help });
    const begin = answer.status === 206 ? there : 0;
    const total = begin + Number(answer.headers.get("content-length") ?? 0);
    const file = await open(path, begin > 0 ? "r+" : "w");
    try {
      let at = begin;
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
        timer.refresh();
        for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
        at += chunk.length;
        onProgress?.(at, total);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof InputError) throw error;
    const again = "The same command goes on where it stopped.";
    if (silence.signal.aborted) throw new InputError(`${new URL(url).host} has not sent anything for ${Math.round(patienceInMs / 1000)} s`, { help: [again, ...help] });
    // Of `fetch` itself; the disk's errors have codes of their own.
    if (error instanceof TypeError) throw new InputError(`${url} cannot be reached: ${causeOf(error)}`, { help: [`Is there a network? ${again}`, ...help] });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function causeOf(error: TypeError): string {
  const { cause } = error;
  const code = codeOf(cause);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `its name is not known here (${code})`;
  if (code !== undefined) return code;
  return cause instanceof Error ? cause.message : error.message;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}
