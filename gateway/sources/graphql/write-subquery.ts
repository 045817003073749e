import type { RowArgument, RowSelection } from "./row-selection.ts";

/** A root field as a subquery asks for it. */
export interface RootField {
  readonly backendName: string;
  readonly args: readonly RowArgument[];
  /** Null: the field is a leaf. */
  readonly selection: RowSelection | null;
}

export interface Subquery {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Writes one operation with these root fields, under the names `_0`, `_1` and so on. It is made of names of the
 * backend's schema and of names that are made here; all values travel as variables. Equal fields with other values give
 * the same text.
 */
export function writeSubquery(operation: "query" | "mutation", fields: readonly RootField[]): Subquery {
  const writer = new Writer();
  const roots = fields.map((field, index) => `_${index}:${writer.field(field)}`);
  const { definitions, variables } = writer;
  const list = definitions.length === 0 ? "" : `(${definitions.join(",")})`;
  return { query: `${operation}${list}{${roots.join(" ")}}`, variables };
}

class Writer {
  readonly definitions: string[] = [];
  readonly variables: Record<string, unknown> = {};

  field({ backendName, args, selection }: RootField): string {
    const values = args.map(({ name, type, value }) => {
      const variable = `_${this.definitions.length}`;
      this.definitions.push(`$${variable}:${type}`);
      this.variables[variable] = value;
      return `${name}:$${variable}`;
    });
    const list = values.length === 0 ? "" : `(${values.join(",")})`;
    return `${backendName}${list}${selection === null ? "" : this.#selection(selection)}`;
  }

  #selection(selection: RowSelection): string {
    const parts = selection.isAbstract ? ["__typename"] : [];
    for (const [typeName, rowFields] of selection.types) {
      const fields = [...rowFields.values()].map((field) => {
        const text = this.field(field);
        return field.responseKey === field.backendName ? text : `${field.responseKey}:${text}`;
      });
      if (!selection.isAbstract) parts.push(...fields);
      else if (fields.length > 0)
        parts.push(`... on ${selection.backendTypeOf(typeName)}{${fields.join(" ")}}`);
    }
    // That the object is there is all that is asked for.
    return `{${parts.length === 0 ? "__typename" : parts.join(" ")}}`;
  }
}
