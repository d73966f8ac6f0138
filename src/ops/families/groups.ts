import type { TypeContext } from "../define-op.ts";

/** The number of groups next to the one wanted that divides both numbers of channels. */
function nearestDivisor(inputChannels: number, channels: number, wanted: number): number {
  for (let groups = Math.min(wanted, inputChannels, channels); groups > 1; groups--) {
    if (inputChannels % groups === 0 && channels % groups === 0) return groups;
  }
  return 1;
}

/** Checks that groups divides both numbers of channels (RN0403). */
export function groupsFit(c: TypeContext, op: string, inputChannels: number, channels: number, groups: number): boolean {
  const wrong = inputChannels % groups !== 0 ? inputChannels : channels;
  if (wrong % groups === 0) return true;
  const which = wrong === inputChannels ? "input" : "output";
  c.fail({
    code: "RN0403",
    message: `groups=${groups} of \`${op}\` does not divide its ${wrong} ${which} channels`,
    attribute: "groups",
    notes: [`Every group has the same number of channels; ${wrong} / ${groups} is not whole.`],
    help: ["choose a number of groups that divides the channels before and after"],
    mend: { kind: "value", text: String(nearestDivisor(inputChannels, channels, groups)) },
  });
  return false;
}
