import type { CallDeclarationBase } from "../language/call-declaration.ts";
import type { SourceSchema } from "../language/source-schema.ts";

/**
 * Whether equal calls of a field that are under way are sent once. Only safe calls ever are; a field that asks for it and
 * may change something is a problem.
 */
export function sharesInFlight(
  { sharesInFlight: declared, use }: CallDeclarationBase,
  source: SourceSchema,
  isSafe: boolean,
): boolean {
  if (declared === true && !isSafe)
    use.refuse(["shareInFlight"], "shareInFlight of a safe call only", "a call that may change something");
  return isSafe && (declared ?? source.sharesInFlight);
}
