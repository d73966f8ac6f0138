import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, sep } from "node:path";
import type { Context } from "mocha";
import { chromium } from "playwright-core";
import type { Page } from "playwright-core";
import { cacheFolder } from "../../tools/engines/machine.ts";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json" };

/** Nothing but the page: no calls home, no first-run pages, WebGL computed by SwiftShader where there is no graphics card. */
const FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
const SOFTWARE_WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

/** A busy machine starts a browser in a minute; mocha's own limit is the one that counts. */
const PATIENCE_IN_MS = 150_000;

/** A Chromium or Chrome of this machine; skips the running test, and prints why, where there is none. `RNC_CHROMIUM` names one. */
export function needsBrowser(context: Context): string {
  const named = process.env["RNC_CHROMIUM"];
  if (named && !existsSync(named)) throw new Error(`RNC_CHROMIUM is ${named}, which is not there`);
  const known = ["/usr/lib/chromium/chromium", "/usr/bin/chromium", "/opt/google/chrome/chrome", join(cacheFolder(), "chromium/usr/lib/chromium/chromium")];
  const path = named || known.find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  console.log("      skipped: no Chromium; `npx tsx tools/engines/chromium.ts` gets Debian's, and RNC_CHROMIUM names another");
  return context.skip();
}

export interface BrowserOptions {
  readonly executable: string;
  /** What the server answers with: `/model/` and a folder, `/tf.js` and a file; a path of a file, or of a folder with a slash. */
  readonly served: Readonly<Record<string, string>>;
  readonly webgl?: boolean;
}

/**
 * A page of a new headless browser with a profile of its own, on a server of this machine; both are gone when the work is
 * done. A mistake in the page, or a file that it asks for and does not get, is an error of the work.
 */
export async function inBrowser<T>({ executable, served, webgl = false }: BrowserOptions, work: (page: Page) => Promise<T>): Promise<T> {
  const refused: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    if (path === "/") return void response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html><title>rnc</title>");
    const file = fileFor(path, served);
    if (file === undefined) {
      if (path !== "/favicon.ico") refused.push(path);
      return void response.writeHead(404).end();
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-length": statSync(file).size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const profile = mkdtempSync(join(tmpdir(), "rnc-browser-"));
  try {
    const args = [...FLAGS, ...(webgl ? SOFTWARE_WEBGL : ["--disable-gpu"])];
    const browser = await chromium.launchPersistentContext(profile, { executablePath: executable, headless: true, args, timeout: PATIENCE_IN_MS });
    browser.setDefaultTimeout(PATIENCE_IN_MS);
    try {
      const page = browser.pages()[0] ?? (await browser.newPage());
      const mistakes: Error[] = [];
      page.on("pageerror", (error) => mistakes.push(error));
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const result = await work(page);
      if (mistakes[0]) throw mistakes[0];
      if (refused.length > 0) throw new Error(`the page asked for ${refused.join(", ")}`);
      return result;
    } finally {
      await browser.close();
    }
  } finally {
    rmSync(profile, { recursive: true, force: true });
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

function fileFor(path: string, served: BrowserOptions["served"]): string | undefined {
  for (const [prefix, place] of Object.entries(served)) {
    if (path === prefix) return place;
    if (!prefix.endsWith("/") || !path.startsWith(prefix)) continue;
    const file = join(place, path.slice(prefix.length));
    if (file.startsWith(place + sep) && existsSync(file) && statSync(file).isFile()) return file;
  }
  return undefined;
}
