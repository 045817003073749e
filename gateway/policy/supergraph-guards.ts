import type {
  ModelCompositeType,
  ModelField,
  ModelType,
  SupergraphModel,
} from "../compose/supergraph-model.ts";
import type { Guard } from "../language/guards.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { type FieldOfType, SupergraphReads } from "./supergraph-reads.ts";

/**
 * What guards the supergraph. A field needs its own guards, in whichever source they stand, those of its type, of the
 * interfaces that have it, of what it returns, and of everything else that is read to get at it.
 */
export class SupergraphGuards {
  readonly #model: SupergraphModel;
  readonly #reads: SupergraphReads;
  readonly #own = new Map<ModelField, ReadonlySet<Guard>>();
  readonly #known = new Map<ModelField, ReadonlySet<Guard>>();

  constructor(model: SupergraphModel) {
    this.#model = model;
    this.#reads = new SupergraphReads(model);
  }

  /** Of reading a field of objects of a type; where there are several types, on whichever of them the field is. */
  ofField(type: ModelCompositeType, field: ModelField): ReadonlySet<Guard> {
    let guards = this.#known.get(field);
    if (guards === undefined) {
      guards = new Set(this.#reads.of(type, field).flatMap((read) => [...this.#ownOf(read)]));
      this.#known.set(field, guards);
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

  #ownOf({ type, field }: FieldOfType): ReadonlySet<Guard> {
    let own = this.#own.get(field);
    if (own === undefined) {
      own =
        "lookups" in type
          ? this.#ownOfObjectField(type, field)
          : new Set(this.#ofInterfaceField(type.name, field.name));
      this.#own.set(field, own);
    }
    return own;
  }

  #ownOfObjectField(type: ModelType, field: ModelField): ReadonlySet<Guard> {
    const own = new Set<Guard>(this.ofType(type.name));
    for (const abstract of this.#model.abstractTypes.values())
      if (abstract.possibleTypes.has(type.name) && abstract.fields.has(field.name))
        addAll(own, this.#ofInterfaceField(abstract.name, field.name));
    addAll(own, this.ofType(namedTypeOf(field.type)));
    for (const supplier of field.suppliers)
      addAll(own, supplier.source.schema.guards.get(supplier.field.coordinate) ?? []);
    return own;
  }

  #ofInterfaceField(interfaceName: string, fieldName: string): ReadonlySet<Guard> {
    return new Set([...this.#declared(interfaceName), ...this.#declared(`${interfaceName}.${fieldName}`)]);
  }

  /** What all sources say at a coordinate. */
  #declared(coordinate: string): readonly Guard[] {
    return this.#model.sources.flatMap(({ schema }) => schema.guards.get(coordinate) ?? []);
  }
}

function addAll(guards: Set<Guard>, others: Iterable<Guard>): void {
  for (const guard of others) guards.add(guard);
}
