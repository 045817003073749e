import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
} from "graphql";
import type { Accessibility } from "./accessibility.ts";
import type { ClientInput } from "../language/client-leaf-types.ts";

/** How values of one type are no values of another; `null`: only their nullability is in the way. */
export interface Mismatch {
  readonly kind: "type" | "null";
  /** What exactly, where the names of the types do not tell. */
  readonly detail: string;
}

/** A client's type whose values are to be values of a type of the supergraph. */
export interface InputPair {
  readonly from: GraphQLInputType;
  readonly to: GraphQLInputType;
  /** The client's value has a default. */
  readonly hasDefault: boolean;
}

/** What of an input type does not fit, and where; `field` is null where it is about the type as a whole. */
export interface InputMisfit {
  /** The client's name. */
  readonly field: string | null;
  readonly mismatch: Mismatch;
}

/** Compares input types of one client schema with those of the supergraph. */
export class InputFit {
  readonly #inputs: ReadonlyMap<string, ClientInput>;
  readonly #accessibility: Accessibility;

  /** `inputs` are the client's, `accessibility` is the supergraph's. */
  constructor(inputs: ReadonlyMap<string, ClientInput>, accessibility: Accessibility) {
    this.#inputs = inputs;
    this.#accessibility = accessibility;
  }

  /** As GraphQL has it for variables: a list takes lists only. `compared` are the pairs that are being compared. */
  findMismatch({ from, to, hasDefault }: InputPair, compared: readonly string[] = []): Mismatch | null {
    if (isNonNullType(to)) {
      const nullable = isNonNullType(from) ? from.ofType : from;
      const mismatch = this.findMismatch({ from: nullable, to: to.ofType, hasDefault: false }, compared);
      return mismatch ?? (isNonNullType(from) || hasDefault ? null : { kind: "null", detail: "" });
    }
    if (isNonNullType(from)) return this.findMismatch({ from: from.ofType, to, hasDefault: false }, compared);
    if (isListType(from) && isListType(to)) {
      const elements = { from: from.ofType, to: to.ofType, hasDefault: false };
      const mismatch = this.findMismatch(elements, compared);
      return mismatch === null ? null : { ...mismatch, kind: "type" };
    }
    if (isInputObjectType(from) && isInputObjectType(to)) return this.#findMismatchInView(from, to, compared);
    if (isEnumType(from) && isEnumType(to)) {
      const names = to.getValues().map((value) => value.name);
      // What a value of the client's is inside is the supergraph's name of it.
      const unknown = from.getValues().find((value) => !names.includes(String(value.value)));
      if (unknown !== undefined) return { kind: "type", detail: `, which has no ${String(unknown.value)}` };
      const reasons = from
        .getValues()
        .map((value) => this.#accessibility.reasonForEnumValue(to.name, String(value.value)));
      const hidden = reasons.find((reason) => reason !== null);
      return hidden === undefined ? null : { kind: "type", detail: ` without ${hidden}` };
    }
    return scalarFits(from, to) ? null : { kind: "type", detail: "" };
  }

  /** What of the client's input type does not fit the supergraph's, field by field. */
  findMisfits(
    from: GraphQLInputObjectType,
    to: GraphQLInputObjectType,
    compared: readonly string[] = [],
  ): InputMisfit[] {
    const misfits: InputMisfit[] = [];
    const targets = to.getFields();
    const given = new Set<string>();
    for (const field of Object.values(from.getFields())) {
      const name = this.sourceName(from, field.name);
      const target = targets[name];
      const hidden = target === undefined ? null : this.#accessibility.reasonForInputField(to.name, target);
      const refuse = (mismatch: Mismatch): void => void misfits.push({ field: field.name, mismatch });
      if (target === undefined) refuse({ kind: "type", detail: `, which has no field ${name}` });
      else if (hidden !== null) refuse({ kind: "type", detail: ` without ${hidden}` });
      else if (given.has(name)) refuse({ kind: "type", detail: `, whose ${name} is given twice` });
      else {
        const pair = { from: field.type, to: target.type, hasDefault: field.defaultValue !== undefined };
        const mismatch = this.findMismatch(pair, [...compared, pairName(from, to)]);
        const detail = `, whose ${name} is ${target.type.toString()} and not ${field.type.toString()}`;
        if (mismatch !== null)
          refuse({ kind: "type", detail: mismatch.detail === "" ? detail : mismatch.detail });
      }
      given.add(name);
    }
    const missing = Object.values(targets).find(
      (target) => isNonNullType(target.type) && target.defaultValue === undefined && !given.has(target.name),
    );
    if (missing !== undefined)
      misfits.push({ field: null, mismatch: { kind: "type", detail: `, which requires ${missing.name}` } });
    if (to.isOneOf && !from.isOneOf)
      misfits.push({ field: null, mismatch: { kind: "type", detail: ", which is @oneOf" } });
    return misfits;
  }

  /** What the supergraph calls a field of a client's input type. */
  sourceName(type: GraphQLInputObjectType, field: string): string {
    return this.#inputs.get(type.name)?.fields.get(field)?.source ?? field;
  }

  /** The type that the global ids of a field name; null where it takes none. */
  globalIdType(type: GraphQLInputObjectType, field: string): string | null {
    return this.#inputs.get(type.name)?.fields.get(field)?.globalIdType ?? null;
  }

  #findMismatchInView(
    from: GraphQLInputObjectType,
    to: GraphQLInputObjectType,
    compared: readonly string[],
  ): Mismatch | null {
    if (compared.includes(pairName(from, to))) return null;
    const view = this.#inputs.get(from.name);
    if (view !== undefined && view.viewUse !== null) {
      // What it shows is checked where it is declared.
      if (view.boundTo === to.name) return null;
      return { kind: "type", detail: `, and ${from.name} shows ${view.boundTo}` };
    }
    return this.findMisfits(from, to, compared)[0]?.mismatch ?? null;
  }
}

function pairName(from: GraphQLInputObjectType, to: GraphQLInputObjectType): string {
  return `${from.name} ${to.name}`;
}

function scalarFits(from: GraphQLInputType, to: GraphQLInputType): boolean {
  if (!isScalarType(from) || !isScalarType(to)) return false;
  if (from.name === to.name) return true;
  return (from.name === "Int" && to.name === "Float") || (isText(from.name) && isText(to.name));
}

function isText(name: string): boolean {
  return name === "ID" || name === "String";
}
