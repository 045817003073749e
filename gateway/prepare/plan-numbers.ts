import type { Access, CallStep, ClientArgs, Place, Spot, StepArgs, SubqueryStep } from "./plan.ts";
import type { SelectedRowsBuilder } from "./selected-rows.ts";

/** Numbers the places and steps of one plan. */
export class PlanNumbers {
  readonly steps: DraftStep[] = [];
  readonly places: DraftPlace[] = [];
  fields = 0;
  #selections = 0;
  readonly #undos: (() => void)[] = [];
  readonly #argumentTexts = new Map<ClientArgs, Map<StepArgs["bound"], string>>();

  /** Raises {@link PlanTooLargeError}. */
  countField(): void {
    if (++this.fields > maxPlannedFields) throw new PlanTooLargeError();
  }

  /** Raises {@link PlanTooLargeError}. */
  countSelection(): void {
    if (++this.#selections > maxPlannedSelections) throw new PlanTooLargeError();
  }

  /** Keeps what takes something back that was added to a subquery. */
  readonly onAdd = (undo: () => void): void => void this.#undos.push(undo);

  /** How much {@link takeBack} has to leave. */
  get mark(): readonly [steps: number, places: number, undos: number] {
    return [this.steps.length, this.places.length, this.#undos.length];
  }

  takeBack([steps, places, undos]: PlanNumbers["mark"]): void {
    this.steps.length = steps;
    this.places.length = places;
    for (const undo of this.#undos.splice(undos)) undo();
  }

  /** The step once more, with arguments that its objects have each of their own. Its place does not begin it. */
  repeat(step: CallStep, bound: StepArgs["bound"]): CallStep {
    const repeated = {
      ...step,
      id: this.steps.length,
      args: { client: { kind: "pageBehind" } as const, bound },
    };
    this.steps.push(repeated);
    return repeated;
  }

  /** Equal for equal arguments of one field. */
  textOfArgs(args: StepArgs | null): string {
    if (args === null) return "{}";
    const { client, bound } = args;
    // What is wrong with a field's arguments is its own error, at whichever part of its path.
    if (client.kind === "constant" && bound.length === 0) return "{}";
    let texts = this.#argumentTexts.get(client);
    if (texts === undefined) this.#argumentTexts.set(client, (texts = new Map<StepArgs["bound"], string>()));
    let text = texts.get(bound);
    if (text === undefined) texts.set(bound, (text = textOfArgs(args)));
    return text;
  }
}

/** Raised for an operation whose plan would be larger than {@link maxPlannedFields}, or take as long. */
export class PlanTooLargeError extends Error {
  constructor() {
    super(
      `the plan would have more than ${maxPlannedFields} fields, or come from ${maxPlannedSelections} selections`,
    );
    this.name = "PlanTooLargeError";
  }
}

/**
 * The most fields of a plan. Every use of a fragment is planned by itself, and so is every type that an object may be
 * of: a short document can multiply without end.
 */
export const maxPlannedFields = 5000;

/** The most selections that are looked at for it, each time that they are: most may apply to other types. */
const maxPlannedSelections = 50_000;

/** A step whose call may still become one that asks for less, or whose subquery is not known as a whole yet. */
export type DraftStep = DraftCall | DraftSubquery;

/** A place of which it is known what is read there. */
export interface DraftPlace extends Place {
  /** Everything that is read of its objects, and where it is objects in turn, what stands there. */
  readonly accesses: ReadonlyMap<Access, Spot | null>;
}

type DraftCall = { -readonly [Name in keyof CallStep]: CallStep[Name] };

type DraftSubquery = SubqueryStep & { readonly rows: SelectedRowsBuilder | null };

function textOfArgs(args: StepArgs): string {
  const { client } = args;
  const names = args.bound.map((argument) => argument.name).join(" ");
  if (client.kind !== "constant") return `${client.kind} ${"index" in client ? client.index : ""} ${names}`;
  return `${names} ${JSON.stringify(args.bound.map((argument) => tryValue(() => argument.value(client.values))))}`;
}

function tryValue(read: () => unknown): unknown {
  try {
    return read() ?? null;
  } catch {
    return {};
  }
}
