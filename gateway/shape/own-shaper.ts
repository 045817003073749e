import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString } from "graphql";
import type { BffShaper, ShapedTypeName } from "../config/define-shaper.ts";
import { OverlockError } from "../core/errors.ts";
import { type ShapedField, type ShaperDefinition, shapeText, type ValueShape } from "./shaper.ts";
import { cannotShape } from "./text.ts";

/** What GraphQL's scalars are called, and how a value becomes one. */
export const ownTypes: Readonly<Record<ShapedTypeName, { serialize(value: unknown): unknown }>> = {
  String: GraphQLString,
  ID: GraphQLID,
  Int: GraphQLInt,
  Float: GraphQLFloat,
  Boolean: GraphQLBoolean,
};

/**
 * A shaper of a BFF's own, which is known to be sound in itself. It gets checked values only, and whatever it does is a
 * value of the type that it gives, or CANNOT_SHAPE at the field; where the request's time is up it is not called any
 * more, which is REQUEST_TIMEOUT.
 */
export function ownShaper(config: BffShaper, argumentNames: readonly string[]): ShaperDefinition {
  const { name, takes, gives } = config;
  return {
    name,
    compile(use, field, input) {
      const isObject = typeof takes === "object";
      const fits = isObject ? input.kind === "object" : isTaken(takes, input);
      if (!fits) {
        const what = isObject ? `an object with ${Object.keys(takes).join(", ")}` : takes;
        use.refuse([], `${what}, or a list of them`, shapeText(input));
        return null;
      }
      const args = frozen(
        Object.fromEntries(argumentNames.map((argument) => [argument, use.value(argument)])),
      );
      return {
        kind: "leaf",
        output: { typeName: gives, kind: "scalar", listDepth: input.listDepth },
        reads: isObject ? Object.keys(takes) : [],
        expectedOf(read, shape) {
          const expected = isObject ? takes[read] : undefined;
          return expected === undefined || isTaken(expected, shape) ? null : expected;
        },
        shapeLeaf(value, { locale, timeZone, deadline }) {
          if (performance.now() > deadline.expiresAtMs)
            throw new OverlockError("REQUEST_TIMEOUT", "The request's time ran out.");
          const taken = isObject ? takeFields(value, takes, field) : take(value, takes, field);
          return checkGiven(call(config, { taken, args, field }, { locale, timeZone }), config, field);
        },
      };
    },
  };
}

interface OwnCall {
  readonly taken: unknown;
  readonly args: unknown;
  readonly field: ShapedField;
}

function call(
  config: BffShaper,
  { taken, args, field }: OwnCall,
  context: Parameters<BffShaper["shape"]>[2],
) {
  try {
    return config.shape(taken as never, args as never, context);
  } catch (cause) {
    throw new OverlockError("CANNOT_SHAPE", `${field.coordinate}: @${config.name} failed`, { cause });
  }
}

/** Whether every value of a shape is a value of a type. */
function isTaken(type: string, { kind, typeName }: ValueShape): boolean {
  if (kind === "object") return false;
  if (type === "String") return kind === "enum" || typeName === "String" || typeName === "ID";
  if (type === "ID") return typeName === "ID" || typeName === "String";
  return typeName === type || (type === "Float" && typeName === "Int");
}

function takeFields(value: unknown, types: object, field: ShapedField): Readonly<Record<string, unknown>> {
  const row = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(types).map(([name, type]: [string, string]) => {
      const read = row[name] ?? null;
      return [name, read === null ? null : take(read, type, field)];
    }),
  );
}

/** The value as clients would get it without the shaper. */
function take(value: unknown, type: string, field: ShapedField): unknown {
  if (!isOwnType(type)) return value;
  try {
    return ownTypes[type].serialize(value);
  } catch (cause) {
    throw new OverlockError("CANNOT_SHAPE", `${field.coordinate}: not a value of ${type}`, { cause });
  }
}

export function isOwnType(type: string): type is ShapedTypeName {
  return Object.hasOwn(ownTypes, type);
}

function checkGiven(given: unknown, { name, gives }: BffShaper, field: ShapedField): unknown {
  if (given === null || isGiven[gives](given)) return given;
  // Its failure would be one that nobody waits for.
  if (given instanceof Promise) given.catch(() => undefined);
  const found = given instanceof Promise ? "a promise" : Array.isArray(given) ? "a list" : typeof given;
  throw cannotShape(field, `${gives} from @${name}`, found);
}

const isGiven: Readonly<Record<ShapedTypeName, (value: unknown) => boolean>> = {
  String: (value) => typeof value === "string",
  ID: (value) => typeof value === "string",
  // What fits into 32 bits.
  Int: (value) => typeof value === "number" && (value | 0) === value,
  Float: (value) => typeof value === "number" && Number.isFinite(value),
  Boolean: (value) => typeof value === "boolean",
};

/** Arguments are the same objects for every value, so nobody may change them. */
function frozen<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
