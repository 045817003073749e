import { type DeclaredFailure, readDeclaredFailure } from "../core/declared-failure.ts";
import { compileSelection, rawRoots } from "../language/evaluate-selection.ts";
import type { ErrorRule } from "../language/error-rules.ts";

/** The rules of one call, ready to be asked. */
export interface ErrorMapping {
  /** Some rule for this status looks into the body. `names`: what a rule may call the status, for example `409`, `4xx`. */
  readsBody(names: readonly string[]): boolean;
  /**
   * What the client may be told, by the first rule for the status that holds; null where there is none. `body` is the
   * decoded error body, undefined where it could not be read.
   */
  find(names: readonly string[], body: unknown): DeclaredFailure | null;
}

/** Compiles the rules of a call. A path that finds nothing to show leaves the literal, or else the registry's sentence. */
export function compileErrorRules(rules: readonly ErrorRule[]): ErrorMapping {
  const compiled = rules.map((rule) => ({
    rule,
    readsBody: rule.when !== null || rule.codeFrom !== null || rule.messageFrom !== null,
    when: rule.when === null ? null : compileSelection(rule.when.map),
    codeFrom: rule.codeFrom === null ? null : compileSelection(rule.codeFrom.map),
    messageFrom: rule.messageFrom === null ? null : compileSelection(rule.messageFrom.map),
  }));
  return {
    readsBody: (names) => compiled.some(({ rule, readsBody }) => readsBody && names.includes(rule.status)),
    find(names, body) {
      const roots = rawRoots(body);
      const found = compiled.find(
        ({ rule, when }) => names.includes(rule.status) && (when === null || isThere(when(roots))),
      );
      if (found === undefined) return null;
      const { rule, codeFrom, messageFrom } = found;
      const read = readDeclaredFailure(messageFrom?.(roots), codeFrom?.(roots));
      return { message: read.message ?? rule.message, code: read.code ?? rule.code };
    },
  };
}

/** Backends write "no error" in many ways; a list of rows has none where no row has one. */
function isThere(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return false;
  return !Array.isArray(value) || value.some(isThere);
}
