import type { Caller } from "../core/caller.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { CoercedVariables } from "../prepare/compile-variables.ts";
import type { SharingRule } from "../prepare/sharing-rule.ts";

/** Makes the texts by which requests are found to be the same. */
export class SharingKeys {
  /** A credential that is sent again is mostly the same caller object. */
  readonly #callers = new WeakMap<Caller, string | null>();

  /**
   * A text that is equal for two requests for one variant only if they get the same answer, whoever asks. Null where it
   * would be longer than 8,192 characters, or where a variable is no plain value.
   */
  keyOf(rule: SharingRule, variables: CoercedVariables, scope: RequestScope): string | null {
    const { caller, headers, locale } = scope;
    let epoch = 0;
    for (const reads of rule.reads) epoch += reads.epoch;
    const key = new KeyText(`${rule.number}.${epoch}.${locale} `);
    key.addValue(variables);
    for (const name of rule.headers) key.addValue(headers.get(name));
    for (const name of rule.claims)
      key.addValue(Object.hasOwn(caller.claims, name) ? caller.claims[name] : undefined);
    if (rule.isOfCaller) key.addText(this.#identityOf(caller));
    return key.text;
  }

  #identityOf(caller: Caller): string | null {
    let identity = this.#callers.get(caller);
    if (identity === undefined) {
      const { kind, issuer, subject, consumer, tier, scopes, claims } = caller;
      const key = new KeyText("@");
      key.addValue([kind, issuer, subject, consumer, tier, [...scopes].toSorted(), claims]);
      identity = key.text;
      this.#callers.set(caller, identity);
    }
    return identity;
  }
}

/**
 * Values one after the other, each so that where it ends follows from how it begins: no two lists of values have one text.
 * Members of objects stand in their own order, so that equal objects may have two texts.
 */
class KeyText {
  #text: string;
  #isWhole = true;

  constructor(start: string) {
    this.#text = start;
  }

  /** Null: there is none. */
  get text(): string | null {
    return this.#isWhole && this.#text.length <= maxKeyLength ? this.#text : null;
  }

  addText(text: string | null): void {
    if (text === null || this.#text.length + text.length > maxKeyLength) this.#isWhole = false;
    else this.#text += `${text.length}:${text}`;
  }

  addValue(value: unknown): void {
    if (this.#text.length > maxKeyLength) this.#isWhole = false;
    if (!this.#isWhole) return;
    switch (typeof value) {
      case "string":
        this.addText(value);
        return;
      case "number":
        this.#text += Object.is(value, -0) ? "#-0," : `#${value},`;
        return;
      case "boolean":
        this.#text += value ? "t" : "f";
        return;
      case "undefined":
        this.#text += "u";
        return;
      case "object":
        this.#addObject(value);
        return;
      default:
        this.#isWhole = false;
    }
  }

  #addObject(value: object | null): void {
    if (value === null) {
      this.#text += "n";
      return;
    }
    if (Array.isArray(value)) {
      this.#text += `[${value.length},`;
      for (const element of value) this.addValue(element);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    // A value of a class may differ from another in what is not its own and enumerable.
    if (prototype !== null && prototype !== Object.prototype) {
      this.#isWhole = false;
      return;
    }
    const names = Object.keys(value);
    this.#text += `{${names.length},`;
    for (const name of names) {
      this.addText(name);
      this.addValue((value as Record<string, unknown>)[name]);
    }
  }
}

/** In characters. Requests with more in their variables than this are seldom the same. */
const maxKeyLength = 8192;
