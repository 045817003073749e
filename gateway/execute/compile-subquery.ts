import type { EntityLookup } from "../compose/entity-lookup.ts";
import { isWholeKey } from "../compose/entity-lookup.ts";
import { compileSubqueryLookup } from "../compose/subquery-row.ts";
import { loadersOf } from "../batching/request-loaders.ts";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { SubqueryStep } from "../prepare/plan.ts";
import { subqueryRequest, type SubqueryRequest, textOf } from "../sources/graphql/subquery-request.ts";
import type { RowSelection } from "../sources/graphql/row-selection.ts";
import { compileKeyReader } from "../sources/keyed-rows.ts";
import type { Reader } from "./compile-read.ts";
import { compileRows } from "./compile-rows.ts";
import type { PlanRun } from "./plan-run.ts";
import { noRows, OneResult, type StepRunner, tryRead, Uncalled, unusable } from "./step-tables.ts";

type Args = Readonly<Record<string, unknown>>;

/** A root field of a GraphQL source, asked for once: queries of one turn of the event loop leave as one request. */
export function compileRootSubquery(
  { id, call, rows }: SubqueryStep,
  argsOf: (run: PlanRun) => Args,
): StepRunner {
  const selectionOf = rows === null ? () => null : compileRows(rows);
  const { rootType, fieldName, subqueries } = call;
  return {
    start(run) {
      const { scope } = run;
      const ask = async (): Promise<unknown> => {
        const [args, selection] = [argsOf(run), selectionOf(run)];
        return subqueries.run(subqueryRequest({ rootType, fieldName, args, selection, key: null }), scope);
      };
      const asked = ask().catch(toOverlockError);
      // What is read after a change has to be asked for again.
      const found = call.isSafe ? asked : asked.finally(() => loadersOf(scope).clear());
      run.await(found, (value) => run.finish(id, new OneResult(value)));
    },
    find: (run) => run.tables[id]?.get(null) ?? null,
  };
}

/** Objects by their keys, all of them asked for at once. `readers`: of the values of the key. */
export function compileSubqueryLookups(
  step: SubqueryStep,
  lookup: EntityLookup,
  readers: readonly Reader[],
): StepRunner {
  const { id, call, rows } = step;
  if (rows === null) throw new OverlockError("INTERNAL_SERVER_ERROR", `${call.coordinate} finds leaves`);
  const selectionOf = compileRows(rows);
  const requestsOf = compileRequests(step, lookup);
  const [only, ...others] = readers;
  const textOfOne = compileKeyReader(false);
  const textOfMany = compileKeyReader(true);
  const isSingle = only !== undefined && others.length === 0;
  const readKey: Reader = isSingle
    ? only
    : (run, object) => Object.fromEntries(readers.map((read, index) => [index, read(run, object)]));
  const textOfKey = isSingle ? textOfOne : textOfMany;
  const valuesOf = (key: unknown): readonly unknown[] => (isSingle ? [key] : Object.values(key as object));
  return {
    start(run, objects) {
      const selection = selectionOf(run);
      const requestOf = requestsOf(selection);
      const asked = new Map<string, SubqueryRequest>();
      for (const object of objects) {
        const key = tryRead(readKey, run, object);
        // What is wrong with a key is told where its row is looked for.
        const text = key instanceof Error ? null : textOfKey(key);
        if (text === null || asked.has(text)) continue;
        const values = valuesOf(key);
        const request = isWholeKey(values) ? requestOf(values) : null;
        if (request !== null) asked.set(text, request);
      }
      if (asked.size === 0) {
        run.finish(id, noRows);
        return;
      }
      try {
        const requests = new Map([...asked.values()].map((request) => [textOf(request), request]));
        const loaded = call.subqueries.load(requests, run.scope);
        if (loaded === null) run.finish(id, noRows);
        else {
          run.await(loaded, (found) => {
            const table = new Map<string, unknown>();
            for (const [text, request] of asked) table.set(text, found.get(textOf(request)) ?? null);
            run.finish(id, table);
          });
        }
      } catch (thrown) {
        run.finish(id, new Uncalled(toOverlockError(thrown), true));
      }
    },
    find(run, object) {
      const key = tryRead(readKey, run, object);
      if (key instanceof Error) return key;
      return run.tables[id]?.get(textOfKey(key) ?? unusable) ?? null;
    },
  };
}

type RequestOf = (values: readonly unknown[]) => SubqueryRequest | null;

/** What asks for an object by the values of its key. Runs mostly have the selection of the one before. */
function compileRequests(
  { call }: SubqueryStep,
  lookup: EntityLookup,
): (selection: RowSelection) => RequestOf {
  let last: { readonly selection: RowSelection; readonly requestOf: RequestOf } | null = null;
  return (selection) => {
    if (last?.selection !== selection) {
      const [typeName = ""] = selection.types.keys();
      last = { selection, requestOf: compileSubqueryLookup({ lookup, call, typeName, selection }) };
    }
    return last.requestOf;
  };
}
