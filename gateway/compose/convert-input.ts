import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from "graphql";
import { readGlobalId } from "../shape/global-id.ts";
import { readOwn } from "../language/evaluate-selection.ts";
import type { InputFit } from "./input-fit.ts";

/** A coerced value of the client's as the supergraph takes it. Null stays null, and absent fields stay absent. */
export type ConvertInput = (value: unknown) => unknown;

/**
 * Compiles how values of a client's type become values of a supergraph type that they fit: fields get the supergraph's
 * names, and its defaults where the client has no such field or leaves it out. Null where values stay as they are. A null
 * `to` takes any value; names are the supergraph's all the same.
 */
export function compileInputConversion(
  from: GraphQLInputType,
  to: GraphQLInputType | null,
  fit: InputFit,
): ConvertInput | null {
  return new Compiler(fit).compile(from, to);
}

/** How global ids, or lists of them, become the keys in them. Raises BAD_USER_INPUT for what is none of the type. */
export function compileIdConversion(type: string): ConvertInput {
  const convert: ConvertInput = (value) => {
    if (value === null || value === undefined) return value;
    return Array.isArray(value) ? value.map(convert) : readGlobalId(type, value);
  };
  return convert;
}

class Compiler {
  readonly #fit: InputFit;
  /** By pair of types, so that a type may have fields of itself. */
  readonly #conversions = new Map<string, ConvertInput>();

  constructor(fit: InputFit) {
    this.#fit = fit;
  }

  compile(from: GraphQLInputType, to: GraphQLInputType | null): ConvertInput | null {
    if (isNonNullType(from)) return this.compile(from.ofType, to);
    if (isNonNullType(to)) return this.compile(from, to.ofType);
    if (isListType(from)) {
      const convert = this.compile(from.ofType, to !== null && isListType(to) ? to.ofType : null);
      return convert === null
        ? null
        : (value) => (Array.isArray(value) ? value.map((element: unknown) => convert(element)) : value);
    }
    if (!isInputObjectType(from)) return null;
    const target = isInputObjectType(to) ? to : null;
    return this.#isChanged(from, target) ? this.#compileObject(from, target) : null;
  }

  #compileObject(from: GraphQLInputObjectType, to: GraphQLInputObjectType | null): ConvertInput {
    const pair = pairName(from, to);
    const known = this.#conversions.get(pair);
    if (known !== undefined) return known;
    let convert: ConvertInput = (value) => value;
    this.#conversions.set(pair, (value) => convert(value));
    const targets = to?.getFields() ?? {};
    const members = Object.keys(from.getFields()).map((name) => {
      const source = this.#fit.sourceName(from, name);
      const field = from.getFields()[name];
      const idType = this.#fit.globalIdType(from, name);
      const target = targets[source]?.type ?? null;
      const plain = field === undefined ? null : this.compile(field.type, target);
      const member = idType === null ? plain : compileIdConversion(idType);
      return { name, source, convert: member };
    });
    const defaults = Object.values(targets).filter((target) => target.defaultValue !== undefined);
    convert = (value) => {
      if (typeof value !== "object" || value === null) return value;
      const converted: Record<string, unknown> = {};
      for (const { name, source, convert: convertMember } of members) {
        const found = readOwn(value, name);
        if (found === undefined) continue;
        converted[source] = convertMember === null ? found : convertMember(found);
      }
      for (const { name, defaultValue } of defaults)
        if (!Object.hasOwn(converted, name)) converted[name] = defaultValue;
      return converted;
    };
    return convert;
  }

  /** Whether a name or a default differs in a type, or in one that its values hold. */
  #isChanged(
    from: GraphQLInputObjectType,
    to: GraphQLInputObjectType | null,
    seen: readonly string[] = [],
  ): boolean {
    const pair = pairName(from, to);
    if (seen.includes(pair)) return false;
    const targets = to?.getFields() ?? {};
    const fields = Object.values(from.getFields());
    const kept = fields.filter(
      ({ name }) => this.#fit.sourceName(from, name) === name && this.#fit.globalIdType(from, name) === null,
    );
    if (kept.length < fields.length) return true;
    const alwaysGiven = new Set(
      fields
        .filter((field) => field.defaultValue !== undefined || isNonNullType(field.type))
        .map(({ name }) => name),
    );
    if (
      Object.values(targets).some(
        ({ name, defaultValue }) => defaultValue !== undefined && !alwaysGiven.has(name),
      )
    )
      return true;
    return fields.some((field) => {
      const inner = innermost(field.type);
      const target = targets[field.name];
      const innerTarget = target === undefined ? null : innermost(target.type);
      return (
        isInputObjectType(inner) &&
        this.#isChanged(inner, isInputObjectType(innerTarget) ? innerTarget : null, [...seen, pair])
      );
    });
  }
}

function pairName(from: GraphQLInputObjectType, to: GraphQLInputObjectType | null): string {
  return `${from.name} ${to?.name ?? ""}`;
}

function innermost(type: GraphQLInputType): GraphQLInputType {
  if (isNonNullType(type)) return innermost(type.ofType);
  return isListType(type) ? innermost(type.ofType) : type;
}
