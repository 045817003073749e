import { type GraphQLField, type GraphQLSchema, isObjectType } from "graphql";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientField, ClientSchema, ClientType } from "../language/client-schema.ts";
import { placeOf } from "../language/directive-reader.ts";
import { namedTypeOf, rootTypeNames } from "../language/sdl-file.ts";
import type { PathSelection } from "../language/selection-map.ts";
import { bindArguments, variablesOf } from "./bind-arguments.ts";
import { bindGroup } from "./bind-group.ts";
import { ValueBinder } from "./bind-value.ts";
import type { BoundClientSchema, BoundStep, FieldBinding } from "./bindings.ts";
import { buildPlainSchema } from "./build-plain-schema.ts";
import { checkClientInputs } from "./check-client-inputs.ts";
import { checkClientLeafTypes } from "./check-client-leaf-types.ts";
import { withSourceEnumValues } from "./enum-values.ts";
import { InputFit } from "./input-fit.ts";
import type { ModelType, SupergraphModel } from "./supergraph-model.ts";
import { warnOfFailingNonNull } from "./warn-of-failing-nulls.ts";

/**
 * Binds every field of a client schema to the supergraph. Everything that doesn't fit is reported, and for every `!`
 * whose own call can fail there is a warning. The result is complete where nothing was reported; null where the file is
 * no GraphQL schema, or there is no supergraph to bind it to.
 */
export function bindClientSchema(
  client: ClientSchema,
  model: SupergraphModel | null,
  problems: Problems,
): BoundClientSchema | null {
  const plain = buildPlainSchema(client.file, client.plainDocument, problems);
  if (plain === null || model === null) return null;
  const schema = withSourceEnumValues(plain, client.enums);
  const binder = new Binder(client, schema, model, problems);
  const fields = new Map<string, ReadonlyMap<string, FieldBinding>>();
  for (const type of client.types.values()) fields.set(type.name, binder.bindType(type));
  checkClientLeafTypes(client, model, problems);
  checkClientInputs(client, schema, model, problems);
  return { schema, fields };
}

class Binder {
  readonly #client: ClientSchema;
  readonly #schema: GraphQLSchema;
  readonly #model: SupergraphModel;
  readonly #problems: Problems;
  readonly #values: ValueBinder;
  readonly #fit: InputFit;

  constructor(client: ClientSchema, schema: GraphQLSchema, model: SupergraphModel, problems: Problems) {
    this.#client = client;
    this.#schema = schema;
    this.#model = model;
    this.#problems = problems;
    this.#values = new ValueBinder(client, model, problems);
    this.#fit = new InputFit(client.inputs);
  }

  bindType(type: ClientType): ReadonlyMap<string, FieldBinding> {
    const bindings = new Map<string, FieldBinding>();
    if (type.boundTo === null) return bindings;
    const model = this.#model.types.get(type.boundTo);
    if (model === undefined) {
      this.#refuseType(type, type.boundTo);
      return bindings;
    }
    for (const field of type.fields.values()) {
      const binding = this.#bindField(type, field, model);
      if (binding !== null) bindings.set(field.name, binding);
    }
    return bindings;
  }

  #refuseType(type: ClientType, found: string): void {
    const names = [...this.#model.types.keys()];
    const hint = nearestNameHint(found, names);
    if (rootTypeNames.has(found) && found === type.name) {
      const expected = `a source schema with type ${found}: every field of this type begins there`;
      this.#problems.error({ place: type.place, coordinate: type.name, expected, found: "none" });
    } else if (type.viewUse === null) {
      const expected = "the name of a supergraph type, or @view(of:) with one";
      this.#problems.error({ place: type.place, coordinate: type.name, expected, found, hint });
    } else type.viewUse.refuse(["of"], "a type of the supergraph", found, hint);
  }

  #bindField(type: ClientType, field: ClientField, model: ModelType): FieldBinding | null {
    const clientField = this.#clientField(type.name, field.name);
    const path = this.#pathOf(field);
    if (clientField === null || path === null) return null;
    const target = this.#client.types.get(namedTypeOf(field.node.type));
    const isGroup = field.from === null && !model.fields.has(field.name) && target?.boundTo === "Query";
    if (isGroup) {
      const site = { client: this.#client, type, field, model, problems: this.#problems };
      return bindGroup(site);
    }
    const steps = this.#bindPath({ field, path, start: model, clientField });
    this.#checkArgumentsUsed(field, path);
    const value = steps === null ? null : this.#values.bind({ field, clientField, steps });
    if (value === null || (type.name === "Mutation" && !checkMutationShapers(field))) return null;
    warnOfFailingNonNull(value, this.#model, this.#problems);
    return { kind: "path", coordinate: field.coordinate, steps: value.steps, shapers: value.compiled };
  }

  #pathOf(field: ClientField): PathSelection | null {
    if (field.from === null) {
      if (field.fromUse !== null) return null;
      const segments = [{ name: field.name, arguments: [], offset: 0 }];
      return { kind: "path", root: "value", segments, then: null, offset: 0 };
    }
    const { map } = field.from;
    if (map.kind === "path" && map.root === "value" && map.then === null) return map;
    const expected = "a path from the supergraph type (what this version enforces in client schemas)";
    const found = map.kind === "path" && map.root !== "value" ? `$${map.root}` : field.from.text;
    field.fromUse?.refuseAt({ place: field.from.placeAt(map.offset), path: ["field"], expected, found });
    return null;
  }

  #bindPath({ field, path, start, clientField }: PathSite): BoundStep[] | null {
    const steps: BoundStep[] = [];
    let type = start;
    for (const [index, segment] of path.segments.entries()) {
      const modelField = type.fields.get(segment.name);
      if (modelField === undefined) {
        this.#refuseSegment(field, segment, type);
        return null;
      }
      const args = bindArguments({
        file: this.#client.file,
        field,
        clientArgs: clientField.args,
        modelField,
        fit: this.#fit,
        segment: field.from === null ? null : segment,
        problems: this.#problems,
      });
      if (args === null) return null;
      steps.push({ type, field: modelField, args });
      const next = path.segments[index + 1];
      const nextType = this.#model.types.get(namedTypeOf(modelField.type));
      if (next === undefined) break;
      if (nextType === undefined) {
        const expected = `the end of the path: ${modelField.coordinate} is ${namedTypeOf(modelField.type)}`;
        this.#refuseInPath(field, { expected, found: next.name, offset: next.offset });
        return null;
      }
      type = nextType;
    }
    return steps;
  }

  #refuseSegment(field: ClientField, { name, offset }: PathSelection["segments"][number], type: ModelType) {
    const names = [...type.fields.keys()];
    const expected = `a field of ${type.name} (${names.join(", ")})`;
    this.#refuseInPath(field, { expected, found: name, offset, hint: nearestNameHint(name, names) });
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
  readonly start: ModelType;
  readonly clientField: GraphQLField<unknown, unknown>;
}
