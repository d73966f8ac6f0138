import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";

const GOOD = "network Small {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16) -> relu\n}\n";
/** The typo is in line 3, column 3. */
const WRONG = "network Small {\n  input image: float32[N, 3, 32, 32]\n  cnv(3x3, 16) -> relu\n}\n";

describe("rnc: files that are given", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  interface Case {
    readonly title: string;
    readonly files?: Readonly<Record<string, string | Uint8Array>>;
    readonly folders?: readonly string[];
    readonly args: readonly string[];
    readonly input?: string | Uint8Array;
    readonly code: number;
    readonly out?: readonly string[];
    readonly err?: readonly string[];
  }

  const utf16 = Buffer.from(`\ufeff${GOOD}`, "utf16le");
  const cases: readonly Case[] = [
    { title: "a good file", files: { "a.resnet": GOOD }, args: ["check", "a.resnet"], code: 0, out: ["a.resnet: 1 network, no problems", "Small  [N, 3, 32, 32] -> [N, 16, 32, 32]"] },
    { title: "a mistake", files: { "a.resnet": WRONG }, args: ["check", "a.resnet"], code: 1, err: ["error[RN0201]", "┌─ a.resnet:3:3", "did you mean `conv`?", "1 error"] },
    { title: "a path with spaces", files: { "my net.resnet": WRONG }, args: ["check", "my net.resnet"], code: 1, err: ["┌─ my net.resnet:3:3"] },
    { title: "a Korean path", files: { "신경망.resnet": WRONG }, args: ["check", "신경망.resnet"], code: 1, err: ["┌─ 신경망.resnet:3:3"] },
    { title: "line ends of Windows", files: { "a.resnet": WRONG.replaceAll("\n", "\r\n") }, args: ["check", "a.resnet"], code: 1, err: ["┌─ a.resnet:3:3", " 3 │   cnv(3x3, 16) -> relu\n", "1 error"] },
    { title: "a byte order mark", files: { "a.resnet": `\ufeff${WRONG}` }, args: ["check", "a.resnet"], code: 1, err: ["┌─ a.resnet:3:3", "1 error"] },
    { title: "a byte order mark in line 1", files: { "a.resnet": `\ufeffnetwrk A {\n}\n` }, args: ["check", "a.resnet"], code: 1, err: ["┌─ a.resnet:1:1"] },
    {
      title: "bytes that are no UTF-8",
      files: { "a.resnet": Buffer.concat([Buffer.from("// a\n// b "), Buffer.from([0xff, 0x0a])]) },
      args: ["check", "a.resnet"],
      code: 1,
      err: ["error: `a.resnet` is not UTF-8 text: byte 10 (line 2) is 0xFF\n", "help: Save it again as UTF-8."],
    },
    { title: "UTF-16", files: { "a.resnet": utf16 }, args: ["check", "a.resnet"], code: 1, err: ["byte 0 (line 1) is 0xFF", "It looks like UTF-16"] },
    { title: "an imported file that is no UTF-8", files: { "a.resnet": `use "b.resnet" { x }\n${GOOD}`, "b.resnet": Buffer.from([0xc3]) }, args: ["check", "a.resnet"], code: 1, err: ["RN0203", "`b.resnet` is not UTF-8 text", "┌─ a.resnet:1:"] },
    { title: "an empty file", files: { "a.resnet": "" }, args: ["check", "a.resnet"], code: 0, out: ["a.resnet: no network, no problems"] },
    { title: "an empty file, to compile", files: { "a.resnet": "" }, args: ["compile", "a.resnet", "-o", "a.onnx"], code: 1, err: ["error: `a.resnet` has no network", "A network begins with `network NAME {`"] },
    { title: "a file that is not there", args: ["check", "nets/a.resnet"], code: 1, err: ["error: there is no file `nets/a.resnet`\n", "There is no folder `nets` either."] },
    { title: "a file of nearly this name", files: { "resnet_a.resnet": GOOD }, args: ["check", "resnet_b.resnet"], code: 1, err: ["there is no file `resnet_b.resnet`", "Did you mean `resnet_a.resnet`?"] },
    { title: "a folder to check", files: { "nets/a.resnet": GOOD, "nets/more/b.resnet": WRONG }, args: ["check", "nets"], code: 1, out: ["nets/a.resnet: 1 network"], err: ["nets/more/b.resnet:3:3"] },
    { title: "a folder without nets", folders: ["empty"], args: ["check", "empty"], code: 1, err: ["error: there is no `.resnet` file in `empty`"] },
    { title: "a folder as a network", folders: ["nets"], args: ["compile", "nets", "-o", "a.onnx"], code: 2, err: ["`nets` is a folder, and this command needs one network"] },
    { title: "a file as a folder", files: { a: GOOD }, args: ["check", "a/b.resnet"], code: 1, err: ["there is no file `a/b.resnet`", "`a` is a file, not a folder."] },
    { title: "50 MB of text", files: { "a.resnet": Buffer.alloc(50_000_000, "relu\n") }, args: ["check", "a.resnet"], code: 1, err: ["error: `a.resnet` has 50,000,000 bytes; that is no network", "Repeat with `x`"] },
    { title: "too much on standard input", input: Buffer.alloc(17 << 20, "relu\n"), args: ["check", "-"], code: 1, err: ["standard input has more than 16 MiB"] },
    { title: "10,000 open braces", files: { "a.resnet": `network A {\n${"{".repeat(10_000)}` }, args: ["check", "a.resnet"], code: 1, err: ["error[RN0"] },
    { title: "standard input", input: WRONG, args: ["check", "-"], code: 1, err: ["┌─ <stdin>:3:3"] },
    { title: "several networks", files: { "a.resnet": GOOD + GOOD.replace("Small", "Other") }, args: ["summary", "a.resnet"], code: 2, err: ["`a.resnet` has 2 networks, and this command needs one", "= a.resnet#Small", "= a.resnet#Other", "Name one of them: `a.resnet#Small`."] },
    { title: "one of several", files: { "a.resnet": GOOD + GOOD.replace("Small", "Other") }, args: ["check", "a.resnet#Other"], code: 0, out: ["1 network", "Other  ["] },
    { title: "a network that is not there", files: { "a.resnet": GOOD }, args: ["summary", "a.resnet#Smal"], code: 1, err: ["`a.resnet` has no network `Smal`; did you mean `Small`?"] },
    { title: "a # in the name of a file", files: { "a#b.resnet": GOOD }, args: ["check", "a#b.resnet"], code: 0, out: ["a#b.resnet: 1 network"] },
    { title: "a standard network of nearly this name", args: ["summary", "ResNet51"], code: 1, err: ["the standard library has no network of this name", "`ResNet50`"] },
    { title: "a standard block as a network", args: ["summary", "basic"], code: 1, err: ["`basic` is a block of the standard library, not a network", "`rnc explain basic` shows it."] },
    { title: "a network that needs a parameter", args: ["summary", "CifarResNet"], code: 2, err: ["`CifarResNet` still needs n: int", "Give a value: `--set n=3`."] },
    { title: "a parameter that does not exist", args: ["summary", "CifarResNet", "--set", "n=3", "--set", "optin=B"], code: 1, err: ["RN0301", "did you mean `option`?"] },
    { title: "a parameter of another type", args: ["summary", "CifarResNet", "--set", "n=two"], code: 1, err: ["--set n:1:1", "error[RN"] },
    { title: "a control character in a name is not sent to the terminal", files: { "a.resnet": "network \u001b[31mA {\n}\n" }, args: ["check", "a.resnet"], code: 1, err: ["�[31mA"] },
  ];

  for (const { title, files = {}, folders = [], args, input, code, out = [], err = [] } of cases) {
    it(title, () =>
      inFolder((folder) => {
        for (const name of folders) mkdirSync(join(folder, name));
        for (const [name, text] of Object.entries(files)) {
          mkdirSync(join(folder, name, ".."), { recursive: true });
          writeFileSync(join(folder, name), text);
        }
        const ran = rnc(args, { cwd: folder, ...(input === undefined ? {} : { input }) });
        for (const text of out) expect(ran.stdout).to.include(text);
        for (const text of err) expect(ran.stderr).to.include(text);
        if (err.length === 0) expect(ran.stderr).to.equal("");
        expect(ran.stderr).not.to.match(/[\u0000-\u0009\u000b-\u001f]/);
        expect(ran.code, ran.stderr).to.equal(code);
      }),
    );
  }
});
