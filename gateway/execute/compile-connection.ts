import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { ShownField, Step } from "../prepare/plan.ts";
import { compilePath, compileRead, type Finders, type Reader } from "./compile-read.ts";
import type { CompiledStep } from "./compile-step.ts";
import {
  argsOfPage,
  ConnectionPage,
  pageBehind,
  type PagePart,
  partOf,
  type WantedPage,
} from "./connection-page.ts";
import type { FirstPage } from "./first-page.ts";
import type { PlanRun } from "./plan-run.ts";

export type ConnectionField = Extract<ShownField, { kind: "connection" }>;

/** A connection whose pages are rows. */
export interface CompiledConnection {
  /**
   * Makes connections of the pages that were found for these objects, which are those at the last part of the path, and
   * of the pages behind them where those are needed. Tells all that there are, at once or later.
   */
  start(run: PlanRun, objects: readonly unknown[], then: (pages: readonly RowConnection[]) => void): void;
  /** What it came to for an object of the field's place: null, an error, or the connection. */
  read(run: PlanRun, object: unknown): RowConnection | Error | null;
}

export type RowConnection = ConnectionPage<unknown>;

export function compileConnection(
  field: ConnectionField,
  steps: ReadonlyMap<Step, CompiledStep>,
  finders: Finders,
): CompiledConnection {
  const { path, page: index, pageBehind: step } = field;
  const [first, ...through] = path.slice(0, -1);
  const readOrigin = first === undefined ? null : compilePath([first, ...through], finders);
  const last = path[path.length - 1] ?? path[0];
  const readPart = compilePart(field, compileRead(last, finders), finders);
  const behind = step === null ? null : steps.get(step);
  const readBehind =
    step === null || last.access.kind !== "step"
      ? null
      : compilePart(field, compileRead({ ...last, access: { ...last.access, step } }, finders), finders);
  return {
    start(run, objects, then) {
      const page = run.pages[index];
      if (page === undefined || page instanceof Error) return;
      const found = new Map<unknown, RowConnection | Error | null>();
      run.resolved.set(field, found);
      const begun = new Map<unknown, Begun>();
      for (const object of objects) {
        const part = readPart(run, object, page, page.wanted);
        const wanted =
          part === null || part instanceof Error ? null : pageBehind(page.request, page.wanted, part);
        if (part === null || part instanceof Error) found.set(object, part);
        else if (wanted === null) found.set(object, new ConnectionPage([part], page.request));
        else begun.set(object, { part, wanted });
      }
      const finish = (): void => {
        for (const [object, { part, wanted }] of begun) {
          const second = readBehind?.(run, object, page, wanted) ?? null;
          if (second instanceof Error) found.set(object, second);
          else found.set(object, new ConnectionPage(second === null ? [part] : [part, second], page.request));
        }
        then([...found.values()].filter((one) => one instanceof ConnectionPage));
      };
      if (begun.size === 0) {
        finish();
        return;
      }
      if (step === null || behind === undefined || behind === null)
        throw new OverlockError(
          "INTERNAL_SERVER_ERROR",
          `${field.key} has a page behind that nothing fetches`,
        );
      const args = [...begun].map(
        ([object, { wanted }]) => [object, argsOfPage(page.request, wanted)] as const,
      );
      run.argsOfObjects.set(step, new Map(args));
      behind.start(run, [...begun.keys()]);
      run.whenDone(step.id, finish);
    },
    read(run, object) {
      const page = run.pages[index];
      if (page instanceof Error) return page;
      let origin = object;
      try {
        if (readOrigin !== null) origin = readOrigin(run, object);
      } catch (error) {
        return toOverlockError(error);
      }
      return (run.resolved.get(field)?.get(origin) as RowConnection | Error | undefined) ?? null;
    },
  };
}

/** An object whose first page is here and is not enough. */
interface Begun {
  readonly part: PagePart<unknown>;
  readonly wanted: WantedPage;
}

type ReadPart = (
  run: PlanRun,
  object: unknown,
  page: FirstPage,
  wanted: WantedPage,
) => PagePart<unknown> | Error | null;

/** Reads one page of an object, which is here. */
function compilePart(
  { items, nextPageToken }: ConnectionField,
  readPage: Reader,
  finders: Finders,
): ReadPart {
  const readItems = compileRead(items, finders);
  const readNext = compileRead(nextPageToken, finders);
  return (run, object, { request }, wanted) => {
    try {
      const row = readPage(run, object);
      if (row === null || row === undefined) return null;
      return partOf(request, wanted, row, { items: readItems(run, row), next: readNext(run, row) });
    } catch (error) {
      return toOverlockError(error);
    }
  };
}
