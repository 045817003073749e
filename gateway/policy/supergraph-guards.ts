import { isSubqueryCall } from "../compose/subquery-call.ts";
import {
  compositeTypeOf,
  fieldAt,
  fieldKeyOf,
  type FieldSupplier,
  type ModelAbstractType,
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
  readonly #read = new Map<ModelField, ReadOfField>();
  readonly #known = new Map<ModelField, ReadonlySet<Guard>>();

  constructor(model: SupergraphModel) {
    this.#model = model;
  }

  /** Of reading a field of objects of a type; where there are several types, on whichever of them the field is. */
  ofField(type: ModelCompositeType, field: ModelField): ReadonlySet<Guard> {
    const known = this.#known.get(field);
    if (known !== undefined) return known;
    const guards = new Set<Guard>();
    // Fields may need each other in a ring, and many may need the same: each is looked at once.
    const reached = new Set<ModelField>([field]);
    const waiting: FieldOfType[] = [{ type, field }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const read = this.#readOf(next);
      addAll(guards, read.own);
      for (const other of read.others) {
        if (reached.has(other.field)) continue;
        reached.add(other.field);
        waiting.push(other);
      }
    }
    this.#known.set(field, guards);
    return guards;
  }

  /** Of objects of a type, of an enum, of a scalar. An object needs those of its interfaces, too. */
  ofType(name: string): ReadonlySet<Guard> {
    const guards = new Set(this.#declared(name));
    for (const { kind, name: owner, possibleTypes } of this.#model.abstractTypes.values())
      if (kind === "interface" && possibleTypes.has(name)) addAll(guards, this.#declared(owner));
    return guards;
  }

  #readOf({ type, field }: FieldOfType): ReadOfField {
    let read = this.#read.get(field);
    if (read === undefined) {
      read = "lookups" in type ? this.#readOfObjectField(type, field) : this.#readOfAnyField(type, field);
      this.#read.set(field, read);
    }
    return read;
  }

  #readOfAnyField(type: ModelAbstractType, field: ModelField): ReadOfField {
    const others = [...type.possibleTypes].flatMap((name): FieldOfType[] => {
      const possible = this.#model.types.get(name);
      const own = possible?.fields.get(field.name);
      return possible === undefined || own === undefined ? [] : [{ type: possible, field: own }];
    });
    return { own: new Set(this.#ofInterfaceField(type.name, field.name)), others };
  }

  #readOfObjectField(type: ModelType, field: ModelField): ReadOfField {
    const own = new Set<Guard>(this.ofType(type.name));
    for (const abstract of this.#model.abstractTypes.values())
      if (abstract.possibleTypes.has(type.name) && abstract.fields.has(field.name))
        addAll(own, this.#ofInterfaceField(abstract.name, field.name));
    addAll(own, this.ofType(namedTypeOf(field.type)));
    for (const supplier of field.suppliers)
      addAll(own, supplier.source.schema.guards.get(supplier.field.coordinate) ?? []);
    const others = field.suppliers.flatMap((supplier) => [
      ...this.#readByCall(type, supplier),
      ...this.#readByLookups(type, supplier),
    ]);
    return { own, others };
  }

  #ofInterfaceField(interfaceName: string, fieldName: string): ReadonlySet<Guard> {
    return new Set([...this.#declared(interfaceName), ...this.#declared(`${interfaceName}.${fieldName}`)]);
  }

  /** What a call takes from its object, and what fills its arguments. */
  #readByCall(type: ModelType, { call, field, source }: FieldSupplier): FieldOfType[] {
    const read: FieldOfType[] = [];
    if (call !== null && !isSubqueryCall(call)) {
      const inputs = call.batch === null ? call.inputs : [...call.inputs, call.batch.key];
      for (const name of new Set(inputs.flatMap((input) => input.parentFields))) {
        const found = fieldAt(type, fieldKeyOf(type, source, name));
        if (found !== undefined) read.push({ type, field: found });
      }
    }
    for (const { fields } of this.#model.requirements.get(field) ?? []) {
      for (const required of fields) {
        const owner = compositeTypeOf(this.#model, required.coordinate.split(".")[0] ?? "");
        if (owner !== null) read.push({ type: owner, field: required });
      }
    }
    return read;
  }

  /** What the rows of a source are looked up by. */
  #readByLookups(type: ModelType, { source, read }: FieldSupplier): FieldOfType[] {
    if (read === null || rootTypeNames.has(type.name)) return [];
    return type.lookups
      .filter((lookup) => lookup.source === source)
      .flatMap(({ key }) => key.flatMap((path) => this.#readByKeyPath(type, path.split("."))));
  }

  #readByKeyPath(type: ModelCompositeType, [name = "", ...rest]: readonly string[]): FieldOfType[] {
    const field = "lookups" in type ? fieldAt(type, name) : type.fields.get(name);
    if (field === undefined) return [];
    const below = compositeTypeOf(this.#model, namedTypeOf(field.type));
    return [{ type, field }, ...(rest.length > 0 && below !== null ? this.#readByKeyPath(below, rest) : [])];
  }

  /** What all sources say at a coordinate. */
  #declared(coordinate: string): readonly Guard[] {
    return this.#model.sources.flatMap(({ schema }) => schema.guards.get(coordinate) ?? []);
  }
}

interface FieldOfType {
  readonly type: ModelCompositeType;
  readonly field: ModelField;
}

/** A field's own guards, and the fields that are read to get at it. */
interface ReadOfField {
  readonly own: ReadonlySet<Guard>;
  readonly others: readonly FieldOfType[];
}

function addAll(guards: Set<Guard>, others: Iterable<Guard>): void {
  for (const guard of others) guards.add(guard);
}
