import type { BoundClientSchema } from "../compose/bindings.ts";
import { BoundedCache } from "../core/bounded-cache.ts";
import type { AccessRules, Denials } from "./access-rules.ts";

/** Makes what follows from guards that do not hold, and keeps it for the next caller for whom the same do not. */
export function createDenials(
  bound: BoundClientSchema,
  rules: Pick<AccessRules, "guardsOfField" | "guardsOfObject">,
): AccessRules["denialsFor"] {
  const known = new BoundedCache<Denials>({ maxEntries: maxKept, maxSize: maxKept });
  return (failed) => {
    const key = failed.join(" ");
    let denials = known.get(key);
    if (denials === undefined) {
      denials = denialsOf(key, new Set(failed), bound, rules);
      known.set(key, denials, 1);
    }
    return denials;
  };
}

function denialsOf(
  key: string,
  failed: ReadonlySet<number>,
  bound: BoundClientSchema,
  { guardsOfField, guardsOfObject }: Pick<AccessRules, "guardsOfField" | "guardsOfObject">,
): Denials {
  const deniesField = (typeName: string, fieldName: string): boolean =>
    guardsOfField(typeName, fieldName).some((guard) => failed.has(guard));
  const deniesObject = (typeName: string): boolean =>
    guardsOfObject(typeName).some((guard) => failed.has(guard));
  const fields = [...bound.fields].map(([typeName, bindings]) => {
    const visible = [...bindings].filter(([fieldName]) => !deniesField(typeName, fieldName));
    return [typeName, new Map(visible)] as const;
  });
  const views = [...bound.views].map(([name, types]) => {
    const visible = [...types].filter(([, typeName]) => !deniesObject(typeName));
    return [name, new Map(visible)] as const;
  });
  return {
    key,
    visible: { schema: bound.schema, fields: new Map(fields), views: new Map(views) },
    deniesField,
    deniesObject,
  };
}

/** Callers differ in their scopes in a few ways only; each costs a copy of the bindings. */
const maxKept = 200;
