import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  GraphQLID,
  GraphQLInt,
  type GraphQLScalarType,
  type GraphQLSchema,
  GraphQLString,
  isObjectType,
  Kind,
} from "graphql";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientField, ClientSchema, ClientType } from "../language/client-schema.ts";
import { placeOf } from "../language/directive-reader.ts";
import { isListTypeNode, listsAround, namedTypeOf } from "../language/sdl-file.ts";
import { variablesOf } from "./bind-arguments.ts";
import { Accessibility } from "./accessibility.ts";
import type { BoundStep, ConnectionPart, ConnectionRule, FieldBinding } from "./bindings.ts";
import type { FieldSupplier, ModelField, ModelType, SupergraphModel } from "./supergraph-model.ts";

/** Where in a page type the items and the token are, and what a field that returns it hands over. */
interface Connection {
  readonly rule: ConnectionRule;
  readonly itemType: string;
  readonly tokenType: GraphQLScalarType;
}

/**
 * Binds the types of Relay connections: a type with `@connection` shows a page type of the supergraph, its edge type and
 * PageInfo show nothing and are made of the page. (https://relay.dev/graphql/connections.htm)
 */
export class ConnectionBinder {
  readonly #client: ClientSchema;
  readonly #schema: GraphQLSchema;
  readonly #model: SupergraphModel;
  readonly #problems: Problems;
  readonly #connections = new Map<string, Connection>();
  /** Edge types by name, with the item type behind them: null where what is wrong was reported. */
  readonly #edges = new Map<string, string | null>();
  readonly #pageInfos = new Set<string>();

  constructor(client: ClientSchema, schema: GraphQLSchema, model: SupergraphModel, problems: Problems) {
    this.#client = client;
    this.#schema = schema;
    this.#model = model;
    this.#problems = problems;
    for (const type of client.types.values()) this.#readConnection(type);
  }

  /** The type is an edge or a PageInfo. */
  isPart(typeName: string): boolean {
    return this.#edges.has(typeName) || this.#pageInfos.has(typeName);
  }

  /** The type shows pages. */
  isConnection(typeName: string): boolean {
    return this.#client.types.get(typeName)?.connectionUse !== null;
  }

  /** The fields of an edge type or a PageInfo. */
  bindPart(type: ClientType): ReadonlyMap<string, FieldBinding> {
    const itemType = this.#edges.get(type.name);
    const bindings = new Map<string, FieldBinding>();
    if (itemType === null) return bindings;
    for (const field of type.fields.values()) {
      const part = itemType === undefined ? this.#pageInfoPart(field) : this.#edgePart(field, itemType);
      if (part !== null) bindings.set(field.name, { kind: "connection", part, coordinate: field.coordinate });
    }
    return bindings;
  }

  /** A field of a connection that is made of the page; null where it is one of the page type's own. */
  bindMember(type: ClientType, field: ClientField): FieldBinding | "refused" | null {
    const connection = this.#connections.get(type.name);
    const part = connectionParts.find((name) => name === field.name);
    if (type.connectionUse === null || part === undefined || field.from !== null) return null;
    if (connection === undefined) return "refused";
    const target = this.#client.types.get(namedTypeOf(field.node.type));
    const isList = listsAround(field.node.type) === 1;
    if (!this.#isPlain(field)) return "refused";
    if (part === "nodes" && (!isList || !this.#shows(field, connection.itemType)))
      return this.#refuse(field, `a list of a type that shows ${connection.itemType}`);
    if (part === "edges" && (!isList || target === undefined || !this.#edges.has(target.name)))
      return this.#refuse(field, "a list of an edge type, with cursor and node");
    if (
      part === "pageInfo" &&
      (isListTypeNode(field.node.type) || target === undefined || !this.#pageInfos.has(target.name))
    )
      return this.#refuse(field, "one object type, with hasNextPage and endCursor");
    return { kind: "connection", part, coordinate: field.coordinate };
  }

  /**
   * The arguments of a field that returns a connection as its path sees them: what is handed over for `after` is the
   * page's token. Null, with problems reported, where it has others than it may.
   */
  argumentsOf(
    type: ClientType,
    field: ClientField,
    { args }: GraphQLField<unknown, unknown>,
  ): readonly GraphQLArgument[] | null {
    const connection = this.#connections.get(namedTypeOf(field.node.type));
    const backward = args.find(({ name }) => name === "last" || name === "before");
    const first = args.find(({ name }) => name === "first");
    const after = args.find(({ name }) => name === "after");
    // What is wrong with the type was reported there.
    if (connection === undefined) return null;
    if (type.name === "Mutation") this.#refuse(field, "a connection under anything but Mutation", "it there");
    else if (isListTypeNode(field.node.type)) this.#refuse(field, "one connection", "a list of them");
    else if (field.shapers.length > 0)
      this.#refuse(field, "no shaper on a connection", `@${field.shapers[0]?.node.name.value}`);
    else if (backward !== undefined)
      this.#refuseArgument(
        field,
        backward,
        "first and after: a page's token leads forwards only",
        backward.name,
      );
    else if (first !== undefined && getNamedType(first.type) !== GraphQLInt)
      this.#refuseArgument(field, first, "Int", first.type.toString());
    else if (after !== undefined && !["String", "ID"].includes(getNamedType(after.type).name))
      this.#refuseArgument(field, after, "String or ID, which is what a cursor is", after.type.toString());
    else
      return args.map((argument) =>
        argument === after ? { ...argument, type: connection.tokenType } : argument,
      );
    return null;
  }

  /** A field that returns a connection; its path was bound with the arguments above. */
  bindPage(field: ClientField, steps: readonly BoundStep[]): FieldBinding | null {
    const connection = this.#connections.get(namedTypeOf(field.node.type));
    if (connection === undefined) return null;
    const last = steps.at(-1);
    const pageArguments = ["first", "after"].filter((name) =>
      field.node.arguments?.some((argument) => argument.name.value === name),
    );
    for (const name of pageArguments) {
      const takers = steps.flatMap((step) =>
        step.args
          .filter(({ node }) => node !== null && variablesOf(node).includes(name))
          .map(({ node }) => ({ step, isWhole: node?.kind === Kind.VARIABLE })),
      );
      const [taker, ...others] = takers;
      if (taker?.step === last && taker?.isWhole === true && others.length === 0) continue;
      const expected = `$args.${name} handed over once, as it is, to ${last?.field.coordinate}`;
      this.#refuse(field, expected, field.from?.text ?? "another use of it");
      return null;
    }
    const keepsPageSize = last?.field.suppliers.some(isNumbered) === true;
    return { kind: "page", coordinate: field.coordinate, steps, rule: connection.rule, keepsPageSize };
  }

  #readConnection(type: ClientType): void {
    const use = type.connectionUse;
    const model = this.#model.types.get(type.boundTo ?? "");
    if (use === null || model === undefined) return;
    this.#readParts(type, null);
    const items = this.#member(type, model, "items");
    const token = this.#member(type, model, "nextPageToken");
    if (items === null || token === null) return;
    const itemType = namedTypeOf(items.type);
    const tokenType = tokenTypes.get(namedTypeOf(token.type));
    if (listsAround(items.type) !== 1 || !this.#isObject(itemType)) {
      use.refuse(["items"], "a field that is a list of objects", items.coordinate);
      return;
    }
    if (isListTypeNode(token.type) || tokenType === undefined) {
      use.refuse(["nextPageToken"], "a field that is one String, ID or Int", token.coordinate);
      return;
    }
    const step = (field: ModelField): BoundStep[] => [{ type: model, field, args: [], onType: null }];
    const rule = { items: step(items), nextPageToken: step(token) };
    this.#connections.set(type.name, { rule, itemType, tokenType });
    this.#readParts(type, itemType);
  }

  /** Edge types and PageInfo are known by the fields that lead to them. */
  #readParts(type: ClientType, itemType: string | null): void {
    for (const field of type.fields.values()) {
      const target = this.#client.types.get(namedTypeOf(field.node.type));
      if (field.from !== null || target === undefined || target.viewUse !== null) continue;
      if (field.name === "pageInfo") this.#pageInfos.add(target.name);
      if (field.name !== "edges") continue;
      const other = this.#edges.get(target.name) ?? null;
      if (other === null || other === itemType) this.#edges.set(target.name, itemType);
      else if (itemType !== null)
        this.#refuse(
          field,
          `an edge type of its own, for ${itemType}`,
          `${target.name}, whose nodes are ${other}`,
        );
    }
  }

  #member(type: ClientType, model: ModelType, argument: string): ModelField | null {
    const use = type.connectionUse;
    const name = use?.text(argument) ?? "";
    const accessibility = new Accessibility(this.#model.inaccessible);
    const field = model.fields.get(name);
    const hidden = field === undefined ? null : accessibility.reasonForField(model, field);
    if (field?.args.length === 0 && hidden === null) return field;
    const names = [...model.fields.values()]
      .filter((one) => one.args.length === 0 && accessibility.reasonForField(model, one) === null)
      .map((one) => one.name);
    const expected = `a field of ${model.name} without arguments (${names.join(", ")})`;
    use?.refuse([argument], expected, hidden ?? name, hidden === null ? nearestNameHint(name, names) : null);
    return null;
  }

  #edgePart(field: ClientField, itemType: string): ConnectionPart | null {
    if (field.name === "cursor") return this.#leafPart(field, "cursor", ["String", "ID"]);
    if (!this.#isPlain(field)) return null;
    if (field.name === "node" && !isListTypeNode(field.node.type) && this.#shows(field, itemType))
      return "node";
    const expected =
      field.name === "node"
        ? `one object of a type that shows ${itemType}`
        : "cursor or node, of which an edge consists";
    this.#refuse(field, expected, field.name === "node" ? undefined : field.name);
    return null;
  }

  #pageInfoPart(field: ClientField): ConnectionPart | null {
    const { name } = field;
    if (name === "hasNextPage" || name === "hasPreviousPage") return this.#leafPart(field, name, ["Boolean"]);
    if (name === "startCursor" || name === "endCursor") return this.#leafPart(field, name, ["String", "ID"]);
    this.#refuse(field, "hasNextPage, hasPreviousPage, startCursor or endCursor", name);
    return null;
  }

  #leafPart(field: ClientField, part: ConnectionPart, types: readonly string[]): ConnectionPart | null {
    if (!this.#isPlain(field)) return null;
    if (!isListTypeNode(field.node.type) && types.includes(namedTypeOf(field.node.type))) return part;
    this.#refuse(field, types.join(" or "));
    return null;
  }

  /** It is made of the page, so nothing can be said of where it comes from. */
  #isPlain(field: ClientField): boolean {
    const [shaper] = field.shapers;
    const [argument] = field.node.arguments ?? [];
    if (field.fromUse !== null) this.#refuse(field, "no @from: it is made of the page", "@from");
    else if (shaper !== undefined)
      this.#refuse(field, "no shaper: it is made of the page", `@${shaper.node.name.value}`);
    else if (argument !== undefined)
      this.#refuse(field, "no arguments: it is made of the page", argument.name.value);
    else return true;
    return false;
  }

  #shows(field: ClientField, itemType: string): boolean {
    const name = namedTypeOf(field.node.type);
    const shown = this.#client.types.get(name) ?? this.#client.abstractTypes.get(name);
    return shown?.boundTo === itemType;
  }

  #isObject(name: string): boolean {
    return !this.#model.leafTypes.has(name) && !scalarNames.has(name);
  }

  #refuse(field: ClientField, expected: string, found?: string): "refused" {
    const type = this.#schema.getType(field.coordinate.split(".")[0] ?? "");
    const shown = isObjectType(type) ? type.getFields()[field.name]?.type.toString() : undefined;
    const { place, coordinate } = field;
    this.#problems.error({ place, coordinate, expected, found: found ?? shown ?? "" });
    return "refused";
  }

  #refuseArgument(
    field: ClientField,
    { name, astNode }: GraphQLArgument,
    expected: string,
    found: string,
  ): void {
    const place =
      astNode === undefined || astNode === null ? field.place : placeOf(astNode, this.#client.file);
    this.#problems.error({ place, coordinate: `${field.coordinate}(${name}:)`, expected, found });
  }
}

const connectionParts = ["edges", "nodes", "pageInfo"] as const;
const scalarNames: ReadonlySet<string> = new Set(["String", "ID", "Int", "Float", "Boolean"]);
const tokenTypes = new Map<string, GraphQLScalarType>([
  ["String", GraphQLString],
  ["ID", GraphQLID],
  ["Int", GraphQLInt],
]);

/** Page 2 begins where page 1 ends: numbers, and links that carry one, mean other items with pages of another size. */
function isNumbered({ field: { call } }: FieldSupplier): boolean {
  return call?.kind === "rest" && call.pagination !== null && call.pagination.style !== "CURSOR";
}
