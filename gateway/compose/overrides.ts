import { nearestNameHint, type Problems } from "../core/problems.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { OverrideDeclaration } from "../language/field-visibility.ts";
import type { SourceField, SourceType } from "../language/source-schema.ts";
import type { Source } from "../sources/source.ts";

/** One `@override`, and the field that it stands on. */
interface Override extends OverrideDeclaration {
  readonly source: Source;
  readonly type: SourceType;
  readonly field: SourceField;
}

/**
 * The fields that are no longer read from a source, because another one overrides them. Overrides that can't be, such
 * as one of a source that there is not, are reported and left out.
 */
export function findOverridden(
  sources: readonly Source[],
  problems: Problems,
): ReadonlyMap<Source, ReadonlySet<SourceField>> {
  const overridden = new Map<Source, Set<SourceField>>();
  const known = new Map<string, Override>();
  for (const override of overridesOf(sources)) {
    const { source, type, field, from, use } = override;
    const earlier = known.get(field.coordinate);
    known.set(field.coordinate, earlier ?? override);
    const target = sources.find((one) => one.name === from);
    if (target === undefined) {
      const names = sources.filter((one) => one !== source).map((one) => one.name);
      const expected = `the name of another source (${names.join(", ") || "there is none"})`;
      use.refuse(["from"], expected, from, nearestNameHint(from, names));
    } else if (target === source) {
      use.refuse(["from"], "the name of another source", `${from}, which this file describes`);
    } else if (earlier !== undefined) refuseSecond(override, earlier);
    else {
      const moved = target.schema.types.get(type.name)?.fields.get(field.name);
      const keyed = [source, target].find((one) => isKeyField(one, type.name, field.name));
      if (moved === undefined || moved.internalUse !== null) {
        const place = use.place(["from"]);
        const coordinate = `${use.coordinate}(from:)`;
        const expected = `${field.coordinate} in ${target.schema.file}, for as long as @override says that it moves`;
        const found = moved === undefined ? "no such field" : "an @internal field";
        problems.warn({ place, coordinate, expected, found, hint: "remove @override: the move is done" });
      } else if (keyed !== undefined) {
        const expected = "a field that is no part of a @key: sources tell objects apart by it";
        use.refuse([], expected, `a key of ${type.name} in ${keyed.schema.file}`);
      } else overridden.set(target, (overridden.get(target) ?? new Set<SourceField>()).add(moved));
    }
  }
  return overridden;
}

function overridesOf(sources: readonly Source[]): Override[] {
  return sources.flatMap((source) =>
    [...source.schema.types.values()].flatMap((type) =>
      [...type.fields.values()].flatMap((field) =>
        field.override === null ? [] : [{ ...field.override, source, type, field }],
      ),
    ),
  );
}

/** A field moves from one source to one other. */
function refuseSecond({ source, from, use }: Override, earlier: Override): void {
  const { file } = earlier.source.schema;
  const expected = "one source that overrides the field";
  const isChain = earlier.source.name === from || earlier.from === source.name;
  const hint = isChain
    ? "let the last of them override the first, and remove the field from the one between"
    : "remove @override from one of them";
  use.refuse([], expected, `it here and in ${file}, from ${earlier.from}`, hint);
}

/** The field is part of a key that the source declares, of its own type or through a nested key of another. */
export function isKeyField({ schema }: Source, typeName: string, fieldName: string): boolean {
  const { types } = schema;
  for (const type of types.values()) {
    for (const path of type.keys.flat()) {
      let at: string | undefined = type.name;
      for (const name of path.split(".")) {
        if (at === typeName && name === fieldName) return true;
        const next: SourceField | undefined = types.get(at ?? "")?.fields.get(name);
        at = next === undefined ? undefined : namedTypeOf(next.node.type);
      }
    }
  }
  return false;
}
