import { allInOrder } from "../core/all-in-order.ts";
import { isEnumType, Kind, type TypeNode } from "graphql";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { rawRoots, readOwn } from "../language/evaluate-selection.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { runDeclaredCall } from "../sources/declared-call.ts";
import type { RowSelection } from "../sources/graphql/row-selection.ts";
import { subqueryRequest } from "../sources/graphql/subquery-request.ts";
import type { Source } from "../sources/source.ts";
import { type EntityLookup, isWholeKey } from "./entity-lookup.ts";
import { findHop, type Standing } from "./find-hop.ts";
import { readKnown } from "./key-paths.ts";
import { Need, neededAt } from "./need.ts";
import { selectLookupRow, selectRows } from "./select-rows.ts";
import { isSubqueryCall } from "./subquery-call.ts";
import { compileSubqueryLookup, readSubqueryRow, SubqueryRow } from "./subquery-row.ts";
import {
  compositeTypeOf,
  fieldAt,
  fieldKeyOf,
  type FieldSupplier,
  type ModelField,
  keyedKnown,
  type ModelType,
  type Requirement,
  type SupergraphModel,
} from "./supergraph-model.ts";

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
  /** What is going to be read of it. */
  readonly #need: Need;

  private constructor(
    model: SupergraphModel,
    type: ModelType,
    known: Readonly<Record<string, unknown>> | null,
    need: Need,
  ) {
    this.model = model;
    this.type = type;
    this.#known = known;
    this.#need = need;
  }

  /** The object that root fields belong to. */
  static root(model: SupergraphModel, typeName: "Query" | "Mutation" = "Query"): Entity {
    return Entity.reference(model, typeName, {});
  }

  /** An object of which only some fields are known, usually its key. `need`: what is going to be read of it. */
  static reference(
    model: SupergraphModel,
    typeName: string,
    known: Readonly<Record<string, unknown>>,
    need: Need = Need.none,
  ): Entity {
    return new Entity(model, modelType(model, typeName), known, need);
  }

  /** An object that a source sent. */
  static row(model: SupergraphModel, typeName: string, { source, row, need }: KnownRow): Entity {
    const entity = new Entity(model, modelType(model, typeName), null, need);
    entity.#rows.set(source, row);
    return entity;
  }

  /** An object of the same beginnings, of which nothing has been looked up. Only of one that is not read itself. */
  again(): Entity {
    const entity = new Entity(this.model, this.type, this.#known, this.#need);
    for (const [source, row] of this.#rows) entity.#rows.set(source, row);
    return entity;
  }

  /** Nothing but its key is known yet: whether it exists shows when a row of it is asked for. */
  get isReference(): boolean {
    if (this.#known !== null) return true;
    for (const source of this.#rows.keys()) if (!this.type.referencingSources.has(source)) return false;
    return true;
  }

  /**
   * Reads a field by its key: from a row that is here, by the field's own call, or from a row that is asked for by key. `args` are
   * coerced, defaults included; `need` is what is going to be read of the objects that the field holds. Null where the
   * backend has no value; a promise only where something is waited for.
   */
  read(
    fieldName: string,
    args: Readonly<Record<string, unknown>>,
    scope: RequestScope,
    need: Need = Need.none,
  ): FieldValue {
    const field = fieldAt(this.type, fieldName);
    if (field === undefined)
      throw new OverlockError("INTERNAL_SERVER_ERROR", `${this.type.name} has no ${fieldName}`);
    const reading = { fieldName, args, type: field.type, need };
    const known = this.#known === null ? undefined : readOwn(this.#known, fieldName);
    const [first] = field.suppliers;
    if (known !== undefined && first !== undefined)
      return this.#toKnown(known, field.type, { supplier: first, need });
    const here = this.#holderOf(fieldName, field, args);
    if (here !== undefined) return this.#readRow(this.#rows.get(here.source), reading, here);
    const called = field.suppliers.find((supplier) => supplier.call !== null);
    if (called !== undefined) return this.#call(called, reading, scope);
    const hop = this.#hopFor(fieldName);
    if (hop === null) return null;
    void this.loadRow(hop.lookup, scope);
    return this.#readRow(this.#rows.get(hop.supplier.source), reading, hop.supplier);
  }

  /** The lookup that a field's row has to come from; null where the field needs none. */
  lookupFor(fieldName: string): EntityLookup | null {
    const field = fieldAt(this.type, fieldName);
    if (field === undefined || (this.#known !== null && readOwn(this.#known, fieldName) !== undefined))
      return null;
    if (field.suppliers.some((supplier) => supplier.call !== null || this.#rows.has(supplier.source)))
      return null;
    return this.#hopFor(fieldName)?.lookup ?? null;
  }

  /** The row that a lookup finds by this object's key, asked for once; null where there is none. */
  loadRow(lookup: EntityLookup, scope: RequestScope): Promise<unknown> {
    const { source, key, call } = lookup;
    const here = this.#rows.get(source);
    if (here !== undefined) return Promise.resolve(here instanceof SubqueryRow ? here.value : here);
    if (isSubqueryCall(call)) {
      const place = { source, type: this.type, extra: lookup.keyList === null ? [] : key };
      const selection = selectLookupRow(this.model, place, this.#need, this.#standing);
      const value = this.#readKey(key, scope).then((values) => {
        if (!isWholeKey(values)) return null;
        const requestOf = compileSubqueryLookup({ lookup, call, typeName: this.type.name, selection });
        const request = requestOf(values);
        return request === null ? null : call.subqueries.run(request, scope);
      });
      this.#rows.set(source, new SubqueryRow(value, selection));
      return value;
    }
    const row = this.#readKey(key, scope).then((values) => {
      if (!isWholeKey(values)) return null;
      const args = lookup.argumentsFor(values);
      return runDeclaredCall(call, { args, readParent: async () => ({}) }, scope);
    });
    this.#rows.set(source, row);
    return row;
  }

  #call(supplier: FieldSupplier, reading: FieldReading, scope: RequestScope): FieldValue {
    const { type, need } = reading;
    const { call, source } = supplier;
    const args = this.model.ownDefaults.get(supplier.field)?.(reading.args) ?? reading.args;
    if (call === null) return null;
    if (isSubqueryCall(call)) {
      const { rootType, fieldName } = call;
      const selection = selectRows(this.model, source, namedTypeOf(type), need);
      return call.subqueries
        .run(subqueryRequest({ rootType, fieldName, args, selection, key: null }), scope)
        .then((raw) => this.#toValue(raw, type, { supplier, need, selection }));
    }
    const readParent = (names: readonly string[]) => this.#readLeaves(names, source, scope);
    const requirements = this.model.requirements.get(supplier.field);
    const raw =
      requirements === undefined
        ? runDeclaredCall(call, { args, readParent }, scope)
        : this.#readRequired(requirements, scope).then((required) =>
            required === null
              ? null
              : runDeclaredCall(call, { args: { ...args, ...required }, readParent }, scope),
          );
    return raw.then((found) => this.#toValue(found, type, { supplier, need }));
  }

  /** The arguments that are filled from this object; null where one of them can't be. */
  async #readRequired(
    requirements: readonly Requirement[],
    scope: RequestScope,
  ): Promise<Record<string, unknown> | null> {
    const values = await allInOrder(requirements.map(({ read }) => read(this, scope)));
    if (values.includes(undefined)) return null;
    return Object.fromEntries(requirements.map(({ argument }, index) => [argument, values[index]]));
  }

  /**
   * Who supplies a field from a row that is here: the object's own row before those that were asked for, in their order.
   * One of a GraphQL source has what it was asked for.
   */
  #holderOf(
    fieldName: string,
    { suppliers }: ModelField,
    args: Readonly<Record<string, unknown>>,
  ): FieldSupplier | undefined {
    let other: FieldSupplier | undefined;
    for (const source of this.#rows.keys()) {
      const holder = suppliers.find((supplier) => supplier.source === source && supplier.read !== null);
      if (holder === undefined) continue;
      if (this.#wasAskedFor(source, fieldName, args)) return holder;
      other ??= holder;
    }
    return other;
  }

  #wasAskedFor(source: Source, fieldName: string, args: Readonly<Record<string, unknown>>): boolean {
    const row = this.#rows.get(source);
    return (
      !(row instanceof SubqueryRow) || row.selection.fieldOf(this.type.name, fieldName, args) !== undefined
    );
  }

  #hopFor(fieldName: string) {
    return findHop(this.type, fieldName, this.#standing);
  }

  get #standing(): Standing {
    const known = this.#known;
    return {
      hasRow: (source) => this.#rows.has(source),
      isKnown: (path) => known !== null && readKnown(known, path) !== undefined,
    };
  }

  #readKey(key: readonly string[], scope: RequestScope): Promise<unknown[]> {
    return allInOrder(key.map((path) => this.#readPath(path, scope)));
  }

  /** Reads a path of properties through single objects. */
  async #readPath(path: string, scope: RequestScope): Promise<unknown> {
    const [name = "", ...rest] = path.split(".");
    const below = rest.join(".");
    const need = rest.length === 0 ? Need.none : Need.of([neededAt(below)]);
    const value: unknown = await this.read(name, {}, scope, need);
    if (rest.length === 0) return value;
    return value instanceof Entity ? value.#readPath(below, scope) : null;
  }

  /** `names` are those that the source calls them by. */
  async #readLeaves(
    names: readonly string[],
    source: Source,
    scope: RequestScope,
  ): Promise<Record<string, unknown>> {
    const keys = names.map((name) => fieldKeyOf(this.type, source, name));
    const values = await allInOrder(keys.map((key) => this.read(key, {}, scope)));
    return Object.fromEntries(names.map((name, index) => [name, values[index]]));
  }

  #readRow(row: unknown, reading: FieldReading, supplier: FieldSupplier): FieldValue {
    const { fieldName, args, type, need } = reading;
    if (row === null || row === undefined || supplier.read === null) return null;
    if (row instanceof Promise) return row.then((found: unknown) => this.#readRow(found, reading, supplier));
    if (!(row instanceof SubqueryRow))
      return this.#toValue(supplier.read(rawRoots(row)), type, { supplier, need });
    const field = row.selection.fieldOf(this.type.name, fieldName, args);
    if (field === undefined)
      throw new OverlockError("INTERNAL_SERVER_ERROR", `no subquery asked for ${supplier.field.coordinate}`);
    const { selection } = field;
    const toValue = (raw: unknown): FieldValue => this.#toValue(raw, type, { supplier, need, selection });
    const { value } = row;
    if (value instanceof Promise)
      return value.then((found: unknown) => toValue(readSubqueryRow(found, field.responseKey, supplier)));
    return toValue(readSubqueryRow(value, field.responseKey, supplier));
  }

  /** An element that does not fit is the error itself: it costs its own place in the list only. */
  #toElement(raw: unknown, type: TypeNode, origin: ValueOrigin): FieldValue {
    try {
      return this.#toValue(raw, type, origin);
    } catch (error) {
      return error;
    }
  }

  /** What a mapping built inside of an object that it built. */
  #toKnown(known: unknown, type: TypeNode, origin: ValueOrigin): FieldValue {
    const objectType = this.model.types.get(namedTypeOf(type));
    if (objectType === undefined || typeof known !== "object" || known === null)
      return this.#toValue(known, type, origin);
    return Entity.reference(this.model, objectType.name, known as Known, origin.need);
  }

  #toValue(raw: unknown, type: TypeNode, origin: ValueOrigin): FieldValue {
    const { supplier, need, selection = null } = origin;
    if (raw === null || raw === undefined) return null;
    if (raw instanceof OverlockError) throw raw;
    if (raw instanceof Entity) return raw;
    if (type.kind === Kind.NON_NULL_TYPE) return this.#toValue(raw, type.type, origin);
    if (type.kind === Kind.LIST_TYPE) {
      if (!Array.isArray(raw)) throw misfit(supplier, "a list", raw);
      return raw.map((element: unknown) => this.#toElement(element, type.type, origin));
    }
    if (selection !== null) return this.#toSubqueryObject(raw, type.name.value, { ...origin, selection });
    const declared = compositeTypeOf(this.model, type.name.value);
    if (declared === null) {
      if (Array.isArray(raw) && !this.#isOwnScalar(type.name.value)) throw misfit(supplier, "one value", raw);
      return raw;
    }
    if (typeof raw !== "object" || Array.isArray(raw)) throw misfit(supplier, "an object", raw);
    const objectType = this.model.types.get(declared.name) ?? this.#typeOf(raw, declared.name, supplier);
    if (objectType === null) return null;
    const { source } = supplier;
    if (!supplier.buildsObjects) return Entity.row(this.model, objectType.name, { source, row: raw, need });
    const hasKey =
      objectType.keys.length === 0 ||
      objectType.keys.some((key) => isWholeKey(key.map((path) => readKnown(raw as Known, path))));
    if (!hasKey) return null;
    return Entity.reference(this.model, objectType.name, keyedKnown(objectType, source, raw), need);
  }

  /** A scalar of one's own may be a list, as in JSON. */
  #isOwnScalar(name: string): boolean {
    return !standardScalars.has(name) && !isEnumType(this.model.leafTypes.get(name));
  }

  #toSubqueryObject(
    raw: unknown,
    placeType: string,
    { supplier, need, selection }: ValueOrigin & { readonly selection: RowSelection },
  ): FieldValue {
    const { source } = supplier;
    if (typeof raw !== "object" || raw === null || Array.isArray(raw))
      throw misfit(supplier, "an object", raw);
    const typeName = selection.isAbstract ? selection.typeOfRow(raw) : placeType;
    if (!selection.types.has(typeName)) throw misfit(supplier, `one of ${placeType}'s types`, raw);
    return Entity.row(this.model, typeName, { source, row: new SubqueryRow(raw, selection), need });
  }

  /** The type of one object of an interface or a union; null for a reference of which nothing is known. */
  #typeOf(raw: object, abstractName: string, supplier: FieldSupplier): ModelType | null {
    const { buildsObjects, readType } = supplier;
    if (buildsObjects && Object.values(raw).every((value) => !isWholeKey([value]))) return null;
    const name = readType === null ? null : readType(raw);
    if (name === null) throw misfit(supplier, `an object that says which ${abstractName} it is`, raw);
    return modelType(this.model, name);
  }
}

/** A row as its source sent it, and what is going to be read of the object. */
export interface KnownRow {
  readonly source: Source;
  readonly row: unknown;
  readonly need: Need;
}

/** A field that is being read, and what for. */
interface FieldReading {
  readonly fieldName: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly type: TypeNode;
  readonly need: Need;
}

/** Where a raw value came from, and what is going to be read of it. */
interface ValueOrigin {
  readonly supplier: FieldSupplier;
  readonly need: Need;
  /** What a subquery asked for at its place; null where no subquery did, or for a leaf. */
  readonly selection?: RowSelection | null;
}

const standardScalars: ReadonlySet<string> = new Set(["Boolean", "Float", "ID", "Int", "String"]);

type Known = Readonly<Record<string, unknown>>;

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
