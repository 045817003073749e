import {
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  isEnumType,
  isInterfaceType,
  isLeafType,
  isNonNullType,
  isUnionType,
} from "graphql";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientAbstractType, ClientField, ClientSchema, ClientType } from "../language/client-schema.ts";
import type { DirectiveUse } from "../language/directive-reader.ts";
import { listsAround, namedTypeOf } from "../language/sdl-file.ts";
import { shapers } from "../shape/registry.ts";
import type { LeafShaper, Shaper, ShaperDefinition, ValueShape } from "../shape/shaper.ts";
import { Accessibility } from "./accessibility.ts";
import { isClientOnly } from "./bind-abstract-types.ts";
import type { BoundStep } from "./bindings.ts";
import {
  compositeTypeOf,
  type ModelCompositeType,
  type ModelField,
  type SupergraphModel,
} from "./supergraph-model.ts";

/** A client schema, and the shapers that its BFF adds to those of the schema language. */
export interface ShapedClientSchema extends ClientSchema {
  readonly ownShapers?: ReadonlyMap<string, ShaperDefinition>;
}

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
  readonly #client: ShapedClientSchema;
  readonly #model: SupergraphModel;
  readonly #problems: Problems;
  readonly #accessibility: Accessibility;

  constructor(client: ShapedClientSchema, model: SupergraphModel, problems: Problems) {
    this.#client = client;
    this.#model = model;
    this.#problems = problems;
    this.#accessibility = new Accessibility(model.inaccessible);
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
    if (made.kind === "object") return this.#checkShows(field, found, sourceName);
    const maker = compiled.findLastIndex((shaper) => shaper.kind === "leaf");
    const hidden = read.kind === "enum" ? this.#hiddenValue(read.typeName) : null;
    if (hidden !== null && !isEnumType(clientType)) {
      const expectedEnum = `an enum that shows ${read.typeName}: as text it would show ${hidden}`;
      this.#refuse(field, expectedEnum, found);
      return false;
    }
    const names =
      maker === -1 ? leafNames(sourceName, made.kind === "enum", this.#client.enums) : [sourceName];
    if (isLeafType(clientType) && names.includes(clientType.name)) return true;
    const reason =
      maker === -1
        ? `${last.coordinate} is ${sourceName}`
        : `@${field.shapers[maker]?.node.name.value} makes it one`;
    const expected = `${names.join(" or ")}, because ${reason}`;
    const shown = isLeafType(clientType) ? clientType.name : `${kindOf(clientType)} ${clientType.name}`;
    this.#refuse(field, expected, shown, nearestNameHint(clientType.name, names));
    return false;
  }

  /** Why a value of an enum may not be shown; null where all may. */
  #hiddenValue(name: string): string | null {
    const type = this.#model.leafTypes.get(name);
    if (!isEnumType(type)) return null;
    const reasons = type.getValues().map((value) => this.#accessibility.reasonForEnumValue(name, value.name));
    return reasons.find((reason) => reason !== null) ?? null;
  }

  /** The client type shows the type of what was found. */
  #checkShows(field: ClientField, found: string, sourceName: string): boolean {
    const name = namedTypeOf(field.node.type);
    const target = this.#client.types.get(name) ?? this.#client.abstractTypes.get(name);
    if (target?.boundTo === sourceName) return true;
    let shown = found;
    if (target !== undefined) {
      if (isClientOnly(target, this.#model)) shown = `${found}, which shows nothing of the supergraph`;
      // A type that shows nothing was reported where it is defined.
      else if (compositeTypeOf(this.#model, target.boundTo ?? "") === null) return false;
      else shown = `${found}, which shows ${target.boundTo}`;
    }
    this.#refuse(field, `a type that shows ${sourceName}`, shown, this.#viewHint(sourceName, target));
    return false;
  }

  /** What to write instead of `target`: a view that there is, or where the path has to go on to. */
  #viewHint(sourceName: string, target: ClientType | ClientAbstractType | undefined): string {
    if (target === undefined) return `let the path go on to a field of ${sourceName}`;
    const all = [...this.#client.types.values(), ...this.#client.abstractTypes.values()];
    const views = all.filter((type) => type.boundTo === sourceName);
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
      const { value: name } = use.node.name;
      const definition = shapers.get(name) ?? this.#client.ownShapers?.get(name);
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
  #checkReads(use: DirectiveUse, shaper: LeafShaper, { typeName }: ValueShape): boolean {
    const { reads } = shaper;
    const type = compositeTypeOf(this.#model, typeName);
    const wrong = reads.find((name) => !this.#isPlain(type?.fields.get(name)));
    if (wrong === undefined)
      return (
        this.#checkAccess(use, reads, type) && this.#checkReadTypes(use, shaper, type?.fields ?? new Map())
      );
    const isMissing = type?.fields.has(wrong) !== true;
    const found = isMissing ? `${typeName}, which has no ${wrong}` : `${typeName}, whose ${wrong} is none`;
    const hint = isMissing ? nearestNameHint(wrong, [...(type?.fields.keys() ?? [])]) : null;
    use.refuse([], `an object with ${reads.join(", ")}, each a plain value`, found, hint);
    return false;
  }

  #checkReadTypes(
    use: DirectiveUse,
    { reads, expectedOf }: LeafShaper,
    fields: ReadonlyMap<string, ModelField>,
  ): boolean {
    const wrong = reads.flatMap((name) => {
      const field = fields.get(name);
      const expected = field === undefined ? undefined : expectedOf?.(name, this.#leafShapeOf(field));
      return field === undefined || expected === null || expected === undefined ? [] : [{ field, expected }];
    });
    for (const { field, expected } of wrong)
      use.refuse([], `${field.coordinate} of type ${expected}`, namedTypeOf(field.type));
    return wrong.length === 0;
  }

  #leafShapeOf(field: ModelField): ValueShape {
    return { ...this.#shapeOf(field, []), listDepth: listsAround(field.type) };
  }

  #checkAccess(use: DirectiveUse, reads: readonly string[], type: ModelCompositeType | null): boolean {
    const fields = reads.map((name) => type?.fields.get(name)).filter((field) => field !== undefined);
    const reasons = fields.map((field) => type && this.#accessibility.reasonForField(type, field));
    const hidden = reasons.find((reason) => reason !== null);
    if (hidden === undefined || hidden === null) return true;
    use.refuse([], `an object whose ${reads.join(", ")} client schemas may show`, hidden);
    return false;
  }

  #isPlain(field: ModelField | undefined): boolean {
    if (field === undefined || listsAround(field.type) > 0) return false;
    if (compositeTypeOf(this.#model, namedTypeOf(field.type)) !== null) return false;
    return field.args.every(
      (argument) => !isNonNullType(argument.type) || argument.defaultValue !== undefined,
    );
  }

  /** What a path finds. */
  #shapeOf(last: ModelField, steps: readonly BoundStep[]): ValueShape {
    const typeName = steps.at(-1)?.onType ?? namedTypeOf(last.type);
    const isEnum = isEnumType(this.#model.leafTypes.get(typeName));
    const isObject = compositeTypeOf(this.#model, typeName) !== null;
    const kind = isObject ? "object" : isEnum ? "enum" : "scalar";
    return { typeName, kind, listDepth: steps.reduce((sum, step) => sum + listsAround(step.field.type), 0) };
  }

  #refuse(field: ClientField, expected: string, found: string, hint: string | null = null): void {
    this.#problems.error({ place: field.place, coordinate: field.coordinate, expected, found, hint });
  }
}

function kindOf(type: GraphQLNamedType): string {
  if (isInterfaceType(type)) return "the interface";
  return isUnionType(type) ? "the union" : "the object type";
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
