import { SeededRandom } from "../../backends/seeded-random.ts";

/** How often something goes wrong in one world, 0 to 1 each. */
interface FaultShares {
  /** Of all endpoints: they fail as a whole. */
  readonly endpoint: number;
  /** Of all rows: they are not there. */
  readonly missingRow: number;
  /** Of all values in what is sent: they are null, or of another type. */
  readonly value: number;
}

const calm: FaultShares = { endpoint: 0, missingRow: 0.04, value: 0 };

/** Half of all worlds are without a fault, in some nothing works. */
const faultLevels: readonly (readonly [share: number, faults: FaultShares])[] = [
  [0.5, calm],
  [0.2, { endpoint: 0.03, missingRow: 0.1, value: 0.01 }],
  [0.15, { endpoint: 0.1, missingRow: 0.15, value: 0.04 }],
  [0.08, { endpoint: 0, missingRow: 0.1, value: 0.2 }],
  [0.05, { endpoint: 0.5, missingRow: 0.3, value: 0.05 }],
  [0.02, { endpoint: 1, missingRow: 0.5, value: 0.3 }],
];

/**
 * What all backends know, and how they fail, as it follows from one seed: the same request has the same answer, however
 * often and in whichever order it is made, and what is said of one row does not depend on which others are asked for
 * along with it. So executors may ask differently and yet have to find the same. What was changed begins another epoch,
 * in which everything is otherwise.
 */
export class World {
  readonly faults: FaultShares;
  readonly #salt: string;

  constructor(seed: number, epoch: number) {
    const random = new SeededRandom(hashOf(`${seed} faults`));
    let left = random.next();
    const level = faultLevels.find(([share]) => (left -= share) < 0);
    this.faults = level?.[1] ?? calm;
    this.#salt = `${seed} ${epoch} `;
  }

  /** Random values of whatever `subject` names. */
  draw(subject: string): Draw {
    return new Draw(hashOf(this.#salt + subject), this.faults);
  }
}

/** Random values, and what spoils them. */
export class Draw extends SeededRandom {
  readonly #faults: FaultShares;

  constructor(seed: number, faults: FaultShares) {
    super(seed);
    this.#faults = faults;
  }

  happens(share: number): boolean {
    return this.next() < share;
  }

  /** How an endpoint fails; null where it does not. */
  endpointFault<Fault>(faults: readonly Fault[]): Fault | null {
    return this.happens(this.#faults.endpoint) ? this.pick(faults) : null;
  }

  isMissing(): boolean {
    return this.happens(this.#faults.missingRow);
  }

  isSpoilt(): boolean {
    return this.happens(this.#faults.value);
  }

  maybe<Value>(value: () => Value): Value | null {
    return this.happens(0.12) ? null : value();
  }

  list<Value>(make: (index: number) => Value, max = 3): Value[] {
    const length = max === 0 || this.happens(0.12) ? 0 : this.integer(1, max);
    return Array.from({ length }, (_, index) => make(index));
  }

  text(): string {
    return this.pick(texts);
  }

  float(): number {
    return this.integer(-2000, 200_000) / 100;
  }

  /** A reference to one of few objects, so that several refer to the same. */
  id(prefix: string, count = 6): string {
    return `${prefix}${this.integer(1, count)}`;
  }

  /** The same JSON with some of its values spoilt; `kept` are members of the outermost object that stay. */
  spoil(value: unknown, kept: readonly string[] = []): unknown {
    if (this.#faults.value === 0) return value;
    if (Array.isArray(value)) {
      if (this.isSpoilt()) return this.#instead(value);
      return value.map((element: unknown) => this.spoil(element));
    }
    if (typeof value !== "object" || value === null) return this.isSpoilt() ? this.#instead(value) : value;
    const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
      if (kept.includes(name)) return [[name, member]];
      return this.happens(this.#faults.value / 4) ? [] : [[name, this.spoil(member)]];
    });
    return kept.length === 0 && this.isSpoilt() ? this.#instead(value) : Object.fromEntries(members);
  }

  #instead(value: unknown): unknown {
    if (this.happens(0.35)) return null;
    const others: readonly unknown[] = [
      "text",
      "",
      17,
      -0.5,
      2 ** 40,
      true,
      [],
      {},
      [value],
      [null, value],
      { value },
      { __typename: "Nobody" },
      [[]],
    ];
    return this.pick(others);
  }
}

const texts = [
  "Lamp",
  "a rather long text of many words",
  "łódź 👩‍👩‍👧 naïve",
  "",
  "7",
  'say "hi"\n\\ </script>',
  "2026-01-31",
  "blocked",
  "x",
] as const;

/** FNV-1a with the last bits mixed once more, 31 bits. */
export function hashOf(text: string): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507);
  return ((hash ^ (hash >>> 13)) >>> 1) % 2_147_483_000;
}

/** Keys that no backend knows: those without a number. */
export function isUnknown(key: string): boolean {
  return !/[1-9]/.test(key);
}
