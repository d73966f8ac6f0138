import { expect } from "chai";
import { InputError } from "../../src/base/input-error.ts";

/** Waits for an {@link InputError} whose message, notes and help together contain the text or match the pattern. */
export async function expectInputError(run: () => unknown, text: string | RegExp): Promise<InputError> {
  let thrown: unknown;
  try {
    await run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, `an InputError about ${String(text)}`).to.be.instanceOf(InputError);
  const error = thrown as InputError;
  const said = [error.message, ...error.notes, ...error.help].join("\n");
  if (typeof text === "string") expect(said).to.contain(text);
  else expect(said).to.match(text);
  return error;
}
