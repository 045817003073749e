import { defineOwn, readOwn } from "../../language/evaluate-selection.ts";

/**
 * Own properties of the raw value of a oneof and of an Any. No field of a message is called like them, because `$`
 * stands in no name of protobuf.
 */
const memberProperty = "$case";
const messageProperty = "$type";

/** Which of several messages a raw value is. */
export interface MessageCase {
  /** The set member of the oneof, in the proto's own name: `credit_card`; null for an Any. */
  readonly member: string | null;
  /** The full name of the message, `shop.v1.CreditCard`; null for a member that is no message. */
  readonly message: string | null;
}

/**
 * The raw value of a oneof whose member is set, and of an Any: a copy of the message's fields that also says which one
 * it is. A member that is no message is the only field of an object, under its own name. A oneof without a set member
 * is null instead.
 */
export function buildCaseValue({ member, message }: MessageCase, value: unknown): object {
  const isMessage = message !== null && typeof value === "object" && value !== null;
  const result: Record<string, unknown> = isMessage ? { ...value } : {};
  if (!isMessage && member !== null) defineOwn(result, member, value);
  result[memberProperty] = member;
  result[messageProperty] = message;
  return result;
}

/** What {@link buildCaseValue} said of a raw value; null for every other value. */
export function readMessageCase(value: unknown): MessageCase | null {
  const member = readOwn(value, memberProperty);
  const message = readOwn(value, messageProperty);
  if (member === undefined || message === undefined) return null;
  return {
    member: typeof member === "string" ? member : null,
    message: typeof message === "string" ? message : null,
  };
}

/**
 * The GraphQL types that a case means where the schema does not say it, the likelier first: the member's name in Pascal
 * case (`credit_card` → `CreditCard`), then the message's name without its package.
 */
export function typeNamesOfCase({ member, message }: MessageCase): string[] {
  const names: string[] = [];
  if (member !== null) names.push(pascalCase(member));
  if (message !== null) names.push(message.slice(message.lastIndexOf(".") + 1));
  return names;
}

function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|_+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
