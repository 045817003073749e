import { isObjectType } from "graphql";
import type { BoundClientSchema, BoundStep, FieldBinding } from "../compose/bindings.ts";
import { readBoundArguments } from "../compose/read-bound-arguments.ts";
import {
  compositeTypeOf,
  type FieldSupplier,
  type ModelField,
  type SupergraphModel,
} from "../compose/supergraph-model.ts";
import type { ClientSchema } from "../language/client-schema.ts";
import type { RateLimit } from "../language/rate-limits.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { type FieldOfType, SupergraphReads } from "./supergraph-reads.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** A limit on reading a client field: the field's own, or one of a source's field that is read with it. */
export interface FieldLimit {
  readonly limit: RateLimit;
  /** Tells it apart from all others of the gateway: a client schema's belongs to its BFF, a source's to all BFFs together. */
  readonly id: string;
  /** The arguments of the field that is limited for those of the client field. Raises BAD_USER_INPUT as the field would. */
  readonly readArguments: (clientArguments: Arguments) => Arguments;
}

/** How often the fields of one client schema may be used. */
export interface RateRules {
  /** Nothing of it is limited. */
  readonly isEmpty: boolean;
  /** Of a field of an object type. */
  limitsOfField(typeName: string, fieldName: string): readonly FieldLimit[];
}

/** A client schema as it was read and as it was bound. */
export interface LimitedClient {
  readonly name: string;
  readonly client: Pick<ClientSchema, "rateLimits">;
  readonly bound: BoundClientSchema;
}

/** Finds for every field of a client schema what limits it: its own `@rateLimit`, and those of everything that its binding reads. */
export function compileRateRules(
  { name: bff, client, bound }: LimitedClient,
  model: SupergraphModel,
): RateRules {
  const reads = new SupergraphReads(model);
  const fields = new Map<string, readonly FieldLimit[]>();
  const isLimited = model.sources.some(({ schema }) => schema.rateLimits.size > 0);
  for (const type of Object.values(bound.schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const fieldName of Object.keys(type.getFields())) {
      const coordinate = `${type.name}.${fieldName}`;
      const own = client.rateLimits.get(coordinate);
      const binding = isLimited ? bound.fields.get(type.name)?.get(fieldName) : undefined;
      const limits = [
        ...(own === undefined ? [] : [{ limit: own, id: `${bff}:${coordinate}`, readArguments: asTheyAre }]),
        ...(binding === undefined ? [] : limitsOfBinding(binding, reads, model)),
      ];
      if (limits.length > 0) fields.set(coordinate, limits);
    }
  }
  return {
    isEmpty: fields.size === 0,
    limitsOfField: (typeName, fieldName) => fields.get(`${typeName}.${fieldName}`) ?? none,
  };
}

const none: readonly FieldLimit[] = [];

function asTheyAre(args: Arguments): Arguments {
  return args;
}

/** A field that is read, and what its arguments are made of. */
interface ReadField extends FieldOfType {
  readonly args: BoundStep["args"];
}

function limitsOfBinding(
  binding: FieldBinding,
  reads: SupergraphReads,
  model: SupergraphModel,
): readonly FieldLimit[] {
  const limits = new Map<string, FieldLimit>();
  for (const { field, args } of readByBinding(binding, reads, model)) {
    for (const supplier of field.suppliers) {
      const limit = supplier.source.schema.rateLimits.get(supplier.field.coordinate);
      const id = `${supplier.source.schema.name}/${supplier.field.coordinate}`;
      // One use of the client field is one use of what it reads, however often its path comes by.
      if (limit === undefined || limits.has(id)) continue;
      limits.set(id, { limit, id, readArguments: compileArguments(field, supplier, args, model) });
    }
  }
  return [...limits.values()];
}

function readByBinding(
  binding: FieldBinding,
  reads: SupergraphReads,
  model: SupergraphModel,
): readonly ReadField[] {
  switch (binding.kind) {
    // A group reads nothing, a connection's page has been read by then, and a global id leads to a row by its key.
    case "group":
    case "connection":
    case "node":
      return [];
    case "page":
      return [binding.steps, binding.rule.items, binding.rule.nextPageToken].flatMap((steps) =>
        readBySteps(steps, reads),
      );
    case "path": {
      const last = binding.steps.at(-1);
      const end =
        last === undefined ? null : compositeTypeOf(model, last.onType ?? namedTypeOf(last.field.type));
      const names = binding.shapers.flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : []));
      const parts = names.flatMap((name): readonly ReadField[] => {
        const field = end?.fields.get(name);
        return end === null || field === undefined
          ? []
          : reads.of(end, field).map((read) => ({ ...read, args: [] }));
      });
      return [...readBySteps(binding.steps, reads), ...parts];
    }
  }
}

function readBySteps(steps: readonly BoundStep[], reads: SupergraphReads): readonly ReadField[] {
  return steps.flatMap(({ type, field, args }) =>
    reads.of(type, field).map((read) => {
      // What an interface's field gets, the field of the same name gets of whichever type the object is.
      const isStep =
        read.field === field ||
        (!("lookups" in type) && type.possibleTypes.has(read.type.name) && read.field.name === field.name);
      return { ...read, args: isStep ? args : [] };
    }),
  );
}

/** As a source's field gets them: under its names, global ids read, defaults applied. */
function compileArguments(
  field: ModelField,
  supplier: FieldSupplier,
  bound: BoundStep["args"],
  model: SupergraphModel,
): FieldLimit["readArguments"] {
  const complete = model.ownDefaults.get(supplier.field);
  const defaults = field.args.filter(({ defaultValue }) => defaultValue !== undefined);
  return (clientArguments) => {
    const args: Record<string, unknown> = {};
    for (const { name, defaultValue } of defaults) args[name] = defaultValue;
    Object.assign(args, readBoundArguments(bound, clientArguments));
    return complete?.(args) ?? args;
  };
}
