import { setImmediate as turn } from "node:timers/promises";
import type { GraphQLSchema } from "graphql";
import { loadProject } from "../../gateway/config/load-project.ts";
import { anonymousCaller, type Caller, type ClaimValue } from "../../gateway/core/caller.ts";
import { Deadline } from "../../gateway/core/deadline.ts";
import { Problems } from "../../gateway/core/problems.ts";
import type { AccessRules } from "../../gateway/policy/access-rules.ts";
import { type Shop, startShop } from "../backends/shop.ts";
import { shopRoot } from "../support/test-gateway.ts";
import type { SourceRequest } from "./asked-of-backends.ts";
import { type OpenProject, openProject } from "./open-project.ts";
import type { RandomOperation } from "./operation.ts";
import { plantGuards } from "./plant-guards.ts";
import { type CountedAnswer, type CountingAnswerer, openTwoExecutors } from "./two-executors.ts";

/** The shop on its real backends, with a scope of its own for every field of every source and client schema. */
export interface GuardedShop {
  /** `web:Product.name`, `schemas/catalog.graphql:Product.name`, and those that the schemas have anyway. */
  readonly scopes: ReadonlySet<string>;
  open(bff: string): GuardedBff;
  /** The answer, and what backends were asked for it, the shop being as it was at first. */
  ask(answerer: CountingAnswerer, operation: RandomOperation): Promise<Asked>;
  stop(): Promise<void>;
}

export interface GuardedBff {
  readonly schema: GraphQLSchema;
  readonly access: AccessRules;
  /** The reference and the compiled executor, of one caller. */
  readonly as: (caller: Caller) => readonly [reference: CountingAnswerer, compiled: CountingAnswerer];
}

export interface Asked {
  readonly answer: CountedAnswer;
  readonly requests: readonly SourceRequest[];
}

export async function startGuardedShop(): Promise<GuardedShop> {
  const shop = await startShop();
  const scopes = new Set<string>(["orders:write"]);
  const project = await openGuarded(shop, scopes);
  return {
    scopes,
    open: (bff) => openBff(project, bff),
    async ask(answerer, operation) {
      shop.reset();
      shop.clearLogs();
      const answer = await answerer(operation);
      await settle(shop);
      return { answer, requests: requestsTo(shop) };
    },
    async stop() {
      await project.dispose();
      await shop.stop();
    },
  };
}

async function openGuarded(shop: Shop, scopes: Set<string>): Promise<OpenProject> {
  const problems = new Problems();
  const { sourceFiles, bffs, protosFolder } = await loadProject(shopRoot, problems);
  problems.throwIfAny();
  const plant = (text: string, prefix: string): string => {
    const planted = plantGuards(text, prefix);
    for (const scope of planted.scopes) scopes.add(scope);
    return planted.text;
  };
  return openProject({
    sources: sourceFiles.map(({ file, text }) => {
      // Time is no part of what is compared, and test machines are slow.
      const patient = text.replaceAll(/timeoutMs: \d+/g, "timeoutMs: 120000");
      return { file, text: plant(patient, `${file}:`) };
    }),
    clients: new Map(
      bffs.map(({ settings, schema }) => {
        const text = plant(schema.text, `${settings.name}:`);
        return [settings.name, { file: schema.file, text, shapers: settings.shapers }];
      }),
    ),
    protosFolder,
    urls: Object.fromEntries(
      Object.entries(shop.env).map(([name, url]) => [name.replace(/_URL$/, "").toLowerCase(), url]),
    ),
  });
}

function openBff(project: OpenProject, name: string): GuardedBff {
  const bound = project.clients.get(name);
  const access = project.access.get(name);
  if (bound === undefined || access === undefined) throw new Error(`Expected a BFF ${name}.`);
  let current = anonymousCaller;
  const { reference, compiled } = openTwoExecutors(bound, project.model, {
    access,
    scopeOf: ({ seed }) => ({
      requestId: `seed-${seed}`,
      caller: current,
      headers: new Map(),
      deadline: Deadline.start(600_000, null),
      locale: "en-US",
      timeZone: "Europe/Berlin",
    }),
    letsCaller: () => true,
  });
  const by =
    (answer: CountingAnswerer, caller: Caller): CountingAnswerer =>
    (operation) => {
      current = caller;
      return answer(operation);
    };
  return { schema: bound.schema, access, as: (caller) => [by(reference, caller), by(compiled, caller)] };
}

/** Somebody who is signed in. */
export function callerWith(scopes: Iterable<string>): Caller {
  const claims = Object.assign(Object.create(null) as Record<string, ClaimValue>, { sub: "u1" });
  return { ...anonymousCaller, kind: "jwt", subject: "u1", scopes: new Set(scopes), claims };
}

function requestsTo(shop: Shop): SourceRequest[] {
  const { catalog, inventory, orders, reviews, accounts, shipping, recommendations } = shop;
  const backends = { catalog, inventory, orders, reviews, accounts, shipping, recommendations };
  return Object.entries(backends).flatMap(([source, { log }]) =>
    log.entries.map(({ method, url, message }) => ({ source, method, url, message })),
  );
}

/** What was asked for in vain may still be under way when the answer is there: it belongs to no other operation. */
async function settle(shop: Shop): Promise<void> {
  let known = shop.calls().length;
  for (let quietTurns = 0; quietTurns < 10; quietTurns++) {
    await turn();
    const now = shop.calls().length;
    if (now !== known) quietTurns = 0;
    known = now;
  }
}
