import { readFileSync } from "node:fs";
import { expect } from "chai";
import { findRule } from "../../src/lint/settings.ts";
import { firings, PRECISION_PAGE, precisionPage } from "../../tools/precision-page.ts";
import { REVIEWED } from "./reviewed-findings.ts";

/** The networks of He et al. 2015, and what may be said of them by default: nothing else. */
const PAPER = /^(ResNet(18|34|50|101|152|20|32|44|56|110|1202)(v1)?[ABC]?|Plain\d+)$/;
const ALLOWED = ["option-c-bottleneck", "deep-plain", "activation-on-shortcut"];

describe("lint: the standard library", function () {
  this.timeout(60_000);
  let all: ReturnType<typeof firings>;
  before(() => {
    all = firings();
  });

  it("has no finding that nobody looked at, and no reason for one that is not there", () => {
    expect(all.networks.length).to.be.greaterThan(100);
    const shown = all.found.filter(({ rule }) => rule.severity !== "info").map(({ rule, network }) => `${rule.name} ${network}`);
    const reasons = REVIEWED.flatMap(({ rule, networks }) => (networks === "all" ? [] : networks.map((network) => `${rule} ${network}`)));
    expect(shown.sort()).to.deep.equal(reasons.sort());
  });

  it("has remarks of the rules alone that were looked at", () => {
    const remarks = all.found.filter(({ rule }) => rule.severity === "info").map(({ rule }) => rule.name);
    expect([...new Set(remarks)].sort()).to.deep.equal(REVIEWED.flatMap(({ rule, networks }) => (networks === "all" ? [rule] : [])).sort());
    for (const { rule, networks } of REVIEWED) expect(findRule(rule)?.severity === "info", rule).to.equal(networks === "all");
  });

  it("has the paper's networks, of which little is said by default", () => {
    const paper = all.networks.filter(({ name }) => PAPER.test(name));
    expect(paper.length).to.be.greaterThan(40);
    const names = new Set(paper.map(({ name }) => name));
    const found = all.found.filter(({ rule, network }) => rule.severity !== "info" && names.has(network));
    expect(found.filter(({ rule }) => !ALLOWED.includes(rule.name)).map(({ rule, network }) => `${network}: ${rule.name}`)).to.deep.equal([]);
    const of = (rule: string): readonly string[] => found.filter((one) => one.rule.name === rule).map(({ network }) => network);
    for (const network of of("option-c-bottleneck")) expect(network).to.match(/^ResNet(50|101|152)(v1)?C$/);
    for (const network of of("deep-plain")) expect(Number(network.replace("Plain", ""))).to.be.greaterThan(20);
    for (const network of of("activation-on-shortcut")) expect(Number(/\d+/.exec(network))).to.be.at.least(100);
  });

  it(`is told in ${PRECISION_PAGE} (npm run generate:reference)`, () => {
    const committed = readFileSync(new URL(`../../${PRECISION_PAGE}`, import.meta.url), "utf8");
    expect(committed === precisionPage(all), `${PRECISION_PAGE} is stale: run npm run generate:reference`).to.equal(true);
  });
});
