import {
  getNullableType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isEnumType,
  isListType,
  isNonNullType,
  isSpecifiedScalarType,
} from "graphql";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { Base, Place, Read, ShownField, ShownObject, Spot, Step } from "../prepare/plan.ts";
import { depthOf } from "../prepare/plan-place.ts";
import type { ConnectionField } from "./compile-connection.ts";
import type { Connections, ResolvedFields } from "./compile-fetch.ts";
import type { InTurns } from "./assembly-turns.ts";
import { compileCountDropped } from "./count-dropped.ts";
import type { NodesField } from "./compile-nodes.ts";
import { compileLeafField, compileLeafFieldInTurns, type LeafField } from "./compile-leaf.ts";
import {
  baseAt,
  compileAccess,
  compileHasKey,
  compilePath,
  compilePathInTurns,
  compileRead,
  type Finders,
  isBuilt,
  placeOfBuilt,
  type Reader,
} from "./compile-read.ts";
import type { CompiledStep } from "./compile-step.ts";
import { completeInTurns, completeValue, failed, type FieldSite } from "./complete-value.ts";
import type { ObjectCounters } from "./object-counters.ts";
import type { PlanRun } from "./plan-run.ts";
import { directPart, type ObjectsField, RowVariables } from "./row-variables.ts";
import { shapeObjects } from "./shape-leaves.ts";
import { shownHelp } from "./shown-help.ts";

/** Assembles an object of a place, given by the value that stands for it: its members, or that it failed. */
export type ShowObject = (run: PlanRun, object: unknown) => unknown;

/** The same, with turns for others among the elements of lists. */
export type ShowInTurns = (run: PlanRun, object: unknown) => InTurns<unknown>;

export interface ShownParts {
  readonly steps: ReadonlyMap<Step, CompiledStep>;
  readonly finders: Finders;
  readonly resolvedFields: ResolvedFields;
  readonly connections: Connections;
  readonly counters: ObjectCounters;
}

/**
 * Generates the code that assembles the answer from a plan's root on: a function for each place, which reads what is
 * there, checks it and builds an object of fixed shape. Of texts, only names that GraphQL allows get into it; all else
 * reaches it as a value.
 */
export function generateShown(root: Place, parts: ShownParts): ShowObject {
  return new Generator(parts, false).generate(root).show;
}

/** The same code, in which everything with a list gives others their turns; null where there is no list. */
export function generateInTurns(root: Place, parts: ShownParts): ShowInTurns | null {
  const { show, isInTurns } = new Generator(parts, true).generate(root);
  return isInTurns ? (show as ShowInTurns) : null;
}

class Generator {
  readonly #parts: ShownParts;
  readonly #isInTurns: boolean;
  /** What is called by which name, where it gives turns: a call of it does so, too. */
  readonly #inTurns = new Set<string>();
  readonly #functions: string[] = [];
  readonly #values: unknown[] = [];
  #names = 0;
  /** There is one of it, whatever is received. */
  #root: Place | null = null;

  constructor(parts: ShownParts, isInTurns: boolean) {
    this.#parts = parts;
    this.#isInTurns = isInTurns;
  }

  generate(root: Place): { readonly show: ShowObject; readonly isInTurns: boolean } {
    this.#root = root;
    const name = this.#place(root);
    const code = `"use strict";\n${this.#functions.join("\n")}\nreturn ${name};`;
    // oxlint-disable-next-line no-new-func, no-implied-eval -- what is generated is for this operation alone
    const link = new Function("v", "failed", "help", code) as (...args: unknown[]) => ShowObject;
    return { show: link(this.#values, failed, shownHelp), isInTurns: this.#inTurns.has(name) };
  }

  /**
   * Declares a function, which gives turns where something in it does. In parentheses, the engine compiles it together
   * with what is around it, instead of reading it once now and again when it is first called, which takes half as long
   * again.
   */
  #function(name: string, parameters: string, body: string): void {
    const isInTurns = this.#isInTurns && body.includes(yields);
    if (isInTurns) this.#inTurns.add(name);
    this.#functions.push(`var ${name} = (function${isInTurns ? "*" : ""} (${parameters}) {\n${body}\n});`);
  }

  /** An expression that calls a function. */
  #call(name: string, args: string): string {
    return this.#inTurns.has(name) ? `(${yields}* ${name}(${args}))` : `${name}(${args})`;
  }

  /** The name of a function that gives turns. */
  #turning(read: (...args: never) => InTurns<unknown>): string {
    const name = this.#value(read);
    this.#inTurns.add(name);
    return name;
  }

  /** The name by which generated code calls a value. */
  #value(value: unknown): string {
    return `v[${this.#values.push(value) - 1}]`;
  }

  /** The name of a function that assembles the objects of a place; it returns nothing for one that is not there. */
  #place(place: Place): string {
    const { shown, id, confirm } = place;
    if (shown === null) throw new OverlockError("INTERNAL_SERVER_ERROR", "nothing is shown of a place");
    const name = `p${id}`;
    const rows = new RowVariables(place, this.#parts.steps, (value) => this.#value(value));
    const missing = confirm.map((step) => `${rows.nameOf(step)} === null`).join(" && ");
    const fields = shown.fields.map((field, index) => this.#field(field, `f${index}`, rows));
    const members = shown.fields.map(({ key }, index) => `${memberName(key)}: f${index}`);
    // What is shown of a page is told which connection it is the page of.
    this.#function(
      name,
      "run, o, c",
      `if ((run.valuesLeft -= ${shown.fields.length}) < 0) run.overdraw();
let m = 0;
${rows.code()}${missing === "" ? "" : `if (${missing}) return undefined;\n`}${place === this.#root ? "" : this.#count(shown)}${fields.join("\n")}
return { ${members.join(", ")} };`,
    );
    return name;
  }

  /** A statement that counts an object which was received. */
  #count(shown: ShownObject): string {
    return `run.counts[${this.#parts.counters.indexOf(shown)}]++;\n`;
  }

  /** Statements that declare a variable with the field's completed value, or leave the function where it failed. */
  #field(field: ShownField, name: string, rows: RowVariables): string {
    switch (field.kind) {
      case "typename":
        return `const ${name} = ${JSON.stringify(field.name)};`;
      case "denied": {
        const { nodes, definition, type, coordinate } = field;
        const site = this.#value({ nodes, definition, type, coordinate } satisfies FieldSite);
        const index = field.args.kind === "run" ? field.args.index : -1;
        return this.#below(field, name, `help.deniedField(run, ${site}, ${index})`);
      }
      case "group":
        return this.#below(field, name, this.#call(this.#place(field.place), "run, null"));
      case "resolved": {
        const resolved = this.#parts.resolvedFields(rows.place, field);
        const read: Reader = (run, object) => resolved.read(run, object);
        return this.#below(field, name, `${this.#value(read)}(run, o)`);
      }
      case "leaf":
        return this.#leaf(field, name, rows);
      case "objects":
        return this.#below(field, name, this.#objects(field, `${rows.place.id}_${name}`, rows));
      case "nodes":
        return this.#below(field, name, this.#nodes(field, `${rows.place.id}_${name}`, rows));
      case "connection":
        return this.#below(field, name, this.#connection(field, `${rows.place.id}_${name}`, rows));
      case "edges":
      case "pageInfo":
      case "items":
      case "fact":
        return this.#ofConnection(field, name, shownType(rows.place), rows);
    }
  }

  /** A value that is completed, and whose notes begin below the field. */
  #below({ key, type }: ShownField, name: string, code: string): string {
    const onFailure = isNonNullType(type) ? "return failed;" : `${name} = null;`;
    return `m = run.notes.length;
let ${name} = ${code};
if (run.notes.length > m) help.prefixNotes(run, m, ${JSON.stringify(key)});
if (${name} === failed) ${onFailure}`;
  }

  #leaf(field: LeafField, name: string, rows: RowVariables): string {
    const site = siteOf(field, rows.place);
    const { finders } = this.#parts;
    const slow =
      this.#isInTurns && mayHaveLists(field)
        ? this.#turning(onceNeeded(() => compileLeafFieldInTurns(field, site, finders)))
        : this.#value(onceNeeded(() => compileLeafField(field, site, finders)));
    const slowCall = this.#call(slow, "run, o");
    const onFailure = isNonNullType(field.type) ? `if (${name} === failed) return failed;` : "";
    const read = directRead(field);
    const code = read === null ? null : rows.read(read.access);
    const nullable = isNonNullType(field.type) ? field.type.ofType : field.type;
    const isList = isListType(nullable);
    const test = this.#leafTest(isList ? nullable.ofType : nullable, isList ? "x" : name);
    if (code === null || test === null) return `const ${name} = ${slowCall}; ${onFailure}`;
    if (!isList) return `let ${name} = ${code}; if (!(${test})) { ${name} = ${slowCall}; ${onFailure} }`;
    const check = `q${rows.place.id}_${name}`;
    // A list in which nothing has to be changed is shown as it came.
    this.#functions.push(`function ${check}(run, list) {
if (!Array.isArray(list)) return false;
for (let i = 0; i < list.length; i++) { const x = list[i]; if (!(${test})) return false; }
if ((run.valuesLeft -= list.length) < 0) run.overdraw();
return true;
}`);
    return `let ${name} = ${code}; if (!${check}(run, ${name})) { ${name} = ${slowCall}; ${onFailure} }`;
  }

  /** Whether a value is one that the type shows as it is; null where that takes more than a look. */
  #leafTest(type: GraphQLOutputType, name: string): string | null {
    const named = isNonNullType(type) ? type.ofType : type;
    if (isListType(named)) return null;
    if (isEnumType(named)) {
      const same = named.getValues().filter((value) => value.value === value.name);
      return `${this.#value(new Set(same.map((value) => value.name)))}.has(${name})`;
    }
    return isSpecifiedScalarType(named) ? (leafTests[named.name]?.(name) ?? null) : null;
  }

  /** An expression of the field's completed value. */
  #objects(field: ObjectsField, suffix: string, rows: RowVariables): string {
    const site = siteOf(field, rows.place);
    const siteName = this.#value(site);
    const one = this.#spot(field, site, suffix);
    const depth = directDepth(field);
    if (depth === null) {
      if (!this.#isInTurns)
        return `${this.#value(compileAnyObjects(field, site, this.#parts))}(run, o, ${one})`;
      const read = this.#turning(compileAnyObjectsInTurns(field, site, this.#parts));
      return this.#call(read, `run, o, ${this.#inTurns.has(one) ? `null, ${one}` : `${one}, null`}`);
    }
    const raw = rows.readObjects(field) ?? this.#rawObjects(field);
    const isRequired = isNonNullType(field.type);
    if (depth === 0) {
      const code = this.#call(one, `run, ${raw}`);
      return isRequired ? `help.notNull(run, ${code}, ${siteName})` : code;
    }
    const { supplier } = field.spot;
    const facts = this.#value({ site, supplier, isRequired });
    const list = this.#list(field, `l${suffix}`, siteName, {
      check: `if (!Array.isArray(c)) return help.noList(run, c, ${facts});`,
      length: "c.length",
      one: this.#call(one, "run, c[i]"),
    });
    return this.#call(list, `run, ${raw}`);
  }

  /** The name of a function that completes a list, from c with the index i. */
  #list({ type }: ShownField, name: string, siteName: string, { check = "", length, one }: ListCode): string {
    const list = isNonNullType(type) ? type.ofType : type;
    const isElementRequired = isListType(list) && isNonNullType(list.ofType);
    this.#function(
      name,
      "run, c",
      `${check}
const length = ${length};
if ((run.valuesLeft -= length) < 0) run.overdraw();
const result = new Array(length);
for (let i = 0; i < length; i++) {
${this.#isInTurns ? `if (run.isPartOver()) ${yields};` : ""}
const m = run.notes.length;
let x = ${one};
${isElementRequired ? `if (x === null) x = help.refuseNull(run, ${siteName});` : ""}
if (run.notes.length > m) help.prefixNotes(run, m, i);
if (x === failed) ${isElementRequired ? "return failed;" : "x = null;"}
result[i] = x;
}
return result;`,
    );
    return name;
  }

  /** What stands for the objects at the end of a path, or the error in their place. */
  #rawObjects({ path }: ObjectsField): string {
    const { finders } = this.#parts;
    const last = path[path.length - 1] ?? path[0];
    const raw = compileAccess(last.access, baseAt(last.spot), finders);
    const [first, ...through] = path.slice(0, -1);
    const before = first === undefined ? null : compilePath([first, ...through], finders);
    const read: Reader = (run, object) => {
      try {
        const from = before === null ? object : before(run, object);
        return from === null ? null : raw(run, from);
      } catch (error) {
        return toOverlockError(error);
      }
    };
    return `${this.#value(read)}(run, o)`;
  }

  /** An expression of what global ids lead to. */
  #nodes(field: NodesField, suffix: string, { place }: RowVariables): string {
    const siteName = this.#value(siteOf(field, place));
    const read = this.#value((run: PlanRun) => run.resolved.get(field)?.get(null) ?? null);
    const name = `n${suffix}`;
    const cases = [...field.places].map(
      ([typeName, one]) => `case ${JSON.stringify(typeName)}: { ${this.#shownAt(one, siteName)} }`,
    );
    this.#function(
      name,
      "run, e",
      `if (e instanceof Error) return help.noReference(run, e, ${siteName});
switch (e.typeName) {
${cases.join("\n")}
}`,
    );
    if (!isListType(getNullableType(field.type))) return this.#call(name, `run, ${read}(run)`);
    const list = this.#list(field, `l${suffix}`, siteName, {
      check: `if (c instanceof Error) return help.noReference(run, c, ${siteName});`,
      length: "c.length",
      one: this.#call(name, "run, c[i]"),
    });
    return this.#call(list, `run, ${read}(run)`);
  }

  /** An expression of a connection, completed. */
  #connection(field: ConnectionField, suffix: string, { place }: RowVariables): string {
    const siteName = this.#value(siteOf(field, place));
    const connection = this.#parts.connections(field);
    const read = this.#value((run: PlanRun, object: unknown) => connection.read(run, object));
    const name = `c${suffix}`;
    this.#function(
      name,
      "run, c",
      `if (c === null || c instanceof Error) return help.noReference(run, c, ${siteName});
return ${this.#call(this.#place(field.place), "run, c.page, c")};`,
    );
    return this.#required(field, this.#call(name, `run, ${read}(run, o)`), siteName);
  }

  /** A field of a connection c, of its edge with the index i, or of its PageInfo. */
  #ofConnection(field: ConnectionMember, name: string, type: GraphQLObjectType, rows: RowVariables): string {
    const site = siteIn(type, field);
    const siteName = this.#value(site);
    const suffix = `${rows.place.id}_c${this.#names++}`;
    switch (field.kind) {
      case "fact": {
        const code = field.part === "cursor" ? "c.cursorAt(i)" : `c.${field.part}`;
        return this.#below(field, name, this.#required(field, code, siteName));
      }
      case "pageInfo":
        return this.#below(field, name, this.#call(this.#object(field.shown, `o${suffix}`, rows), "run, c"));
      case "edges": {
        const one = this.#call(this.#object(field.edge, `o${suffix}`, rows), "run, c, i");
        const list = this.#list(field, `l${suffix}`, siteName, { length: "c.nodes.length", one });
        return this.#below(field, name, this.#call(list, "run, c"));
      }
      case "items": {
        const one = this.#call(this.#spot(field, site, suffix), "run, c.nodes[i]");
        if (field.isOfEdge) return this.#below(field, name, this.#required(field, one, siteName));
        const list = this.#list(field, `l${suffix}`, siteName, { length: "c.nodes.length", one });
        return this.#below(field, name, this.#call(list, "run, c"));
      }
    }
  }

  /** The name of a function that assembles an edge or a PageInfo. */
  #object(shown: ShownObject, name: string, rows: RowVariables): string {
    const { type, fields } = shown;
    const codes = fields.map((field, index) => {
      const member = `f${index}`;
      return isConnectionMember(field)
        ? this.#ofConnection(field, member, type, rows)
        : this.#field(field, member, rows);
    });
    const members = fields.map(({ key }, index) => `${memberName(key)}: f${index}`);
    this.#function(
      name,
      "run, c, i",
      `if ((run.valuesLeft -= ${fields.length}) < 0) run.overdraw();
let m = 0;
${this.#count(shown)}${codes.join("\n")}
return { ${members.join(", ")} };`,
    );
    return name;
  }

  #required({ type }: ShownField, code: string, siteName: string): string {
    return isNonNullType(type) ? `help.notNull(run, ${code}, ${siteName})` : code;
  }

  /** The name of a function that completes one value in the place of an object. */
  #spot({ spot }: { readonly spot: Spot }, site: FieldSite, suffix: string): string {
    const name = `s${suffix}`;
    const siteName = this.#value(site);
    const places = [...spot.places.values()];
    const [only] = places;
    const noObject = `return help.noObject(run, e, ${siteName}, ${this.#value(spot)});`;
    const isObject = 'typeof e === "object" && e !== null && !Array.isArray(e) && !(e instanceof Error)';
    let body: string;
    if (only === undefined) body = noObject;
    else if (only.base.kind === "reference") {
      body = `if (e === null || e === undefined || e instanceof Error) return help.noReference(run, e, ${siteName});
if (!(${this.#hasKey(only.base)})) return null;
${this.#shownAt(only, siteName)}`;
    } else if (spot.readType === null && !isBuilt(spot))
      body = `if (${isObject}) { ${this.#shownAt(only, siteName)} }\n${noObject}`;
    else {
      const cases = places.map((place, index) => `case ${index}: { ${this.#shownAt(place, siteName)} }`);
      body = `if (${isObject}) switch (${this.#value(compileTypeIndex(spot))}(e)) {
${cases.join("\n")}
case -1: return null;
}
${noObject}`;
    }
    this.#function(name, "run, e", body);
    return name;
  }

  #shownAt(place: Place, siteName: string): string {
    const typeName = JSON.stringify(place.type.name);
    if (place.denied !== null) return `return help.denied(run, ${siteName});`;
    if (place.shown === null) return `return help.notShown(run, ${siteName}, ${typeName});`;
    const code = this.#call(this.#place(place), "run, e");
    if (place.existence !== null) {
      const row = this.#value(this.#parts.finders(place.existence));
      return `const w = ${row}(run, e); return w === null || w instanceof Error ? help.noReference(run, w, ${siteName}) : ${code};`;
    }
    if (place.confirm.length === 0) return `return ${code};`;
    const missing = place.isRequired ? `help.missing(run, ${siteName}, ${typeName})` : "null";
    return `const x = ${code}; return x === undefined ? ${missing} : x;`;
  }

  #hasKey(base: Extract<Base, { kind: "reference" }>): string {
    const { key, parts, list } = base;
    if (key.length === 0) return "true";
    const reads = key.map((name) => parts.get(name) ?? []);
    const [only, ...others] = reads;
    const property = others.length > 0 || only === undefined ? null : directPart(only, list, "e");
    if (property !== null) return `help.isKeyPart(${property})`;
    const isWhole = compileHasKey(base);
    return `${this.#value(isWhole)}(e)`;
  }
}

/** Compiled when it is first called: most leaves are what a look tells, and nothing else of them is ever needed. */
function onceNeeded<Result>(
  compile: () => (run: PlanRun, object: unknown) => Result,
): (run: PlanRun, object: unknown) => Result {
  let compiled: ReturnType<typeof compile> | null = null;
  return (run, object) => (compiled ??= compile())(run, object);
}

/** A field of this name makes its function one that could give turns, and does not. */
const yields = "yield";

/** There is a list somewhere on the way to it, or it is one. */
function mayHaveLists({ path, type }: LeafField): boolean {
  return depthOfShown(type) > 0 || path.some((read) => depthOf(read.type) > 0 || read.next !== null);
}

/** A leaf that is read and nothing else; null for all others. */
function directRead({ binding, path, type }: LeafField): Read | null {
  const [read, ...others] = path;
  const isDirect = others.length === 0 && binding.shapers.length === 0;
  return isDirect && read.spot === null && depthOf(read.type) === depthOfShown(type) ? read : null;
}

function depthOfShown(type: GraphQLOutputType): number {
  if (isNonNullType(type)) return depthOfShown(type.ofType);
  return isListType(type) ? depthOfShown(type.ofType) + 1 : 0;
}

const leafTests: Readonly<Record<string, (name: string) => string>> = {
  String: (name) => `typeof ${name} === "string"`,
  ID: (name) => `typeof ${name} === "string"`,
  Int: (name) => `typeof ${name} === "number" && (${name} | 0) === ${name}`,
  Float: (name) => `typeof ${name} === "number" && Number.isFinite(${name})`,
  Boolean: (name) => `typeof ${name} === "boolean"`,
};

/** 0 for one object, 1 for a list of them; null where a list is around an earlier part of the path, or shaped. */
function directDepth({ path, binding, type }: ObjectsField): 0 | 1 | null {
  if (binding.shapers.length > 0) return null;
  const last = path[path.length - 1] ?? path[0];
  if (last.access.kind === "nowhere" || path.slice(0, -1).some((read) => depthOf(read.type) > 0)) return null;
  const depth = depthOf(last.type);
  const nullable = isNonNullType(type) ? type.ofType : type;
  if (depth === 0) return isListType(nullable) ? null : 0;
  if (depth > 1 || !isListType(nullable)) return null;
  const element: unknown = isNonNullType(nullable.ofType) ? nullable.ofType.ofType : nullable.ofType;
  return isListType(element) ? null : 1;
}

/** Any lists, shaped in any way. */
function compileAnyObjects(
  field: ObjectsField,
  site: FieldSite,
  { finders, counters }: ShownParts,
): (run: PlanRun, object: unknown, one: ShowObject) => unknown {
  const { binding, path, type } = field;
  const countDropped = compileCountDropped(field, counters);
  const [first, ...rest] = path;
  const read = rest.length === 0 ? compileRead(first, finders) : compilePath(path, finders);
  const shape = shapeObjects(binding);
  return (run, object, one) => {
    let value: unknown;
    try {
      const received = read(run, object);
      value = shape(received, run.scope);
      countDropped?.(run.counts, received, value);
    } catch (error) {
      value = toOverlockError(error);
    }
    return completeValue(run, value, type, { site, complete: (item) => one(run, item) });
  };
}

/** The same in turns; of `one` and `oneInTurns` one is there. */
function compileAnyObjectsInTurns(
  field: ObjectsField,
  site: FieldSite,
  { finders, counters }: ShownParts,
): (
  run: PlanRun,
  object: unknown,
  one: ShowObject | null,
  oneInTurns: ShowInTurns | null,
) => InTurns<unknown> {
  const { binding, path, type } = field;
  const countDropped = compileCountDropped(field, counters);
  const read = compilePathInTurns(path, finders);
  const shape = shapeObjects(binding);
  return function* showInTurns(run, object, one, oneInTurns) {
    let value: unknown;
    try {
      const received = yield* read(run, object);
      value = shape(received, run.scope);
      countDropped?.(run.counts, received, value);
    } catch (error) {
      value = toOverlockError(error);
    }
    return yield* completeInTurns(run, value, type, {
      site,
      complete: (item) => one?.(run, item),
      completeInTurns: oneInTurns === null ? null : (item) => oneInTurns(run, item),
    });
  };
}

/** Which of a spot's places an object stands in; -1 for none that counts, -2 where the object does not say it. */
function compileTypeIndex(spot: Spot): (object: object) => number {
  const { places, readType } = spot;
  if (isBuilt(spot)) {
    const all = [...places.values()];
    return (object) => {
      const place = placeOfBuilt(spot, object);
      return place === undefined ? -2 : place === null ? -1 : all.indexOf(place);
    };
  }
  const names = [...places.keys()];
  return (object) => {
    try {
      const name = readType?.(object) ?? null;
      return name === null ? -2 : names.indexOf(name);
    } catch {
      return -2;
    }
  };
}

function siteOf(field: ShownField, place: Place): FieldSite {
  return siteIn(shownType(place), field);
}

function siteIn(parent: GraphQLObjectType, { nodes, definition, type }: ShownField): FieldSite {
  return { nodes, definition, type, coordinate: `${parent.name}.${definition.name}` };
}

function shownType({ shown }: Place): GraphQLObjectType {
  if (shown === null) throw new OverlockError("INTERNAL_SERVER_ERROR", "nothing is shown of a place");
  return shown.type;
}

function isConnectionMember(field: ShownField): field is ConnectionMember {
  return ["edges", "pageInfo", "items", "fact"].includes(field.kind);
}

/** `__proto__` would set the prototype. */
function memberName(key: string): string {
  const text = JSON.stringify(key);
  return key === "__proto__" ? `[${text}]` : text;
}

type ConnectionMember = Extract<ShownField, { kind: "edges" | "pageInfo" | "items" | "fact" }>;

/** Code for a list's elements. */
interface ListCode {
  /** What is done first with what should be the list. */
  readonly check?: string;
  readonly length: string;
  readonly one: string;
}
