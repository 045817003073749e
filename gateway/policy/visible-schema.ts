import {
  buildASTSchema,
  type DefinitionNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  type InterfaceTypeDefinitionNode,
  isObjectType,
  isSpecifiedScalarType,
  isTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  printSchema,
  type TypeDefinitionNode,
} from "graphql";
import { BoundedCache } from "../core/bounded-cache.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { Denials } from "./access-rules.ts";

/** The client schema as callers may see it who are denied this. Equal denials have one schema, while it is in use. */
export type VisibleSchemas = (denials: Denials) => GraphQLSchema;

/** Builds them when they are asked for first. */
export function createVisibleSchemas(schema: GraphQLSchema): VisibleSchemas {
  const known = new BoundedCache<GraphQLSchema>({ maxEntries: maxKept, maxSize: maxKept });
  return (denials) => {
    let visible = known.get(denials.key);
    if (visible === undefined) {
      visible = buildVisibleSchema(schema, denials);
      known.set(denials.key, visible, 1);
    }
    return visible;
  };
}

/** Who introspects is a few tools of a few kinds of callers. */
const maxKept = 20;

/**
 * A schema without what is denied, for introspection only: without denied fields, without objects of denied types, and
 * without every type that nothing leads to any more. A field of an interface is in it where all types have it that are
 * left of those that implement it. Where nothing is left of Query, it has no fields.
 */
export function buildVisibleSchema(schema: GraphQLSchema, denials: Denied): GraphQLSchema {
  const document = parse(printSchema(schema), { noLocation: true });
  const reduction = new Reduction(schema, denials, document.definitions);
  const definitions = document.definitions.flatMap((node) => reduction.visible(node) ?? []);
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValid: true, assumeValidSDL: true });
}

/** What of denials counts for what is seen. */
type Denied = Pick<Denials, "deniesField" | "deniesObject">;

class Reduction {
  readonly #schema: GraphQLSchema;
  readonly #denials: Denied;
  readonly #types = new Map<string, TypeDefinitionNode>();
  readonly #roots: readonly string[];
  readonly #reached = new Set<string>();

  constructor(schema: GraphQLSchema, denials: Denied, definitions: readonly DefinitionNode[]) {
    this.#schema = schema;
    this.#denials = denials;
    this.#roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
      (type) => type?.name ?? [],
    );
    for (const node of definitions) if (isTypeDefinitionNode(node)) this.#types.set(node.name.value, node);
    for (const [name, node] of this.#types) this.#types.set(name, this.#withoutDenied(node));
    let isChanged = true;
    while (isChanged) isChanged = this.#dropEmpty();
    for (const name of this.#roots) this.#reach(name);
    for (const node of definitions)
      if (node.kind === Kind.DIRECTIVE_DEFINITION)
        for (const argument of node.arguments ?? []) this.#reach(namedTypeOf(argument.type));
  }

  /** Null for what is not. */
  visible(node: DefinitionNode): DefinitionNode | null {
    if (!isTypeDefinitionNode(node)) return node;
    const { value: name } = node.name;
    const reduced = this.#types.get(name);
    if (reduced === undefined || !this.#reached.has(name)) return null;
    if (reduced.kind === Kind.UNION_TYPE_DEFINITION)
      return { ...reduced, types: (reduced.types ?? []).filter((member) => this.#isLeft(member.name.value)) };
    if (!hasInterfaces(reduced)) return reduced;
    const interfaces = (reduced.interfaces ?? []).filter((one) => this.#reached.has(one.name.value));
    return { ...reduced, interfaces };
  }

  #withoutDenied(node: TypeDefinitionNode): TypeDefinitionNode {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) return node;
    const { value: typeName } = node.name;
    const fields = (node.fields ?? []).filter(
      (field) => !this.#denials.deniesField(typeName, field.name.value),
    );
    return { ...node, fields };
  }

  /**
   * Takes away what nothing is left of, and what leads to it; false where there is no more. Types go before fields do:
   * what an interface's field is missing in must not be a type that is about to go, in whatever order they stand.
   */
  #dropEmpty(): boolean {
    const empty = [...this.#types.values()].filter((node) => this.#isEmpty(node));
    for (const node of empty) this.#types.delete(node.name.value);
    return empty.length > 0 || this.#dropFields("object") || this.#dropFields("interface");
  }

  #dropFields(owner: "object" | "interface"): boolean {
    const kind = owner === "object" ? Kind.OBJECT_TYPE_DEFINITION : Kind.INTERFACE_TYPE_DEFINITION;
    let isChanged = false;
    for (const [name, node] of this.#types) {
      if (hasInterfaces(node) && node.kind === kind) {
        const fields = (node.fields ?? []).filter((field) => this.#isFieldLeft(node, field));
        if (fields.length === node.fields?.length) continue;
        this.#types.set(name, { ...node, fields });
        isChanged = true;
      }
    }
    return isChanged;
  }

  #isEmpty(node: TypeDefinitionNode): boolean {
    const { value: name } = node.name;
    if (name === this.#schema.getQueryType()?.name) return false;
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION)
      return node.fields?.length === 0 || this.#denials.deniesObject(name);
    if (node.kind === Kind.UNION_TYPE_DEFINITION)
      return !(node.types ?? []).some((member) => this.#isLeft(member.name.value));
    if (node.kind !== Kind.INTERFACE_TYPE_DEFINITION) return false;
    return node.fields?.length === 0 || this.#implementing(name).length === 0;
  }

  #isFieldLeft(owner: CompositeNode, { name, type }: FieldDefinitionNode): boolean {
    if (!this.#isLeft(namedTypeOf(type))) return false;
    if (owner.kind === Kind.OBJECT_TYPE_DEFINITION) return true;
    return this.#implementing(owner.name.value).every((node) =>
      (node.fields ?? []).some((field) => field.name.value === name.value),
    );
  }

  /** The object types that are left of those that implement an interface. */
  #implementing(interfaceName: string): readonly ObjectTypeDefinitionNode[] {
    const type = this.#schema.getType(interfaceName);
    if (type === undefined || !("getInterfaces" in type) || isObjectType(type)) return [];
    return this.#schema.getPossibleTypes(type).flatMap((possible) => {
      const node = this.#types.get(possible.name);
      return node?.kind === Kind.OBJECT_TYPE_DEFINITION ? [node] : [];
    });
  }

  /** What GraphQL defines itself always is. */
  #isLeft(name: string): boolean {
    const type = this.#schema.getType(name);
    return this.#types.has(name) || (type !== undefined && isSpecifiedScalarType(type));
  }

  #reach(first: string): void {
    const waiting = [first];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const node = this.#types.get(name);
      if (node === undefined || this.#reached.has(name)) continue;
      this.#reached.add(name);
      waiting.push(...this.#namesIn(node));
    }
  }

  #namesIn(node: TypeDefinitionNode): readonly string[] {
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION: {
        const fields = (node.fields ?? []).flatMap((field) => [
          namedTypeOf(field.type),
          ...(field.arguments ?? []).map((argument) => namedTypeOf(argument.type)),
        ]);
        const interfaces = (node.interfaces ?? []).map((one) => one.name.value);
        const objects =
          node.kind === Kind.OBJECT_TYPE_DEFINITION
            ? []
            : this.#implementing(node.name.value).map((one) => one.name.value);
        return [...fields, ...interfaces, ...objects];
      }
      case Kind.UNION_TYPE_DEFINITION:
        return (node.types ?? []).map((member) => member.name.value);
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
        return (node.fields ?? []).map((field) => namedTypeOf(field.type));
      default:
        return [];
    }
  }
}

type CompositeNode = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

function hasInterfaces(node: TypeDefinitionNode): node is CompositeNode {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION;
}
