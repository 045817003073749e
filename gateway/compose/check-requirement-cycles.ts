import type { ModelField, SupergraphModel } from "./supergraph-model.ts";

/** What a field requires must not, over however many fields and sources, require that field: nothing could begin. */
export function checkRequirementCycles(model: SupergraphModel): void {
  const reported = new Set<ModelField>();
  for (const type of model.types.values()) {
    for (const field of [...type.fields.values(), ...type.internalFields.values()]) {
      const cycle = findCycle(field, model);
      if (cycle === null || cycle.some((one) => reported.has(one))) continue;
      for (const one of cycle) reported.add(one);
      const first = field.suppliers.find((supplier) => model.requirements.has(supplier.field))?.field;
      const [required] = first === undefined ? [] : (model.requirements.get(first) ?? []);
      first?.arguments
        .get(required?.argument ?? "")
        ?.require?.use.refuse(
          ["field"],
          `fields that can be read without ${field.coordinate}`,
          [...cycle, field].map((one) => one.coordinate).join(" → "),
          `let one of them read something else: ${filesOf(cycle, model).join(", ")}`,
        );
    }
  }
}

/** The fields from one that leads back to it, that one first; null where none does. */
function findCycle(start: ModelField, model: SupergraphModel): ModelField[] | null {
  const visited = new Set<ModelField>();
  const follow = (field: ModelField, path: readonly ModelField[]): ModelField[] | null => {
    for (const next of requiredBy(field, model)) {
      if (next === start) return [...path, field];
      if (visited.has(next)) continue;
      visited.add(next);
      const cycle = follow(next, [...path, field]);
      if (cycle !== null) return cycle;
    }
    return null;
  };
  return follow(start, []);
}

function requiredBy(field: ModelField, model: SupergraphModel): ModelField[] {
  return field.suppliers.flatMap((supplier) =>
    (model.requirements.get(supplier.field) ?? []).flatMap((requirement) => requirement.fields),
  );
}

function filesOf(cycle: readonly ModelField[], model: SupergraphModel): string[] {
  const suppliers = cycle.flatMap((field) => field.suppliers);
  const files = suppliers
    .filter((supplier) => model.requirements.has(supplier.field))
    .map((supplier) => supplier.field.place.file);
  return [...new Set(files)];
}
