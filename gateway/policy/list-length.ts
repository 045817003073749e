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

export interface SizeRules {
  readonly assumedListSize: number;
  /** The backend can't tell 0 from a number that was left out, as is the rule in protobuf: it may well send a whole page. */
  readonly zeroIsAbsent: boolean;
}

/**
 * Compiles what one `@listSize` says: the largest of the slicing arguments, defaults included; else the assumed size, else
 * that of lists of which nobody says anything. Where an explicit null took a default away, it may be either.
 */
export function compileSize(
  { assumedSize, slicingArguments, requiresOne }: ListSize,
  sized: ReadonlyMap<string, SizedArgument>,
  { assumedListSize, zeroIsAbsent }: SizeRules,
): (args: FieldArguments) => FoundSize {
  const otherwise = assumedSize ?? assumedListSize;
  const slicing = slicingArguments.map((one) => {
    const argument = sized.get(one.names[0] ?? "") ?? null;
    const below = one.names.slice(1);
    const labels = argument?.clientArguments.map((name) => [name, ...below].join(".")) ?? [];
    return { one, argument, label: labels.length === 0 ? one.text : labels.join(", ") };
  });
  const choices = [...new Set(slicing.flatMap(({ argument }) => argument?.clientArguments ?? []))];
  // Where the client schema leaves an operation no choice, it is not the operation's fault.
  const isHeld = requiresOne && choices.length > 0;
  const choiceProblem = (found: string): SizeProblem => {
    const expected = `exactly one of ${choices.join(", ")}, which say how long the list is`;
    return { clientArguments: choices, isChoice: true, expected, found };
  };
  return (args) => {
    let size = -1;
    let replaced = -1;
    let given = 0;
    let problem: SizeProblem | null = null;
    for (const { one, argument, label } of slicing) {
      const number = one.read(argument?.read(args));
      if (typeof number !== "number") {
        replaced = Math.max(replaced, one.standard ?? -1);
        continue;
      }
      if (argument?.isGiven(args) === true) given++;
      if (!(number >= 0)) {
        const { clientArguments = [] } = argument ?? {};
        problem ??= {
          clientArguments,
          isChoice: false,
          expected: `at least 0 as ${label}`,
          found: String(number),
        };
      }
      size = Math.max(size, number === 0 && zeroIsAbsent ? (one.standard ?? otherwise) : number, 0);
    }
    if (isHeld && problem === null) {
      if (given > 1) {
        const names = slicing
          .filter(({ argument }) => argument?.isGiven(args) === true)
          .map(({ label }) => label);
        problem = choiceProblem(names.join(", "));
      } else if (given === 0 && size === -1 && replaced === -1) problem = choiceProblem("none");
    }
    return { size: size === -1 ? Math.max(otherwise, replaced) : size, problem };
  };
}

/** The largest of several, with the first problem; null for none. */
export function largestOf(found: readonly FoundSize[]): FoundSize | null {
  const [first, ...others] = found;
  if (first === undefined || others.length === 0) return first ?? null;
  const size = Math.max(...found.map((one) => one.size));
  return { size, problem: found.find((one) => one.problem !== null)?.problem ?? null };
}
