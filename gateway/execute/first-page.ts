import { toOverlockError } from "../core/errors.ts";
import type { PlannedPage } from "../prepare/plan.ts";
import {
  argsOfPage,
  firstPage,
  type PageRequest,
  readPageRequest,
  type WantedPage,
} from "./connection-page.ts";

type Args = Readonly<Record<string, unknown>>;

/** What a planned connection asks for in one run, and the first page that it takes. */
export class FirstPage {
  readonly request: PageRequest;
  readonly wanted: WantedPage;
  /** The field's arguments as its path gets them for that page. */
  readonly args: Args;

  constructor(request: PageRequest) {
    this.request = request;
    this.wanted = firstPage(request);
    this.args = argsOfPage(request, this.wanted);
  }
}

/** The page for a run's coerced arguments, or the error that they are. */
export type ReadFirstPage = (args: readonly unknown[]) => FirstPage | Error;

/** Worked out at once where no variable is in the arguments. */
export function compileFirstPage({ binding, args }: PlannedPage): ReadFirstPage {
  const read = (values: unknown): FirstPage | Error => {
    if (values instanceof Error) return values;
    try {
      return new FirstPage(readPageRequest(binding, values as Args));
    } catch (error) {
      return toOverlockError(error);
    }
  };
  if (args.kind === "run") return (run) => read(run[args.index]);
  const page = read(args.values);
  return () => page;
}
