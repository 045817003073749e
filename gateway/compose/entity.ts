import { Kind, type TypeNode } from "graphql";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { rawRoots, readOwn } from "../language/evaluate-selection.ts";
import { runDeclaredCall } from "../sources/declared-call.ts";
import type { Source } from "../sources/source.ts";
import type { EntityLookup, FieldSupplier, ModelType, SupergraphModel } from "./supergraph-model.ts";

/** A field's value: a leaf as the backend sent it, an object, lists of them, null, or in a list an error. */
export type FieldValue = unknown;

/**
 * One object of the supergraph while a request reads it: the raw rows that sources sent of it, and what was known of it
 * before any row came. Rows that it lacks are asked for by key when a field needs them.
 */
export class Entity {
  readonly model: SupergraphModel;
  readonly type: ModelType;
  /** What a mapping built it from, by field name; null where a source sent it as it is. */
  readonly #known: Readonly<Record<string, unknown>> | null;
  readonly #rows = new Map<Source, unknown>();

  private constructor(
    model: SupergraphModel,
    type: ModelType,
    known: Readonly<Record<string, unknown>> | null,
  ) {
    this.model = model;
    this.type = type;
    this.#known = known;
  }

  /** The object that root fields belong to. */
  static root(model: SupergraphModel, typeName: "Query" | "Mutation" = "Query"): Entity {
    return Entity.reference(model, typeName, {});
  }

  /** An object of which only some fields are known, usually its key. */
  static reference(
    model: SupergraphModel,
    typeName: string,
    known: Readonly<Record<string, unknown>>,
  ): Entity {
    return new Entity(model, modelType(model, typeName), known);
  }

  /** An object that a source sent. */
  static row(model: SupergraphModel, typeName: string, source: Source, row: unknown): Entity {
    const entity = new Entity(model, modelType(model, typeName), null);
    entity.#rows.set(source, row);
    return entity;
  }

  /** Nothing but its key is known yet: whether it exists shows when a row of it is asked for. */
  get isReference(): boolean {
    if (this.#known !== null) return true;
    for (const source of this.#rows.keys()) if (!this.type.referencingSources.has(source)) return false;
    return true;
  }

  /**
   * Reads a field: from a row that is here, by the field's own call, or from a row that is asked for by key. `args` are
   * coerced, defaults included. Null where the backend has no value; a promise only where something is waited for.
   */
  read(fieldName: string, args: Readonly<Record<string, unknown>>, scope: RequestScope): FieldValue {
    const field = this.type.fields.get(fieldName);
    if (field === undefined)
      throw new OverlockError("INTERNAL_SERVER_ERROR", `${this.type.name} has no ${fieldName}`);
    const known = this.#known === null ? undefined : readOwn(this.#known, fieldName);
    const [first] = field.suppliers;
    if (known !== undefined && first !== undefined) return this.#toValue(known, field.type, first);
    const here = field.suppliers.find(
      (supplier) => supplier.read !== null && this.#rows.has(supplier.source),
    );
    if (here !== undefined) return this.#readRow(this.#rows.get(here.source), field.type, here);
    const called = field.suppliers.find((supplier) => supplier.call !== null);
    if (called !== undefined && called.call !== null) {
      const origin = { args, readParent: (names: readonly string[]) => this.#readLeaves(names, scope) };
      return runDeclaredCall(called.call, origin, scope).then((raw) =>
        this.#toValue(raw, field.type, called),
      );
    }
    const hop = this.#hopFor(fieldName);
    return hop === null ? null : this.#readRow(this.loadRow(hop.lookup, scope), field.type, hop.supplier);
  }

  /** The lookup that a field's row has to come from; null where the field needs none. */
  lookupFor(fieldName: string): EntityLookup | null {
    const field = this.type.fields.get(fieldName);
    if (field === undefined || (this.#known !== null && readOwn(this.#known, fieldName) !== undefined))
      return null;
    if (field.suppliers.some((supplier) => supplier.call !== null || this.#rows.has(supplier.source)))
      return null;
    return this.#hopFor(fieldName)?.lookup ?? null;
  }

  /** The row that a lookup finds by this object's key, asked for once; null where there is none. */
  loadRow(lookup: EntityLookup, scope: RequestScope): Promise<unknown> {
    const { source, key, call } = lookup;
    let row = this.#rows.get(source) as Promise<unknown> | undefined;
    if (row === undefined) {
      row = this.#readLeaves(key, scope).then((args) => {
        if (key.some((name) => args[name] === undefined || args[name] === null)) return null;
        return runDeclaredCall(call, { args, readParent: async () => ({}) }, scope);
      });
      this.#rows.set(source, row);
    }
    return row;
  }

  /**
   * The first supplier whose source can find this object by a key that is known of it; where there is none, the first
   * whose key further lookups bring. `tried` are the sources of lookups that wait for this one.
   */
  #hopFor(fieldName: string, tried: readonly Source[] = []): Hop | null {
    let far: Hop | null = null;
    for (const supplier of this.type.fields.get(fieldName)?.suppliers ?? []) {
      const { source } = supplier;
      if (supplier.read === null || this.#rows.has(source) || tried.includes(source)) continue;
      for (const lookup of this.type.lookups) {
        if (lookup.source !== source) continue;
        if (lookup.key.every((name) => this.#hasLeaf(name))) return { supplier, lookup };
        const waiting = [...tried, source];
        if (lookup.key.every((name) => this.#hasLeaf(name) || this.#hopFor(name, waiting) !== null))
          far ??= { supplier, lookup };
      }
    }
    return far;
  }

  #hasLeaf(name: string): boolean {
    if (this.#known !== null && readOwn(this.#known, name) !== undefined) return true;
    const suppliers = this.type.fields.get(name)?.suppliers ?? [];
    return suppliers.some((supplier) => supplier.read !== null && this.#rows.has(supplier.source));
  }

  async #readLeaves(names: readonly string[], scope: RequestScope): Promise<Record<string, unknown>> {
    const values = await Promise.all(names.map((name) => this.read(name, {}, scope)));
    return Object.fromEntries(names.map((name, index) => [name, values[index]]));
  }

  #readRow(row: unknown, type: TypeNode, supplier: FieldSupplier): FieldValue {
    if (row === null || row === undefined || supplier.read === null) return null;
    if (row instanceof Promise) return row.then((found: unknown) => this.#readRow(found, type, supplier));
    return this.#toValue(supplier.read(rawRoots(row)), type, supplier);
  }

  /** An element that does not fit is the error itself: it costs its own place in the list only. */
  #toElement(raw: unknown, type: TypeNode, supplier: FieldSupplier): FieldValue {
    try {
      return this.#toValue(raw, type, supplier);
    } catch (error) {
      return error;
    }
  }

  #toValue(raw: unknown, type: TypeNode, supplier: FieldSupplier): FieldValue {
    if (raw === null || raw === undefined) return null;
    if (raw instanceof Entity) return raw;
    if (type.kind === Kind.NON_NULL_TYPE) return this.#toValue(raw, type.type, supplier);
    if (type.kind === Kind.LIST_TYPE) {
      if (!Array.isArray(raw)) throw misfit(supplier, "a list", raw);
      return raw.map((element: unknown) => this.#toElement(element, type.type, supplier));
    }
    const objectType = this.model.types.get(type.name.value);
    if (objectType === undefined) return raw;
    if (typeof raw !== "object" || Array.isArray(raw)) throw misfit(supplier, "an object", raw);
    if (!supplier.buildsObjects) return Entity.row(this.model, objectType.name, supplier.source, raw);
    const hasKey =
      objectType.keys.length === 0 ||
      objectType.keys.some((key) => key.every((name) => isPresent(raw, name)));
    return hasKey ? Entity.reference(this.model, objectType.name, raw as Record<string, unknown>) : null;
  }
}

/** A row that has a field, and how it is found. */
interface Hop {
  readonly supplier: FieldSupplier;
  readonly lookup: EntityLookup;
}

function isPresent(raw: object, name: string): boolean {
  const value = readOwn(raw, name);
  return value !== undefined && value !== null && value !== "";
}

function modelType(model: SupergraphModel, name: string): ModelType {
  const type = model.types.get(name);
  if (type === undefined)
    throw new OverlockError("INTERNAL_SERVER_ERROR", `the supergraph has no type ${name}`);
  return type;
}

function misfit(supplier: FieldSupplier, expected: string, raw: unknown): OverlockError {
  const found = Array.isArray(raw) ? "a list" : typeof raw;
  return new OverlockError(
    "INVALID_VALUE",
    `${supplier.field.coordinate}: expected ${expected}, found ${found}`,
  );
}
