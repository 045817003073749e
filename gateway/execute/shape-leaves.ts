import { type GraphQLLeafType, isEnumType } from "graphql";
import type { FieldBinding } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import { allInOrder } from "../core/all-in-order.ts";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { InTurns, TurnPart } from "./assembly-turns.ts";
import type { Execution } from "./execution.ts";
import { hasLeafForm } from "./has-leaf-form.ts";
import type { LeafShaper, ListShaper, Shaper } from "../shape/shaper.ts";

type PathBinding = Extract<FieldBinding, { kind: "path" }>;

/** Where a field stands in the answer. */
export interface FieldPath {
  readonly prev: FieldPath | undefined;
  readonly key: string | number;
}

/** Reads a field's value and brings it into the shape that the client schema promises. */
export type ShapeLeaves = (read: () => unknown, execution: Execution, path: FieldPath) => unknown;

/**
 * Compiles what happens to a leaf field's value: shapers in the order written, then the check against the leaf type
 * (INVALID_VALUE), then the replacement of null and, where a shaper absorbs errors, of failures. A denial is never
 * absorbed; what is absorbed is recorded in the scope.
 */
export function shapeLeaves(binding: PathBinding, leafType: GraphQLLeafType): ShapeLeaves {
  const { shape: shapeAtOnce, finish, absorbs, replacement } = compileLeafShaping(binding, leafType);
  const shape = binding.shapers.some(({ kind }) => kind === "list")
    ? (value: unknown, { scope }: Execution): unknown => shapeAtOnce(value, scope)
    : inPieces(shapeAtOnce);
  if (!absorbs) return (read, execution) => andThen(shape(read(), execution), finish);
  return async (read, execution, path) => {
    try {
      return finish(await settleLeaves(await shape(read(), execution)));
    } catch (thrown) {
      const { code, upstreamCode } = absorbableError(thrown);
      const { scope } = execution;
      scope.absorbed.push({ path: pathToArray(path), code, ...(upstreamCode !== null && { upstreamCode }) });
      return replacement;
    }
  };
}

/** Shapes a long list piece by piece, each when its turn comes. `shape` does the same to each element. */
function inPieces(shape: Shape): (value: unknown, execution: Execution) => unknown {
  const shapeAny = (value: unknown, execution: Execution): unknown => {
    if (value instanceof Promise) return value.then((found: unknown) => shapeAny(found, execution));
    if (!Array.isArray(value) || value.length <= pieceLength) return shape(value, execution.scope);
    const elements = value as readonly unknown[];
    const { promise, resolve, reject } = Promise.withResolvers<unknown[]>();
    const shaped: unknown[] = [];
    const pieces = Math.ceil(elements.length / pieceLength);
    const shapePiece = (index: number): void => {
      try {
        const piece = elements.slice(index * pieceLength, (index + 1) * pieceLength);
        const found = shape(piece, execution.scope) as readonly unknown[];
        markAwaited(found);
        for (const element of found) shaped.push(element);
        if (index === pieces - 1) resolve(shaped);
      } catch (error) {
        reject(error);
      }
    };
    execution.inTurn(pieces, shapePiece, pieceLength);
    return promise;
  };
  return shapeAny;
}

const pieceLength = 250;

/** What happens to the value of a leaf field, in its parts. */
export interface LeafShaping {
  readonly shape: Shape;
  /** The same, of a value without promises, with turns for others among the elements of lists. */
  readonly shapeInTurns: ShapeInTurns;
  /** Puts the replacement of null in. */
  readonly finish: (value: unknown) => unknown;
  /** The replacement stands in for failures, too. */
  readonly absorbs: boolean;
  readonly replacement: unknown;
}

export function compileLeafShaping(binding: PathBinding, leafType: GraphQLLeafType): LeafShaping {
  const { shapers, coordinate } = binding;
  const stages = stagesOf(shapers, compileSerializer(leafType, coordinate), coordinate);
  const ofNull = shapers.filter((shaper) => shaper.kind === "null");
  const replacement = ofNull[0]?.replacement;
  const finish = (value: unknown): unknown => value ?? replacement ?? null;
  return {
    shape: shapeBy(stages),
    shapeInTurns: shapeInTurnsBy(stages),
    finish,
    absorbs: ofNull.some((shaper) => shaper.absorbsErrors),
    replacement,
  };
}

/** The error that a default stands in for. Raises it where none may: a denial, or a fault of ours. */
export function absorbableError(thrown: unknown): OverlockError {
  const error = toOverlockError(thrown);
  if (error.entry.isDenial || error.code === "INTERNAL_SERVER_ERROR") throw error;
  return error;
}

/** Compiles what happens to a field of objects before anything of them is read: lists are cut and joined. */
export function shapeObjects({ shapers, coordinate }: PathBinding): Shape {
  return shapeBy(stagesOf(shapers, null, coordinate));
}

/** What a field's value becomes. A promise stays one. */
export type Shape = (value: unknown, scope: RequestScope) => unknown;

/** The same in turns. */
export type ShapeInTurns = (value: unknown, scope: RequestScope, part: TurnPart) => InTurns<unknown>;

type LeafStep = (leaf: unknown, scope: RequestScope) => unknown;

/** An object of which shapers read fields, where all that they read is there already. */
export class LeafParts {
  readonly #read: (name: string) => unknown;

  /** `read` may raise. */
  constructor(read: (name: string) => unknown) {
    this.#read = read;
  }

  read(names: readonly string[]): Readonly<Record<string, unknown>> {
    const parts: Record<string, unknown> = {};
    for (const name of names) parts[name] = this.#read(name);
    return parts;
  }
}

/** What is done to a value at once: to each leaf, or to its lists. */
interface ShapeStage {
  readonly shape: Shape;
  /** What is done to each leaf; null: it is the lists that are shaped. */
  readonly leaf: LeafStep | null;
}

/** Neighbouring steps on leaves become one pass over them, with `last` at the end of the last. */
function stagesOf(shapers: readonly Shaper[], last: LeafStep | null, coordinate: string): ShapeStage[] {
  const stages: ShapeStage[] = [];
  let steps: LeafStep[] = [];
  const endPass = (): void => {
    if (steps.length > 0) {
      const leaf = compilePass(steps);
      stages.push({ shape: (value, scope) => mapLeaves(value, leaf, scope), leaf });
    }
    steps = [];
  };
  for (const shaper of shapers) {
    if (shaper.kind === "leaf") steps.push(compileStep(shaper));
    else if (shaper.kind === "list") {
      endPass();
      stages.push({ shape: (value) => shapeList(shaper, value, coordinate), leaf: null });
    }
  }
  if (last !== null) steps.push(last);
  endPass();
  return stages;
}

function shapeBy(stages: readonly ShapeStage[]): Shape {
  const [only, ...others] = stages;
  // Nearly every field: it is read, checked and nothing else.
  if (only !== undefined && others.length === 0)
    return (value, scope) =>
      value instanceof Promise ? value.then((found) => only.shape(found, scope)) : only.shape(value, scope);
  return (value, scope) =>
    stages.reduce((shaped, { shape }) => andThen(shaped, (found) => shape(found, scope)), value);
}

function shapeInTurnsBy(stages: readonly ShapeStage[]): ShapeInTurns {
  return function* shapeInTurns(value, scope, part) {
    let shaped = value;
    for (const { shape, leaf } of stages) {
      if (leaf === null) shaped = shape(shaped, scope);
      else shaped = yield* mapLeavesInTurns(shaped, leaf, { scope, part });
    }
    return shaped;
  };
}

function compilePass(steps: readonly LeafStep[]): LeafStep {
  const [only, ...others] = steps;
  if (only !== undefined && others.length === 0) return only;
  return (leaf, scope) => {
    let shaped = leaf;
    for (const step of steps) {
      if (shaped instanceof Promise)
        shaped = shaped.then((found: unknown) => (found === null ? null : step(found, scope)));
      else if (shaped !== null) shaped = step(shaped, scope);
    }
    return shaped;
  };
}

function compileStep(shaper: LeafShaper): LeafStep {
  const { reads } = shaper;
  if (reads.length === 0) return (leaf, scope) => shaper.shapeLeaf(leaf, scope);
  const shapeParts = (parts: Readonly<Record<string, unknown>>, scope: RequestScope): unknown =>
    // An object that is not there, such as a reference without a row, has nothing to shape.
    reads.every((name) => parts[name] === null || parts[name] === undefined)
      ? null
      : shaper.shapeLeaf(parts, scope);
  const shapeEntity = async (leaf: Entity, scope: RequestScope): Promise<unknown> => {
    const values = await allInOrder(reads.map((name) => leaf.read(name, {}, scope)));
    return shapeParts(Object.fromEntries(reads.map((name, index) => [name, values[index]])), scope);
  };
  return (leaf, scope) => {
    if (leaf instanceof LeafParts) return shapeParts(leaf.read(reads), scope);
    return leaf instanceof Entity ? shapeEntity(leaf, scope) : null;
  };
}

function compileSerializer(leafType: GraphQLLeafType, coordinate: string): LeafStep {
  const message = `${coordinate}: not a value of ${leafType.name}`;
  // One for all: where one leaf of a list has no form, thousands may, and each error takes a picture of the stack. Made
  // when the first has none, because that takes longer than all else about compiling a leaf.
  let made: OverlockError | null = null;
  const misfit = (): OverlockError => (made ??= new OverlockError("INVALID_VALUE", message));
  return (leaf) => {
    if (!hasLeafForm(leafType, leaf)) throw misfit();
    try {
      const serialized = leafType.serialize(leaf);
      // An enum's value inside is the supergraph's; the executor serializes it.
      return isEnumType(leafType) ? leaf : serialized;
    } catch (cause) {
      // What a scalar of one's own says of a value is for the log; an enum says no more than that it has none such.
      if (isEnumType(leafType)) throw misfit();
      throw new OverlockError("INVALID_VALUE", message, { cause });
    }
  };
}

function andThen(value: unknown, next: (found: unknown) => unknown): unknown {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Applies `shape` to every leaf that is there; an element that fails is the error itself, in its place. */
function mapLeaves(value: unknown, shape: LeafStep, scope: RequestScope): unknown {
  if (value === null || value === undefined || value instanceof Error) return value;
  if (!Array.isArray(value)) return shape(value, scope);
  return value.map((element: unknown) => {
    if (element instanceof Promise) return element.then((found: unknown) => mapLeaves(found, shape, scope));
    try {
      return mapLeaves(element, shape, scope);
    } catch (error) {
      return error;
    }
  });
}

/** The same as {@link mapLeaves}, of a value without promises. */
function* mapLeavesInTurns(
  value: unknown,
  shape: LeafStep,
  context: { readonly scope: RequestScope; readonly part: TurnPart },
): InTurns<unknown> {
  const { scope, part } = context;
  if (!Array.isArray(value)) return mapLeaves(value, shape, scope);
  const shaped: unknown[] = [];
  for (const element of value as readonly unknown[]) {
    if (part.isPartOver()) yield;
    try {
      shaped.push(
        Array.isArray(element)
          ? yield* mapLeavesInTurns(element, shape, context)
          : mapLeaves(element, shape, scope),
      );
    } catch (error) {
      shaped.push(error);
    }
  }
  return shaped;
}

function shapeList(shaper: ListShaper, value: unknown, coordinate: string): unknown {
  if (value === null || value === undefined || value instanceof Error) return value;
  if (!Array.isArray(value))
    throw new OverlockError("CANNOT_SHAPE", `${coordinate}: expected a list, found ${typeof value}`);
  markAwaited(value);
  if (shaper.levels === 1 || !value.some((element) => element instanceof Promise))
    return shaper.shapeList(value);
  return Promise.all(value.map(settleElement)).then((settled) => shaper.shapeList(settled));
}

/** An inner list that could not be read is the error in its place. */
async function settleElement(element: unknown): Promise<unknown> {
  try {
    const found = await element;
    markAwaited(found);
    return found;
  } catch (error) {
    return error;
  }
}

/**
 * Elements may fail before anybody waits for them, while others are waited for, or because they were cut off and nobody
 * ever will. Node would end the process over that; whoever waits for an element still meets its error.
 */
function markAwaited(value: unknown): void {
  if (value instanceof Promise) value.then(markAwaited, () => undefined);
  else if (Array.isArray(value)) for (const element of value) markAwaited(element);
}

/** Waits for every element of a list and raises the first error in it. */
async function settleLeaves(value: unknown): Promise<unknown> {
  if (value instanceof Error) throw value;
  if (!Array.isArray(value)) return value;
  return allInOrder(value.map(async (element: unknown) => settleLeaves(await element)));
}

function pathToArray(path: FieldPath): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let at: FieldPath | undefined = path; at !== undefined; at = at.prev) keys.push(at.key);
  return keys.toReversed();
}
