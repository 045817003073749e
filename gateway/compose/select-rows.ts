import { namedTypeOf } from "../language/sdl-file.ts";
import { fieldText, RowSelection, type WantedField } from "../sources/graphql/row-selection.ts";
import type { Source } from "../sources/source.ts";
import { findHop, type Standing } from "./find-hop.ts";
import { mergeNeeded, Need, neededAt, type NeededField } from "./need.ts";
import { isSubqueryCall } from "./subquery-call.ts";
import {
  fieldAt,
  fieldKeyOf,
  type FieldSupplier,
  type ModelType,
  type SupergraphModel,
} from "./supergraph-model.ts";

/**
 * What a subquery to `source` reads at a place that holds objects of a type, or of several: what is needed of them and
 * the source supplies, and what other sources' calls and lookups on them need of it. Null where the place holds leaves.
 */
export function selectRows(
  model: SupergraphModel,
  source: Source,
  typeName: string,
  need: Need,
): RowSelection | null {
  const abstractType = source.schema.abstractTypes.get(typeName);
  if (abstractType === undefined && !model.types.has(typeName)) return null;
  return need.selectionFor(`${source.name} ${typeName}`, () => {
    const standing = { hasRow: (other: Source) => other === source, isKnown: () => false };
    const wanted = (abstractType?.possibleTypes ?? [typeName]).map((name): [string, WantedField[]] => {
      const type = model.types.get(name);
      const fields = type === undefined ? [] : fieldsFrom(model, { source, type }, need, standing);
      return [name, fields.map((field) => selectField(model, source, name, field))];
    });
    return RowSelection.of(source.schema, new Map(wanted), abstractType !== undefined);
  });
}

/** What a lookup in a GraphQL source reads of an object that is known so far as `standing` says. */
export function selectLookupRow(
  model: SupergraphModel,
  { source, type, extra }: { source: Source; type: ModelType; extra: readonly string[] },
  need: Need,
  standing: Standing,
): RowSelection {
  const here = model.sources.filter((other) => standing.hasRow(other)).map((other) => other.name);
  const known = [...type.fields.keys(), ...type.internalFields.keys()].filter((name) =>
    standing.isKnown(name),
  );
  const situation = `${source.name} ${type.name} ${here.join()} ${known.join()} ${extra.join()}`;
  return need.selectionFor(situation, () => {
    const fields = mergeNeeded([
      ...fieldsFrom(model, { source, type }, need, standing),
      ...extra.map(neededAt),
    ]);
    const wanted = fields.map((field) => selectField(model, source, type.name, field));
    return RowSelection.of(source.schema, new Map([[type.name, wanted]]), false);
  });
}

/** What of an object has to be read from a row of the source, now or on the way to something else. */
function fieldsFrom(
  model: SupergraphModel,
  { source, type }: { readonly source: Source; readonly type: ModelType },
  need: Need,
  standing: Standing,
): NeededField[] {
  const visited = new Set<string>();
  const found: NeededField[] = [];
  // The same field may be needed for several keys, with another part of it for each.
  const visit = (field: NeededField, keyPath = ""): void => {
    const text = `${fieldText(field.name, field.args)} ${keyPath}`;
    const modelField = fieldAt(type, field.name);
    if (visited.has(text) || modelField === undefined || standing.isKnown(field.name)) return;
    visited.add(text);
    const { suppliers } = modelField;
    const readers = suppliers.filter((supplier) => supplier.read !== null).map((supplier) => supplier.source);
    // Of several rows the first is read that was there: one of this source comes after those that are here.
    if (readers.some((reader) => reader !== source && standing.hasRow(reader))) return;
    if (readers.includes(source)) {
      found.push(field);
      return;
    }
    const called = suppliers.find((supplier) => supplier.call !== null);
    if (called !== undefined && called.call !== null) {
      for (const name of parentKeysOf(type, called)) visit(neededAt(name), name);
      for (const { argument, needs } of model.requirements.get(called.field) ?? [])
        for (const [index, required] of needs.entries()) visit(required, `${argument} ${index}`);
      return;
    }
    const hop = findHop(type, field.name, standing);
    if (hop === null) return;
    for (const path of hop.lookup.key) visit(neededAt(path), path);
  };
  for (const field of need.fieldsOf(type.name)) visit(field);
  return [...mergeNeeded(found)];
}

function selectField(
  model: SupergraphModel,
  source: Source,
  typeName: string,
  { name, args, need }: NeededField,
): WantedField {
  const type = source.schema.types.get(typeName)?.fields.get(name)?.node.type;
  const selection =
    type === undefined ? null : selectRows(model, source, namedTypeOf(type), need ?? Need.none);
  return { name, args, selection };
}

/** The keys of the fields of its object that a call reads. */
export function parentKeysOf(type: ModelType, { source, call }: FieldSupplier): readonly string[] {
  if (call === null || isSubqueryCall(call)) return [];
  const all = call.batch === null ? call.inputs : [...call.inputs, call.batch.key];
  const names = new Set(all.flatMap((input) => input.parentFields));
  return [...names].map((name) => fieldKeyOf(type, source, name));
}
