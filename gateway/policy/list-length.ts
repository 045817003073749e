import type { ListSize } from "../language/cost-directives.ts";
import type { FieldArguments } from "./field-arguments.ts";

/** How long a list is, at most. */
export interface FoundSize {
  /** A whole number, at least 0. */
  readonly size: number;
  /** What is wrong with the arguments that say so; null: nothing. */
  readonly problem: SizeProblem | null;
}

/** Why an operation does not say how long a list is. */
export interface SizeProblem {
  /** The arguments of the client field that it is about. */
  readonly clientArguments: readonly string[];
  /** None is given, or too many are; else one of them has a value that is no size. */
  readonly isChoice: boolean;
  readonly expected: string;
  readonly found: string;
}

/** An argument as `@listSize` sees it. */
export interface SizedArgument {
  /** The arguments of the client field that its value is made of. */
  readonly clientArguments: readonly string[];
  /** `undefined` where it is left out. */
  read(args: FieldArguments): unknown;
  isGiven(args: FieldArguments): boolean;
}

/**
 * What one `@listSize` says for these arguments: the largest of the slicing arguments, defaults included; else the assumed
 * size, else that of lists of which nobody says anything. Where an explicit null took a default away, it may be either.
 */
export function sizeOf(
  { assumedSize, slicingArguments, requiresOne }: ListSize,
  sized: ReadonlyMap<string, SizedArgument>,
  args: FieldArguments,
  assumedListSize: number,
): FoundSize {
  let size: number | null = null;
  let problem: SizeProblem | null = null;
  let replaced: number | null = null;
  const given: string[] = [];
  const choices = new Set<string>();
  for (const slicing of slicingArguments) {
    const { names, text, standard } = slicing;
    const argument = sized.get(names[0] ?? "");
    const clientArguments = argument?.clientArguments ?? [];
    for (const name of clientArguments) choices.add(name);
    const number = slicing.read(argument?.read(args));
    if (typeof number !== "number") {
      if (standard !== null) replaced = Math.max(replaced ?? 0, standard);
      continue;
    }
    const label = clientArguments.join(", ") || text;
    if (argument?.isGiven(args) === true) given.push(label);
    if (!(number >= 0))
      problem ??= {
        clientArguments,
        isChoice: false,
        expected: `at least 0 as ${label}`,
        found: String(number),
      };
    size = Math.max(size ?? 0, number);
  }
  const isOpen = given.length === 0 && size === null && replaced === null;
  // Where the client schema leaves an operation no choice, it is not the operation's fault.
  if (requiresOne && choices.size > 0 && problem === null && (isOpen || given.length > 1)) {
    const expected = `exactly one of ${[...choices].join(", ")}, which say how long the list is`;
    problem = {
      clientArguments: [...choices],
      isChoice: true,
      expected,
      found: isOpen ? "none" : given.join(", "),
    };
  }
  return { size: size ?? Math.max(assumedSize ?? assumedListSize, replaced ?? 0), problem };
}

/** The largest of several, with the first problem; null for none. */
export function largestOf(found: readonly FoundSize[]): FoundSize | null {
  if (found.length === 0) return null;
  const size = Math.max(...found.map((one) => one.size));
  return { size, problem: found.find((one) => one.problem !== null)?.problem ?? null };
}
