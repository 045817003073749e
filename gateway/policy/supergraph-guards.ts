import { isSubqueryCall } from "../compose/subquery-call.ts";
import {
  compositeTypeOf,
  fieldAt,
  fieldKeyOf,
  type FieldSupplier,
  type ModelCompositeType,
  type ModelField,
  type ModelType,
  type SupergraphModel,
} from "../compose/supergraph-model.ts";
import type { Guard } from "../language/guards.ts";
import { namedTypeOf, rootTypeNames } from "../language/sdl-file.ts";

/**
 * What guards the supergraph. A field needs its own guards, in whichever source they stand, those of its type, of the
 * interfaces that have it, of what it returns, and of everything else that is read to get at it: what its call takes
 * from the object, what it `@require`s, and the keys by which its object is looked up.
 */
export class SupergraphGuards {
  readonly #model: SupergraphModel;
  readonly #known = new Map<ModelField, ReadonlySet<Guard>>();
  /** Fields that are being looked at, so that two that need each other end. */
  readonly #open = new Set<ModelField>();

  constructor(model: SupergraphModel) {
    this.#model = model;
  }

  /** Of reading a field of objects of a type; where there are several types, on whichever of them the field is. */
  ofField(type: ModelCompositeType, field: ModelField): ReadonlySet<Guard> {
    if ("lookups" in type) return this.#ofObjectField(type, field);
    const guards = new Set(this.#ofInterfaceField(type.name, field.name));
    for (const name of type.possibleTypes) {
      const possible = this.#model.types.get(name);
      const own = possible?.fields.get(field.name);
      if (possible !== undefined && own !== undefined) addAll(guards, this.#ofObjectField(possible, own));
    }
    return guards;
  }

  /** Of objects of a type, of an enum, of a scalar. An object needs those of its interfaces, too. */
  ofType(name: string): ReadonlySet<Guard> {
    const guards = new Set(this.#declared(name));
    for (const { kind, name: owner, possibleTypes } of this.#model.abstractTypes.values())
      if (kind === "interface" && possibleTypes.has(name)) addAll(guards, this.#declared(owner));
    return guards;
  }

  #ofObjectField(type: ModelType, field: ModelField): ReadonlySet<Guard> {
    const known = this.#known.get(field);
    if (known !== undefined || this.#open.has(field)) return known ?? new Set();
    this.#open.add(field);
    const guards = new Set<Guard>(this.ofType(type.name));
    for (const abstract of this.#model.abstractTypes.values())
      if (abstract.possibleTypes.has(type.name) && abstract.fields.has(field.name))
        addAll(guards, this.#ofInterfaceField(abstract.name, field.name));
    addAll(guards, this.ofType(namedTypeOf(field.type)));
    for (const supplier of field.suppliers) {
      addAll(guards, supplier.source.schema.guards.get(supplier.field.coordinate) ?? []);
      addAll(guards, this.#ofCall(type, supplier));
      addAll(guards, this.#ofKeys(type, supplier));
    }
    this.#open.delete(field);
    // What was found while something around it was open may lack what that needs.
    if (this.#open.size === 0) this.#known.set(field, guards);
    return guards;
  }

  #ofInterfaceField(interfaceName: string, fieldName: string): ReadonlySet<Guard> {
    return new Set([...this.#declared(interfaceName), ...this.#declared(`${interfaceName}.${fieldName}`)]);
  }

  /** What a call takes from its object, and what fills its arguments. */
  #ofCall(type: ModelType, { call, field, source }: FieldSupplier): ReadonlySet<Guard> {
    const guards = new Set<Guard>();
    if (call !== null && !isSubqueryCall(call)) {
      const inputs = call.batch === null ? call.inputs : [...call.inputs, call.batch.key];
      for (const name of new Set(inputs.flatMap((input) => input.parentFields))) {
        const read = fieldAt(type, fieldKeyOf(type, source, name));
        if (read !== undefined) addAll(guards, this.#ofObjectField(type, read));
      }
    }
    for (const { fields } of this.#model.requirements.get(field) ?? []) {
      for (const read of fields) {
        const owner = compositeTypeOf(this.#model, read.coordinate.split(".")[0] ?? "");
        if (owner !== null) addAll(guards, this.ofField(owner, read));
      }
    }
    return guards;
  }

  /** What the rows of a source are looked up by. */
  #ofKeys(type: ModelType, { source, read }: FieldSupplier): ReadonlySet<Guard> {
    const guards = new Set<Guard>();
    if (read === null || rootTypeNames.has(type.name)) return guards;
    for (const { key } of type.lookups.filter((lookup) => lookup.source === source))
      for (const path of key) addAll(guards, this.#ofKeyPath(type, path.split(".")));
    return guards;
  }

  #ofKeyPath(type: ModelCompositeType, [name = "", ...rest]: readonly string[]): ReadonlySet<Guard> {
    const field = "lookups" in type ? fieldAt(type, name) : type.fields.get(name);
    if (field === undefined) return new Set();
    const guards = new Set(this.ofField(type, field));
    const below = compositeTypeOf(this.#model, namedTypeOf(field.type));
    if (rest.length > 0 && below !== null) addAll(guards, this.#ofKeyPath(below, rest));
    return guards;
  }

  /** What all sources say at a coordinate. */
  #declared(coordinate: string): readonly Guard[] {
    return this.#model.sources.flatMap(({ schema }) => schema.guards.get(coordinate) ?? []);
  }
}

function addAll(guards: Set<Guard>, others: Iterable<Guard>): void {
  for (const guard of others) guards.add(guard);
}
