import { astFromValue, type FieldNode, type GraphQLField, Kind, print, type ValueNode, visit } from "graphql";
import { OverlockError } from "../core/errors.ts";
import { printSelectionMap } from "../language/selection-map.ts";
import type { CallInput } from "../sources/declared-call.ts";
import type { Source } from "../sources/source.ts";
import type {
  Path,
  Place,
  PlannedValue,
  SelectedField,
  SelectedRows,
  ShownField,
  Step,
  SubqueryStep,
} from "./plan.ts";
import { lastStepsBefore } from "./steps-before.ts";
import { textOf, type Way } from "./way.ts";

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

/** A step, and how a plan comes to it. */
export interface FoundStep {
  readonly step: Step;
  readonly place: Place;
  readonly way: Way;
  readonly fields: string[];
  /** The first field that reads from it. */
  site: ShownPath | null;
  readonly goesOnFrom: number | null;
}

/** A field that is read along a path. */
export type ShownPath = Extract<ShownField, { kind: "leaf" | "objects" | "connection" }>;

/** All of a step but what it has to do with others. */
export function describeStep(found: FoundStep): Omit<DescribedStep, "joins"> {
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
    Variable: {
      // What is put in its place on leaving is not visited: variables in it are the operation's, whatever they are called.
      leave({ name }) {
        const value = argumentOf(nodes[0], name.value) ?? defaultOf(definition, name.value);
        if (value === null) isGiven = false;
        return value ?? undefined;
      },
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
