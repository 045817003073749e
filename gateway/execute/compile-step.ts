import { type KeyedCall, loadersOf, type Rows } from "../batching/request-loaders.ts";
import { isKeyPart, isWholeKey } from "../compose/entity-lookup.ts";
import { readBoundArguments } from "../compose/read-bound-arguments.ts";
import { membersOf } from "../compose/required-value.ts";
import type { SupergraphModel } from "../compose/supergraph-model.ts";
import { toOverlockError } from "../core/errors.ts";
import type { SelectionRoots } from "../language/evaluate-selection.ts";
import type { Access, CallStep, Step } from "../prepare/plan.ts";
import { stepsBefore } from "../prepare/steps-before.ts";
import {
  type BatchRule,
  type CallInput,
  keyedCall,
  noCall,
  readKey,
  readValues,
  singleCall,
} from "../sources/declared-call.ts";
import { compilePath, type Finders, type Reader } from "./compile-read.ts";
import { compileRequired } from "./compile-required.ts";
import { readStepArgs } from "./compile-rows.ts";
import { compileRootSubquery, compileSubqueryLookups } from "./compile-subquery.ts";
import type { PlanRun } from "./plan-run.ts";
import { noRows, OneResult, type StepRunner, textless, tryRead, Uncalled, unusable } from "./step-tables.ts";

type Args = Readonly<Record<string, unknown>>;

/** A step that can be run. */
export interface CompiledStep extends StepRunner {
  readonly step: Step;
  /** Other steps that it reads from. */
  readonly after: readonly number[];
  /**
   * Where rows are found by the text of a key that is one value of the object: where that is read, so that a text can be
   * looked up at once. Null where more has to be done.
   */
  readonly key: Access | null;
}

/** Compiles a step. `finders`: those of the steps before it. */
export function compileStep(step: Step, model: SupergraphModel, finders: Finders): CompiledStep {
  const after = [...new Set(stepsBefore(step))].map(({ id }) => id);
  const argsOf = compileArgs(step, model);
  const readers = step.reads.map(({ name, path }) => ({ name, read: compilePath(path, finders) }));
  if (step.kind === "subquery") {
    const [only, ...others] = step.reads;
    if (step.lookup === null)
      return { step, after, key: null, ...compileRootSubquery(step, (run) => argsOf(run, null)) };
    const runner = compileSubqueryLookups(
      step,
      step.lookup,
      readers.map(({ read }) => read),
    );
    return {
      step,
      after,
      key: others.length > 0 ? null : only?.path.length === 1 ? only.path[0].access : null,
      ...runner,
    };
  }
  const keyName = keyNameOf(step);
  const index = step.reads.findIndex(({ name }) => name === keyName);
  const [path, reader] = [step.reads[index]?.path, readers[index]?.read];
  const { batch } = step.call;
  if (step.args?.client.kind === "pageBehind")
    return { step, after, key: null, ...compileByObject(step, compileRoots(step, readers, argsOf, finders)) };
  if (batch !== null && path !== undefined && reader !== undefined) {
    const key = path.length === 1 ? path[0].access : null;
    return { step, after, key, ...compileKeyed(step, batch, argsOf, reader) };
  }
  const isOfObjects = step.lookup !== null || step.reads.length > 0 || step.requires.length > 0;
  const isSingle = !isOfObjects && step.call.isSafe;
  if (isSingle && batch?.isKeyList !== true)
    return { step, after, key: null, ...compileSingle(step, argsOf) };
  return { step, after, key: null, ...compileByObject(step, compileRoots(step, readers, argsOf, finders)) };
}

/** The name of the one value of the object that is the key, where nothing else that is sent depends on the object. */
function keyNameOf({ call, lookup, requires }: CallStep): string | null {
  const { batch, inputs } = call;
  if (batch === null || batch.isKeyList || requires.length > 0) return null;
  const map = batch.key.evaluate.map;
  if (map?.kind !== "path" || map.then !== null) return null;
  const [segment, ...others] = map.segments;
  if (segment === undefined || others.length > 0) return null;
  if (lookup === null) {
    const isAlone = inputs.every((input) => input.parentFields.length === 0);
    return isAlone && map.root === "parent" ? segment.name : null;
  }
  const reads = (input: CallInput): boolean =>
    input.parentFields.length > 0 || input.argumentNames.some((name) => lookup.field.arguments.has(name));
  if (lookup.key.length !== 1 || inputs.some(reads)) return null;
  return map.root === "args" ? (lookup.plainArguments.get(segment.name) ?? null) : null;
}

/** The call's own arguments; but for the pages behind others they are the same for every object. Raises what is wrong with them. */
type ReadArgs = (run: PlanRun, object: unknown) => Args;

function compileArgs(step: Step, model: SupergraphModel): ReadArgs {
  const { args, supplier } = step;
  const defaults = supplier === null ? undefined : model.ownDefaults.get(supplier.field);
  const complete = (values: Args): Args => defaults?.(values) ?? values;
  if (args === null) {
    const values = complete({});
    return () => values;
  }
  const { client, bound } = args;
  if (client.kind === "pageBehind") {
    return (run, object) => {
      const values = run.argsOfObjects.get(step)?.get(object) ?? {};
      return complete(readBoundArguments(bound, values));
    };
  }
  const read = (run: PlanRun): Args => complete(readStepArgs(args, run));
  if (client.kind !== "constant") return read;
  try {
    const values = complete(readBoundArguments(bound, client.values));
    return () => values;
  } catch {
    return read;
  }
}

interface NamedReader {
  readonly name: string;
  readonly read: Reader;
}

/** What a call is made from for one object; null where the object has no whole key, or not all that is required. */
function compileRoots(
  { lookup, requires }: Step,
  readers: readonly NamedReader[],
  argsOf: ReadArgs,
  finders: Finders,
): (run: PlanRun, object: unknown) => SelectionRoots | null {
  if (lookup !== null) {
    return (run, object) => {
      const values = readers.map(({ read }) => read(run, object));
      return isWholeKey(values) ? rootsOf(run, lookup.argumentsFor(values), noParent) : null;
    };
  }
  const parentOf = (run: PlanRun, object: unknown): Args =>
    Object.fromEntries(readers.map(({ name, read }) => [name, read(run, object)]));
  if (requires.length > 0) {
    const required = requires.map(({ argument, value }) => {
      return { name: argument, read: compileRequired(value, finders) };
    });
    return (run, object) => {
      const args = argsOf(run, object);
      const filled = membersOf(
        required,
        required.map(({ read }) => read(run, object)),
      );
      return filled === undefined ? null : rootsOf(run, { ...args, ...filled }, parentOf(run, object));
    };
  }
  if (readers.length === 0) return (run, object) => rootsOf(run, argsOf(run, object), noParent);
  return (run, object) => rootsOf(run, argsOf(run, object), parentOf(run, object));
}

const noParent: Args = Object.freeze({});

function rootsOf({ scope }: PlanRun, args: Args, parent: Args): SelectionRoots {
  return { value: undefined, args, parent, claims: scope.caller.claims, headers: scope.headers };
}

/** One list of keys for all objects. */
function compileKeyed(
  { id, call, lookup }: CallStep,
  batch: BatchRule,
  argsOf: ReadArgs,
  readKeyOf: Reader,
): StepRunner {
  const { textOfKey } = batch;
  const lookupArgs = lookup?.argumentsFor([undefined]) ?? null;
  return {
    start(run, objects) {
      const asked = new Map<string, unknown>();
      for (const object of objects) {
        const key = tryRead(readKeyOf, run, object);
        // What is wrong with a key is told where its row is looked for.
        const text = key instanceof Error ? null : textOfKey(key);
        if (text !== null) asked.set(text, key);
      }
      try {
        const values = readValues(call, rootsOf(run, lookupArgs ?? argsOf(run, null), noParent));
        if (values === null) noCall(call);
        if (values === null || asked.size === 0) run.finish(id, noRows);
        else {
          const keyed = keyedCall(call, batch, values, run.scope);
          const finish = run.begin((rows: Rows) => run.finish(id, rows));
          loadersOf(run.scope).whenLoaded(keyed, asked, finish);
        }
      } catch (thrown) {
        run.finish(id, new Uncalled(toOverlockError(thrown), lookup !== null));
      }
    },
    find(run, object) {
      const key = tryRead(readKeyOf, run, object);
      if (key instanceof Error) return key;
      return run.tables[id]?.get(textOfKey(key) ?? (isKeyPart(key) ? textless : unusable)) ?? null;
    },
  };
}

/** A safe call that is the same for every object. */
function compileSingle({ id, call }: CallStep, argsOf: ReadArgs): StepRunner {
  const { batch } = call;
  return {
    start(run) {
      try {
        const roots = rootsOf(run, argsOf(run, null), noParent);
        const values = readValues(call, roots);
        const key = values === null || batch === null ? null : readKey(batch, roots);
        const text = batch === null ? "" : batch.textOfKey(key);
        if (values === null || text === null) {
          run.finish(id, noRows);
          return;
        }
        const keyed =
          batch === null ? singleCall(call, values, run.scope) : keyedCall(call, batch, values, run.scope);
        const finish = run.begin((rows: Rows) => run.finish(id, new OneResult(rows.get(text) ?? null)));
        loadersOf(run.scope).whenLoaded(keyed, batch === null ? noKey : new Map([[text, key]]), finish);
      } catch (thrown) {
        run.finish(id, new OneResult(toOverlockError(thrown)));
      }
    },
    find: (run) => run.tables[id]?.get(null) ?? null,
  };
}

const noKey: ReadonlyMap<string, null> = new Map([["", null]]);

/** Everything that has to be made for each object by itself; calls and keys that are equal are still asked for once. */
function compileByObject(
  step: CallStep,
  rootsFor: (run: PlanRun, object: unknown) => SelectionRoots | null,
): StepRunner {
  const { id } = step;
  return {
    start(run, objects) {
      const table = new Map<unknown, unknown>();
      const asking = new Asking(step, run);
      for (const object of objects) {
        try {
          const roots = rootsFor(run, object);
          table.set(object, roots === null ? null : asking.ask(roots));
        } catch (error) {
          table.set(object, toOverlockError(error));
        }
      }
      const finish = (): void => {
        for (const [object, found] of table) if (found instanceof Asked) table.set(object, found.read());
        run.finish(id, table);
      };
      const answers = asking.send();
      // A list of no keys is found without a call.
      if (answers === null) finish();
      else run.await(answers, finish);
    },
    find: (run, object) => run.tables[id]?.get(object) ?? null,
  };
}

/** What one object asked for: its row as soon as the call is answered. */
class Asked {
  readonly read: () => unknown;

  constructor(read: () => unknown) {
    this.read = read;
  }
}

/** The calls of one step, put together while object after object says what it needs. */
class Asking {
  readonly #step: CallStep;
  readonly #run: PlanRun;
  readonly #groups = new Map<string, AskedGroup>();
  readonly #sent: Promise<void>[] = [];

  constructor(step: CallStep, run: PlanRun) {
    this.#step = step;
    this.#run = run;
  }

  /** Null where there is no call. */
  ask(roots: SelectionRoots): Asked | null {
    const { call } = this.#step;
    const { batch } = call;
    const { scope } = this.#run;
    const values = readValues(call, roots);
    if (values === null) return noCall(call);
    if (batch !== null) return this.#askKeys(batch, values, roots);
    if (call.isSafe) return this.#askFor(singleCall(call, values, scope), "", null);
    let found: unknown = null;
    const sent = call.send({ values, keys: null }, scope, (answer) => answer);
    this.#sent.push(
      sent.then(
        (answer) => void (found = answer),
        (error: unknown) => void (found = toOverlockError(error)),
      ),
    );
    return new Asked(() => found);
  }

  /** Null: there is nothing to wait for. */
  send(): Promise<unknown> | null {
    const { call } = this.#step;
    const loaders = loadersOf(this.#run.scope);
    for (const group of this.#groups.values()) {
      this.#sent.push(loaders.loadRows(group.keyed, group.keys).then((rows) => void (group.rows = rows)));
    }
    if (this.#sent.length === 0) {
      if (call.isMutation) loaders.clear();
      return null;
    }
    const [only, ...others] = this.#sent;
    // None of them rejects.
    const all: Promise<unknown> = only !== undefined && others.length === 0 ? only : Promise.all(this.#sent);
    return call.isMutation ? all.then(() => loaders.clear()) : all;
  }

  #askKeys(batch: BatchRule, values: readonly unknown[], roots: SelectionRoots): Asked | null {
    const keyed = keyedCall(this.#step.call, batch, values, this.#run.scope);
    const askKey = (key: unknown): Asked | null => {
      const text = batch.textOfKey(key);
      return text === null ? null : this.#askFor(keyed, text, key);
    };
    if (!batch.isKeyList) {
      const key = readKey(batch, roots);
      return key === undefined ? null : askKey(key);
    }
    const keys = batch.key.evaluate(roots);
    if (!Array.isArray(keys)) return null;
    const asked = keys.map(askKey);
    return new Asked(() => {
      const rows = asked.map((one) => one?.read() ?? null);
      // As of any field of which one row could not be fetched.
      return rows.find((row) => row instanceof Error) ?? rows;
    });
  }

  #askFor<Key>(keyed: KeyedCall<Key>, text: string, key: Key): Asked {
    let group = this.#groups.get(keyed.group);
    if (group === undefined) {
      group = { keyed, keys: new Map(), rows: noRows };
      this.#groups.set(keyed.group, group);
    }
    const { keys } = group;
    keys.set(text, key);
    const found = group;
    return new Asked(() => found.rows.get(text));
  }
}

interface AskedGroup {
  readonly keyed: KeyedCall<unknown>;
  readonly keys: Map<string, unknown>;
  rows: Rows;
}
