import { fieldText, type RowSelection } from "../sources/graphql/row-selection.ts";

/** A supergraph field that is going to be read of an object. */
export interface NeededField {
  readonly name: string;
  /** As the reader will give them. */
  readonly args: Readonly<Record<string, unknown>>;
  /** What is going to be read of the objects that the field holds; null: it is a leaf. */
  readonly need: Need | null;
}

/**
 * What is going to be read of an object and of all below it, worked out only where somebody asks: sources that send
 * whole rows never do.
 */
export class Need {
  /** Nothing. It belongs to no request, so it keeps nothing. */
  static readonly none = new Need(() => []);
  readonly #collect: (typeName: string) => readonly NeededField[];
  readonly #fields = new Map<string, readonly NeededField[]>();
  readonly #selections = new Map<string, RowSelection>();

  /** `collect`: the fields of an object of this supergraph type. The same field with the same arguments may come twice. */
  constructor(collect: (typeName: string) => readonly NeededField[]) {
    this.#collect = collect;
  }

  /** Of whatever type the object is. */
  static of(fields: readonly NeededField[]): Need {
    return new Need(() => fields);
  }

  /** Each field with the same arguments once. */
  fieldsOf(typeName: string): readonly NeededField[] {
    if (this === Need.none) return [];
    let fields = this.#fields.get(typeName);
    if (fields === undefined) {
      fields = mergeNeeded(this.#collect(typeName));
      this.#fields.set(typeName, fields);
    }
    return fields;
  }

  /** What a subquery has to ask for to meet this need, built once for each situation. */
  selectionFor(situation: string, build: () => RowSelection): RowSelection {
    if (this === Need.none) return build();
    let selection = this.#selections.get(situation);
    if (selection === undefined) {
      selection = build();
      this.#selections.set(situation, selection);
    }
    return selection;
  }
}

/** The need of the value at a path of properties: `id`, `organization.id`. */
export function neededAt(path: string): NeededField {
  const [name = "", ...rest] = path.split(".");
  return { name, args: {}, need: rest.length === 0 ? null : Need.of([neededAt(rest.join("."))]) };
}

/** Each field with the same arguments once, with what is needed below all its uses. */
export function mergeNeeded(fields: readonly NeededField[]): readonly NeededField[] {
  const names = fields.map(({ name }) => name);
  // Arguments may be long, and are compared only where there is something to compare them with.
  if (new Set(names).size === names.length) return fields;
  const merged = new Map<string, NeededField>();
  for (const field of fields) {
    const text = fieldText(field.name, field.args);
    const earlier = merged.get(text);
    merged.set(text, earlier === undefined ? field : { ...field, need: both(earlier.need, field.need) });
  }
  return [...merged.values()];
}

function both(left: Need | null, right: Need | null): Need | null {
  if (left === null || right === null) return left ?? right;
  return new Need((typeName) => [...left.fieldsOf(typeName), ...right.fieldsOf(typeName)]);
}
