import { Kind, type TypeNode } from "graphql";
import type { EntityLookup } from "../compose/entity-lookup.ts";
import { findHop, type Standing } from "../compose/find-hop.ts";
import type { RequiredPath, RequiredValue } from "../compose/required-value.ts";
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
import { namedTypeOf } from "../language/sdl-file.ts";
import type { Source } from "../sources/source.ts";
import { BuiltStanding, partsBuiltBy, plainReference, UnsureError } from "./built-objects.ts";
import type {
  Access,
  Base,
  Follow,
  Path,
  Place,
  PlannedValue,
  Read,
  ShownObject,
  Spot,
  Step,
  StepArgs,
  StepRead,
  SubqueryStep,
} from "./plan.ts";
import type { DraftPlace, DraftStep, PlanNumbers } from "./plan-numbers.ts";
import { type SelectedObject, SelectedRowsBuilder } from "./selected-rows.ts";

/** Raised while a field is planned that has to be read object by object. */
export class NotPlannedError extends Error {
  /** It can't be read like that either: the operation as a whole is not planned. */
  readonly isFinal: boolean;

  constructor(reason: string, isFinal = false) {
    super(reason);
    this.name = "NotPlannedError";
    this.isFinal = isFinal;
  }
}

/** A field that is read of an object. */
export interface ReadSite {
  /** Its key. */
  readonly name: string;
  readonly args: StepArgs | null;
  /** Objects of other types are null. */
  readonly onType?: string | null;
}

type FoundAccess = Exclude<Access, { kind: "nowhere" }>;

type PlanEnd = (end: PlaceBuilder) => void;

interface SpotSite {
  readonly onType: string | null;
  readonly planBelow: PlanEnd | null;
}

interface PlaceParts {
  readonly base: Base;
  /** What is asked for of its objects in the answer to a subquery that they are in. */
  readonly selected?: SelectedObject | null;
  /** What is known of objects that a mapping built. */
  readonly standing?: BuiltStanding | null;
  /** Finds objects of which nothing else may say whether they exist. */
  readonly existence?: EntityLookup | null;
}

interface BuiltRead extends Read {
  readonly spot: BuiltSpot | null;
}

interface BuiltSpot extends Spot {
  readonly places: ReadonlyMap<string, PlaceBuilder>;
}

/**
 * A place while it is planned. It decides where each field is read exactly as an Entity does object by object: from a
 * row that is there, by the field's own call, or from a row that a lookup brings, which is then there for the next.
 */
export class PlaceBuilder implements DraftPlace {
  readonly id: number;
  readonly type: ModelType;
  readonly base: Base;
  readonly steps: Step[] = [];
  readonly confirm: Step[] = [];
  isRequired = false;
  existence: Step | null = null;
  shown: ShownObject | null = null;
  denied: string | null = null;
  readonly follows: Follow[] = [];
  readonly #model: SupergraphModel;
  readonly #numbers: PlanNumbers;
  /** Rows by source: of the base, or of a lookup. */
  readonly #rows = new Map<Source, Step | null>();
  /** What is asked for of rows that subqueries bring. */
  readonly #selected = new Map<Source, SelectedObject>();
  readonly #calls = new Map<string, Step>();
  readonly #accesses = new Map<Access, Spot | null>();
  readonly #standingOfBuilt: BuiltStanding | null;
  readonly #existence: EntityLookup | null;

  /** `selected`: what is asked for of its objects in the answer to a subquery that they are in; otherwise null. */
  constructor(
    model: SupergraphModel,
    numbers: PlanNumbers,
    type: ModelType,
    { base, selected = null, standing = null, existence = null }: PlaceParts,
  ) {
    this.id = numbers.places.push(this) - 1;
    this.type = type;
    this.base = base;
    this.#model = model;
    this.#numbers = numbers;
    this.#standingOfBuilt = standing;
    this.#existence = existence;
    if (base.kind !== "row") return;
    this.#rows.set(base.source, null);
    if (selected !== null) this.#selected.set(base.source, selected);
  }

  /** Its objects have what a subquery asks for and nothing else, so that no field of theirs can be read but by the plan. */
  get isSelected(): boolean {
    return this.base.kind === "row" && this.#selected.has(this.base.source);
  }

  get needsRows(): boolean {
    return (
      this.steps.length > 0 ||
      this.follows.length > 0 ||
      (this.shown?.fields.some(
        (field) =>
          field.kind === "resolved" ||
          field.kind === "connection" ||
          field.kind === "nodes" ||
          (field.kind === "group" && field.place.needsRows),
      ) ??
        false)
    );
  }

  /** Nothing but its key is known of its objects: whether they exist shows when a row is asked for. */
  get isReference(): boolean {
    const { base, type } = this;
    return base.kind !== "row" || type.referencingSources.has(base.source);
  }

  /** Undoes what `plan` has added where it raises a {@link NotPlannedError} that is not final, and resorts to `otherwise`. */
  attempt<Value>(plan: () => Value, otherwise: (reason: string) => Value): Value {
    const before = { steps: this.steps.length, follows: this.follows.length };
    const { rows, calls } = { rows: this.#rows.size, calls: this.#calls.size };
    const accesses = this.#accesses.size;
    const { mark } = this.#numbers;
    try {
      return plan();
    } catch (error) {
      if (!(error instanceof NotPlannedError) || error.isFinal) throw error;
      this.steps.length = before.steps;
      this.follows.length = before.follows;
      deleteFrom(this.#rows, rows);
      deleteFrom(this.#calls, calls);
      deleteFrom(this.#accesses, accesses);
      for (const source of this.#selected.keys()) if (!this.#rows.has(source)) this.#selected.delete(source);
      this.#numbers.takeBack(mark);
      return otherwise(error.message);
    }
  }

  get accesses(): ReadonlyMap<Access, Spot | null> {
    return this.#accesses;
  }

  /** Reads fields one of the other's objects. `planEnd` plans what is read of the objects at the end. */
  readPath(sites: readonly ReadSite[], planEnd: PlanEnd | null = null): Path {
    const [site, ...rest] = sites;
    if (site === undefined) throw new NotPlannedError(`${this.type.name} is read by an empty path`);
    const isLast = rest.length === 0;
    const ways = new Map<Place, Path>();
    const read = this.read(
      site,
      isLast ? planEnd : (place) => void ways.set(place, place.readPath(rest, planEnd)),
    );
    // Where there is nothing, nothing is read of it.
    if (isLast || read.spot === null) return [read];
    const places = [...read.spot.places.values()];
    const next = new Map(places.map((place) => [place, ways.get(place) ?? noWay(place)] as const));
    const [only, ...others] = next.values();
    return only === undefined || others.length > 0 ? [{ ...read, next }] : [read, ...only];
  }

  /** Reads a field, and plans with `planBelow` what is read of its values where they are objects. */
  read({ name, args, onType = null }: ReadSite, planBelow: PlanEnd | null = null): BuiltRead {
    const field = fieldAt(this.type, name);
    if (field === undefined) throw new NotPlannedError(`${this.type.name} has no ${name}`);
    const access = this.access(name, args);
    const { type } = field;
    const composite = compositeTypeOf(this.#model, namedTypeOf(type));
    if (composite === null || access.kind === "nowhere")
      return { field, access, type, spot: null, next: null };
    const spot =
      access.kind === "part"
        ? this.#partSpot(composite, access, planBelow)
        : this.#spotOf(composite, access, { onType, planBelow });
    this.#accesses.set(access, spot);
    return { field, access, type, spot, next: null };
  }

  /** What a path goes through is fetched for, and what stands at its end. */
  follow(path: Path, { binding = null, isAwaited = false }: Partial<Omit<Follow, "path">> = {}): void {
    if (placesOn(path).some((one) => one.needsRows)) this.follows.push({ path, binding, isAwaited });
  }

  #spotOf(composite: ModelCompositeType, access: FoundAccess, { onType, planBelow }: SpotSite): BuiltSpot {
    const { supplier } = access;
    const rows = selectedRowsOf(access);
    const isAbstract = !("lookups" in composite);
    const readType = isAbstract ? (rows?.typeReader(supplier.field.coordinate) ?? supplier.readType) : null;
    if (isAbstract && readType === null)
      throw new NotPlannedError(`${supplier.field.coordinate} does not say which type its objects are of`);
    const names = isAbstract ? [...(rows?.types.keys() ?? composite.possibleTypes)] : [composite.name];
    const places = new Map<string, PlaceBuilder>();
    const spot = { places, readType, supplier };
    const types = names.flatMap((name) => this.#model.types.get(name) ?? []);
    const wanted = types.filter(({ name }) => onType === null || name === onType);
    if (supplier.buildsObjects) {
      const [only] = wanted;
      const plain =
        isAbstract || only === undefined
          ? null
          : plainReference(only, supplier, (name) => maySearch(only, name));
      if (plain === null || only === undefined) {
        for (const type of wanted) this.#addBuilt(places, type, supplier, planBelow);
        return spot;
      }
      places.set(only.name, new PlaceBuilder(this.#model, this.#numbers, only, { base: plain }));
    } else {
      const base: Base = { kind: "row", source: supplier.source };
      for (const type of wanted) {
        const selected = rows?.types.get(type.name) ?? null;
        places.set(type.name, new PlaceBuilder(this.#model, this.#numbers, type, { base, selected }));
      }
    }
    if (planBelow !== null) for (const place of places.values()) planBelow(place);
    return spot;
  }

  /** The places of objects of one type that a mapping built, by what they may have. */
  #addBuilt(
    places: Map<string, PlaceBuilder>,
    type: ModelType,
    supplier: FieldSupplier,
    planBelow: PlanEnd | null,
  ): void {
    const { source, field, read } = supplier;
    const found = read?.map === undefined ? null : partsBuiltBy(read.map);
    if (found === null) throw new NotPlannedError(`${field.coordinate} takes some objects as they are`);
    const keys = type.keys.filter((key) => key.every((path) => found.has(path)));
    // No object of it has a key.
    if (type.keys.length > 0 && keys.length === 0) return;
    const [onlyKey, ...otherKeys] = keys;
    const built = new Map(found);
    if (onlyKey !== undefined && otherKeys.length === 0)
      for (const path of onlyKey) built.set(path, { isObject: false, isCertain: true });
    const parts = new Map<string, readonly string[]>();
    for (const path of built.keys()) {
      const [name = "", ...rest] = path.split(".");
      if (type.overridden.get(source)?.has(name) !== true)
        parts.set([fieldKeyOf(type, source, name), ...rest].join("."), [name, ...rest]);
    }
    const plan = (decided: ReadonlyMap<string, boolean>): void => {
      const of = (isThere: boolean) =>
        [...decided].filter(([, is]) => is === isThere).map(([path]) => path.split("."));
      const base: Base = {
        kind: "built",
        source,
        within: [],
        parts,
        keys: keys.map((key) => key.map((path) => path.split("."))),
        has: of(true),
        lacks: of(false),
      };
      const standing = new BuiltStanding(built, decided);
      const { mark } = this.#numbers;
      const before = { places: this.#numbers.places.length, fields: this.#numbers.fields };
      try {
        const place = new PlaceBuilder(this.#model, this.#numbers, type, { base, standing });
        planBelow?.(place);
        places.set(`${type.name} ${places.size}`, place);
      } catch (error) {
        if (!(error instanceof UnsureError) || error.standing !== standing) throw error;
        this.#numbers.takeBack(mark);
        this.#numbers.places.length = before.places;
        this.#numbers.fields = before.fields;
        if (decided.size === maxUnsureParts)
          throw new NotPlannedError(`${field.coordinate} builds objects that may be known in too many ways`);
        for (const isThere of [true, false]) plan(new Map([...decided, [error.path, isThere]]));
      }
    };
    plan(new Map());
  }

  /** An object inside of one that a mapping built. */
  #partSpot(
    composite: ModelCompositeType,
    { path, supplier }: Extract<Access, { kind: "part" }>,
    planBelow: PlanEnd | null,
  ): BuiltSpot {
    const { base } = this;
    const standing = this.#standingOfBuilt;
    const isObject = standing?.parts.get(this.#builtPath(path))?.isObject === true;
    if (base.kind !== "built" || !isObject || !("lookups" in composite))
      throw new NotPlannedError(`${supplier.field.coordinate} is an object inside one that a mapping built`);
    const within = [...base.within, ...path];
    const prefix = `${within.join(".")}.`;
    const names = [...standing.parts.keys()].filter((one) => one.startsWith(prefix));
    const parts = new Map(
      names.map((one) => [one.slice(prefix.length), one.slice(prefix.length).split(".")] as const),
    );
    const inner: Base = { kind: "built", source: base.source, within, parts, keys: [], has: [], lacks: [] };
    const place = new PlaceBuilder(this.#model, this.#numbers, composite, { base: inner, standing });
    planBelow?.(place);
    return { places: new Map([[composite.name, place]]), readType: null, supplier };
  }

  /** Where a field is read, by its key. `args`: null where it is read without any. */
  access(fieldName: string, args: StepArgs | null): Access {
    const access = this.#findAccess(fieldName, args);
    this.#accesses.set(access, null);
    return access;
  }

  #findAccess(fieldName: string, args: StepArgs | null): Access {
    const field = fieldAt(this.type, fieldName);
    if (field === undefined) throw new NotPlannedError(`${this.type.name} has no ${fieldName}`);
    const part = this.#partOf(fieldName);
    const [first] = field.suppliers;
    if (part !== undefined && first !== undefined) return { kind: "part", path: part, supplier: first };
    const holder = this.#holderOf(field);
    if (holder !== undefined) return this.#accessRow(holder, fieldName, args);
    const called = field.suppliers.find((supplier) => supplier.call !== null);
    if (called !== undefined)
      return { kind: "step", step: this.#call(field, called, args), supplier: called, selected: null };
    const hop = findHop(this.type, fieldName, this.#standing);
    if (hop === null) return { kind: "nowhere" };
    this.lookUp(hop.lookup);
    return this.#accessRow(hop.supplier, fieldName, args);
  }

  /** The lookup that a field's row has to come from; null where the field needs none. */
  lookupFor(fieldName: string): EntityLookup | null {
    const field = fieldAt(this.type, fieldName);
    if (field === undefined || this.#partOf(fieldName) !== undefined) return null;
    if (field.suppliers.some((supplier) => supplier.call !== null || this.#rows.has(supplier.source)))
      return null;
    return findHop(this.type, fieldName, this.#standing)?.lookup ?? null;
  }

  /** The step that brings a lookup's row. */
  lookUp(lookup: EntityLookup): Step {
    const known = this.#rows.get(lookup.source);
    if (known !== undefined) {
      if (known === null) throw new NotPlannedError("the row is there already");
      return known;
    }
    const { call, key } = lookup;
    const reads = key.map((path) => this.#readValue(path, path.split(".")));
    const id = this.#numbers.steps.length;
    const parts = { id, lookup, supplier: null, args: null, reads, requires: [] };
    const step = isSubqueryCall(call)
      ? this.#lookUpSelected(lookup, { ...parts, kind: "subquery", call })
      : this.#add({ ...parts, kind: "call", call });
    this.#rows.set(lookup.source, step);
    return step;
  }

  /** Looks its objects up where that alone says whether they exist. */
  confirmExistence(): void {
    if (this.#existence !== null) this.existence = this.lookUp(this.#existence);
  }

  #lookUpSelected({ source }: EntityLookup, parts: Omit<SubqueryStep, "rows">): Step {
    const rows = SelectedRowsBuilder.at(this.#model, source.schema, this.type.name);
    const selected = rows?.types.get(this.type.name);
    if (selected === undefined) throw new NotPlannedError(`${parts.call.coordinate} finds no objects`);
    this.#selected.set(source, selected);
    return this.#add({ ...parts, rows });
  }

  /** The object's own row before those of lookups, in their order. */
  #holderOf({ suppliers }: ModelField): FieldSupplier | undefined {
    for (const source of this.#rows.keys()) {
      const holder = suppliers.find((supplier) => supplier.source === source && supplier.read !== null);
      if (holder !== undefined) return holder;
    }
    return undefined;
  }

  /** Where the value that stands for the object has a field; undefined where it has not. May raise {@link UnsureError}. */
  #partOf(fieldName: string): readonly string[] | undefined {
    const { base, type } = this;
    if (base.kind !== "reference" && base.kind !== "built") return undefined;
    const path = base.parts.get(fieldName);
    if (path === undefined || this.#standingOfBuilt === null) return path;
    // What is absent is null where nobody else knows it.
    const isThere = !maySearch(type, fieldName) || this.#standingOfBuilt.isThere(this.#builtPath(path));
    return isThere ? path : undefined;
  }

  #isKnown(keyPath: string): boolean {
    const { base } = this;
    if (base.kind !== "reference" && base.kind !== "built") return false;
    const path = base.parts.get(keyPath);
    if (path === undefined) return false;
    return this.#standingOfBuilt?.isThere(this.#builtPath(path)) ?? true;
  }

  #builtPath(path: readonly string[]): string {
    return [...(this.base.kind === "built" ? this.base.within : []), ...path].join(".");
  }

  #accessRow(supplier: FieldSupplier, fieldName: string, args: StepArgs | null): Access {
    const { source } = supplier;
    const step = this.#rows.get(source);
    const selected = this.#selected.get(source)?.field(fieldName, args, this.#numbers.onAdd) ?? null;
    return step === null || step === undefined
      ? { kind: "row", supplier, selected }
      : { kind: "step", step, supplier, selected };
  }

  #call(field: ModelField, supplier: FieldSupplier, args: StepArgs | null): Step {
    const { call, source } = supplier;
    if (call === null) throw new NotPlannedError(`${field.coordinate} is no call`);
    if (isSubqueryCall(call)) {
      // Each use asks for what it needs itself: what fails in one costs no other.
      const rows = SelectedRowsBuilder.at(this.#model, source.schema, namedTypeOf(field.type));
      const id = this.#numbers.steps.length;
      const parts = { id, lookup: null, supplier, args, reads: [], requires: [] };
      return this.#add({ ...parts, kind: "subquery", call, rows });
    }
    const text = `${field.coordinate} ${this.#numbers.textOfArgs(args)}`;
    const known = this.#calls.get(text);
    if (known !== undefined && this.type.name !== "Mutation") return known;
    const requires = (this.#model.requirements.get(supplier.field) ?? []).map(({ argument, value }) => {
      return { argument, value: this.#require(value) };
    });
    const planned = this.#numbers.steps.length;
    const inputs = call.batch === null ? call.inputs : [...call.inputs, call.batch.key];
    const names = [...new Set(inputs.flatMap((input) => input.parentFields))];
    const reads = names.map((name) => this.#readValue(name, [fieldKeyOf(this.type, source, name)]));
    // They are read of objects only that have what is required.
    if (requires.length > 0 && this.#numbers.steps.length > planned)
      throw new NotPlannedError(`${field.coordinate} has to wait for what it requires`);
    const id = this.#numbers.steps.length;
    const step = this.#add({ kind: "call", id, call, lookup: null, supplier, args, reads, requires });
    this.#calls.set(text, step);
    return step;
  }

  /** What a step reads of an object: a leaf, at the end of a path through single objects. */
  #readValue(name: string, keys: readonly string[]): StepRead {
    const path = this.readPath(keys.map((key) => ({ name: key, args: null })));
    const isSingle = path.every(({ type }) => depthOf(type) === 0);
    const end = path[path.length - 1];
    if ((keys.length > 1 && !isSingle) || end?.spot !== null)
      throw new NotPlannedError(`${this.type.name}.${keys.join(".")} is no leaf`);
    this.follow(path, { isAwaited: true });
    return { name, path };
  }

  #require(value: RequiredValue): PlannedValue {
    switch (value.kind) {
      case "path":
        return this.#requirePath(value);
      case "object":
        return {
          kind: "object",
          fields: value.fields.map((field) => ({ name: field.name, value: this.#require(field.value) })),
        };
      case "alternatives": {
        const [first, ...others] = value.options;
        const options = first === undefined ? [] : [this.#require(first)];
        const planned = this.#numbers.steps.length;
        options.push(...others.map((option) => this.#require(option)));
        // They are read of objects only of which the options before are absent.
        if (this.#numbers.steps.length > planned)
          throw new NotPlannedError(`${this.type.name} requires what may stand in for something else`);
        return { kind: "alternatives", options };
      }
      case "list":
        throw new NotPlannedError(`${this.type.name} is no list`);
    }
  }

  #requirePath({ steps, then, toLeaf }: RequiredPath): PlannedValue {
    const values = new Map<Place, PlannedValue>();
    const element = then?.kind === "list" ? then.element : then;
    const path = this.readPath(
      steps.map(({ name, args }) => ({
        name,
        args: { client: { kind: "constant", values: args }, bound: boundTo(args) },
      })),
      element === null ? null : (end) => void values.set(end, end.#require(element)),
    );
    this.follow(path, { isAwaited: true });
    return {
      kind: "path",
      path,
      then: then === null ? null : { isList: then.kind === "list", values },
      toLeaf,
    };
  }

  #add(step: DraftStep): Step {
    this.#numbers.steps.push(step);
    this.steps.push(step);
    return step;
  }

  get #standing(): Standing {
    return {
      hasRow: (source) => this.#rows.has(source),
      isKnown: (path) => this.#isKnown(path),
    };
  }
}

/** What a subquery asks for of the objects that an access finds; null where they are in the answer to none. */
export function selectedRowsOf(access: Access): SelectedRowsBuilder | null {
  if (access.kind !== "row" && access.kind !== "step") return null;
  const { supplier, selected } = access;
  const isValue = access.kind === "step" && supplier.read === null;
  const rows = isValue && access.step.kind === "subquery" ? access.step.rows : selected?.rows;
  return rows instanceof SelectedRowsBuilder ? rows : null;
}

/** Of one mapping: each doubles the places. */
const maxUnsureParts = 4;

/** Whether somebody else is asked for a field where a mapping has not built it. */
function maySearch(type: ModelType, fieldName: string): boolean {
  const suppliers = fieldAt(type, fieldName)?.suppliers ?? [];
  return suppliers.some(
    ({ call, read, source }) =>
      call !== null || (read !== null && type.lookups.some((lookup) => lookup.source === source)),
  );
}

function noWay({ type }: Place): never {
  throw new NotPlannedError(`there is no way through ${type.name}`);
}

/** The places of all objects that a path goes through and ends at. */
function placesOn(path: Path): Place[] {
  return path.flatMap(({ spot, next }) => [
    ...(spot?.places.values() ?? []),
    ...[...(next?.values() ?? [])].flatMap(placesOn),
  ]);
}

/** Arguments that are known already. */
function boundTo(args: Readonly<Record<string, unknown>>): StepArgs["bound"] {
  return Object.entries(args).map(([name, value]) => ({ name, value: () => value, node: null }));
}

/** Takes what was added last, from the entry of that number on. */
function deleteFrom(map: Map<unknown, unknown>, start: number): void {
  if (map.size === start) return;
  for (const key of [...map.keys()].slice(start)) map.delete(key);
}

/** How many lists are around the values of a type. */
export function depthOf(type: TypeNode): number {
  if (type.kind === Kind.NON_NULL_TYPE) return depthOf(type.type);
  return type.kind === Kind.LIST_TYPE ? depthOf(type.type) + 1 : 0;
}
