import {
  getNamedType,
  type GraphQLField,
  isEnumType,
  isLeafType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientField, ClientSchema, ClientType } from "../language/client-schema.ts";
import type { DirectiveUse } from "../language/directive-reader.ts";
import { listsAround, namedTypeOf } from "../language/sdl-file.ts";
import { shapers } from "../shape/registry.ts";
import type { LeafShaper, Shaper, ValueShape } from "../shape/shaper.ts";
import type { BoundStep } from "./bindings.ts";
import type { ModelField, SupergraphModel } from "./supergraph-model.ts";

/** A client field and the path that was found for it. */
export interface ValueSite {
  readonly field: ClientField;
  readonly clientField: GraphQLField<unknown, unknown>;
  readonly steps: readonly BoundStep[];
}

/** A client field whose path is read and whose shapers are compiled. */
export interface BoundValue extends ValueSite {
  readonly last: ModelField;
  /** The shape of what the path finds. */
  readonly read: ValueShape;
  /** In the order written. */
  readonly compiled: readonly Shaper[];
}

/** Checks what client fields make of the values that their paths find, for one client schema. */
export class ValueBinder {
  readonly #client: ClientSchema;
  readonly #model: SupergraphModel;
  readonly #problems: Problems;

  constructor(client: ClientSchema, model: SupergraphModel, problems: Problems) {
    this.#client = client;
    this.#model = model;
    this.#problems = problems;
  }

  /** Null, with problems reported, where a shaper can't stand there or the field's type is not what it makes. */
  bind(site: ValueSite): BoundValue | null {
    const { field, clientField, steps } = site;
    const last = steps.at(-1)?.field;
    if (last === undefined) return null;
    const read = this.#shapeOf(last, steps);
    const compiled = this.#compileShapers(field, clientField, read);
    if (compiled === null) return null;
    const bound = { ...site, last, read, compiled };
    return this.#checkType(bound) ? bound : null;
  }

  /** What the shapers make of the value, or the value as it is, has the list depth and kind that the field promises. */
  #checkType({ field, clientField, steps, last, read, compiled }: BoundValue): boolean {
    const found = clientField.type.toString();
    const made = compiled.at(-1)?.output ?? read;
    const depth = made.listDepth;
    if (depth !== listsAround(field.node.type)) {
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
    const names =
      maker === -1 ? leafNames(sourceName, made.kind === "enum", this.#client.enums) : [sourceName];
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
    if (field === undefined || listsAround(field.type) > 0) return false;
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
    return { typeName, kind, listDepth: steps.reduce((sum, step) => sum + listsAround(step.field.type), 0) };
  }

  #refuse(field: ClientField, expected: string, found: string, hint: string | null = null): void {
    this.#problems.error({ place: field.place, coordinate: field.coordinate, expected, found, hint });
  }
}

function listText(depth: number): string {
  if (depth === 0) return "no list";
  return depth === 1 ? "a list" : `a list ${depth} levels deep`;
}

/** The types a client may declare for a supergraph leaf: the same, or one that every value of it is a value of. */
function leafNames(source: string, isEnum: boolean, enums: ClientSchema["enums"]): readonly string[] {
  if (isEnum) {
    const views = [...enums.values()].filter((one) => one.boundTo === source).map((one) => one.name);
    return [...(views.length === 0 ? [source] : views), "String"];
  }
  const wider: Readonly<Record<string, readonly string[]>> = {
    ID: ["String"],
    String: ["ID"],
    Int: ["Float", "ID"],
  };
  return [source, ...(wider[source] ?? [])];
}
