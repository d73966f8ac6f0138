import { defineDiagnostics } from "../entry.ts";

const net = (name: string, contract: string, size = "32, 32"): string => `network ${name} {\n  input image: float32[N, 3, ${size}]\n  conv(3x3, 8)\n  expect ${contract}\n}`;

export const contracts = defineDiagnostics({
  RN0901: {
    slug: "contract-broken",
    summary: "An `expect` does not hold.",
    explanation: "A contract states what must stay true of a network; the message shows both numbers and what the compiler inserted, the usual reason for a difference.",
    wrong: net("Wrong", "params == 224"),
    right: net("Right", "params == 216"),
  },
  RN0902: {
    slug: "contract-unknown",
    summary: "A contract on something that hangs on an open size.",
    explanation: "Multiply-adds and memory are numbers only when height and width are. Give them with `--input`, or contract what needs no size.",
    wrong: net("Wrong", "macs == 221_184", "H, W"),
    right: net("Right", "params == 216", "H, W"),
  },
  RN0903: {
    slug: "unknown-quantity",
    summary: "An `expect` on something that is not measured.",
    explanation: "Measured are params, buffers, macs, depth, rf, rf.min, memory and shape, of the network or of a part (`layer1.params`).",
    wrong: net("Wrong", "parms == 216"),
    right: net("Right", "params == 216"),
  },
});
