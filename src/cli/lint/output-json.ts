import { jsonProblem, jsonSpan, slugOf } from "../../diagnostics/render/json.ts";
import type { AppliedFix } from "../../lint/fix.ts";
import type { Output } from "../host.ts";
import type { LintOutput } from "./output.ts";

/** For programs (`grammar/lint.schema.json`): one object, a problem a line, written while files are read. */
export function createJsonOutput(out: Output): LintOutput {
  const fixed: object[] = [];
  const notFixed: object[] = [];
  const failures: object[] = [];
  let count = 0;
  return {
    file({ path, problems, applied, refused }) {
      for (const problem of problems) out.write(`${count++ === 0 ? '{\n  "problems": [\n' : ",\n"}    ${JSON.stringify(jsonProblem(problem))}`);
      fixed.push(...applied.map((fix) => jsonFix(path, fix)));
      notFixed.push(...refused.map((fix) => ({ ...jsonFix(path, fix), reason: fix.reason })));
    },
    failure({ message, notes, help }, path) {
      failures.push({ path: path ?? null, message, notes, help });
    },
    end({ files, counts, rules }) {
      const summary = { files, errors: counts.error, warnings: counts.warning, remarks: counts.info, rules: [...rules.values()] };
      const rest = Object.entries({ fixed, notFixed, failures, summary }).map(([name, value]) => `,\n  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
      out.write(`${count === 0 ? '{\n  "problems": [' : "\n  "}]${rest.join("")}\n}\n`);
    },
  };
}

/** The place is where the fix was made, in the text of that moment: later fixes may have moved it. */
function jsonFix(path: string, { problem, fix }: AppliedFix): object {
  const [first] = fix.edits;
  return { path, code: problem.code, slug: slugOf(problem), title: fix.title, span: first ? jsonSpan(first.span) : null };
}
