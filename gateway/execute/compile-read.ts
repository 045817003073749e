import { Kind, type TypeNode } from "graphql";
import { isKeyPart } from "../compose/entity-lookup.ts";
import { readSubqueryRow } from "../compose/subquery-row.ts";
import type { FieldSupplier } from "../compose/supergraph-model.ts";
import { OverlockError } from "../core/errors.ts";
import {
  type CompiledSelection,
  compileSelection,
  rawRoots,
  readOwn,
} from "../language/evaluate-selection.ts";
import { plainNamesOf } from "../language/selection-map.ts";
import type { Access, Base, Path, Place, Read, SelectedField, Spot, Step } from "../prepare/plan.ts";
import { depthOf } from "../prepare/plan-place.ts";
import type { InTurns } from "./assembly-turns.ts";
import type { PlanRun } from "./plan-run.ts";

/** Reads something of an object of a place, given by the value that stands for it. Raises what stands in its place. */
export type Reader = (run: PlanRun, object: unknown) => unknown;

/** A reader that gives others their turns where it reads much. */
export type ReaderInTurns = (run: PlanRun, object: unknown) => InTurns<unknown>;

/** What a step has found for an object: a row, a field's value, null, or an error in its place. */
export type Finder = (run: PlanRun, object: unknown) => unknown;

/** Finds what each step of a plan has found. */
export type Finders = (step: Step) => Finder;

/**
 * The name of the property that a selection reads where it reads one property of an object and nothing else, and no
 * prototype has it; null for every other selection. It is a name that GraphQL allows, so that it may stand in code.
 */
export function plainProperty(path: readonly string[] | null): string | null {
  const [name, ...rest] = path ?? [];
  if (name === undefined || rest.length > 0) return null;
  return namePattern.test(name) && !(name in Object.prototype) ? name : null;
}

/** https://spec.graphql.org/September2025/#Name */
const namePattern = /^[_A-Za-z][_0-9A-Za-z]*$/;

/** A value as it stands in a raw object, without a look at what it is. */
export function compileAccess(access: Access, base: Base | null, finders: Finders): Reader {
  switch (access.kind) {
    case "nowhere":
      return () => null;
    case "part":
      return compilePart(access.path);
    case "row":
      return compileProperty(access, base);
    case "step": {
      const find = finders(access.step);
      const { supplier } = access;
      const read = supplier.read === null ? null : compileProperty(access, base);
      return (run, object) => {
        const found = find(run, object);
        if (found instanceof Error) throw found;
        if (found === null || found === undefined || read === null) return found ?? null;
        return read(run, found);
      };
    }
  }
}

export function compilePart(path: readonly string[]): Reader {
  if (path.length === 0) return (_run, object) => object;
  return compileNames(path, selectionOf(path));
}

function compileNames(path: readonly string[] | null, read: CompiledSelection): Reader {
  const name = plainProperty(path);
  if (name === null) return (_run, object) => read(rawRoots(object));
  return (_run, object) => (isPlainObject(object) ? object[name] : read(rawRoots(object)));
}

function selectionOf(path: readonly string[]): CompiledSelection {
  const segments = path.map((name) => ({ name, arguments: [], onType: null, offset: 0 }));
  return compileSelection({ kind: "path", root: "value", segments, then: null, offset: 0 });
}

/** Of a field whose objects a mapping builds: what they are built from. */
function compileProperty({ supplier, selected }: RowAccess, base: Base | null): Reader {
  const { read } = supplier;
  if (read === null) return () => null;
  if (selected !== null) return compileSelected(selected, supplier);
  // An object is built once, so that what is found for it is found again.
  if (base?.kind === "built") return (run, row) => run.build(read, row);
  if (base?.kind !== "reference") return compileNames(plainNamesOf(read.map), read);
  const { list } = base;
  if (list === null) return (_run, row) => row;
  const readList = compilePart(list);
  // As a map has it: of what is no list, nothing is built.
  return (run, row) => {
    const found = readList(run, row);
    return Array.isArray(found) ? found : null;
  };
}

type RowAccess = Extract<Access, { kind: "row" | "step" }>;

/** Of a row of a GraphQL source, which has what was asked for under the names that were said. */
function compileSelected({ key }: SelectedField, supplier: FieldSupplier): Reader {
  if (key.kind === "constant") return (_run, row) => readSubqueryRow(row, key.name, supplier);
  return (run, row) => {
    const name = run.responseKeys[key.index];
    if (name instanceof Error) throw name;
    return readSubqueryRow(row, String(name), supplier);
  };
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a field, its lists and objects checked. Objects are the values that stand for them in their places. */
export function compileRead(read: Omit<Read, "field">, finders: Finders): Reader {
  const { access, type, spot } = read;
  if (access.kind === "nowhere") return () => null;
  const base = baseAt(spot);
  const raw = compileAccess(access, base, finders);
  const check = compileCheck(read, base);
  const isOne = spot === null && type.kind !== Kind.LIST_TYPE;
  return (run, object) => {
    const value = raw(run, object);
    // Nearly every leaf.
    if (isOne && (typeof value === "string" || typeof value === "number")) return value;
    return checkValue(value, type, check, access.supplier);
  };
}

export function baseAt(spot: Spot | null): Base | null {
  const [place] = spot?.places.values() ?? [];
  return place?.base ?? null;
}

/** Follows a path. A path through a list keeps the list; an element that fails is the error itself. */
export function compilePath(path: Path, finders: Finders, finishOf?: FinishOf): Reader {
  const { first, stages } = stagesOf(path, finders, finishOf, (last, next) => ({
    read: compileNext(last.spot, next, (rest) => compilePath(rest, finders, finishOf), nothingFound),
    readInTurns: null,
  }));
  return stages.reduce(
    (before, { levels, read }): Reader =>
      (run, object) =>
        mapObjects(before(run, object), levels, (found) => read(run, found)),
    first,
  );
}

/** The same as {@link compilePath}, with turns for others among the elements of lists. */
export function compilePathInTurns(path: Path, finders: Finders, finishOf?: FinishOf): ReaderInTurns {
  const { first, stages } = stagesOf(path, finders, finishOf, (last, next) => ({
    read: nothingFound,
    readInTurns: compileNext(
      last.spot,
      next,
      (rest) => compilePathInTurns(rest, finders, finishOf),
      nothingInTurns,
    ),
  }));
  return function* readInTurns(run, object) {
    let value = first(run, object);
    for (const stage of stages) value = yield* mapInTurns(run, value, stage.levels, stage);
    return value;
  };
}

interface PathStages {
  readonly first: Reader;
  readonly stages: readonly PathStage[];
}

/** What is read of each object that was found so far. */
interface PathStage {
  /** How many lists are around the objects. */
  readonly levels: number;
  readonly read: Reader;
  /** The same where it may take long for one object; null: it does not. */
  readonly readInTurns: ReaderInTurns | null;
}

/** `onward`: reads the rest of a path that goes on in another way for each place. */
function stagesOf(
  path: Path,
  finders: Finders,
  finishOf: FinishOf | undefined,
  onward: (last: Read, next: ReadonlyMap<Place, Path>) => Pick<PathStage, "read" | "readInTurns">,
): PathStages {
  const [first, ...rest] = path;
  let levels = depthOf(first.type);
  const stages: PathStage[] = [];
  for (const read of rest) {
    stages.push({ levels, read: compileRead(read, finders), readInTurns: null });
    levels += depthOf(read.type);
  }
  const last = rest.at(-1) ?? first;
  if (last.next !== null) stages.push({ levels, ...onward(last, last.next) });
  else {
    const finish = finishOf?.(last) ?? null;
    if (finish !== null) stages.push({ levels, read: finish, readInTurns: null });
  }
  return { first: compileRead(first, finders), stages };
}

/** The rest of a path, another one for each place that its objects may stand in. */
function compileNext<AnyReader extends Reader | ReaderInTurns>(
  spot: Spot | null,
  next: ReadonlyMap<Place, Path>,
  compile: (rest: Path) => AnyReader,
  nothing: AnyReader,
): (run: PlanRun, object: unknown) => ReturnType<AnyReader> {
  const readers = new Map([...next].map(([place, rest]) => [place, compile(rest)]));
  return (run, object) => {
    const place = spot === null ? undefined : placeAt(spot, object);
    const read = (place === undefined || place === null ? undefined : readers.get(place)) ?? nothing;
    return read(run, object) as ReturnType<AnyReader>;
  };
}

const nothingFound: Reader = () => null;
// oxlint-disable-next-line require-yield -- it has nothing to wait for
const nothingInTurns: ReaderInTurns = function* nothing() {
  return null;
};

/** What becomes of each value that the last field of a path has found; null: nothing. */
type FinishOf = (last: Read) => Reader | null;

/** What stands for an object may be a list, too: how many lists are around it is known by the path alone. */
function mapObjects(value: unknown, levels: number, read: (object: unknown) => unknown): unknown {
  if (value === null || value === undefined || value instanceof Error) return value ?? null;
  if (levels === 0 || !Array.isArray(value)) return read(value);
  return value.map((element: unknown) => {
    try {
      return mapObjects(element, levels - 1, read);
    } catch (error) {
      return error;
    }
  });
}

/** The same as {@link mapObjects}. */
function* mapInTurns(run: PlanRun, value: unknown, levels: number, stage: PathStage): InTurns<unknown> {
  const { read, readInTurns } = stage;
  if (value === null || value === undefined || value instanceof Error) return value ?? null;
  if (levels === 0 || !Array.isArray(value))
    return readInTurns === null ? read(run, value) : yield* readInTurns(run, value);
  const isAtOnce = levels === 1 && readInTurns === null;
  const found: unknown[] = [];
  for (const element of value as readonly unknown[]) {
    if (run.isPartOver()) yield;
    try {
      found.push(
        isAtOnce
          ? mapObjects(element, 0, (object) => read(run, object))
          : yield* mapInTurns(run, element, levels - 1, stage),
      );
    } catch (error) {
      found.push(error);
    }
  }
  return found;
}

type Check = (raw: unknown) => unknown;

/** As Entity does it: the nulls of the supergraph's types are not looked at, its lists are. */
function checkValue(raw: unknown, type: TypeNode, check: Check, supplier: FieldSupplier): unknown {
  if (raw === null || raw === undefined) return null;
  if (raw instanceof OverlockError) throw raw;
  if (type.kind === Kind.NON_NULL_TYPE) return checkValue(raw, type.type, check, supplier);
  if (type.kind !== Kind.LIST_TYPE) return check(raw);
  if (!Array.isArray(raw)) throw misfit(supplier, "a list", raw);
  return raw.map((element: unknown) => {
    try {
      return checkValue(element, type.type, check, supplier);
    } catch (error) {
      return error;
    }
  });
}

function compileCheck({ type, access, spot }: Omit<Read, "field">, base: Base | null): Check {
  if (access.kind === "nowhere") return () => null;
  const { supplier } = access;
  if (spot === null) {
    if (!standardScalars.has(nameOf(type))) return (raw) => raw;
    return (raw) => {
      if (Array.isArray(raw)) throw misfit(supplier, "one value", raw);
      return raw;
    };
  }
  if (base?.kind === "reference") {
    const hasKey = compileHasKey(base);
    return (raw) => (hasKey(raw) ? raw : null);
  }
  return (raw) => checkObject(raw, spot);
}

/** Whether what an object is built from has all of its key. */
export function compileHasKey({
  key,
  parts,
}: Extract<Base, { kind: "reference" }>): (raw: unknown) => boolean {
  const readers = key.map((name) => compilePart(parts.get(name) ?? []));
  const [only, ...others] = readers;
  const isThere = (raw: unknown): boolean => raw !== null && raw !== undefined && !(raw instanceof Error);
  if (only !== undefined && others.length === 0) return (raw) => isThere(raw) && isKeyPart(only(noRun, raw));
  return (raw) => isThere(raw) && readers.every((read) => isKeyPart(read(noRun, raw)));
}

/** The value, where it is an object of a type that may stand there. */
export function checkObject(raw: unknown, spot: Spot): unknown {
  const { readType, supplier, places } = spot;
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw misfit(supplier, "an object", raw);
  if (isBuilt(spot)) {
    const place = placeOfBuilt(spot, raw);
    if (place === undefined) throw misfit(supplier, "an object that says which type it is", raw);
    return place === null ? null : raw;
  }
  if (readType === null) return places.size === 0 ? null : raw;
  const name = readType(raw);
  if (name === null) throw misfit(supplier, "an object that says which type it is", raw);
  return places.has(name) ? raw : null;
}

/** Mappings build what stands there, one as it takes more than a look at what they are built from. */
export function isBuilt(spot: Spot): boolean {
  return baseAt(spot)?.kind === "built";
}

/** The place of an object that a mapping built; null where it is none that counts, undefined where it does not say its type. */
export function placeOfBuilt({ places, readType }: Spot, object: object): Place | null | undefined {
  let name: string | null = null;
  if (readType !== null) {
    if (!Object.values(object).some(isKeyPart)) return null;
    name = readType(object);
    if (name === null) return undefined;
  }
  for (const place of places.values())
    if ((name === null || place.type.name === name) && standsAt(place, object)) return place;
  return null;
}

/** An object has one of the keys, and what tells it from the others of its type. */
function standsAt({ base }: Place, object: object): boolean {
  if (base.kind !== "built") return false;
  const { keys, has, lacks } = base;
  const read = (path: readonly string[]): unknown =>
    path.reduce<unknown>((value, name) => readOwn(value, name), object);
  return (
    (keys.length === 0 || keys.some((key) => key.every((path) => isKeyPart(read(path))))) &&
    has.every((path) => read(path) !== undefined) &&
    lacks.every((path) => read(path) === undefined)
  );
}

/** The place of an object that was checked. */
export function placeAt(spot: Spot, object: unknown): Place | undefined {
  const { places, readType } = spot;
  if (isBuilt(spot)) return placeOfBuilt(spot, object as object) ?? undefined;
  if (readType !== null) return places.get(readType(object as object) ?? "");
  const [only] = places.values();
  return only;
}

/** Parts are read of the value alone. */
const noRun = null as unknown as PlanRun;

const standardScalars: ReadonlySet<string> = new Set(["Boolean", "Float", "ID", "Int", "String"]);

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

export function misfit(supplier: FieldSupplier, expected: string, raw: unknown): OverlockError {
  const found = Array.isArray(raw) ? "a list" : typeof raw;
  const message = `${supplier.field.coordinate}: expected ${expected}, found ${found}`;
  return new OverlockError("INVALID_VALUE", message);
}
