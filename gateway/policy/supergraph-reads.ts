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
import { namedTypeOf, rootTypeNames } from "../language/sdl-file.ts";

/** A field of objects of a type; where the type is an interface, of whichever of its types they are. */
export interface FieldOfType {
  readonly type: ModelCompositeType;
  readonly field: ModelField;
}

/**
 * What of the supergraph is read to get at a field: what its call takes from the object, what it `@require`s, and the
 * keys by which its object is looked up; of an interface's field those of the types that implement it.
 */
export class SupergraphReads {
  readonly #model: SupergraphModel;
  readonly #others = new Map<ModelField, readonly FieldOfType[]>();
  readonly #known = new Map<ModelField, readonly FieldOfType[]>();

  constructor(model: SupergraphModel) {
    this.#model = model;
  }

  /** The field itself and all others, each once. */
  of(type: ModelCompositeType, field: ModelField): readonly FieldOfType[] {
    const known = this.#known.get(field);
    if (known !== undefined) return known;
    // Fields may need each other in a ring, and many may need the same: each is looked at once.
    const reached = new Map<ModelField, FieldOfType>([[field, { type, field }]]);
    const waiting: FieldOfType[] = [{ type, field }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const other of this.#othersOf(next)) {
        if (reached.has(other.field)) continue;
        reached.set(other.field, other);
        waiting.push(other);
      }
    }
    const read = [...reached.values()];
    this.#known.set(field, read);
    return read;
  }

  #othersOf({ type, field }: FieldOfType): readonly FieldOfType[] {
    let others = this.#others.get(field);
    if (others === undefined) {
      others = "lookups" in type ? this.#othersOfObject(type, field) : this.#ofPossibleTypes(type, field);
      this.#others.set(field, others);
    }
    return others;
  }

  #ofPossibleTypes(type: ModelAbstractType, field: ModelField): readonly FieldOfType[] {
    return [...type.possibleTypes].flatMap((name): FieldOfType[] => {
      const possible = this.#model.types.get(name);
      const own = possible?.fields.get(field.name);
      return possible === undefined || own === undefined ? [] : [{ type: possible, field: own }];
    });
  }

  #othersOfObject(type: ModelType, field: ModelField): readonly FieldOfType[] {
    return field.suppliers.flatMap((supplier) => [
      ...this.#readByCall(type, supplier),
      ...this.#readByLookups(type, supplier),
    ]);
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
}
