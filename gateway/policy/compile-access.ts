import { type GraphQLField, getNamedType, isObjectType, type GraphQLObjectType } from "graphql";
import type { BoundClientSchema, BoundStep, FieldBinding } from "../compose/bindings.ts";
import { compositeTypeOf, type SupergraphModel } from "../compose/supergraph-model.ts";
import type { ClientSchema } from "../language/client-schema.ts";
import type { Guard } from "../language/guards.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { AccessRules } from "./access-rules.ts";
import { createDenials } from "./denied-guards.ts";
import { SupergraphGuards } from "./supergraph-guards.ts";

/** A client schema as it was read and as it was bound. */
export interface GuardedClient {
  readonly client: Pick<ClientSchema, "guards" | "types">;
  readonly bound: BoundClientSchema;
}

/** Works out what every field and object type of a client schema needs. */
export function compileAccess({ client, bound }: GuardedClient, model: SupergraphModel): AccessRules {
  const supergraph = new SupergraphGuards(model);
  const numbers = new GuardNumbers();
  const fields = new Map<string, readonly number[]>();
  const objects = new Map<string, readonly number[]>();
  const declared = (coordinate: string): readonly Guard[] => client.guards.get(coordinate) ?? [];

  const ofClientType = (type: GraphQLObjectType): readonly Guard[] =>
    [type, ...type.getInterfaces()].flatMap(({ name }) => declared(name));
  const ofClientField = (
    type: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
  ): readonly Guard[] => {
    const owners = [type, ...type.getInterfaces()].filter((owner) =>
      Object.hasOwn(owner.getFields(), field.name),
    );
    const returned = getNamedType(field.type);
    return [
      ...owners.flatMap((owner) => declared(`${owner.name}.${field.name}`)),
      ...(isObjectType(returned) ? ofClientType(returned) : declared(returned.name)),
    ];
  };

  for (const type of Object.values(bound.schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    const own = ofClientType(type);
    const shown = client.types.get(type.name)?.boundTo ?? null;
    objects.set(type.name, numbers.of([...own, ...(shown === null ? [] : supergraph.ofType(shown))]));
    for (const field of Object.values(type.getFields())) {
      const binding = bound.fields.get(type.name)?.get(field.name);
      const read = binding === undefined ? [] : guardsOfBinding(binding, supergraph, model);
      fields.set(`${type.name}.${field.name}`, numbers.of([...own, ...ofClientField(type, field), ...read]));
    }
  }
  const rules = {
    guards: numbers.guards as readonly Guard[],
    guardsOfField: (typeName: string, fieldName: string) => fields.get(`${typeName}.${fieldName}`) ?? none,
    guardsOfObject: (typeName: string) => objects.get(typeName) ?? none,
  };
  return { ...rules, denialsFor: createDenials(bound, rules) };
}

const none: readonly number[] = [];

function guardsOfBinding(
  binding: FieldBinding,
  supergraph: SupergraphGuards,
  model: SupergraphModel,
): readonly Guard[] {
  const ofSteps = (steps: readonly BoundStep[]): readonly Guard[] =>
    steps.flatMap(({ type, field, onType }) => [
      ...supergraph.ofField(type, field),
      ...(onType === null ? [] : supergraph.ofType(onType)),
    ]);
  switch (binding.kind) {
    // A group reads nothing, a connection's page has been read by then, and what a global id finds is guarded by its type.
    case "group":
    case "connection":
    case "node":
      return [];
    case "page":
      return [binding.steps, binding.rule.items, binding.rule.nextPageToken].flatMap(ofSteps);
    case "path": {
      const last = binding.steps.at(-1);
      const end =
        last === undefined ? null : compositeTypeOf(model, last.onType ?? namedTypeOf(last.field.type));
      const names = binding.shapers.flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : []));
      const parts = names.flatMap((name) => {
        const field = end?.fields.get(name);
        return end === null || field === undefined ? [] : [...supergraph.ofField(end, field)];
      });
      return [...ofSteps(binding.steps), ...parts];
    }
  }
}

/** Numbers different guards. */
class GuardNumbers {
  readonly guards: Guard[] = [];
  readonly #numbers = new Map<string, number>();

  /** In ascending order, each once. */
  of(guards: readonly Guard[]): readonly number[] {
    return [...new Set(guards.map((guard) => this.#numberOf(guard)))].toSorted((one, other) => one - other);
  }

  #numberOf(guard: Guard): number {
    const text = textOf(guard);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.guards.push(guard) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }
}

/** Equal for guards that mean the same. */
function textOf(guard: Guard): string {
  if (guard.kind === "authenticated") return guard.kind;
  const alternatives = guard.anyOf.map((all) => JSON.stringify([...new Set(all)].toSorted()));
  return `${guard.kind} ${[...new Set(alternatives)].toSorted().join(" ")}`;
}
