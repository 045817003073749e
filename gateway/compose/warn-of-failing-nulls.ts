import { type GraphQLOutputType, isListType, isNonNullType } from "graphql";
import type { Problems } from "../core/problems.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { BoundValue } from "./bind-value.ts";
import type { BoundStep } from "./bindings.ts";
import { compositeTypeOf, type ModelField, type SupergraphModel } from "./supergraph-model.ts";

/** A `!` whose own call can fail takes the object around it along. */
export function warnOfFailingNonNull(
  { field, clientField, steps, last, compiled }: BoundValue,
  model: SupergraphModel,
  problems: Problems,
): void {
  const condition = steps.findLast((step) => step.onType !== null)?.onType ?? null;
  if (condition !== null && isInnermostNonNull(clientField.type)) {
    problems.warn({
      place: field.place,
      coordinate: field.coordinate,
      expected: `a nullable type: what is no ${condition} is null here`,
      found: clientField.type.toString(),
    });
  }
  if (!isNonNullType(clientField.type)) return;
  if (compiled.some((shaper) => shaper.kind === "null" && shaper.absorbsErrors)) return;
  const object = compositeTypeOf(model, namedTypeOf(last.type));
  const reads = compiled
    .flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : []))
    .map((name) => object?.fields.get(name))
    .filter((read) => read !== undefined);
  const failing =
    steps.find((step, index) => makesCall(step.field, steps[index - 1]))?.field ??
    reads.find((read) => makesCall(read, steps.at(-1)));
  if (failing === undefined) return;
  // What changes something has no stand-in for a failure.
  const isMutation = failing.coordinate.startsWith("Mutation.");
  problems.warn({
    place: field.place,
    coordinate: field.coordinate,
    expected: `a nullable type${isMutation ? "" : ", or @default(onError: true)"}: the call behind it can fail`,
    found: `${clientField.type.toString()} from ${failing.coordinate}`,
    hint: isMutation
      ? "when the call fails, the whole answer is null, and the mutations after it are not called"
      : "when the call fails, the whole object around the field is null",
  });
}

function isInnermostNonNull(type: GraphQLOutputType): boolean {
  if (isListType(type)) return isInnermostNonNull(type.ofType);
  if (!isNonNullType(type)) return false;
  return isListType(type.ofType) ? isInnermostNonNull(type.ofType) : true;
}

/** The field is a call, or needs the row of an object that the step before only refers to. */
function makesCall(field: ModelField, previous: BoundStep | undefined): boolean {
  if (field.suppliers.some((supplier) => supplier.call !== null)) return true;
  return (previous?.field.suppliers ?? []).some((origin) =>
    origin.buildsObjects
      ? !origin.builtPaths.some((path) => path.split(".")[0] === field.name)
      : !field.suppliers.some((supplier) => supplier.source === origin.source),
  );
}
