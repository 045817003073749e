import { isKeyPart } from "../compose/entity-lookup.ts";
import type { FieldSupplier } from "../compose/supergraph-model.ts";
import { OverlockError } from "../core/errors.ts";
import type { Spot } from "../prepare/plan.ts";
import { misfit } from "./compile-read.ts";
import { type FieldSite, noteError, prefixNotes, refuseNull } from "./complete-value.ts";
import { denied, deniedObject } from "./denied.ts";
import type { PlanRun } from "./plan-run.ts";

/** What the code that assembles an answer calls where something is not as it should be. */
export const shownHelp = {
  prefixNotes,
  refuseNull,
  notNull(run: PlanRun, value: unknown, site: FieldSite): unknown {
    return value === null ? refuseNull(run, site) : value;
  },
  isKeyPart,
  noList(run: PlanRun, value: unknown, { site, supplier, isRequired }: ListFacts): unknown {
    if (value === null || value === undefined) return isRequired ? refuseNull(run, site) : null;
    return noteError(run, value instanceof Error ? value : misfit(supplier, "a list", value), site);
  },
  noReference(run: PlanRun, value: unknown, site: FieldSite) {
    return value instanceof Error ? noteError(run, value, site) : null;
  },
  noObject(run: PlanRun, value: unknown, site: FieldSite, { supplier, places, readType }: Spot) {
    if (value === null || value === undefined) return null;
    if (value instanceof Error) return noteError(run, value, site);
    const isObject = typeof value === "object" && !Array.isArray(value);
    if (isObject && readType === null && places.size === 0) return null;
    try {
      // Some say themselves what is wrong.
      if (isObject) readType?.(value);
    } catch (error) {
      return noteError(run, error, site);
    }
    const expected = isObject ? "an object that says which type it is" : "an object";
    return noteError(run, misfit(supplier, expected, value), site);
  },
  denied(run: PlanRun, site: FieldSite) {
    return noteError(run, deniedObject(site.coordinate), site);
  },
  /** As GraphQL has it, arguments come first; `index`: -1 where nothing can be wrong with them. */
  deniedField(run: PlanRun, site: FieldSite, index: number) {
    const args = index === -1 ? null : run.args[index];
    return noteError(run, args instanceof Error ? args : denied(site.coordinate), site);
  },
  notShown(run: PlanRun, site: FieldSite, typeName: string) {
    const message = `${site.coordinate}: found a ${typeName}, which no member shows`;
    return noteError(run, new OverlockError("TYPE_NOT_EXPOSED", message), site);
  },
  missing(run: PlanRun, site: FieldSite, typeName: string) {
    const message = `a ${typeName} that is referred to is missing`;
    return noteError(run, new OverlockError("NOT_FOUND_REFERENCE", message), site);
  },
};

interface ListFacts {
  readonly site: FieldSite;
  readonly supplier: FieldSupplier;
  readonly isRequired: boolean;
}
