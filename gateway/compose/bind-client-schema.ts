import { type GraphQLArgument, type GraphQLField, type GraphQLSchema, isObjectType } from "graphql";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientField, ClientType } from "../language/client-schema.ts";
import { placeOf } from "../language/directive-reader.ts";
import { namedTypeOf, rootTypeNames } from "../language/sdl-file.ts";
import type { PathSegment, PathSelection } from "../language/selection-map.ts";
import { Accessibility } from "./accessibility.ts";
import { bindAbstractTypes } from "./bind-abstract-types.ts";
import { bindArguments, variablesOf } from "./bind-arguments.ts";
import { ConnectionBinder } from "./bind-connection.ts";
import { bindGroup } from "./bind-group.ts";
import { bindNodes, isNodeField } from "./bind-nodes.ts";
import { type ShapedClientSchema, ValueBinder } from "./bind-value.ts";
import type { BoundClientSchema, BoundStep, FieldBinding } from "./bindings.ts";
import { buildPlainSchema } from "./build-plain-schema.ts";
import { checkClientInputs } from "./check-client-inputs.ts";
import { checkClientLeafTypes } from "./check-client-leaf-types.ts";
import { withSourceEnumValues } from "./enum-values.ts";
import { InputFit } from "./input-fit.ts";
import {
  compositeTypeOf,
  internalFileOf,
  type ModelAbstractType,
  type ModelCompositeType,
  type SupergraphModel,
} from "./supergraph-model.ts";
import { warnOfFailingNonNull } from "./warn-of-failing-nulls.ts";

/**
 * Binds every field of a client schema to the supergraph. Everything that doesn't fit is reported, and for every `!`
 * whose own call can fail there is a warning. The result is complete where nothing was reported; null where the file is
 * no GraphQL schema, or there is no supergraph to bind it to.
 */
export function bindClientSchema(
  client: ShapedClientSchema,
  model: SupergraphModel | null,
  problems: Problems,
): BoundClientSchema | null {
  const plain = buildPlainSchema(client.file, client.plainDocument, problems);
  if (plain === null || model === null) return null;
  const schema = withSourceEnumValues(plain, client.enums);
  const binder = new Binder(client, schema, model, problems);
  const fields = new Map<string, ReadonlyMap<string, FieldBinding>>();
  for (const type of client.types.values()) fields.set(type.name, binder.bindType(type));
  const nodes = bindNodes({ client, model, fields, problems });
  for (const [typeName, bindings] of nodes.fields)
    fields.set(typeName, new Map([...(fields.get(typeName) ?? []), ...bindings]));
  const views = new Map([...bindAbstractTypes(client, model, problems), ...nodes.views]);
  checkClientLeafTypes(client, model, problems);
  checkClientInputs(client, schema, model, problems);
  return { schema, fields, views };
}

class Binder {
  readonly #client: ShapedClientSchema;
  readonly #schema: GraphQLSchema;
  readonly #model: SupergraphModel;
  readonly #problems: Problems;
  readonly #values: ValueBinder;
  readonly #accessibility: Accessibility;
  readonly #fit: InputFit;
  readonly #connections: ConnectionBinder;

  constructor(client: ShapedClientSchema, schema: GraphQLSchema, model: SupergraphModel, problems: Problems) {
    this.#client = client;
    this.#schema = schema;
    this.#model = model;
    this.#problems = problems;
    this.#values = new ValueBinder(client, model, problems);
    this.#accessibility = new Accessibility(model.inaccessible);
    this.#fit = new InputFit(client.inputs, this.#accessibility);
    this.#connections = new ConnectionBinder(client, schema, model, problems);
  }

  bindType(type: ClientType): ReadonlyMap<string, FieldBinding> {
    if (this.#connections.isPart(type.name)) return this.#connections.bindPart(type);
    const bindings = new Map<string, FieldBinding>();
    if (type.boundTo === null) return bindings;
    const model = compositeTypeOf(this.#model, type.boundTo);
    if (model === null) {
      this.#refuseType(type, type.boundTo);
      return bindings;
    }
    const hidden = this.#accessibility.reasonForType(model.name) ?? reasonForInternalType(model);
    if (hidden !== null) {
      const expected = "a type that client schemas may show";
      if (type.viewUse !== null) type.viewUse.refuse(["of"], expected, hidden);
      else this.#problems.error({ place: type.place, coordinate: type.name, expected, found: hidden });
      return bindings;
    }
    for (const field of type.fields.values()) {
      const binding = this.#bindField(type, field, model);
      if (binding !== null) bindings.set(field.name, binding);
    }
    return bindings;
  }

  #refuseType(type: ClientType, found: string): void {
    const names = [...this.#model.types.keys(), ...this.#model.abstractTypes.keys()];
    const hint = nearestNameHint(found, names);
    if (rootTypeNames.has(found) && found === type.name) {
      const expected = `a source schema with type ${found}: every field of this type begins there`;
      this.#problems.error({ place: type.place, coordinate: type.name, expected, found: "none" });
    } else if (type.viewUse === null) {
      const expected = "the name of a supergraph type, or @view(of:) with one";
      this.#problems.error({ place: type.place, coordinate: type.name, expected, found, hint });
    } else type.viewUse.refuse(["of"], "a type of the supergraph", found, hint);
  }

  #bindField(type: ClientType, field: ClientField, model: ModelCompositeType): FieldBinding | null {
    // Bound once all others are.
    if (isNodeField(field)) return null;
    const member = this.#connections.bindMember(type, field);
    if (member !== null) return member === "refused" ? null : member;
    const clientField = this.#clientField(type.name, field.name);
    const path = this.#pathOf(field);
    if (clientField === null || path === null) return null;
    const target = this.#client.types.get(namedTypeOf(field.node.type));
    const isGroup = field.from === null && !model.fields.has(field.name) && target?.boundTo === "Query";
    if (isGroup) {
      const site = { client: this.#client, type, field, model, problems: this.#problems };
      return bindGroup(site);
    }
    const isPage = target !== undefined && target.connectionUse !== null;
    const clientArgs = isPage ? this.#connections.argumentsOf(type, field, clientField) : clientField.args;
    if (clientArgs === null) return null;
    const steps = this.#bindPath({ field, path, start: model, clientArgs });
    this.#checkArgumentsUsed(field, path);
    const value = steps === null ? null : this.#values.bind({ field, clientField, steps });
    if (value === null || (type.name === "Mutation" && !checkMutationShapers(field))) return null;
    warnOfFailingNonNull(value, this.#model, this.#problems);
    if (isPage) return this.#connections.bindPage(field, value.steps);
    return { kind: "path", coordinate: field.coordinate, steps: value.steps, shapers: value.compiled };
  }

  #pathOf(field: ClientField): PathSelection | null {
    if (field.from === null) {
      if (field.fromUse !== null) return null;
      const segments = [{ name: field.name, arguments: [], onType: null, offset: 0 }];
      return { kind: "path", root: "value", segments, then: null, offset: 0 };
    }
    const { map } = field.from;
    if (map.kind === "path" && map.root === "value" && map.then === null) return map;
    const expected = "a path from the supergraph type (what this version enforces in client schemas)";
    const found = map.kind === "path" && map.root !== "value" ? `$${map.root}` : field.from.text;
    field.fromUse?.refuseAt({ place: field.from.placeAt(map.offset), path: ["field"], expected, found });
    return null;
  }

  #bindPath({ field, path, start, clientArgs }: PathSite): BoundStep[] | null {
    const steps: BoundStep[] = [];
    let type = start;
    for (const [index, segment] of path.segments.entries()) {
      const modelField = type.fields.get(segment.name);
      if (modelField === undefined) {
        this.#refuseSegment(field, segment, type);
        return null;
      }
      const hidden =
        this.#accessibility.reasonForField(type, modelField) ?? this.#accessibility.reasonForAnyOf(type);
      if (hidden !== null) {
        const expected = "a field that client schemas may show";
        this.#refuseInPath(field, { expected, found: hidden, offset: segment.offset });
        return null;
      }
      const args = bindArguments({
        file: this.#client.file,
        field,
        clientArgs,
        modelField,
        fit: this.#fit,
        accessibility: this.#accessibility,
        segment: field.from === null ? null : segment,
        problems: this.#problems,
      });
      if (args === null) return null;
      const declared = compositeTypeOf(this.#model, namedTypeOf(modelField.type));
      const nextType = this.#narrow(field, segment, declared);
      if (nextType === null && segment.onType !== null) return null;
      steps.push({ type, field: modelField, args, onType: segment.onType?.typeName ?? null });
      const next = path.segments[index + 1];
      if (next === undefined) break;
      if (nextType === null) {
        const expected = `the end of the path: ${modelField.coordinate} is ${namedTypeOf(modelField.type)}`;
        this.#refuseInPath(field, { expected, found: next.name, offset: next.offset });
        return null;
      }
      type = nextType;
    }
    return steps;
  }

  /** What the path goes on from: the type of the field, or the one that it has to be of. */
  #narrow(
    field: ClientField,
    { onType }: PathSegment,
    declared: ModelCompositeType | null,
  ): ModelCompositeType | null {
    if (onType === null) return declared;
    const { typeName, offset } = onType;
    const names = declared !== null && "possibleTypes" in declared ? [...declared.possibleTypes] : [];
    const narrowed = names.includes(typeName) ? this.#model.types.get(typeName) : undefined;
    const hidden = narrowed === undefined ? null : this.#accessibility.reasonForType(typeName);
    if (hidden !== null) {
      const expected = "a type that client schemas may show";
      this.#refuseInPath(field, { expected, found: hidden, offset });
      return null;
    }
    if (narrowed !== undefined) return narrowed;
    const expected =
      names.length === 0
        ? "no type condition: this is no interface and no union"
        : `a type of ${declared?.name ?? ""} (${names.join(", ")})`;
    this.#refuseInPath(field, { expected, found: typeName, offset, hint: nearestNameHint(typeName, names) });
    return null;
  }

  #refuseSegment(field: ClientField, { name, offset }: PathSegment, type: ModelCompositeType) {
    const names = this.#namesIn(type);
    const expected = `a field of ${type.name} (${names.join(", ") || "it has none of its own"})`;
    const internalFile = internalFileOf(type, name);
    if (internalFile !== null) {
      const found = `${name}, which is @internal in ${internalFile}`;
      this.#refuseInPath(field, { expected, found, offset });
      return;
    }
    // Before the first name there is no point.
    const hasPoint = offset > 0 && "possibleTypes" in type;
    const hint = nearestNameHint(name, names) ?? (hasPoint ? this.#conditionHint(name, type) : null);
    this.#refuseInPath(field, { expected, found: name, offset, hint });
  }

  /** Those that client schemas may show. */
  #namesIn(type: ModelCompositeType): string[] {
    const fields = [...type.fields.values()];
    return fields
      .filter((one) => this.#accessibility.reasonForField(type, one) === null)
      .map((one) => one.name);
  }

  /** A field that only some types of an interface or a union have. */
  #conditionHint(name: string, { possibleTypes }: ModelAbstractType): string | null {
    const owner = [...possibleTypes].find((one) => this.#model.types.get(one)?.fields.has(name));
    return owner === undefined ? null : `${owner} has it: write <${owner}> before the point`;
  }

  /** At the part of the path, or at the field where it has none. */
  #refuseInPath(
    field: ClientField,
    { offset, ...facts }: { expected: string; found: string; offset: number; hint?: string | null },
  ): void {
    if (field.from !== null && field.fromUse !== null)
      field.fromUse.refuseAt({ place: field.from.placeAt(offset), path: ["field"], ...facts });
    else this.#problems.error({ place: field.place, coordinate: field.coordinate, ...facts });
  }

  #checkArgumentsUsed(field: ClientField, path: PathSelection): void {
    if (field.from === null) return;
    const used = path.segments.flatMap((segment) =>
      segment.arguments.flatMap((argument) => variablesOf(argument.value)),
    );
    for (const argument of field.node.arguments ?? []) {
      const { value: name } = argument.name;
      if (used.some((variable) => variable === name || variable.startsWith(`${name}.`))) continue;
      this.#problems.error({
        place: placeOf(argument, this.#client.file),
        coordinate: `${field.coordinate}(${name}:)`,
        expected: `every argument used in @from, as $args.${name}`,
        found: `no $args.${name} in the path`,
      });
    }
  }

  #clientField(typeName: string, fieldName: string): GraphQLField<unknown, unknown> | null {
    const type = this.#schema.getType(typeName);
    return isObjectType(type) ? (type.getFields()[fieldName] ?? null) : null;
  }
}

/** A type of which every field is some source's own. */
function reasonForInternalType(type: ModelCompositeType): string | null {
  if (rootTypeNames.has(type.name) || type.fields.size > 0 || !("internalFields" in type)) return null;
  const [field] = type.internalFields.values();
  const file = field?.suppliers[0]?.source.schema.file;
  return file === undefined ? null : `${type.name}, which is @internal in ${file}`;
}

/** What became of a mutation is told, whatever the client can do without. */
function checkMutationShapers(field: ClientField): boolean {
  const absorbing = field.shapers.find((use) => use.nodeAt(["onError"]) !== null && use.flag("onError"));
  const expected = "no onError on a mutation: its client has to know that it failed";
  absorbing?.refuse(["onError"], expected, "true");
  return absorbing === undefined;
}

interface PathSite {
  readonly field: ClientField;
  readonly path: PathSelection;
  readonly start: ModelCompositeType;
  readonly clientArgs: readonly GraphQLArgument[];
}
