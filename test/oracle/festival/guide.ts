import { readFileSync } from "node:fs";
import {
  buildASTSchema,
  type DocumentNode,
  type FieldNode,
  getArgumentValues,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  OperationTypeNode,
  parse,
  type SelectionSetNode,
  visit,
} from "graphql";
import type { HttpAnswer } from "./http-answer.ts";
import { type Draw, isUnknown, type World } from "./world.ts";

const sdl = readFileSync(new URL("schemas/guide.graphql", import.meta.url), "utf8");
const schema = buildASTSchema(backendsOwn(parse(sdl, { noLocation: true })), { assumeValidSDL: true });

/** The file without what the gateway's team has added. */
function backendsOwn(document: DocumentNode): DocumentNode {
  return visit(document, { SchemaExtension: () => null, Directive: () => null });
}

interface Subquery {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

interface FieldFailure {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code: string };
}

/** An object of the guide: all about it follows from who it is. */
interface Subject {
  readonly type: GraphQLObjectType;
  readonly identity: string;
  /** The key, where it has one. */
  readonly id: string | null;
}

const downs: readonly HttpAnswer[] = [
  { status: 500, text: "{}" },
  { status: 401, text: "{}" },
  { status: 200, text: "{" },
  { status: 200, text: '{"data":[]}' },
  { status: 200, text: "{}" },
  { status: 200, text: '{"errors":[{"message":"no"}]}' },
  { status: 200, text: '{"data":null,"errors":[{"message":"no","extensions":{"code":"FORBIDDEN"}}]}' },
  { status: 200, text: '{"data":{}}' },
];

/**
 * The guide's answer to a subquery, on plain GraphQL with faults: errors with and without a path, nulls where there
 * should be none, values of other types.
 */
export function answerSubquery(world: World, body: object): HttpAnswer | "reset" {
  const down = world.draw("guide down").endpointFault<HttpAnswer | "reset">([...downs, "reset"]);
  if (down !== null) return down;
  return new SubqueryRun(world, body as Subquery).answer();
}

class SubqueryRun {
  readonly #world: World;
  readonly #subquery: Subquery;
  readonly #errors: FieldFailure[] = [];

  constructor(world: World, subquery: Subquery) {
    this.#world = world;
    this.#subquery = subquery;
  }

  answer(): HttpAnswer {
    const document = parse(this.#subquery.query, { noLocation: true });
    const [operation] = document.definitions;
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("Expected an operation.");
    const isMutation = operation.operation === OperationTypeNode.MUTATION;
    const type = schema.getType(isMutation ? "Mutation" : "Query");
    if (!isObjectType(type)) throw new Error("Expected a root type.");
    const root = { type, identity: "root", id: null };
    const data: Record<string, unknown> = {};
    const fatal: FieldFailure[] = [];
    for (const node of operation.selectionSet.selections) {
      if (node.kind !== Kind.FIELD) throw new Error("Expected fields.");
      const key = node.alias?.value ?? node.name.value;
      const failure = this.#rootFailure(node, key);
      if (failure === null) data[key] = this.#field(root, node, [key]);
      else {
        data[key] = null;
        this.#errors.push(failure.error);
        if (failure.isFatal) fatal.push(failure.error);
      }
    }
    const body =
      fatal.length > 0
        ? { data: null, errors: fatal }
        : { data, ...(this.#errors.length > 0 && { errors: this.#errors }) };
    return { status: 200, text: JSON.stringify(body) };
  }

  /** How a root field fails, whatever its keys. */
  #rootFailure(
    { name }: FieldNode,
    key: string,
  ): { readonly error: FieldFailure; readonly isFatal: boolean } | null {
    const draw = this.#world.draw(`guide root ${name.value}`);
    return draw.endpointFault([
      { error: failureAt([key], draw), isFatal: false },
      { error: failureAt([key], draw), isFatal: true },
      { error: { message: "nowhere" }, isFatal: true },
    ]);
  }

  #field(parent: Subject, node: FieldNode, path: readonly (string | number)[]): unknown {
    const name = node.name.value;
    if (name === "__typename") return parent.type.name;
    const field = parent.type.getFields()[name];
    if (field === undefined) throw new Error(`Expected a field of ${parent.type.name}, found ${name}.`);
    if (name === "id" && parent.id !== null) return parent.id;
    const args = getArgumentValues(field, node, this.#subquery.variables);
    const { selectionSet = null } = node;
    if (parent.identity === "root" && name === "showsById")
      return this.#byKeys("Show", args["ids"] as readonly string[], { selectionSet, path });
    if (parent.identity === "root" && name === "critics")
      return this.#byKeys(
        "Person",
        (args["keys"] as readonly { readonly id: string }[]).map(({ id }) => id),
        { selectionSet, path },
      );
    if (parent.identity === "root" && name === "guide") {
      const [found] = this.#byKeys("Guide", [String(args["id"])], {
        selectionSet,
        path: path.slice(0, -1),
        at: path.at(-1) ?? 0,
      });
      return found;
    }
    const identity = `${parent.identity}.${name}${JSON.stringify(args)}`;
    const draw = this.#world.draw(`guide ${identity}`);
    if (draw.isSpoilt()) return this.#spoilt(draw, path);
    return this.#value(field.type, { draw, identity, selectionSet, path, first: args["first"] });
  }

  #spoilt(draw: Draw, path: readonly (string | number)[]): unknown {
    if (draw.happens(0.6)) {
      this.#errors.push(failureAt(path, draw));
      return null;
    }
    return draw.pick<unknown>([null, "text", 7, [], {}, [null, 3], true, "RUDE"]);
  }

  #byKeys(
    typeName: string,
    ids: readonly string[],
    {
      selectionSet,
      path,
      at,
    }: {
      readonly selectionSet: SelectionSetNode | null;
      readonly path: readonly (string | number)[];
      readonly at?: string | number;
    },
  ): unknown[] {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) throw new Error(`Expected a type ${typeName}.`);
    const rows = ids.map((id, index) => {
      const draw = this.#world.draw(`guide ${typeName} ${id}`);
      if (isUnknown(id) || draw.isMissing()) return null;
      const subject = { type, identity: `${typeName} ${id}`, id };
      return this.#object(subject, selectionSet, [...path, at ?? index]);
    });
    // An error says its place by the position.
    const mayTurn = this.#world.faults.value === 0 && this.#errors.length === 0;
    return mayTurn && this.#world.draw(`guide order ${typeName}`).happens(0.5) ? rows.toReversed() : rows;
  }

  #value(type: GraphQLOutputType, site: ValueSite): unknown {
    const { draw, selectionSet, path } = site;
    if (isNonNullType(type)) return this.#value(type.ofType, site);
    const isPromised = site.isPromised ?? false;
    if (!isPromised && draw.happens(0.1)) return null;
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      const length =
        typeof site.first === "number" ? Math.max(0, Math.min(site.first, 4)) : draw.integer(0, 2);
      const { ofType } = nullable;
      return Array.from({ length }, (_, index) => {
        const below = {
          ...site,
          path: [...path, index],
          identity: `${site.identity}[${index}]`,
          isPromised: isNonNullType(ofType),
        };
        const { first: _first, ...element } = below;
        return this.#value(ofType, element);
      });
    }
    if (isEnumType(nullable)) return draw.pick(nullable.getValues()).name;
    if (isLeafType(nullable)) return leafOf(nullable.name, draw);
    const objectType = isAbstractType(nullable) ? draw.pick(schema.getPossibleTypes(nullable)) : nullable;
    if (!isObjectType(objectType)) throw new Error("Expected an object type.");
    const prefix = prefixes.get(objectType.name);
    const id = prefix === undefined ? null : draw.id(prefix);
    const identity = id === null ? `${site.identity}:${objectType.name}` : `${objectType.name} ${id}`;
    return this.#object({ type: objectType, identity, id }, selectionSet, path);
  }

  #object(
    subject: Subject,
    selectionSet: SelectionSetNode | null,
    path: readonly (string | number)[],
  ): object {
    const result: Record<string, unknown> = {};
    const collect = (set: SelectionSetNode): void => {
      for (const node of set.selections) {
        if (node.kind === Kind.FIELD) {
          const key = node.alias?.value ?? node.name.value;
          result[key] = this.#field(subject, node, [...path, key]);
        } else if (node.kind === Kind.INLINE_FRAGMENT) {
          const condition = node.typeCondition?.name.value;
          if (condition === undefined || condition === subject.type.name) collect(node.selectionSet);
        }
      }
    };
    if (selectionSet !== null) collect(selectionSet);
    return result;
  }
}

interface ValueSite {
  readonly draw: Draw;
  readonly identity: string;
  readonly selectionSet: SelectionSetNode | null;
  readonly path: readonly (string | number)[];
  /** How long the outermost list is. */
  readonly first?: unknown;
  readonly isPromised?: boolean;
}

const prefixes: ReadonlyMap<string, string> = new Map([
  ["Show", "s"],
  ["Person", "p"],
  ["Guide", "g"],
]);

function failureAt(path: readonly (string | number)[], draw: Draw): FieldFailure {
  const code = draw.pick(["FORBIDDEN", "BAD_USER_INPUT", "INTERNAL", null]);
  return { message: "critics are on strike", path, ...(code !== null && { extensions: { code } }) };
}

function leafOf(typeName: string, draw: Draw): unknown {
  if (typeName === "Boolean") return draw.happens(0.5);
  if (typeName === "Int") return draw.integer(-5, 100);
  if (typeName === "Float") return draw.float();
  return draw.text();
}
