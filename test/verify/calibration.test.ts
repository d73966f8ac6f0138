import { expect } from "chai";
import { calibrationShift } from "../../src/verify/calibration.ts";
import { standardNetwork } from "../support/networks.ts";

describe("the shifts of calibrated weights", () => {
  // Measured over all standard networks with shifts around 0.7: which of them turn rounding into answers.
  const check = (name: string, expected: number): void => void expect(calibrationShift(standardNetwork(name)), name).to.equal(expected);

  it("are larger in deep networks without identities", () => {
    for (const name of ["Plain56", "Plain110", "ResNet110C", "ResNet101C", "ResNet152C", "ResNet101v1C", "ResNet152v1C"]) check(name, 3);
  });

  it("are ordinary everywhere else", () => {
    for (const name of ["Plain20", "ResNet20", "ResNet110", "ResNet152", "ResNet50C", "VGG19", "GoogLeNet", "PreActResNet50", "SEResNet50"]) check(name, 0.7);
  });
});
