import { canonicalJson } from "../core/canonical-json.ts";
import { readBoundArguments } from "../compose/read-bound-arguments.ts";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { SelectedField, SelectedRows, StepArgs } from "../prepare/plan.ts";
import { fieldText, RowSelection, type WantedField } from "../sources/graphql/row-selection.ts";
import type { PlanRun } from "./plan-run.ts";

type Args = Readonly<Record<string, unknown>>;

/**
 * Compiles what a subquery asks for, arguments that depend on variables filled in for each run. `run.responseKeys` then
 * has the names under which their fields come back, or why a field is not asked for.
 */
export function compileRows(rows: SelectedRows): (run: PlanRun) => RowSelection {
  const dynamic = dynamicFieldsOf(rows);
  if (dynamic.length === 0) {
    const { selection } = new Filled(rows, new Map());
    return () => selection;
  }
  // Most runs are given what the one before was.
  let last: { readonly text: string; readonly filled: Filled } | null = null;
  return (run) => {
    const values = new Map(dynamic.map((field) => [field, tryReadArgs(field, run)]));
    const text = textOf([...values.values()]);
    const filled = text !== null && last?.text === text ? last.filled : new Filled(rows, values);
    if (text !== null) last = { text, filled };
    for (const [index, key] of filled.keys) run.responseKeys[index] = key;
    return filled.selection;
  };
}

/** The arguments of a supergraph field, without what its source adds. Raises what is wrong with them. */
export function readStepArgs({ client, bound }: StepArgs, run: PlanRun): Args {
  const values = readClientArgs(client, run);
  if (values instanceof Error) throw values;
  return readBoundArguments(bound, values as Args);
}

/** The arguments of a client field, or what is wrong with them. */
export function readClientArgs(client: StepArgs["client"], run: PlanRun): unknown {
  switch (client.kind) {
    case "constant":
      return client.values;
    case "run":
      return run.args[client.index];
    case "page": {
      const page = run.pages[client.index];
      return page instanceof Error ? page : page?.args;
    }
    case "pageBehind":
      return new OverlockError("INTERNAL_SERVER_ERROR", "arguments of a page behind are those of objects");
  }
}

/** Fields whose arguments are read for each run. */
function dynamicFieldsOf({ types }: SelectedRows): SelectedField[] {
  return [...types.values()].flatMap(({ fields }) =>
    [...fields.values()].flatMap((field) => [
      ...(field.args.kind === "run" ? [field] : []),
      ...(field.rows === null ? [] : dynamicFieldsOf(field.rows)),
    ]),
  );
}

function tryReadArgs({ args }: SelectedField, run: PlanRun): Args | OverlockError {
  if (args.kind === "constant") return args.values;
  try {
    return readStepArgs(args.args, run);
  } catch (error) {
    return toOverlockError(error);
  }
}

/** Null where one of them is an error, which belongs to its run. */
function textOf(values: readonly (Args | OverlockError)[]): string | null {
  if (values.some((value) => value instanceof Error)) return null;
  try {
    return canonicalJson(values);
  } catch {
    // What is nested without end is told where it is asked for.
    return null;
  }
}

type DynamicArgs = ReadonlyMap<SelectedField, Args | OverlockError>;

/** What is asked for with all arguments known. */
class Filled {
  readonly selection: RowSelection;
  readonly keys: (readonly [index: number, key: string | OverlockError])[] = [];
  readonly #values: DynamicArgs;

  constructor(rows: SelectedRows, values: DynamicArgs) {
    this.#values = values;
    this.selection = this.#fill(rows, []);
  }

  /** `others` stand at the same place: fields that have turned out to be the same. */
  #fill(rows: SelectedRows, others: readonly SelectedRows[]): RowSelection {
    const merged = [...rows.types.keys()].map((typeName) => {
      const fields = [rows, ...others].flatMap((one) => [
        ...(one.types.get(typeName)?.fields.values() ?? []),
      ]);
      return [typeName, this.#merge(fields)] as const;
    });
    const wanted = new Map(
      merged.map(([typeName, fields]) => [typeName, fields.map((field) => this.#wanted(field))]),
    );
    const selection = RowSelection.of(rows.schema, wanted, rows.isAbstract);
    for (const [typeName, fields] of merged) {
      for (const { name, args, asked } of fields) {
        const found = selection.fieldOf(typeName, name, args);
        for (const { key } of asked)
          if (key.kind === "run" && found !== undefined) this.keys.push([key.index, found.responseKey]);
      }
    }
    return selection;
  }

  /** Each with the same arguments once; those whose arguments are wrong are not asked for. */
  #merge(fields: readonly SelectedField[]): MergedField[] {
    const merged = new Map<string, MergedField>();
    for (const field of fields) {
      const { name, args: selected, key } = field;
      const args = selected.kind === "constant" ? selected.values : (this.#values.get(field) ?? {});
      if (args instanceof OverlockError) {
        if (key.kind === "run") this.keys.push([key.index, args]);
        continue;
      }
      const text = fieldText(name, args);
      const known = merged.get(text);
      if (known === undefined) merged.set(text, { name, args, asked: [field] });
      else known.asked.push(field);
    }
    return [...merged.values()];
  }

  #wanted({ name, args, asked }: MergedField): WantedField {
    const [first, ...others] = asked.map((field) => field.rows).filter((rows) => rows !== null);
    return { name, args, selection: first === undefined ? null : this.#fill(first, others) };
  }
}

interface MergedField {
  readonly name: string;
  readonly args: Args;
  readonly asked: SelectedField[];
}
