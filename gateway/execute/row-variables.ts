import { nothingFor } from "../compose/subquery-row.ts";
import { OverlockError } from "../core/errors.ts";
import { plainNamesOf } from "../language/selection-map.ts";
import type { Access, Place, ShownField, Step } from "../prepare/plan.ts";
import { baseAt, plainProperty } from "./compile-read.ts";
import type { CompiledStep } from "./compile-step.ts";

export type ObjectsField = Extract<ShownField, { kind: "objects" }>;

/** The variables of one generated function that hold looked-up rows. */
export class RowVariables {
  readonly place: Place;
  readonly #steps: ReadonlyMap<Step, CompiledStep>;
  readonly #value: (value: unknown) => string;
  readonly #declared = new Map<Step, string>();

  constructor(place: Place, steps: ReadonlyMap<Step, CompiledStep>, value: (value: unknown) => string) {
    this.place = place;
    this.#steps = steps;
    this.#value = value;
  }

  code(): string {
    return [...this.#declared.values()].join("");
  }

  /** The variable with the row, null or the error that a step has found. */
  nameOf(step: Step): string {
    const name = `r${step.id}`;
    if (this.#declared.has(step)) return name;
    const compiled = this.#steps.get(step);
    if (compiled === undefined)
      throw new OverlockError("INTERNAL_SERVER_ERROR", "a step that is not compiled");
    const slow = `${this.#value(compiled.find)}(run, o)`;
    const key = compiled.key === null ? null : this.#own(compiled.key);
    const found =
      key === null
        ? slow
        : `typeof (t = ${key}) === "string" ? (run.tables[${step.id}].get(t) ?? null) : ${slow}`;
    const isRow = `typeof ${name} === "object" && ${name} !== null && !Array.isArray(${name}) && !(${name} instanceof Error)`;
    this.#declared.set(
      step,
      `${this.#declared.size === 0 ? "let t;\n" : ""}const ${name} = ${found};\nconst is${name} = ${isRow};\n`,
    );
    return name;
  }

  /** An expression of the raw value where an access finds it, undefined or an error where it is not there; null where none is so simple. */
  read(access: Access | null): string | null {
    if (access === null || access.kind === "nowhere") return null;
    if (access.kind !== "step") return this.#own(access);
    const { step, supplier, selected } = access;
    if (supplier.read === null) return step.lookup === null ? this.nameOf(step) : null;
    const property = supplier.buildsObjects ? null : memberOf({ supplier, selected });
    if (property === null) return null;
    const row = this.nameOf(step);
    return `(is${row} ? ${row}${property} : ${row} instanceof Error ? ${row} : undefined)`;
  }

  /** An expression of what stands for the objects of a field, in their lists; null where that takes more. */
  readObjects({ path, spot }: ObjectsField): string | null {
    const [{ access }, ...rest] = path;
    if (rest.length > 0) return null;
    const built = baseAt(spot);
    if (built?.kind === "built") return null;
    if ("selected" in access && access.selected !== null) return this.#selectedObjects(access);
    if (built?.kind !== "reference") return this.read(access);
    if (access.kind !== "row" || this.place.base.kind !== "row") return null;
    if (built.list === null) return "o";
    const property = plainProperty(built.list);
    return property === null ? null : `(Array.isArray(o.${property}) ? o.${property} : null)`;
  }

  /** Where an answer has nothing for objects that it was asked for, that is an error. */
  #selectedObjects(access: RowAccess): string | null {
    const { supplier, selected } = access;
    // Under a name that only the run has, everything may be found that objects inherit.
    const property = selected?.key.kind === "constant" ? memberOf(access) : null;
    if (property === null) return null;
    const absent = (row: unknown): unknown =>
      row instanceof Error || row === null || row === undefined ? row : nothingFor(supplier);
    const row = access.kind === "row" ? "o" : this.nameOf(access.step);
    const isRow = access.kind === "row" ? "" : `is${row} && `;
    return `(${isRow}${row}${property} !== undefined ? ${row}${property} : ${this.#value(absent)}(${row}))`;
  }

  /** Of the object itself. */
  #own(access: Access): string | null {
    const { base } = this.place;
    if (access.kind === "part" && base.kind === "built") return directPart(access.path, null, "o");
    if (access.kind === "part" && base.kind === "reference") return directPart(access.path, base.list, "o");
    if (access.kind !== "row" || base.kind !== "row" || access.supplier.buildsObjects) return null;
    const property = memberOf(access);
    return property === null ? null : `o${property}`;
  }
}

/** How a member of a row is read, as code; null where that takes more. */
function memberOf({ supplier, selected }: Pick<RowAccess, "supplier" | "selected">): string | null {
  if (selected?.key.kind === "run") return `[run.responseKeys[${selected.key.index}]]`;
  const property = plainProperty(selected === null ? plainNamesOf(supplier.read?.map) : [selected.key.name]);
  return property === null ? null : `.${property}`;
}

type RowAccess = Extract<Access, { kind: "row" | "step" }>;

/** Elements of a list may be anything, so nothing but they themselves is read of them at once. */
export function directPart(
  path: readonly string[],
  list: readonly string[] | null,
  object: string,
): string | null {
  if (path.length === 0) return object;
  const property = list === null ? plainProperty(path) : null;
  return property === null ? null : `${object}.${property}`;
}
