import { OverlockError } from "../core/errors.ts";

/** How the assembly of an answer is cut into turns of the event loop. */
export interface AssemblyTurns {
  /** After so many values an answer is looked at: whether it takes long. */
  readonly freeValues: number;
  /** The longest part of one turn. */
  readonly maxPartMs: number;
  /** How many elements of lists are done between two looks at the clock, where parts are kept. */
  readonly elementsPerLook: number;
}

/** Some milliseconds for the most expensive values, and no look at the clock for most answers. */
export const assemblyTurns: AssemblyTurns = { freeValues: 1000, maxPartMs: 10, elementsPerLook: 16 };

/** Work that stops wherever others should have a turn, and goes on when it is asked for more. */
export type InTurns<Value> = Generator<undefined, Value, undefined>;

/** The part of the work that one turn of the event loop has. */
export interface TurnPart {
  /** So many elements of lists were done: whether others should have a turn now. */
  isPartOver(elements?: number): boolean;
}

/** Ends an assembly that takes longer than one turn may, so that it is begun again in parts. */
export class LongAssemblyError extends OverlockError {
  constructor() {
    super("INTERNAL_SERVER_ERROR", "an assembly takes more than one turn");
  }
}
