/** `grammar/CLI.md`: every command, from the program that reads command lines. */
import type { Argument, Command, Option } from "commander";
import { COMMANDS } from "../src/cli/commands.ts";
import { createProgram } from "../src/cli/main.ts";
import { createNodeHost } from "../src/cli/node-host.ts";
import { anchorOf, fence, inlineCode, markdownTable } from "../src/reference/markdown.ts";

/** The commands that do something, each with the names on the way to it: `rnc data check`. */
export async function commandsOfProgram(): Promise<{ readonly program: Command; readonly commands: readonly { readonly name: string; readonly command: Command }[] }> {
  const program = await createProgram(createNodeHost(), { entries: COMMANDS, finish: () => undefined });
  const walk = (command: Command, before: string): { name: string; command: Command }[] => {
    const name = before === "" ? command.name() : `${before} ${command.name()}`;
    return [{ name, command }, ...command.commands.flatMap((inner) => walk(inner, name))];
  };
  return { program, commands: program.commands.flatMap((command) => walk(command, "rnc")) };
}

export async function cliPage(): Promise<string> {
  const { program, commands } = await commandsOfProgram();
  const rows = commands.map(({ name, command }) => [`[${inlineCode(name)}](#${anchorOf(name)})`, command.description()]);
  return [
    "# Commands\n\n",
    "Made from the command line itself by `npm run generate:reference`; not edited by hand. `rnc COMMAND --help` prints one of these.\n\n",
    `${program.description()}\n\n`,
    markdownTable(["command", "what it does"], rows),
    detailsOf(program),
    optionsTable(program),
    ...commands.map(({ name, command }) => commandPart(name, command)),
  ].join("");
}

function commandPart(name: string, command: Command): string {
  const level = "#".repeat(name.split(" ").length);
  return [`${level} ${name}\n\n${sentence(command.description())}\n\n`, fence(`${name} ${command.usage()}`, "text"), argumentsTable(command), optionsTable(command), detailsOf(command)].join("");
}

function argumentsTable(command: Command): string {
  const rows = command.registeredArguments.map((argument: Argument) => [inlineCode(argument.variadic ? `${argument.name()}…` : argument.name()), argument.required ? "" : "may be left out", argument.description]);
  if (rows.length === 0) return "";
  const hasOptional = rows.some(([, optional]) => optional !== "");
  return hasOptional ? markdownTable(["argument", "", "meaning"], rows) : markdownTable(["argument", "meaning"], rows.map(([name = "", , meaning = ""]) => [name, meaning]));
}

function optionsTable(command: Command): string {
  const options = command.createHelp().visibleOptions(command).filter((option) => option.long !== "--help");
  const meaning = ({ description, mandatory, defaultValue, negate }: Option): string => {
    const shown = mandatory ? " Required." : defaultValue === undefined || typeof defaultValue === "boolean" || negate ? "" : ` Default: ${inlineCode(String(defaultValue))}.`;
    return shown === "" ? description : `${description.replace(/[.;]$/, "")}.${shown}`;
  };
  return options.length === 0 ? "" : markdownTable(["option", "meaning"], options.map((option) => [inlineCode(option.flags), meaning(option)]));
}

/** What stands below the options of a command's help: paragraphs, and lines set in by two blanks. */
function detailsOf(command: Command): string {
  let help = "";
  command.configureOutput({ writeOut: (part) => (help += part) }).outputHelp();
  const text = help.slice(command.helpInformation().length);
  const paragraphs = text.trim() === "" ? [] : text.replace(/^\n+|\s+$/g, "").split(/\n{2,}/);
  return paragraphs.map(paragraph).join("");
}

function paragraph(text: string): string {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.startsWith("  "));
  if (first < 0) return `${escaped(text)}\n\n`;
  const last = lines.findLastIndex((line) => line.startsWith("  "));
  const block = lines.slice(first, last + 1).map((line) => line.slice(2)).join("\n");
  const before = first === 0 ? "" : `${escaped(lines.slice(0, first).join("\n"))}\n\n`;
  const after = last === lines.length - 1 ? "" : `${escaped(lines.slice(last + 1).join("\n"))}\n\n`;
  return `${before}${fence(block, /^rnc /m.test(block) ? "sh" : "text")}${after}`;
}

/** Stars, underscores and angles as they are, but for what is code already. */
const escaped = (text: string): string => text.split(/(`[^`]*`)/).map((part, index) => (index % 2 === 1 ? part : part.replace(/[*_<]/g, "\\$&"))).join("");

const sentence = (text: string): string => escaped(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
