import { print } from "graphql";
import type { DirectiveUse } from "../../language/directive-reader.ts";
import { pathsOf } from "../../language/selection-map.ts";
import { isAlwaysThere } from "./argument-types.ts";
import type { ProtoField, ProtoMessage } from "./proto-model.ts";
import type { RequestRule, RequestSlot } from "./request-slots.ts";

/**
 * Checks that a request can be what its message demands: that something fills every required field, and that no oneof
 * has two members that are always there. What depends on the values is checked with each request.
 */
export function checkRequestRule({ request, slots, keyField }: RequestRule, use: DirectiveUse): void {
  checkLevel(request, { slots, keyField, depth: 0 }, use);
}

interface Level {
  /** Those that fill this message, or one inside of it. */
  readonly slots: readonly RequestSlot[];
  readonly keyField: ProtoField | null;
  readonly depth: number;
}

function checkLevel(message: ProtoMessage, { slots, keyField, depth }: Level, use: DirectiveUse): void {
  const fillersOf = (field: ProtoField): RequestSlot[] => slots.filter(({ path }) => path[depth] === field);
  for (const field of message.fields.values()) {
    if (!field.isRequired || field === keyField) continue;
    const fillers = fillersOf(field);
    const expected = `the required field ${field.name} of ${message.name} in every request`;
    const [only] = fillers;
    if (only === undefined) use.refuse([], expected, "nothing that fills it");
    else if (fillers.length === 1 && only.argument !== null && !isAlwaysThere(only.argument))
      use.refuse([], expected, `${only.text}: ${print(only.argument.type)}, which may be absent`);
  }
  for (const oneof of message.oneofs.values()) {
    const certain = oneof.members.flatMap((member) => fillersOf(member).filter(isCertain).slice(0, 1));
    if (certain.length < 2) continue;
    const found = `${certain.map(({ text }) => text).join(" and ")}, which are all always there`;
    use.refuse([], `one member of the oneof ${oneof.name} of ${message.name}`, found);
  }
  for (const field of message.fields.values()) {
    const below = fillersOf(field).filter(({ path }) => path.length > depth + 1);
    if (below.length === 0 || field.type.kind !== "message") continue;
    checkLevel(field.type.message, { slots: below, keyField: null, depth: depth + 1 }, use);
  }
}

/** Without a claim, a header or a value of the parent there is no call. */
function isCertain({ argument, map }: RequestSlot): boolean {
  if (argument !== null) return isAlwaysThere(argument);
  return pathsOf(map).every((path) => path.root !== "args");
}
