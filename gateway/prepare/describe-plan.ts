import { getNullableType, isListType } from "graphql";
import type { FieldBinding } from "../compose/bindings.ts";
import { printGuard } from "../language/guards.ts";
import type { Denials } from "../policy/access-rules.ts";
import { type DescribedStep, describeStep, type FoundStep, type ShownPath } from "./describe-step.ts";
import type { CallStep, Path, Place, Plan, PlannedValue, Read, ShownField, Step } from "./plan.ts";
import { listedBelow, placesOf, textOf, type Way, wayThrough } from "./way.ts";

/** A plan as plain data: whatever of it a person or a tool may want to know, and nothing that runs. */
export interface PlanDescription {
  /** The operation's name; null where it has none. */
  readonly operation: string | null;
  readonly kind: "query" | "mutation";
  /** Where objects stand, outer ones first. */
  readonly places: readonly DescribedPlace[];
  /** In the order in which they are planned; a step waits for earlier ones only. */
  readonly steps: readonly DescribedStep[];
  /** What is not planned: read object by object, with calls that are the same but are found out while it runs. */
  readonly resolved: readonly DescribedField[];
  /** What its caller may not read: an error in its place, for which nothing is fetched. */
  readonly denied: readonly DescribedDenial[];
}

export interface DescribedDenial {
  readonly path: string;
  /** `Type.field`, or `Type` for its objects where an interface or a union is selected. */
  readonly coordinate: string;
  /** The guards that do not hold, as they would be written: `@requiresScopes(scopes: [["a", "b"]])`. */
  readonly failed: readonly string[];
}

interface DescribedPlace {
  readonly id: number;
  /** Response keys; `[]` follows lists, `<Type>` what has several types: `viewer.notifications.items[]<PriceDrop>`. */
  readonly path: string;
  /** Of the supergraph. */
  readonly type: string;
  /** What is known of its objects from the start: nothing, a row that a source has sent, or a key. */
  readonly base: "root" | "row" | "reference";
  /** Whose row or reference it is. */
  readonly source: string | null;
}

export interface DescribedField {
  readonly path: string;
  readonly reason: string;
  /** Sources that have what it is bound to. */
  readonly sources: readonly string[];
  readonly after: readonly number[];
  readonly root: number;
  readonly lists: readonly string[];
}

/** Describes a plan, made for callers who are denied this. Equal plans have equal descriptions. */
export function describePlan(
  plan: Plan,
  { operationName, denials }: { readonly operationName: string | null; readonly denials: Denials | null },
): PlanDescription {
  const walk = new Walk(plan, denials);
  for (const [root, place] of plan.roots.entries())
    walk.visit(place, { path: [], lists: [], arrival: null, root });
  return { operation: operationName, kind: plan.kind, ...walk.finish() };
}

/** A field that is read object by object, and the lists that its objects are in. */
export interface FoundField {
  readonly field: Extract<ShownField, { kind: "resolved" }>;
  /** Its own key included. */
  readonly path: readonly string[];
  readonly lists: readonly string[];
}

/** What of a plan is not planned. */
export function findResolvedFields(plan: Plan): readonly FoundField[] {
  if (plan.resolvedFields === 0) return [];
  const walk = new Walk(plan, null);
  for (const [root, place] of plan.roots.entries())
    walk.visit(place, { path: [], lists: [], arrival: null, root });
  return walk.found;
}

class Walk {
  readonly #plan: Plan;
  readonly #denials: Denials | null;
  readonly #denied: DescribedDenial[] = [];
  readonly #places: DescribedPlace[] = [];
  readonly #steps = new Map<Step, FoundStep>();
  readonly #resolved: DescribedField[] = [];
  readonly found: FoundField[] = [];

  constructor(plan: Plan, denials: Denials | null) {
    this.#plan = plan;
    this.#denials = denials;
  }

  visit(place: Place, way: Way): void {
    const { base, type } = place;
    if (place.denied !== null) this.#deny(way.path, place.denied, null);
    const source = base.kind === "root" ? null : base.source.name;
    const known = base.kind === "built" ? "reference" : base.kind;
    this.#places.push({ id: place.id, path: textOf(way.path), type: type.name, base: known, source });
    for (const step of place.steps) {
      this.#steps.set(step, { step, place, way, fields: [], site: null, goesOnFrom: null });
      for (const { path } of step.reads) this.#visitReads(path, way, { isNamed: true });
      for (const { value } of step.requires) this.#visitRequired(value, way);
    }
    for (const field of place.shown?.fields ?? []) this.#visitField(field, way);
  }

  finish(): Pick<PlanDescription, "places" | "steps" | "resolved" | "denied"> {
    const described: DescribedStep[] = [];
    const leaders = new Map<string, DescribedStep>();
    const done = new Map<number, number>();
    const known = new Map([...this.#steps.values()].map((found) => [found.step.id, found]));
    // In the order of their ids; a step belongs to one place, and every place is on a way from a root.
    for (const { id } of this.#plan.steps) {
      const found = known.get(id);
      if (found === undefined) continue;
      const step = describeStep(found);
      const text = joinText(found, step, done);
      const leader = text === null ? undefined : leaders.get(text);
      const complete = { ...step, joins: leader?.id ?? null };
      if (text !== null && leader === undefined) leaders.set(text, complete);
      // Of lists, each may need calls of its own, which do not end together.
      if (leader?.lists.length === 0 && step.lists.length === 0) done.set(id, leader.id);
      described.push(complete);
    }
    const places = this.#places.toSorted((left, right) => left.id - right.id);
    return { places, steps: described, resolved: this.#resolved, denied: this.#denied };
  }

  #deny(path: readonly string[], typeName: string, fieldName: string | null): void {
    const failed = this.#denials?.failedOf(typeName, fieldName) ?? [];
    const coordinate = fieldName === null ? typeName : `${typeName}.${fieldName}`;
    this.#denied.push({ path: textOf(path), coordinate, failed: failed.map(printGuard) });
  }

  #visitField(field: ShownField, way: Way): void {
    const path = [...way.path, field.key];
    switch (field.kind) {
      case "typename":
      case "pageInfo":
      case "fact":
        return;
      case "denied": {
        const [typeName = "", fieldName = ""] = field.coordinate.split(".");
        this.#deny(path, typeName, fieldName);
        return;
      }
      case "group":
        // Read once, however many objects there are.
        this.visit(field.place, { ...way, path, lists: [] });
        return;
      case "resolved": {
        const { reason, binding } = field;
        const after = way.arrival === null ? [] : [way.arrival.id];
        const { root, lists } = way;
        this.found.push({ field, path, lists });
        this.#resolved.push({ path: textOf(path), reason, sources: sourcesOf(binding), after, root, lists });
        return;
      }
      case "leaf":
        for (const parts of field.parts.values())
          for (const part of parts.values()) this.#note(part, path, field);
        this.#visitPath(field, path, way);
        return;
      case "objects":
        this.#visitPath(field, path, way);
        return;
      case "connection":
        this.#visitConnection(field, path, way);
        return;
      case "nodes":
        this.#visitNodes(field, path, way);
        return;
      case "edges":
        for (const inner of field.edge.fields) this.#visitField(inner, listedBelow(way, path));
        return;
      case "items":
        for (const [inner, there] of placesOf(
          field.spot,
          field.isOfEdge ? { ...way, path } : listedBelow(way, path),
        ))
          this.visit(inner, there);
    }
  }

  #visitNodes({ places, type }: NodesField, path: readonly string[], way: Way): void {
    const at = isListType(getNullableType(type)) ? listedBelow(way, path) : { ...way, path };
    for (const place of places.values())
      this.visit(place, { ...at, path: [...at.path, `<${place.type.name}>`] });
  }

  #visitConnection(field: ConnectionField, path: readonly string[], way: Way): void {
    const { pageBehind } = field;
    this.#visitPath(field, path, way);
    const { access } = field.path.at(-1) ?? field.path[0];
    const found = access.kind === "step" ? this.#steps.get(access.step) : undefined;
    if (pageBehind === null || found === undefined) return;
    this.#steps.set(pageBehind, {
      ...found,
      step: pageBehind,
      fields: [textOf(path)],
      goesOnFrom: found.step.id,
    });
  }

  /** Every object on the way stands at the field's own path, in the lists that led to it. */
  #visitPath(field: ShownPath, path: readonly string[], way: Way): void {
    this.#visitReads(field.path, { ...way, path }, { onRead: (read) => this.#note(read, path, field) });
  }

  /** What a step reads of its objects stands at no path of the answer. */
  #visitRequired(value: PlannedValue, way: Way): void {
    switch (value.kind) {
      case "object":
        for (const field of value.fields) this.#visitRequired(field.value, way);
        return;
      case "alternatives":
        for (const option of value.options) this.#visitRequired(option, way);
        return;
      case "path": {
        const onEnd = (place: Place, inner: Way): void => {
          const then = value.then?.values.get(place);
          if (then !== undefined) this.#visitRequired(then, inner);
        };
        this.#visitReads(value.path, way, { isNamed: true, onEnd });
      }
    }
  }

  #visitReads(path: Path, way: Way, visiting: Visiting): void {
    const { onRead, onEnd, isNamed = false } = visiting;
    let at = way;
    for (const [index, read] of path.entries()) {
      const { field, spot, next } = read;
      onRead?.(read);
      if (spot === null) return;
      at = wayThrough(read, at, isNamed ? `(${field.name})` : undefined);
      const isEnd = index === path.length - 1 && next === null;
      for (const [place, inner] of placesOf(spot, at)) {
        this.visit(place, inner);
        const rest = next?.get(place);
        if (rest !== undefined) this.#visitReads(rest, inner, visiting);
        else if (isEnd) onEnd?.(place, inner);
      }
    }
  }

  #note({ access }: Read, path: readonly string[], site: ShownPath): void {
    const found = access.kind === "step" ? this.#steps.get(access.step) : undefined;
    if (found === undefined) return;
    const text = textOf(path);
    if (!found.fields.includes(text)) found.fields.push(text);
    found.site ??= site;
  }
}

interface Visiting {
  /** Each field is a part of the ways below it. */
  readonly isNamed?: boolean;
  readonly onRead?: (read: Read) => void;
  /** At the end of the path. */
  readonly onEnd?: (place: Place, way: Way) => void;
}

type NodesField = Extract<ShownField, { kind: "nodes" }>;
type ConnectionField = Extract<ShownField, { kind: "connection" }>;

function sourcesOf(binding: FieldBinding): string[] {
  const names = (): string[] => {
    switch (binding.kind) {
      case "path":
      case "page":
        return binding.steps.flatMap(({ field }) => field.suppliers.map(({ source }) => source.name));
      case "node":
        return [...binding.types.values()].map(({ lookup }) => lookup.source.name);
      default:
        return [];
    }
  };
  return [...new Set(names())];
}

/**
 * Equal for steps that are asked for together; null for one that is by itself. `done` has steps that are done at the same
 * time as an earlier one.
 */
function joinText(
  { step }: FoundStep,
  described: Omit<DescribedStep, "joins">,
  done: ReadonlyMap<number, number>,
): string | null {
  const { call, lookup } = step;
  const { root, after, batch, coordinate, reads } = described;
  // Which token it is asked for with shows while it runs.
  if (described.goesOnFrom !== null) return null;
  const waits = (): string =>
    after
      .map((id) => done.get(id) ?? id)
      .toSorted((left, right) => left - right)
      .join();
  // Whatever a GraphQL source is asked at one time is one request.
  if (step.kind === "subquery") return call.isSafe ? `${root} ${call.source} after ${waits()}` : null;
  if (!call.isSafe || batch?.isPerObject === true) return null;
  const values = textOfInputs(step);
  if (batch !== null) {
    return `${root} ${coordinate} ${values} after ${waits()}`;
  }
  // One call for all objects is kept until the request ends, or the field of a mutation that it belongs to.
  return reads.length > 0 || lookup !== null ? null : `${root} ${coordinate} ${values}`;
}

/** What is sent besides keys, so far as it depends on arguments. */
function textOfInputs({ call, args, lookup }: CallStep): string {
  const names = new Set(call.inputs.flatMap(({ argumentNames }) => argumentNames));
  if (names.size === 0) return "";
  // Their further arguments have their defaults.
  if (lookup !== null || args === null) return "defaults";
  const { client, bound } = args;
  const values = bound
    .filter(({ name }) => names.has(name))
    .map(
      (argument) =>
        `${argument.name} ${client.kind === "constant" ? literalOf(() => argument.value(client.values)) : ""}`,
    );
  return `${"index" in client ? `${client.kind} ${client.index}` : ""} ${values.join()}`;
}

function literalOf(read: () => unknown): string {
  try {
    return JSON.stringify(read()) ?? "";
  } catch {
    // What is wrong with it is raised by each run.
    return "";
  }
}
