import { Kind } from "graphql";
import { nearestNameHint } from "../core/problems.ts";
import { maxDeclaredMessageLength, readDeclaredFailure } from "../core/declared-failure.ts";
import { shortened } from "../core/errors.ts";
import { checkRawSelection } from "./call-declaration.ts";
import { type DirectiveUse, type PlacedSelection, placeOf } from "./directive-reader.ts";

/** Which failures of a backend a client may be told of, and what it is told. */
export interface ErrorRule {
  /** As written: `409`, `4xx`, `FAILED_PRECONDITION`. */
  readonly status: string;
  /** Where the error body has to have a value for the rule to hold; null: it always holds. */
  readonly when: PlacedSelection | null;
  readonly code: string | null;
  readonly codeFrom: PlacedSelection | null;
  readonly message: string | null;
  readonly messageFrom: PlacedSelection | null;
}

/** The statuses that a protocol's rules may name. */
export interface StatusNames {
  /** For the message: `400 to 599, "4xx" or "5xx"`. */
  readonly expected: string;
  /** What a wrong one might have meant. */
  readonly names: readonly string[];
  isStatus(text: string): boolean;
  /** A status of an answer that is no failure by itself, so that `when` has to tell. */
  needsWhen(text: string): boolean;
}

/** Reads the argument `errors` of a call. Rules with a problem are left out. */
export function readErrorRules(use: DirectiveUse, statuses: StatusNames): readonly ErrorRule[] {
  const node = use.nodeAt(["errors"]);
  if (node === null) return [];
  const elements = node.kind === Kind.LIST ? node.values : [node];
  const rules: ErrorRule[] = [];
  for (const element of elements) {
    if (element.kind !== Kind.OBJECT) continue;
    const member = (name: string) => element.fields.find((field) => field.name.value === name)?.value ?? null;
    const place = placeOf(element, use.file);
    const map = (name: string): PlacedSelection | null => {
      const value = member(name);
      if (value?.kind !== Kind.STRING) return null;
      const selection = use.parseSelection(value, ["errors", name]);
      if (selection !== null) checkRawSelection(use, selection, ["errors", name]);
      return selection;
    };
    const text = (name: string): string | null => {
      const value = member(name);
      return value?.kind === Kind.STRING ? value.value : null;
    };
    const statusNode = member("status");
    const status = statusNode !== null && "value" in statusNode ? String(statusNode.value) : "";
    if (!statuses.isStatus(status)) {
      const at = { place: statusNode === null ? place : placeOf(statusNode, use.file) };
      const hint = nearestNameHint(status, statuses.names);
      use.refuseAt({
        ...at,
        path: ["errors", "status"],
        expected: statuses.expected,
        found: shortened(status),
        hint,
      });
      continue;
    }
    const rule: ErrorRule = {
      status,
      when: map("when"),
      code: text("code"),
      codeFrom: map("codeFrom"),
      message: text("message"),
      messageFrom: map("messageFrom"),
    };
    if (checkRule(use, rule, { place, needsWhen: statuses.needsWhen(status) })) rules.push(rule);
  }
  return rules;
}

interface RulePlace {
  readonly place: ReturnType<typeof placeOf>;
  readonly needsWhen: boolean;
}

function checkRule(use: DirectiveUse, rule: ErrorRule, { place, needsWhen }: RulePlace): boolean {
  const refuse = (path: readonly string[], expected: string, found: string): false => {
    use.refuseAt({ place, path: ["errors", ...path], expected, found });
    return false;
  };
  const { code, message } = rule;
  const shown = readDeclaredFailure(message, code);
  if (code !== null && shown.code === null) {
    const expected = "at most 64 letters, digits, _, -, ., : and /, the first a letter or digit";
    return refuse(["code"], expected, `"${shortened(code)}"`);
  }
  if (message !== null && shown.message !== message) {
    const expected = `a text of 1 to ${maxDeclaredMessageLength} characters, none of them a control character`;
    return refuse(["message"], expected, `"${shortened(message)}"`);
  }
  if (code === null && message === null && rule.codeFrom === null && rule.messageFrom === null)
    return refuse([], "code, codeFrom, message or messageFrom", "none of them");
  if (needsWhen && rule.when === null)
    return refuse([], `when: ${rule.status} is a success unless the body says otherwise`, "nothing");
  return true;
}
