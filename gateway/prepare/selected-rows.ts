import { OverlockError } from "../core/errors.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { SourceSchema } from "../language/source-schema.ts";
import { readBoundArguments } from "../compose/read-bound-arguments.ts";
import type { SupergraphModel } from "../compose/supergraph-model.ts";
import { fieldText, namesOf, ResponseKeys, typeOfRow } from "../sources/graphql/row-selection.ts";
import type { TypeReader } from "../sources/type-reader.ts";
import type { ResponseKey, SelectedArgs, SelectedField, SelectedRows, StepArgs } from "./plan.ts";

/** What a subquery asks for at one place of its answer, while it is planned. */
export class SelectedRowsBuilder implements SelectedRows {
  readonly schema: SourceSchema;
  readonly typeName: string;
  readonly isAbstract: boolean;
  readonly types: ReadonlyMap<string, SelectedObject>;

  private constructor(model: SupergraphModel, schema: SourceSchema, typeName: string) {
    const abstractType = schema.abstractTypes.get(typeName);
    this.schema = schema;
    this.typeName = typeName;
    this.isAbstract = abstractType !== undefined;
    const names = abstractType?.possibleTypes ?? [typeName];
    this.types = new Map(names.map((name) => [name, new SelectedObject(model, schema, name)]));
  }

  /** Of a place that holds values of this type of the source; null where they are leaves. */
  static at(model: SupergraphModel, schema: SourceSchema, typeName: string): SelectedRowsBuilder | null {
    const isComposite = schema.abstractTypes.has(typeName) || model.types.has(typeName);
    return isComposite ? new SelectedRowsBuilder(model, schema, typeName) : null;
  }

  /** Which type an object is of: every answer has to say it, and it has to be one of the place's. */
  typeReader(coordinate: string): TypeReader {
    const names = namesOf(this.schema);
    return (row) => {
      const name = typeOfRow(names, row);
      if (this.types.has(name)) return name;
      const message = `${coordinate}: expected one of ${this.typeName}'s types, found object`;
      throw new OverlockError("INVALID_VALUE", message);
    };
  }

  /** Asks for the values at these paths of properties: those by which the rows of a list are told apart. */
  selectPaths(paths: readonly string[]): void {
    const [object] = this.types.values();
    for (const path of paths) {
      const [name = "", ...rest] = path.split(".");
      const field = object?.field(name, null, () => {});
      if (rest.length > 0) field?.rows?.selectPaths([rest.join(".")]);
    }
  }

  /** Says under which names fields come back, here and below. `nextIndex` numbers those that a run has to say. */
  nameFields(nextIndex: () => number, mayMerge = false): void {
    const levels = [...this.types].map(
      ([name, { fields }]) => [name, [...fields.values()].map(withText)] as const,
    );
    const keys = new ResponseKeys(this.schema, new Map(levels));
    const isRun = mayMerge || levels.some(([, fields]) => fields.some(({ field }) => isOfRun(field)));
    for (const [typeName, fields] of levels) {
      for (const { name, text, field } of fields) {
        const { rows } = field;
        let key: string | null = null;
        if (!mayMerge && !isOfRun(field)) {
          if (!isRun) key = keys.keyOf(typeName, text);
          else if (text === name) key = keys.plainKeyOf(typeName, name);
        }
        field.key = key === null ? { kind: "run", index: nextIndex() } : { kind: "constant", name: key };
        // Two selections of one field are one where a run's values make them equal.
        const isAlone = fields.every((other) => other.field === field || other.name !== name);
        const areConstant = fields.every((other) => other.name !== name || !isOfRun(other.field));
        rows?.nameFields(nextIndex, mayMerge || !(isAlone || areConstant));
      }
    }
  }
}

/** What is asked for of the objects of one type at a place. */
export class SelectedObject {
  readonly fields = new Map<string, DraftField>();
  readonly #model: SupergraphModel;
  readonly #schema: SourceSchema;
  readonly #typeName: string;

  constructor(model: SupergraphModel, schema: SourceSchema, typeName: string) {
    this.#model = model;
    this.#schema = schema;
    this.#typeName = typeName;
  }

  /** The field with these arguments, from now on asked for. `onAdd` gets what takes it back. */
  field(name: string, args: StepArgs | null, onAdd: (undo: () => void) => void): DraftField {
    const { text, selected } = selectedArgs(name, args);
    const known = this.fields.get(text);
    if (known !== undefined) return known;
    const node = this.#schema.types.get(this.#typeName)?.fields.get(name)?.node;
    if (node === undefined)
      throw new OverlockError(
        "INTERNAL_SERVER_ERROR",
        `${this.#schema.name} has no ${this.#typeName}.${name}`,
      );
    const rows = SelectedRowsBuilder.at(this.#model, this.#schema, namedTypeOf(node.type));
    const field = { name, args: selected, rows, key: unnamed };
    this.fields.set(text, field);
    onAdd(() => this.fields.delete(text));
    return field;
  }
}

interface DraftField extends SelectedField {
  readonly rows: SelectedRowsBuilder | null;
  key: ResponseKey;
}

const unnamed: ResponseKey = { kind: "constant", name: "" };

/** The text of one that a run gives its arguments is its name. */
function withText(field: DraftField): {
  readonly name: string;
  readonly text: string;
  readonly field: DraftField;
} {
  const { name, args } = field;
  return { name, text: args.kind === "constant" ? fieldText(name, args.values) : name, field };
}

function isOfRun({ args }: SelectedField): boolean {
  return args.kind === "run";
}

/** `text` is equal for what is known to be equal whatever the variables are. */
function selectedArgs(
  name: string,
  args: StepArgs | null,
): { readonly text: string; readonly selected: SelectedArgs } {
  if (args === null) return { text: name, selected: { kind: "constant", values: {} } };
  const { client, bound } = args;
  if (client.kind === "constant") {
    try {
      const values = readBoundArguments(bound, client.values);
      return { text: fieldText(name, values), selected: { kind: "constant", values } };
    } catch {
      // What is wrong with them is told by each run.
    }
  }
  // A space is in no name.
  const names = bound.map((argument) => argument.name).join(" ");
  const origin =
    client.kind === "constant"
      ? JSON.stringify(client.values)
      : `${client.kind} ${"index" in client ? client.index : ""}`;
  return { text: `${name} ${origin} ${names}`, selected: { kind: "run", args } };
}
