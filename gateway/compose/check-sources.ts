import { type DefinitionNode, type InputValueDefinitionNode, Kind, print, type TypeNode } from "graphql";
import type { Problems } from "../core/problems.ts";
import { placeOf } from "../language/directive-reader.ts";
import type { Source } from "../sources/source.ts";
import { checkAccessibility } from "./check-accessibility.ts";
import { checkAbstractTypes } from "./check-abstract-types.ts";
import { checkLookups } from "./check-lookups.ts";
import { checkMapping } from "./check-mapping.ts";
import { checkReachability } from "./check-reachability.ts";
import { checkInputValues, checkSharedTypes } from "./check-shared-types.ts";
import { isKeyField } from "./overrides.ts";
import type { FieldSupplier, ModelField, ModelType, SupergraphModel } from "./supergraph-model.ts";

/** Checks what sources say about the same things against each other. */
export function checkSources(sources: readonly Source[], model: SupergraphModel, problems: Problems): void {
  const isSoundSoFar = problems.errors.length === 0;
  checkDefinitions(sources, problems);
  checkSharedTypes(sources, model, problems);
  checkAbstractTypes(sources, model, problems);
  checkAccessibility(model, problems);
  for (const type of model.types.values()) {
    for (const field of [...type.fields.values(), ...type.internalFields.values()]) {
      checkSharing({ type, field, model }, problems);
      for (const supplier of field.suppliers) {
        if (supplier.buildsObjects) checkMapping(model, supplier, problems);
      }
    }
    checkLookups(type, isSoundSoFar, problems);
  }
  // What can't be reached is often but a consequence of what was refused before.
  if (problems.errors.length === 0) checkReachability(model, problems);
}

/** A field in several sources is a key of each, or @shareable in each; its type is the same in all, its arguments fit. */
function checkSharing(
  {
    type,
    field,
    model,
  }: { readonly type: ModelType; readonly field: ModelField; readonly model: SupergraphModel },
  problems: Problems,
): void {
  const [first, ...others] = field.suppliers;
  if (first === undefined) return;
  for (const other of others) {
    // What is refused there is the cause.
    if ([first, other].some((supplier) => supplier.field.override?.use.isSound === false)) continue;
    const facts = { place: other.field.place, coordinate: field.coordinate };
    const { file } = first.field.place;
    if (nullableText(other.field.node.type) !== nullableText(first.field.node.type)) {
      const expected = `${print(first.field.node.type)}, as in ${file}`;
      const hint = "call the field differently in one of them";
      problems.error({ ...facts, expected, found: print(other.field.node.type), hint });
      continue;
    }
    const contract = interfaceOf(type, field, model);
    if (contract === null) {
      checkInputValues({
        here: { file: other.field.place.file, values: argumentsOf(other) },
        first: { file, values: argumentsOf(first) },
        coordinateOf: (name) => `${field.coordinate}(${name}:)`,
        owner: field.coordinate,
        problems,
      });
    } else if (argumentsText(other) !== argumentsText(first)) {
      const expected = `${argumentsText(first) || "no arguments"}, as in ${file}, because ${contract} has the field`;
      const found = argumentsText(other) || "no arguments";
      problems.error({ ...facts, expected, found, hint: "call the field differently in one of them" });
      continue;
    }
    const keyed = [first, other].filter((supplier) => isKeyField(supplier.source, type.name, field.name));
    const unshared = [first, other].filter(
      (supplier) => !keyed.includes(supplier) && !supplier.field.isShareable,
    );
    if (unshared.length === 0) continue;
    const files = unshared.map((supplier) => supplier.field.place.file).join(" and ");
    problems.error({
      ...facts,
      expected: `one source for the field, or @shareable in ${file} and in ${other.field.place.file}`,
      found: `it in both, without @shareable in ${files}`,
      hint:
        keyed.length > 0
          ? `it is a @key of ${type.name} in the other file: make it one here, too`
          : "remove it from one, call it differently in one, or mark both @shareable",
    });
  }
}

/** Nullability is the client schema's, so only the names and lists have to agree. */
function nullableText(type: TypeNode): string {
  return print(type).replaceAll("!", "");
}

/** Without those that `@require` fills. */
function argumentsOf({ field }: FieldSupplier): readonly InputValueDefinitionNode[] {
  return (field.node.arguments ?? []).filter(
    ({ name }) => (field.arguments.get(name.value)?.require ?? null) === null,
  );
}

/** An interface that promises the field of the type; null where none does. */
function interfaceOf({ name }: ModelType, field: ModelField, model: SupergraphModel): string | null {
  for (const abstract of model.abstractTypes.values())
    if (abstract.possibleTypes.has(name) && abstract.fields.has(field.name)) return abstract.name;
  return null;
}

function argumentsText(supplier: FieldSupplier): string {
  const texts = argumentsOf(supplier).map(inputText);
  return texts.length === 0 ? "" : `(${texts.toSorted().join(", ")})`;
}

interface Definition {
  readonly node: DefinitionNode;
  readonly file: string;
}

/** A name is of one kind everywhere. */
function checkDefinitions(sources: readonly Source[], problems: Problems): void {
  const known = new Map<string, Definition>();
  for (const { schema } of sources) {
    const { file } = schema;
    for (const node of schema.plainDocument.definitions) {
      const kind = definitionKinds.get(node.kind);
      if (kind === undefined || !("name" in node) || node.name?.kind !== Kind.NAME) continue;
      const name = node.name.value;
      const earlier = known.get(name);
      if (earlier === undefined) {
        known.set(name, { node, file });
        continue;
      }
      const facts = { place: placeOf(node, file), coordinate: name };
      const earlierKind = definitionKinds.get(earlier.node.kind) ?? "";
      if (kind !== earlierKind) {
        const expected = `${earlierKind}, as in ${earlier.file}`;
        problems.error({ ...facts, expected, found: kind, hint: "rename one of them" });
      }
    }
  }
}

const definitionKinds = new Map<Kind, string>([
  [Kind.OBJECT_TYPE_DEFINITION, "an object type"],
  [Kind.INTERFACE_TYPE_DEFINITION, "an interface"],
  [Kind.UNION_TYPE_DEFINITION, "a union"],
  [Kind.INPUT_OBJECT_TYPE_DEFINITION, "an input type"],
  [Kind.ENUM_TYPE_DEFINITION, "an enum"],
  [Kind.SCALAR_TYPE_DEFINITION, "a scalar"],
]);

function inputText({ name, type, defaultValue }: InputValueDefinitionNode): string {
  const text = `${name.value}: ${print(type)}`;
  return defaultValue === undefined ? text : `${text} = ${print(defaultValue)}`;
}
