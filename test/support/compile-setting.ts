import type { Environment } from "overlock";

let compileFrom: number | null = null;

/** Gateways that this test file starts from now on compile every operation at its first request. */
export function compileEverything(): void {
  compileFrom = 1;
}

/** What `compileEverything` adds to the environment of a gateway. */
export function compileSetting(): Environment {
  return compileFrom === null ? {} : { COMPILE_FROM_REQUEST: String(compileFrom) };
}
