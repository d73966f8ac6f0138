import { expect } from "chai";
import { InputError, inOneSentence } from "../../src/base/input-error.ts";

describe("a mistake in what was given", () => {
  it("is told in one sentence, in a list of reasons", () => {
    const error = new InputError("it cannot be written", { notes: ["`lrn1` has no form there", "It stands at a.resnet:3:1."], help: ["Write another."] });
    expect(inOneSentence(error)).to.equal("it cannot be written; `lrn1` has no form there; It stands at a.resnet:3:1");
    expect(inOneSentence(new InputError("it cannot be written"))).to.equal("it cannot be written");
  });
});
