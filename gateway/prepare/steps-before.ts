import type { Path, PlannedValue, Step } from "./plan.ts";

/** The steps that a step reads from, in no order; one may come more than once. */
export function stepsBefore({ reads, requires }: Step): Step[] {
  return [
    ...reads.flatMap(({ path }) => stepsOfPath(path)),
    ...requires.flatMap(({ value }) => pathsRequired(value).flatMap(stepsOfPath)),
  ];
}

/** The paths that a value is put together from; those of the objects that others lead to come after these. */
export function pathsRequired(value: PlannedValue): Path[] {
  switch (value.kind) {
    case "path":
      return [value.path, ...[...(value.then?.values.values() ?? [])].flatMap(pathsRequired)];
    case "object":
      return value.fields.flatMap((field) => pathsRequired(field.value));
    case "alternatives":
      return value.options.flatMap(pathsRequired);
  }
}

function stepsOfPath(path: Path): Step[] {
  return path.flatMap(({ access }) => (access.kind === "step" ? [access.step] : []));
}
