import type { Path, PlannedValue, Step } from "./plan.ts";

/** The steps that a step reads from, in no order; one may come more than once. */
export function stepsBefore(step: Step): Step[] {
  return pathsOf(step).flatMap(stepsOfPath);
}

/** Those of them that nothing else is read through: the last of each path waits for the others of it. */
export function lastStepsBefore(step: Step): Step[] {
  return pathsOf(step).flatMap(lastStepsOf);
}

function pathsOf({ reads, requires }: Step): Path[] {
  return [...reads.map(({ path }) => path), ...requires.flatMap(({ value }) => pathsRequired(value))];
}

/** The paths that a value is put together from; those of the objects that others lead to come after these. */
function pathsRequired(value: PlannedValue): Path[] {
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
  return path.flatMap(({ access, next }) => [
    ...(access.kind === "step" ? [access.step] : []),
    ...[...(next?.values() ?? [])].flatMap(stepsOfPath),
  ]);
}

function lastStepsOf(path: Path): Step[] {
  const below = path.flatMap(({ next }) => [...(next?.values() ?? [])].flatMap(lastStepsOf));
  if (below.length > 0) return below;
  const access = path.findLast((read) => read.access.kind === "step")?.access;
  return access?.kind === "step" ? [access.step] : [];
}
