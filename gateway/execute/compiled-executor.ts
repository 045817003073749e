import { type ASTNode, getLocation, GraphQLError, isListType, isNonNullType } from "graphql";
import { letGoOfRows } from "../batching/request-loaders.ts";
import type { BoundClientSchema } from "../compose/bindings.ts";
import type { SupergraphModel } from "../compose/supergraph-model.ts";
import type { OverlockError } from "../core/errors.ts";
import { eachInTurns, maxAtOnce } from "../core/each-in-turns.ts";
import { nextTurn } from "../core/next-turn.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { Denials } from "../policy/access-rules.ts";
import type { CostRules } from "../policy/cost-rules.ts";
import type { OperationCost } from "../policy/settle-cost.ts";
import { collectFields } from "../prepare/collect-fields.ts";
import type { Place, Plan } from "../prepare/plan.ts";
import type { PlannedOperation } from "../prepare/plan-operation.ts";
import { type ExecutedOperation, type FieldError, fieldErrorOf } from "./executed-operation.ts";
import { type Assemble, compileAssembly, refuseLate } from "./assemble.ts";
import type { AssemblyTurns } from "./assembly-turns.ts";
import { compileFetch, type FetchPlace, type ResolvedFields } from "./compile-fetch.ts";
import { failed, type Note } from "./complete-value.ts";
import { compileFirstPage, type ReadFirstPage } from "./first-page.ts";
import { firstOf, type ObjectCost, ObjectCounters, withoutDenied } from "./object-counters.ts";
import { PlanRun } from "./plan-run.ts";
import { compileReceived } from "./compile-received.ts";
import { type CountReceived, ReceivedWalk } from "./received-walk.ts";
import { compileClientArgs, type ReadClientArgs } from "./read-client-args.ts";
import type { ExecutionLimits } from "./reference-executor.ts";
import { compileResolvedField, type ResolvedField } from "./resolved-field.ts";

/** One variant of an operation, ready to be run. */
export interface CompiledOperation {
  readonly plan: Plan;
  /** `variables`: coerced. Data and errors are those of the reference executor. */
  run(variables: Readonly<Record<string, unknown>>, scope: RequestScope): Promise<ExecutedOperation>;
}

/** Compiles the plan of one variant of an operation. The schema is one that the reference executor has taken over. */
export function compileOperation(
  bound: BoundClientSchema,
  model: SupergraphModel,
  { operation, plan }: { readonly operation: PlannedOperation; readonly plan: Plan },
  limits: CompiledLimits,
): CompiledOperation {
  const { denials } = operation;
  const visible = denials?.visible ?? bound;
  const resolved = new Map<object, ResolvedField>();
  const resolvedFields: ResolvedFields = (place, field) => {
    let compiled = resolved.get(field);
    if (compiled === undefined) {
      compiled = compileResolvedField({ bound: visible, model, operation, place, field });
      resolved.set(field, compiled);
    }
    return compiled;
  };
  const fetch = compileFetch(plan, model, resolvedFields);
  const counting = new Counting(operation, limits.costs);
  const { counters } = counting;
  const roots = plan.roots.map(
    (place): CompiledRoot => ({
      place,
      fetch: fetch.fetchRoot(place),
      assemble: compileAssembly(place, { ...fetch, resolvedFields, counters }),
      countReceived: whenCalled(() => compileReceived(place, { ...fetch, counters })),
    }),
  );
  const readers = plan.arguments.map(compileClientArgs);
  const steps = plan.steps.map(() => null);
  const pages = plan.pages.map(compileFirstPage);
  const compiled = { plan, roots, readers, pages, steps, limits, denials, counting };
  return { plan, run: (variables, scope) => runPlan(compiled, variables, scope) };
}

export interface CompiledLimits extends ExecutionLimits {
  /** What the objects of an answer cost. */
  readonly costs: Pick<CostRules, "objectCost">;
  readonly assemblyTurns: AssemblyTurns;
}

interface CompiledRoot {
  readonly place: Place;
  readonly fetch: FetchPlace;
  readonly assemble: Assemble;
  readonly countReceived: CountReceived;
}

interface CompiledPlan {
  readonly plan: Plan;
  readonly roots: readonly CompiledRoot[];
  readonly readers: readonly ReadClientArgs[];
  readonly pages: readonly ReadFirstPage[];
  /** The tables of a run that has not begun. */
  readonly steps: readonly null[];
  readonly limits: CompiledLimits;
  readonly denials: Denials | null;
  readonly counting: Counting;
}

async function runPlan(
  { roots, readers, pages: pageReaders, steps, limits, denials, counting }: CompiledPlan,
  variables: Readonly<Record<string, unknown>>,
  scope: RequestScope,
): Promise<ExecutedOperation> {
  const { maxResolvedValues, assemblyTurns } = limits;
  const args = readers.map((read) => read(variables));
  const pages = pageReaders.map((read) => read(args));
  const run = new PlanRun(scope, variables, {
    steps,
    args,
    pages,
    counts: counting.counters.begin(),
    denials,
    maxResolvedValues,
    assemblyTurns,
  });
  let received: Received | null = null;
  const receivedCost = (): OperationCost | Promise<OperationCost> =>
    (received ??= new Received(run, { roots, counting, variables, maxResolvedValues })).cost();
  scope.progress.received = receivedCost;
  // A mutation of which nothing is left.
  let data: object | null = roots.length === 0 ? {} : null;
  for (const root of roots) {
    run.begunRoots++;
    begin(root, run);
    const end = run.end();
    if (end !== null) await end;
    run.takeResolved();
    refuseLate(scope);
    const assembled = root.assemble(run);
    const shown: unknown = assembled instanceof Promise ? await assembled : assembled;
    if (shown === failed) {
      data = null;
      break;
    }
    // Fields of a mutation come one after the other, each in an object of its own; mostly there is one.
    data = data === null ? (shown as object) : withMembers(data, shown as object);
  }
  const isLong = maxResolvedValues - run.valuesLeft > longAssembly;
  // To write so much takes long enough to be a turn of its own.
  if (isLong) await nextTurn();
  const uncounted = run.resolvedCounts?.settled() ?? null;
  if (uncounted !== null) await uncounted;
  if (run.notes.length === 0) {
    const cost = counting.costOf(run, run.counts, variables);
    // Who has left may be counting what was received, for several turns.
    if (isLong && received === null) letGo(run, cost);
    return { data, errors: [], actual: cost };
  }
  const actual = run.notes.some(mayCutOff)
    ? await receivedCost()
    : counting.costOf(run, run.counts, variables);
  const telling = new Telling(scope);
  if (run.notes.length <= maxAtOnce) for (const note of run.notes) telling.tell(note);
  else await eachInTurns(run.notes, (note) => telling.tell(note));
  return { data, errors: telling.errors, actual };
}

/** All that a run has found is in its answer: what is old may hold the run, and need not hold that, too; decision 0107. */
function letGo(run: PlanRun, cost: OperationCost): void {
  const { scope } = run;
  run.letGo();
  letGoOfRows(scope);
  scope.progress.received = () => cost;
}

/** Says what a run has cost. */
class Counting {
  readonly counters: ObjectCounters;
  readonly #rules: CompiledLimits["costs"];
  readonly #operation: PlannedOperation;
  /** Of the one object that root fields belong to. */
  readonly #root: ObjectCost;

  constructor(operation: PlannedOperation, costs: CompiledLimits["costs"]) {
    const rules = withoutDenied(costs, operation.denials);
    this.counters = new ObjectCounters(rules);
    this.#rules = rules;
    this.#operation = operation;
    const { schema, operation: definition } = operation;
    const type = schema.getRootType(definition.operation);
    const fields =
      type === undefined || type === null ? [] : collectFields(operation, type, [definition.selectionSet]);
    this.#root = rules.objectCost(
      type?.name ?? "",
      [...fields].flatMap(([, nodes]) => firstOf(nodes)),
      null,
    );
  }

  costOf(
    run: PlanRun,
    counts: readonly number[],
    variables: Readonly<Record<string, unknown>>,
  ): OperationCost {
    const { typeCost, fieldCost } = this.#root(variables);
    const sum = { typeCost, fieldCost };
    this.counters.addTo(sum, counts, variables);
    if (run.resolvedCounts !== null) {
      const { schema, fragments } = this.#operation;
      const operation = { schema, fragments: Object.fromEntries(fragments), variables: run.variables };
      run.resolvedCounts.addTo(sum, this.#rules, operation);
    }
    return { ...sum, upstreamCalls: run.scope.progress.startedCalls };
  }
}

/** Whether what is around an error may be null for it: of that, only the part before it was assembled, and counted. */
function mayCutOff({ field, isAbsorbed }: Note): boolean {
  if (isAbsorbed) return false;
  for (let { type } = field; ; type = type.ofType) {
    if (isNonNullType(type)) return true;
    if (!isListType(type)) return false;
  }
}

interface ReceivedParts extends Pick<CompiledPlan, "roots" | "counting"> {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly maxResolvedValues: number;
}

/** What a run has received at some time of it, which is looked for when it is asked. */
class Received {
  readonly #run: PlanRun;
  readonly #parts: ReceivedParts;
  /** Many who wait for a run may ask at one time. */
  #known: { readonly doneSteps: number; readonly counts: number[] | Promise<number[]> } | null = null;

  constructor(run: PlanRun, parts: ReceivedParts) {
    this.#run = run;
    this.#parts = parts;
  }

  cost(): OperationCost | Promise<OperationCost> {
    const { counting, variables } = this.#parts;
    const costOf = (counts: readonly number[]): OperationCost =>
      counting.costOf(this.#run, counts, variables);
    const counts = this.#counts();
    return counts instanceof Promise ? counts.then(costOf) : costOf(counts);
  }

  #counts(): number[] | Promise<number[]> {
    const { doneSteps, begunRoots } = this.#run;
    if (this.#known?.doneSteps === doneSteps) return this.#known.counts;
    const { roots, counting, maxResolvedValues } = this.#parts;
    const walk = new ReceivedWalk(this.#run, counting.counters.begin(), maxResolvedValues);
    for (const root of roots.slice(0, begunRoots)) root.countReceived(walk, oneRoot);
    const counts = walk.finish();
    this.#known = { doneSteps, counts };
    return counts;
  }
}

/** Compiles it when it is first called. */
function whenCalled(compile: () => CountReceived): CountReceived {
  let compiled: CountReceived | null = null;
  return (walk, objects) => (compiled ??= compile())(walk, objects);
}

/** What fails while it begins fails the run, so that nothing goes on from what was begun before. */
function begin(root: CompiledRoot, run: PlanRun): void {
  try {
    root.fetch(run, oneRoot);
  } catch (error) {
    run.fail(error);
  }
}

/** In values. */
const longAssembly = 10_000;

/** A member called `__proto__` is one like any other. */
function withMembers(data: object, more: object): object {
  return Object.defineProperties(data, Object.getOwnPropertyDescriptors(more));
}

const oneRoot: readonly unknown[] = [null];

/** What GraphQL finds wrong with an argument is located there, and not at its field. */
function nodesOf({ cause }: OverlockError): readonly ASTNode[] | undefined {
  return cause instanceof GraphQLError ? cause.nodes : undefined;
}

/** Makes the answer's errors, and what is recorded of failures that defaults stand in for, of a run's notes. */
class Telling {
  readonly errors: FieldError[] = [];
  readonly #scope: RequestScope;
  /** Where one element of a list fails, thousands may. */
  readonly #known = new Map<readonly ASTNode[], FieldError["locations"]>();

  constructor(scope: RequestScope) {
    this.#scope = scope;
  }

  tell({ path, error, field, isAbsorbed }: Note): void {
    const at = path.toReversed();
    const { code, upstreamCode } = error;
    if (isAbsorbed)
      this.#scope.absorbed.push({ path: at, code, ...(upstreamCode !== null && { upstreamCode }) });
    else this.errors.push(fieldErrorOf(error, this.#locationsOf(nodesOf(error) ?? field.nodes), at));
  }

  #locationsOf(nodes: readonly ASTNode[]): FieldError["locations"] {
    let locations = this.#known.get(nodes);
    if (locations === undefined) {
      locations = nodes.flatMap(({ loc }) => (loc === undefined ? [] : [getLocation(loc.source, loc.start)]));
      this.#known.set(nodes, locations);
    }
    return locations;
  }
}
