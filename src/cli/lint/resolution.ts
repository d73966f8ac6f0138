import { groupDigits } from "../../base/digits.ts";
import type { Colors } from "../../diagnostics/render/colors.ts";
import type { Graph } from "../../ir/graph.ts";
import type { Resolution, StageResolution } from "../../lint/analysis/resolution.ts";
import { resolutionOf } from "../../lint/analysis/resolution.ts";
import type { BuildOptions } from "../../program/networks.ts";
import { buildNetwork, listNetworks } from "../../program/networks.ts";
import { renderTable } from "../table.ts";
import type { Target } from "../target.ts";

/** What the size of the image makes of each network of a file, stage by stage; networks that cannot be built are left to the problems. */
export function resolutionTables({ path, program, network }: Target, build: BuildOptions = {}, colors: Colors): string {
  const given = new Set(Object.keys(build.settings ?? {}));
  const entries = network ? [network] : listNetworks(program).filter(({ open }) => open.every(({ name }) => given.has(name)));
  return entries
    .flatMap((entry) => buildNetwork(program, entry, build).value ?? [])
    .map((graph) => tableOf(path, graph, colors))
    .join("");
}

/**
 *   net.resnet#Small on an image of 32x32
 *   stage   map    unread  receptive field  params  MACs  covered
 *   layer1  32x32          3x3 to 31x31      4.2 %  30 %
 */
function tableOf(path: string, graph: Graph, { bold, dim }: Colors): string {
  const title = bold(`${path}#${graph.name}`);
  const resolution = resolutionOf(graph);
  if (resolution === undefined) return `${title}: no table, as the size of its image is open; \`--input 1x3x224x224\` gives one\n\n`;
  const columns = ["stage", "map", "unread rows", "receptive field", "params", "MACs", "params past the image", "MACs past the image"];
  const rows = resolution.stages.map((stage) => ({ cells: cellsOf(stage, resolution) }));
  const table = renderTable({ columns: columns.map((name, index) => ({ title: name, align: index > 3 ? "right" : "left" })), rows }, { title: bold, rule: dim });
  const { covered, params, macs } = resolution;
  const share = `${share100(covered.params, params)} of the parameters and ${share100(covered.macs, macs)} of the multiply-adds`;
  const end = covered.layers.length === 0 ? "" : `${share} are in ${groupDigits(covered.layers.length)} layer${covered.layers.length === 1 ? "" : "s"} whose inputs see the whole image already.\n`;
  return `${title} on an image of ${sizes(resolution.image)}\n${table}${end}\n`;
}

function cellsOf({ name, map, unread, receptiveField, leastReceptiveField, params, macs, covered }: StageResolution, total: Resolution): string[] {
  const rows = total.image.map((_, axis) => unread.reduce((sum, layer) => sum + (layer.rows[axis] ?? 0), 0));
  const field = receptiveField === undefined ? "" : leastReceptiveField === undefined || sizes(leastReceptiveField) === sizes(receptiveField) ? sizes(receptiveField) : `${sizes(leastReceptiveField)} to ${sizes(receptiveField)}`;
  return [
    name,
    map === undefined ? "" : sizes(map),
    rows.some((count) => count > 0) ? `${rows.join("+")} (${unread.map(({ layer }) => layer).join(", ")})` : "",
    field,
    share100(params, total.params),
    share100(macs, total.macs),
    covered.params > 0 ? share100(covered.params, total.params) : "",
    covered.macs > 0 ? share100(covered.macs, total.macs) : "",
  ];
}

const sizes = (axes: readonly number[]): string => axes.join("x");

const share100 = (part: number, whole: number): string => (whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)} %`);
