import {
  getNamedType,
  type GraphQLField,
  type GraphQLSchema,
  isEnumType,
  isLeafType,
  isNonNullType,
  isObjectType,
  Kind,
  type TypeNode,
} from "graphql";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientField, ClientSchema, ClientType } from "../language/client-schema.ts";
import { type DirectiveUse, placeOf } from "../language/directive-reader.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { PathSelection } from "../language/selection-map.ts";
import { shapers } from "../shape/registry.ts";
import type { LeafShaper, Shaper, ValueShape } from "../shape/shaper.ts";
import { bindArguments, variablesOf } from "./bind-arguments.ts";
import type { BoundClientSchema, BoundStep, FieldBinding } from "./bindings.ts";
import { buildPlainSchema } from "./build-plain-schema.ts";
import { builtNames, type ModelField, type ModelType, type SupergraphModel } from "./supergraph-model.ts";

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
  const schema = buildPlainSchema(client.file, client.plainDocument, problems);
  if (schema === null || model === null) return null;
  const binder = new Binder(client, schema, model, problems);
  const fields = new Map<string, ReadonlyMap<string, FieldBinding>>();
  for (const type of client.types.values()) fields.set(type.name, binder.bindType(type));
  binder.checkLeafTypes();
  return { schema, fields };
}

class Binder {
  readonly #client: ClientSchema;
  readonly #schema: GraphQLSchema;
  readonly #model: SupergraphModel;
  readonly #problems: Problems;

  constructor(client: ClientSchema, schema: GraphQLSchema, model: SupergraphModel, problems: Problems) {
    this.#client = client;
    this.#schema = schema;
    this.#model = model;
    this.#problems = problems;
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

  /** Enums and scalars of the client schema are the supergraph's; an enum may name fewer values. */
  checkLeafTypes(): void {
    for (const node of this.#client.plainDocument.definitions) {
      if (node.kind !== Kind.ENUM_TYPE_DEFINITION && node.kind !== Kind.SCALAR_TYPE_DEFINITION) continue;
      const type = this.#model.leafTypes.get(node.name.value);
      if (!isLeafType(type)) continue;
      const kind = isEnumType(type) ? "an enum" : "a scalar";
      const found = node.kind === Kind.ENUM_TYPE_DEFINITION ? "an enum" : "a scalar";
      if (kind !== found) {
        const place = placeOf(node, this.#client.file);
        const expected = `${kind}, as in the supergraph`;
        this.#problems.error({ place, coordinate: type.name, expected, found });
      }
      if (node.kind !== Kind.ENUM_TYPE_DEFINITION || !isEnumType(type)) continue;
      const known = type.getValues().map((value) => value.name);
      for (const value of node.values ?? []) {
        const name = value.name.value;
        if (known.includes(name)) continue;
        this.#problems.error({
          place: placeOf(value, this.#client.file),
          coordinate: `${type.name}.${name}`,
          expected: `one of the supergraph's values ${known.join(", ")}`,
          found: name,
          hint: nearestNameHint(name, known),
        });
      }
    }
  }

  #refuseType(type: ClientType, found: string): void {
    const names = [...this.#model.types.keys()];
    const hint = nearestNameHint(found, names);
    if (found === "Query" && type.name === "Query") {
      const expected = "a source schema with type Query: every field of a client schema begins there";
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
    if (isGroup) return this.#bindGroup(type, field, model);
    const steps = this.#bindPath({ field, path, start: model, clientField });
    this.#checkArgumentsUsed(field, path);
    const last = steps?.at(-1)?.field;
    if (steps === null || last === undefined) return null;
    const read = this.#shapeOf(last, steps);
    const compiled = this.#compileShapers(field, clientField, read);
    if (compiled === null) return null;
    const site = { field, clientField, steps, last, read, compiled };
    if (!this.#checkType(site)) return null;
    this.#warnOfFailingNonNull(site);
    return { kind: "path", coordinate: field.coordinate, steps, shapers: compiled };
  }

  /** A field without a place in the supergraph whose type shows Query: it fetches nothing and is never null. */
  #bindGroup(type: ClientType, field: ClientField, model: ModelType): FieldBinding | null {
    const [shaper] = field.shapers;
    const [argument] = field.node.arguments ?? [];
    if (model.name !== "Query") {
      const expected = "a group under Query, or in another group";
      this.#refuse(field, expected, `one under ${type.name}, which shows ${model.name}`);
    } else if (listDepth(field.node.type) > 0) this.#refuse(field, "a group, which is one object", "a list");
    else if (argument !== undefined)
      this.#refuse(field, "a group, which has no arguments", argument.name.value);
    else if (shaper !== undefined)
      shaper.refuse([], "no shaper on a group, which has no value", `@${shaper.node.name.value}`);
    else return { kind: "group" };
    return null;
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

  /** What the shapers make of the value, or the value as it is, has the list depth and kind that the field promises. */
  #checkType({ field, clientField, steps, last, read, compiled }: ReadSite): boolean {
    const found = clientField.type.toString();
    const made = compiled.at(-1)?.output ?? read;
    const depth = made.listDepth;
    if (depth !== listDepth(field.node.type)) {
      const isReshaped = depth !== read.listDepth;
      const origin = field.from?.text ?? last.coordinate;
      const expected = `${listText(depth)}, as ${isReshaped ? "the shapers make it" : `${origin} is`}`;
      const hint =
        !isReshaped && steps.length > 1 && depth > 0 ? "a path through a list keeps the list" : null;
      this.#refuse(field, expected, found, hint);
      return false;
    }
    const sourceName = made.typeName;
    const clientType = getNamedType(clientField.type);
    if (made.kind === "object") {
      const target = isObjectType(clientType) ? this.#client.types.get(clientType.name) : undefined;
      if (target?.boundTo === sourceName) return true;
      // A type that shows nothing was reported where it is defined.
      if (target !== undefined && !this.#model.types.has(target.boundTo ?? "")) return false;
      const shown = target === undefined ? found : `${found}, which shows ${target.boundTo}`;
      this.#refuse(field, `a type that shows ${sourceName}`, shown, this.#viewHint(sourceName, target));
      return false;
    }
    const maker = compiled.findLastIndex((shaper) => shaper.kind === "leaf");
    const names = maker === -1 ? leafNames(sourceName, made.kind === "enum") : [sourceName];
    if (isLeafType(clientType) && names.includes(clientType.name)) return true;
    const reason =
      maker === -1
        ? `${last.coordinate} is ${sourceName}`
        : `@${field.shapers[maker]?.node.name.value} makes it one`;
    const expected = `${names.join(" or ")}, because ${reason}`;
    const shown = isLeafType(clientType) ? clientType.name : `the object type ${clientType.name}`;
    this.#refuse(field, expected, shown, nearestNameHint(clientType.name, names));
    return false;
  }

  /** What to write instead of `target`: a view that there is, or where the path has to go on to. */
  #viewHint(sourceName: string, target: ClientType | undefined): string {
    if (target === undefined) return `let the path go on to a field of ${sourceName}`;
    const views = [...this.#client.types.values()].filter((type) => type.boundTo === sourceName);
    if (views.length > 0) return `${views.map((view) => view.name).join(" or ")} does`;
    return `declare a type with @view(of: "${sourceName}")`;
  }

  /** In the order written, each for the shape that the one before makes. Null where one of them can't stand there. */
  #compileShapers(
    field: ClientField,
    clientField: GraphQLField<unknown, unknown>,
    read: ValueShape,
  ): Shaper[] | null {
    const compiled: Shaper[] = [];
    let shape = read;
    for (const use of field.shapers) {
      const definition = shapers.get(use.node.name.value);
      const shaper = definition?.compile(
        use,
        { coordinate: field.coordinate, type: clientField.type },
        shape,
      );
      if (shaper === undefined || shaper === null) return null;
      if (shaper.kind === "leaf" && !this.#checkReads(use, shaper, shape)) return null;
      compiled.push(shaper);
      shape = shaper.output;
    }
    return compiled;
  }

  /** The object has every field that the shaper reads of it, as a leaf that needs no arguments. */
  #checkReads(use: DirectiveUse, { reads }: LeafShaper, { typeName }: ValueShape): boolean {
    const type = this.#model.types.get(typeName);
    const wrong = reads.find((name) => !this.#isPlain(type?.fields.get(name)));
    if (wrong === undefined) return true;
    const isMissing = type?.fields.has(wrong) !== true;
    const found = isMissing ? `${typeName}, which has no ${wrong}` : `${typeName}, whose ${wrong} is none`;
    use.refuse([], `an object with ${reads.join(", ")}, each a plain value`, found);
    return false;
  }

  #isPlain(field: ModelField | undefined): boolean {
    if (field === undefined || listDepth(field.type) > 0) return false;
    if (this.#model.types.has(namedTypeOf(field.type))) return false;
    return field.args.every(
      (argument) => !isNonNullType(argument.type) || argument.defaultValue !== undefined,
    );
  }

  /** What a path finds. */
  #shapeOf(last: ModelField, steps: readonly BoundStep[]): ValueShape {
    const typeName = namedTypeOf(last.type);
    const isEnum = isEnumType(this.#model.leafTypes.get(typeName));
    const kind = this.#model.types.has(typeName) ? "object" : isEnum ? "enum" : "scalar";
    return { typeName, kind, listDepth: steps.reduce((sum, step) => sum + listDepth(step.field.type), 0) };
  }

  #warnOfFailingNonNull({ field, clientField, steps, last, compiled }: ReadSite): void {
    if (!isNonNullType(clientField.type)) return;
    if (compiled.some((shaper) => shaper.kind === "null" && shaper.absorbsErrors)) return;
    const object = this.#model.types.get(namedTypeOf(last.type));
    const reads = compiled
      .flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : []))
      .map((name) => object?.fields.get(name))
      .filter((read) => read !== undefined);
    const failing =
      steps.find((step, index) => makesCall(step.field, steps[index - 1]))?.field ??
      reads.find((read) => makesCall(read, steps.at(-1)));
    if (failing === undefined) return;
    this.#problems.warn({
      place: field.place,
      coordinate: field.coordinate,
      expected: "a nullable type, or @default(onError: true): the call behind it can fail",
      found: `${clientField.type.toString()} from ${failing.coordinate}`,
      hint: "when the call fails, the whole object around the field is null",
    });
  }

  #clientField(typeName: string, fieldName: string): GraphQLField<unknown, unknown> | null {
    const type = this.#schema.getType(typeName);
    return isObjectType(type) ? (type.getFields()[fieldName] ?? null) : null;
  }

  #refuse(field: ClientField, expected: string, found: string, hint: string | null = null): void {
    this.#problems.error({ place: field.place, coordinate: field.coordinate, expected, found, hint });
  }
}

interface PathSite {
  readonly field: ClientField;
  readonly path: PathSelection;
  readonly start: ModelType;
  readonly clientField: GraphQLField<unknown, unknown>;
}

/** A field whose path is read and whose shapers are compiled. */
interface ReadSite extends Pick<PathSite, "field" | "clientField"> {
  readonly steps: readonly BoundStep[];
  readonly last: ModelField;
  /** The shape of what the path finds. */
  readonly read: ValueShape;
  readonly compiled: readonly Shaper[];
}

/** The field is a call, or needs the row of an object that the step before only refers to. */
function makesCall(field: ModelField, previous: BoundStep | undefined): boolean {
  if (field.suppliers.some((supplier) => supplier.call !== null)) return true;
  return (previous?.field.suppliers ?? []).some((origin) =>
    origin.buildsObjects
      ? !builtNames(origin.field).includes(field.name)
      : !field.suppliers.some((supplier) => supplier.source === origin.source),
  );
}

function listDepth(type: TypeNode): number {
  if (type.kind === Kind.NAMED_TYPE) return 0;
  return listDepth(type.type) + (type.kind === Kind.LIST_TYPE ? 1 : 0);
}

function listText(depth: number): string {
  if (depth === 0) return "no list";
  return depth === 1 ? "a list" : `a list ${depth} levels deep`;
}

/** The types a client may declare for a supergraph leaf: the same, or one that every value of it is a value of. */
function leafNames(source: string, isEnum: boolean): readonly string[] {
  if (isEnum) return [source, "String"];
  const wider: Readonly<Record<string, readonly string[]>> = {
    ID: ["String"],
    String: ["ID"],
    Int: ["Float", "ID"],
  };
  return [source, ...(wider[source] ?? [])];
}
