import { readFileSync } from "node:fs";
import { expect } from "chai";
import { Command } from "../src/cli/command.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { createNodeHost } from "../src/cli/node-host.ts";
import { standardLibrary } from "../src/program/standard-library.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

describe("README", () => {
  it("lists the commands that there are, with options that they have", async () => {
    const rows = [...readme.matchAll(/^\| `rnc (\w+)[^`]*` \| (.*) \|$/gm)];
    expect(rows.map(([, name]) => name).sort()).to.deep.equal(COMMANDS.map(({ name }) => name).sort());
    const program = new Command("rnc", () => undefined);
    for (const entry of COMMANDS) (await entry.load()).register(program, createNodeHost());
    let seen = 0;
    for (const [, name, text = ""] of rows) {
      const command = program.commands.find((candidate) => candidate.name() === name);
      const known = new Set(command?.options.map((option) => option.long));
      for (const [option] of text.matchAll(/--[a-z-]+/g)) {
        seen++;
        expect(known.has(option), `rnc ${name} ${option}`).to.equal(true);
      }
    }
    expect(seen).to.be.greaterThan(5);
  });

  it("names scripts that there are", () => {
    const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/`npm (?:run )?([a-z:]+)`/g)].map(([, name = ""]) => name).filter((name) => name !== "link" && name !== "ci");
    expect(named).to.include.members(["test", "engines"]);
    for (const name of named) expect(Object.keys(scripts), `npm run ${name}`).to.include(name);
  });

  it("lists the modules of the library, all of them", () => {
    const listed = [...readme.matchAll(/`(std\.\w+)`/g)].map(([, name]) => name);
    expect([...new Set(listed)].sort()).to.deep.equal([...standardLibrary.keys()].sort());
  });
});
