import { defineDiagnostics } from "../entry.ts";

export const contracts = defineDiagnostics({});
