import {
  astFromValue,
  type FieldNode,
  getNullableType,
  type GraphQLField,
  isListType,
  Kind,
  print,
  type ValueNode,
  visit,
} from "graphql";
import type { FieldBinding } from "../compose/bindings.ts";
import { OverlockError } from "../core/errors.ts";
import { printGuard } from "../language/guards.ts";
import { printSelectionMap } from "../language/selection-map.ts";
import type { Denials } from "../policy/access-rules.ts";
import type { CallInput } from "../sources/declared-call.ts";
import type { Source } from "../sources/source.ts";
import type {
  CallStep,
  Path,
  Place,
  Plan,
  PlannedValue,
  Read,
  SelectedField,
  SelectedRows,
  ShownField,
  Spot,
  Step,
  SubqueryStep,
} from "./plan.ts";
import { depthOf } from "./plan-place.ts";
import { lastStepsBefore } from "./steps-before.ts";

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

export interface DescribedStep {
  readonly id: number;
  /** The place of its objects. */
  readonly place: number;
  /** Where what it brings stands: the field that it is the value of, or the objects whose rows it looks up. */
  readonly path: string;
  /** The response paths of all fields that read from it. */
  readonly fields: readonly string[];
  readonly source: string;
  /** The field whose declaration it is: `Product.rating`. */
  readonly coordinate: string;
  readonly kind: "call" | "batched call" | "lookup" | "batched lookup" | "subquery";
  /** What is sent: method and URL template, service and method, or a root field of a GraphQL source. */
  readonly template: string;
  /** What the source is asked to send, where it can be told, with arguments where fields have some; null: everything. */
  readonly asksFor: readonly string[] | null;
  /** Arguments as the operation or the client schema says them, GraphQL literals by name. */
  readonly arguments: Readonly<Record<string, string>>;
  /** The fields of each object that it is made from. */
  readonly reads: readonly string[];
  readonly batch: DescribedBatch | null;
  /** The steps that it has to wait for, without those that these wait for; none: it starts at once. */
  readonly after: readonly number[];
  /** Of a mutation, the root field that it belongs to, from 0; each waits for all of the one before. */
  readonly root: number;
  /** Lists that its objects are in, as response paths. One call or key for each of their elements, where it `reads`. */
  readonly lists: readonly string[];
  /** A step whose rows are pages: this one fetches the page behind, where one is needed. */
  readonly goesOnFrom: number | null;
  /** An earlier step with which it is asked for: keys in one call, or a call that is made once. */
  readonly joins: number | null;
  /** It changes nothing: equal calls of a request are made once. */
  readonly isSafe: boolean;
  /** Equal calls of requests beside each other are made once. */
  readonly isShared: boolean;
}

export interface DescribedBatch {
  /** The value that is a key, in the mapping language, or the key's fields. */
  readonly key: string;
  /** The type of the objects that have it; null where it comes from arguments. */
  readonly of: string | null;
  /** The most keys of one call. */
  readonly maxSize: number;
  /** Each object has a list of keys, which has this name among `lists`; null: it has one. */
  readonly keyList: string | null;
  /** Keys of different objects share no call, because more of the call is made from the object. */
  readonly isPerObject: boolean;
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

/** How the objects of a place are come by. */
interface Way {
  readonly path: readonly string[];
  readonly lists: readonly string[];
  /** The step that has to be done before they are there. */
  readonly arrival: Step | null;
  readonly root: number;
}

class Walk {
  readonly #plan: Plan;
  readonly #denials: Denials | null;
  readonly #denied: DescribedDenial[] = [];
  readonly #places: DescribedPlace[] = [];
  readonly #steps = new Map<Step, FoundStep>();
  readonly #resolved: DescribedField[] = [];

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

/** To the objects that a field holds, by the way to the field itself, or to its object and a `name` for the field. */
function wayThrough({ access, type }: Read, { path, lists, arrival, root }: Way, name?: string): Way {
  const marked = name === undefined ? [...path] : [...path, name];
  const within = [...lists];
  for (let depth = depthOf(type); depth > 0; depth--) {
    within.push(textOf(marked));
    marked.push("[]");
  }
  return { path: marked, lists: within, arrival: access.kind === "step" ? access.step : arrival, root };
}

/** The places of a spot, each with its way. */
function placesOf({ places, readType }: Spot, way: Way): (readonly [Place, Way])[] {
  return [...places.values()].map((place) => {
    const type = readType === null ? [] : [`<${place.type.name}>`];
    return [place, { ...way, path: [...way.path, ...type] }];
  });
}

interface FoundStep {
  readonly step: Step;
  readonly place: Place;
  readonly way: Way;
  readonly fields: string[];
  /** The first field that reads from it. */
  site: ShownPath | null;
  readonly goesOnFrom: number | null;
}

type ShownPath = Extract<ShownField, { kind: "leaf" | "objects" | "connection" }>;
type NodesField = Extract<ShownField, { kind: "nodes" }>;
type ConnectionField = Extract<ShownField, { kind: "connection" }>;

/** Where the elements of a list stand that a connection makes. */
function listedBelow(way: Way, path: readonly string[]): Way {
  return { ...way, path: [...path, "[]"], lists: [...way.lists, textOf(path)] };
}

/** `products.items[]<Book>.title` of its parts, of which marks stand by themselves. */
function textOf(path: readonly string[]): string {
  let text = "";
  for (const part of path) text += text === "" || part === "[]" || part.startsWith("<") ? part : `.${part}`;
  return text;
}

function describeStep(found: FoundStep): Omit<DescribedStep, "joins"> {
  const { step, place, way, fields, goesOnFrom } = found;
  const { call, lookup } = step;
  const reads = [
    ...step.reads.map(({ name }) => name),
    ...step.requires.flatMap(({ value }) => textsOf(value)),
  ];
  const path = textOf(way.path);
  const batch = describeBatch(found, path);
  const [first] = fields;
  const ownKind = step.kind === "subquery" ? "subquery" : "call";
  const kind = lookup === null ? ownKind : "lookup";
  const inPlace = lastStepsBefore(step).map(({ id }) => id);
  const arrival = way.arrival === null ? [] : [way.arrival.id];
  const lists = reads.length === 0 && lookup === null ? [] : way.lists;
  return {
    id: step.id,
    place: place.id,
    path: lookup === null ? (first ?? path) : path,
    fields,
    source: call.source,
    coordinate: call.coordinate,
    kind: batch === null || kind === "subquery" ? kind : `batched ${kind}`,
    template: step.kind === "subquery" ? templateOf(step) : step.call.template,
    asksFor: step.kind === "subquery" ? selectedPaths(step.rows) : step.call.asksFor,
    arguments: describeArguments(found),
    reads: [...new Set(reads)],
    batch,
    // What is read of the object comes after the object itself.
    after: goesOnFrom !== null ? [goesOnFrom] : inPlace.length > 0 ? [...new Set(inPlace)] : arrival,
    goesOnFrom,
    root: way.root,
    lists: batch?.keyList == null ? lists : [...lists, batch.keyList],
    isSafe: call.isSafe,
    isShared: step.kind === "subquery" ? isSharedSubquery(step) : step.call.isShared,
  };
}

function describeBatch({ step, place }: FoundStep, path: string): DescribedBatch | null {
  if (step.kind === "subquery") return describeSubqueryBatch(step, place);
  const { call, lookup, requires } = step;
  const { batch } = call;
  if (batch === null) return null;
  const { evaluate, parentFields, argumentNames } = batch.key;
  const { map } = evaluate;
  const written = map === undefined ? [...parentFields, ...argumentNames].join(" ") : printSelectionMap(map);
  const key = lookup === null ? written : lookup.key.join(" ");
  const isFilled = (name: string): boolean =>
    lookup?.field.arguments.has(name) === true || requires.some(({ argument }) => argument === name);
  const isOfObject = lookup !== null || parentFields.length > 0 || argumentNames.some(isFilled);
  const dependsOnObject = (input: CallInput): boolean =>
    input.parentFields.length > 0 || input.argumentNames.some(isFilled);
  return {
    key: withRequired(key, step).replaceAll("$parent.", ""),
    of: isOfObject ? place.type.name : null,
    maxSize: batch.maxSize,
    keyList: batch.isKeyList ? textOf([path, `(${key})`].filter((part) => part !== "")) : null,
    isPerObject: call.inputs.some(dependsOnObject),
  };
}

/** What is read of an object, as paths of fields: `hall.floor`. */
function textsOf(value: PlannedValue): string[] {
  switch (value.kind) {
    case "object":
      return value.fields.flatMap((field) => textsOf(field.value));
    case "alternatives":
      return value.options.flatMap(textsOf);
    case "path": {
      const below = [...(value.then?.values.values() ?? [])].flatMap(textsOf);
      const rests = [...new Set(below)];
      return textsOfPath(value.path).flatMap((text) =>
        rests.length === 0 ? [text] : rests.map((rest) => `${text}.${rest}`),
      );
    }
  }
}

function textsOfPath(path: Path): string[] {
  const text = path.map(({ field }) => field.name).join(".");
  const next = path.at(-1)?.next ?? new Map<Place, Path>();
  const rests = new Set([...next.values()].flatMap(textsOfPath));
  return rests.size === 0 ? [text] : [...rests].map((rest) => `${text}.${rest}`);
}

/** A key with what fills its arguments in their places. */
function withRequired(key: string, { requires }: Step): string {
  const filled = new Map(requires.map(({ argument, value }) => [argument, textsOf(value).join(" ")]));
  return key.replaceAll(/\$args\.(\w+)/g, (text, name: string) => filled.get(name) ?? text);
}

/** Root fields share requests as keys do, whichever they are of: null where there is but one. */
function describeSubqueryBatch(step: SubqueryStep, place: Place): DescribedBatch | null {
  const { lookup } = step;
  if (lookup === null) return null;
  const { maxBatchSize } = sourceOf(step).schema;
  const key = lookup.key.join(" ");
  return { key, of: place.type.name, maxSize: maxBatchSize, keyList: null, isPerObject: false };
}

function sourceOf({ lookup, supplier, call }: SubqueryStep): Source {
  const source = lookup?.source ?? supplier?.source;
  if (source === undefined)
    throw new OverlockError("INTERNAL_SERVER_ERROR", `${call.coordinate} is of no source`);
  return source;
}

/** By the names of its backend. */
function templateOf(step: SubqueryStep): string {
  const { rootType, fieldName } = step.call;
  const name = sourceOf(step).schema.backendNames?.fieldOf(rootType, fieldName) ?? fieldName;
  return `${rootType.toLowerCase()} ${name}`;
}

function isSharedSubquery(step: SubqueryStep): boolean {
  return step.call.isSafe && sourceOf(step).schema.sharesInFlight;
}

/** The leaves that a subquery asks for, `<Film>` before what it asks of one type only; null where it is one itself. */
function selectedPaths(rows: SelectedRows | null): string[] | null {
  if (rows === null) return null;
  const paths = [...rows.types].flatMap(([typeName, { fields }]) =>
    [...fields.values()].flatMap((field) => {
      const name = `${rows.isAbstract ? `<${typeName}>` : ""}${field.name}${textOfSelectedArgs(field)}`;
      const below = selectedPaths(field.rows) ?? [];
      return below.length === 0
        ? [name]
        : below.map((path) => `${name}${path.startsWith("<") ? "" : "."}${path}`);
    }),
  );
  return paths.length === 0 ? ["__typename"] : paths;
}

function textOfSelectedArgs({ args }: SelectedField): string {
  const pairs =
    args.kind === "constant"
      ? Object.entries(args.values).map(([name, value]) => `${name}: ${JSON.stringify(value) ?? "null"}`)
      : args.args.bound.map(({ name, node }) => `${name}: ${node === null ? "its default" : print(node)}`);
  return pairs.length === 0 ? "" : `(${pairs.join(", ")})`;
}

/** Without those that nobody wrote, which have the defaults of the supergraph. */
function describeArguments({ step, site }: FoundStep): Record<string, string> {
  const described: Record<string, string> = {};
  for (const { name, node } of step.args?.bound ?? []) {
    const text = node === null || site === null ? null : textOfValue(node, site);
    if (text !== null) described[name] = text;
  }
  return described;
}

/** A bound value with what the operation says in place of `$args`; null where the operation leaves it out. */
function textOfValue(bound: ValueNode, { nodes, definition }: ShownPath): string | null {
  let isGiven = true;
  const written = visit(bound, {
    Variable({ name }) {
      const value = argumentOf(nodes[0], name.value) ?? defaultOf(definition, name.value);
      if (value === null) isGiven = false;
      return value ?? undefined;
    },
  });
  return isGiven ? print(written) : null;
}

function defaultOf({ args }: GraphQLField<unknown, unknown>, name: string): ValueNode | null {
  const argument = args.find((arg) => arg.name === name);
  return argument?.defaultValue === undefined
    ? null
    : (astFromValue(argument.defaultValue, argument.type) ?? null);
}

/** What a path into the arguments finds in the text of a field. */
function argumentOf(node: FieldNode | undefined, path: string): ValueNode | null {
  const [name, ...rest] = path.split(".");
  let value = node?.arguments?.find((argument) => argument.name.value === name)?.value ?? null;
  for (const [index, segment] of rest.entries()) {
    // A whole object in a variable: the rest of the path is read in it.
    if (value?.kind === Kind.VARIABLE) {
      const names = [value.name.value, ...rest.slice(index)];
      return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: names.join(".") } };
    }
    if (value?.kind !== Kind.OBJECT) return null;
    value = value.fields.find((field) => field.name.value === segment)?.value ?? null;
  }
  return value;
}

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
