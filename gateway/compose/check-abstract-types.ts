import { type FieldDefinitionNode, print } from "graphql";
import type { Problems } from "../core/problems.ts";
import type { InterfaceField } from "../language/abstract-types.ts";
import { listsAround, namedTypeOf } from "../language/sdl-file.ts";
import type { Source } from "../sources/source.ts";
import type { ModelAbstractType, ModelField, ModelType, SupergraphModel } from "./supergraph-model.ts";

/**
 * An interface that several sources have is one: a field of it is the same in all of them, and every type that
 * implements it, in whichever source, has all of its fields. The members of a union are those of all sources together.
 * (https://graphql.github.io/composite-schemas-spec/draft/#sec-Merge-Interface-Types)
 */
export function checkAbstractTypes(
  sources: readonly Source[],
  model: SupergraphModel,
  problems: Problems,
): void {
  for (const type of model.abstractTypes.values()) {
    const definitions = sources.flatMap(({ schema }) => {
      const definition = schema.abstractTypes.get(type.name);
      return definition === undefined ? [] : [{ ...definition, file: schema.file }];
    });
    const known = new Map<string, InterfaceField>();
    for (const { fields, possibleTypes } of definitions) {
      for (const field of fields.values()) {
        const first = known.get(field.name);
        if (first === undefined) known.set(field.name, field);
        else checkAgreement(field, first, problems);
        const others = [...type.possibleTypes].filter((name) => !possibleTypes.includes(name));
        for (const name of others) {
          const member = model.types.get(name);
          if (member !== undefined) checkMember({ type, field, member, model, sources, problems });
        }
      }
    }
  }
}

function checkAgreement(field: InterfaceField, first: InterfaceField, problems: Problems): void {
  const [here, there] = [signatureOf(field.node), signatureOf(first.node)];
  if (here === there) return;
  const { place, coordinate } = field;
  const expected = `${there}, as in ${first.place.file}`;
  problems.error({
    place,
    coordinate,
    expected,
    found: here,
    hint: "call the field differently in one of them",
  });
}

/** Nullability is the client schema's. */
function signatureOf({ arguments: args = [], type }: FieldDefinitionNode): string {
  const texts = args.map((argument) => `${argument.name.value}: ${print(argument.type)}`).toSorted();
  const list = texts.length === 0 ? "" : `(${texts.join(", ")}): `;
  return `${list}${print(type).replaceAll("!", "")}`;
}

interface Member {
  readonly type: ModelAbstractType;
  readonly field: InterfaceField;
  /** A type that implements the interface in another source. */
  readonly member: ModelType;
  readonly model: SupergraphModel;
  readonly sources: readonly Source[];
  readonly problems: Problems;
}

/** Within one source GraphQL's own rules have looked at it. */
function checkMember({ type, field, member, model, sources, problems }: Member): void {
  const implementing = sources.find(({ schema }) =>
    schema.abstractTypes.get(type.name)?.possibleTypes.includes(member.name),
  );
  const place = implementing?.schema.types.get(member.name)?.place ?? field.place;
  const { file } = field.place;
  const found = member.fields.get(field.name);
  const expected = `${field.name}: ${print(field.node.type)}, because ${type.name} has it in ${file}`;
  if (found === undefined) problems.error({ place, coordinate: member.name, expected, found: "none" });
  else if (!isCovariant(found, field, model) || !hasArguments(found, field)) {
    const [supplier] = found.suppliers;
    const facts = { place: supplier?.field.place ?? place, coordinate: found.coordinate };
    problems.error({ ...facts, expected, found: signatureOf(supplier?.field.node ?? field.node) });
  }
}

/** https://spec.graphql.org/draft/#IsValidImplementationFieldType() */
function isCovariant(found: ModelField, { node }: InterfaceField, model: SupergraphModel): boolean {
  if (listsAround(found.type) !== listsAround(node.type)) return false;
  const [name, promised] = [namedTypeOf(found.type), namedTypeOf(node.type)];
  if (name === promised) return true;
  const possible = model.abstractTypes.get(promised)?.possibleTypes;
  const names = model.abstractTypes.get(name)?.possibleTypes ?? new Set([name]);
  return possible !== undefined && [...names].every((one) => possible.has(one));
}

function hasArguments({ args }: ModelField, { node }: InterfaceField): boolean {
  return (node.arguments ?? []).every(({ name, type }) =>
    args.some((argument) => argument.name === name.value && argument.type.toString() === print(type)),
  );
}
