import type { BoundClientSchema } from "../compose/bindings.ts";
import { BoundedCache } from "../core/bounded-cache.ts";
import type { Guard } from "../language/guards.ts";
import type { AccessRules, Denials } from "./access-rules.ts";

type Rules = Pick<AccessRules, "guards" | "guardsOfField" | "guardsOfObject">;

/** Makes what follows from guards that do not hold, and keeps it for the next caller for whom the same do not. */
export function createDenials(bound: BoundClientSchema, rules: Rules): AccessRules["denialsFor"] {
  const known = new BoundedCache<Denials>({ maxEntries: maxKept, maxSize: maxKept });
  return (failed) => {
    const key = failed.join(" ");
    let denials = known.get(key);
    if (denials === undefined) {
      denials = new GuardDenials(key, failed, bound, rules);
      known.set(key, denials, 1);
    }
    return denials;
  };
}

/** What callers may not read for whom some guards do not hold: found out type by type, as it is asked for. */
class GuardDenials implements Denials {
  readonly key: string;
  readonly #failed: ReadonlySet<number>;
  readonly #bound: BoundClientSchema;
  readonly #rules: Rules;
  readonly #fields = new Map<string, ReadonlySet<string>>();
  readonly #objects = new Map<string, boolean>();
  #visible: BoundClientSchema | null = null;

  constructor(key: string, failed: readonly number[], bound: BoundClientSchema, rules: Rules) {
    this.key = key;
    this.#failed = new Set(failed);
    this.#bound = bound;
    this.#rules = rules;
  }

  /** Made when it is needed first: most of what callers are told to be denied is never planned. */
  get visible(): BoundClientSchema {
    this.#visible ??= {
      schema: this.#bound.schema,
      fields: new Map([...this.#bound.fields].map((entry) => this.#visibleFields(...entry))),
      views: new Map([...this.#bound.views].map((entry) => this.#visibleViews(...entry))),
    };
    return this.#visible;
  }

  deniesField(typeName: string, fieldName: string): boolean {
    return this.#deniedOf(typeName).has(fieldName);
  }

  deniesObject(typeName: string): boolean {
    let isDenied = this.#objects.get(typeName);
    if (isDenied === undefined) {
      isDenied = this.#hasFailed(this.#rules.guardsOfObject(typeName));
      this.#objects.set(typeName, isDenied);
    }
    return isDenied;
  }

  failedOf(typeName: string, fieldName: string | null): readonly Guard[] {
    const { guards, guardsOfField, guardsOfObject } = this.#rules;
    const needed = fieldName === null ? guardsOfObject(typeName) : guardsOfField(typeName, fieldName);
    return needed.flatMap((guard) => (this.#failed.has(guard) ? (guards[guard] ?? []) : []));
  }

  /** The denied fields of a client type. */
  #deniedOf(typeName: string): ReadonlySet<string> {
    let denied = this.#fields.get(typeName);
    if (denied === undefined) {
      const names = [...(this.#bound.fields.get(typeName)?.keys() ?? [])];
      denied = new Set(names.filter((name) => this.#hasFailed(this.#rules.guardsOfField(typeName, name))));
      this.#fields.set(typeName, denied);
    }
    return denied;
  }

  #hasFailed(guards: readonly number[]): boolean {
    return guards.some((guard) => this.#failed.has(guard));
  }

  #visibleFields(typeName: string, bindings: BindingsOfType): readonly [string, BindingsOfType] {
    const denied = this.#deniedOf(typeName);
    if (denied.size === 0) return [typeName, bindings];
    return [typeName, new Map([...bindings].filter(([fieldName]) => !denied.has(fieldName)))];
  }

  #visibleViews(name: string, types: ViewsOfType): readonly [string, ViewsOfType] {
    if (![...types.values()].some((typeName) => this.deniesObject(typeName))) return [name, types];
    return [name, new Map([...types].filter(([, typeName]) => !this.deniesObject(typeName)))];
  }
}

type BindingsOfType =
  BoundClientSchema["fields"] extends ReadonlyMap<string, infer Bindings> ? Bindings : never;
type ViewsOfType = BoundClientSchema["views"] extends ReadonlyMap<string, infer Views> ? Views : never;

/** Callers differ in their scopes in a few ways only; each costs up to a copy of the bindings that it may not read. */
const maxKept = 200;
