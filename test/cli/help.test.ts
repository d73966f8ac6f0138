import { expect } from "chai";
import type { Command } from "commander";
import { commandsOfProgram } from "../../tools/cli-page.ts";

/** All that `--help` prints. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe("rnc: help", () => {
  it("of every command has examples, with commands and options that there are", async () => {
    const { commands } = await commandsOfProgram();
    const byName = new Map(commands.map((entry) => [entry.name, entry.command]));
    expect(commands.length).to.be.greaterThan(20);
    let seen = 0;
    for (const { name, command } of commands) {
      // A command that only holds others shows them.
      if (command.commands.length > 0 && command.options.length === 0) continue;
      const lines = helpOf(command).split("\n").filter((line) => /^ {2}rnc /.test(line));
      expect(lines.filter((line) => line.startsWith(`  ${name}`)).length, `${name} --help has no example`).to.be.greaterThan(0);
      for (const line of lines) {
        // What stands far to the right says what it does.
        const [said = ""] = line.trim().split(/ {2,}| \| /);
        const words = said.split(" ");
        const shown = byName.get(words.slice(0, 3).join(" ")) ?? byName.get(words.slice(0, 2).join(" "));
        expect(shown, line).to.not.equal(undefined);
        const known = new Set(shown?.options.flatMap(({ long, short }) => [long, short]));
        for (const option of words.filter((word) => word.startsWith("-") && word !== "-")) {
          seen++;
          expect(known.has(option), `${line}: ${option}`).to.equal(true);
        }
      }
    }
    expect(seen).to.be.greaterThan(40);
  });
});
