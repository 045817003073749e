import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientAbstractType, ClientSchema, ClientType } from "../language/client-schema.ts";
import { Accessibility } from "./accessibility.ts";
import { compositeTypeOf, type ModelAbstractType, type SupergraphModel } from "./supergraph-model.ts";

/**
 * Binds the interfaces and unions of a client schema: for each, the client type that shows an object, by the object's
 * supergraph type. What does not fit is reported. An interface that shows nothing has no views here: only fields
 * with `@node` return it.
 */
export function bindAbstractTypes(
  client: ClientSchema,
  model: SupergraphModel,
  problems: Problems,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const views = new Map<string, ReadonlyMap<string, string>>();
  for (const type of client.abstractTypes.values()) {
    if (type.boundTo === null || isClientOnly(type, model)) continue;
    const shown = model.abstractTypes.get(type.boundTo);
    if (shown === undefined) refuseBinding(type, type.boundTo, model, problems);
    else if (!refuseHidden(type, shown, model, problems))
      views.set(type.name, bindMembers({ type, shown, client, model, problems }));
  }
  return views;
}

/** A client's own interface, for fragments: it shows no type of the supergraph, and the types that implement it do. */
export function isClientOnly(type: ClientType | ClientAbstractType, model: SupergraphModel): boolean {
  if (!("kind" in type) || type.kind === "union" || type.viewUse !== null || type.boundTo === null)
    return false;
  return compositeTypeOf(model, type.boundTo) === null;
}

function refuseHidden(
  { viewUse, place, name: coordinate }: ClientAbstractType,
  shown: ModelAbstractType,
  model: SupergraphModel,
  problems: Problems,
): boolean {
  const found = new Accessibility(model.inaccessible).reasonForType(shown.name);
  if (found === null) return false;
  const expected = "a type that client schemas may show";
  if (viewUse !== null) viewUse.refuse(["of"], expected, found);
  else problems.error({ place, coordinate, expected, found });
  return true;
}

function refuseBinding(
  type: ClientAbstractType,
  boundTo: string,
  model: SupergraphModel,
  problems: Problems,
): void {
  const names = [...model.abstractTypes.keys()];
  const found = model.types.has(boundTo) ? `the object type ${boundTo}` : boundTo;
  const hint = nearestNameHint(boundTo, names);
  if (type.viewUse !== null) {
    type.viewUse.refuse(["of"], "an interface or a union of the supergraph", found, hint);
    return;
  }
  const expected =
    type.kind === "union"
      ? "the name of a supergraph interface or union, or @view(of:) with one"
      : "a name that no object type of the supergraph has, or @view(of:) with an interface or a union";
  problems.error({ place: type.place, coordinate: type.name, expected, found, hint });
}

interface Members {
  readonly type: ClientAbstractType;
  readonly shown: ModelAbstractType;
  readonly client: ClientSchema;
  readonly model: SupergraphModel;
  readonly problems: Problems;
}

/** Each member shows one type of what the interface or union shows, and no two show the same. */
function bindMembers({ type, shown, client, model, problems }: Members): ReadonlyMap<string, string> {
  const views = new Map<string, string>();
  const at = { place: type.place, coordinate: type.name };
  for (const name of type.possibleTypes) {
    const boundTo = client.types.get(name)?.boundTo ?? null;
    // A member that shows nothing was reported where it is defined.
    if (boundTo === null || compositeTypeOf(model, boundTo) === null) continue;
    const other = views.get(boundTo);
    if (!shown.possibleTypes.has(boundTo)) {
      const expected = `members that show types of ${shown.name} (${[...shown.possibleTypes].join(", ")})`;
      problems.error({ ...at, expected, found: name === boundTo ? name : `${name}, which shows ${boundTo}` });
    } else if (other !== undefined) {
      const expected = `one member that shows ${boundTo}: an object can't tell which of two it should be`;
      problems.error({ ...at, expected, found: `${other} and ${name}` });
    } else views.set(boundTo, name);
  }
  if (type.possibleTypes.length === 0)
    problems.error({
      ...at,
      expected: "a type that implements it, because every object is of one",
      found: "none",
    });
  return views;
}
