import type { AttributeSpec, OpRecord, ResolveContext } from "../ops/define-op.ts";
import type { ParameterInfo } from "./call.ts";

/** How an operator is called: read off its record once. */
export interface CallForm {
  readonly parameters: readonly ParameterInfo[];
  /** Every attribute with its constant default, in the order of the record. */
  readonly defaults: ResolveContext["given"];
  /** True where some attribute must be given. */
  readonly hasRequired: boolean;
}

const forms = new Map<OpRecord, CallForm>();

export function callForm(record: OpRecord): CallForm {
  const known = forms.get(record);
  if (known) return known;
  const form: CallForm = {
    parameters: record.name === "residual" ? [POLICY] : record.attributes.map(attributeInfo),
    defaults: Object.fromEntries(record.attributes.map((spec) => [spec.name, spec.default])),
    hasRequired: record.attributes.some(isRequired),
  };
  forms.set(record, form);
  return form;
}

/** True where a call must give the attribute. */
export const isRequired = (spec: AttributeSpec): boolean => spec.default === undefined && spec.defaultText === undefined;

function attributeInfo(spec: AttributeSpec): ParameterInfo {
  const list = spec.type === "int[]" ? "any" : "no";
  const base = spec.type === "int[]" ? "int" : spec.type;
  return { name: spec.name, positional: spec.positional === true, type: { base, list }, required: isRequired(spec), span: undefined };
}

/** The policy of a `residual`: the one parameter of the language that only a join has. */
const POLICY: ParameterInfo = { name: "shortcut", positional: true, type: { base: "block", list: "no" }, required: false, span: undefined };
