import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ProjectFile } from "../../../gateway/config/load-project.ts";
import { anonymousCaller, type Caller, type ClaimValue } from "../../../gateway/core/caller.ts";
import { Deadline } from "../../../gateway/core/deadline.ts";
import { SeededRandom } from "../../backends/seeded-random.ts";
import { OperationGenerator } from "../generate-operation.ts";
import { openProject } from "../open-project.ts";
import type { RandomOperation } from "../operation.ts";
import { SchemaIndex } from "../schema-index.ts";
import { openTwoExecutors, type ScopeParts, type TwoExecutors, type WrapExecutor } from "../two-executors.ts";
import { CrewBackend } from "./crew-backend.ts";
import { Epochs } from "./epochs.ts";
import { withPromises } from "./nullability.ts";
import { festivalOptions, withCursors } from "./operations.ts";
import { festivalShapers } from "./own-shapers.ts";
import { RestBackend } from "./rest-backend.ts";
import { hashOf } from "./world.ts";

const root = fileURLToPath(new URL(".", import.meta.url));

/** The festival's source schemas and client schemas. */
export const festivalSources = readFiles("schemas");
export const festivalClients = readFiles("clients");

/** One of the festival's client schemas. */
export interface FestivalBff extends TwoExecutors {
  readonly generator: OperationGenerator;
}

export interface Festival {
  /** `plain` and `views`, each as it is written, and with more and with most of its fields non-null. */
  readonly bffs: ReadonlyMap<string, FestivalBff>;
  stop(): Promise<void>;
}

/** Whether whoever sends an operation may do what needs a scope or a policy; `any`: nothing is kept from it. */
type MayDo = (what: string, operation: RandomOperation) => boolean;

/** Starts the festival's backends, opens its sources and binds those of its client schemas that begin with `prefix`. */
export async function openFestival(
  prefix = "",
  wrap?: WrapExecutor,
  mayDo: MayDo = mayDoMost,
): Promise<Festival> {
  const epochs = new Epochs();
  const rest = new RestBackend(epochs);
  const crew = new CrewBackend(epochs);
  await Promise.all([rest.start(), crew.start()]);
  const clients = festivalClients.flatMap(variantsOf).filter(([name]) => name.startsWith(prefix));
  const project = openProject({
    sources: festivalSources,
    clients: new Map(clients.map(([name, file]) => [name, { ...file, shapers: festivalShapers }])),
    protosFolder: path.join(root, "protos"),
    urls: { stage: rest.url, box: `${rest.url}/box`, crew: crew.url, guide: `${rest.url}/graphql` },
  });
  const bffs = new Map<string, FestivalBff>();
  for (const [name, bound] of project.clients) {
    const access = project.access.get(name);
    if (access === undefined) throw new Error(`Expected rules for ${name}.`);
    const scopeOf = (operation: RandomOperation) => scopeIn(epochs.nameFor(operation.seed), operation, mayDo);
    const letsCaller = (policy: string, operation: RandomOperation) => mayDo(`policy ${policy}`, operation);
    const callers = { access, scopeOf, letsCaller };
    const executors = openTwoExecutors(bound, project.model, callers, wrap);
    const pools = await withCursors(bound.schema, executors.reference);
    const generator = new OperationGenerator(new SchemaIndex(bound.schema), {
      ...festivalOptions,
      pools,
    });
    bffs.set(name, { ...executors, generator });
  }
  return {
    bffs,
    async stop() {
      await project.dispose();
      await Promise.all([rest.stop(), crew.stop()]);
    },
  };
}

function variantsOf({ file, text }: ProjectFile): (readonly [name: string, file: ProjectFile])[] {
  const name = path.basename(file, ".graphql");
  return [
    [name, { file, text }],
    [`${name}-promising`, { file, text: withPromises(text, { share: 0.3, salt: "some" }) }],
    [`${name}-strict`, { file, text: withPromises(text, { share: 0.75, salt: "most" }) }],
  ];
}

/** Who asks follows from the operation's seed, and so does the world that is asked about. */
function scopeIn(world: string, operation: RandomOperation, mayDo: MayDo): ScopeParts {
  const { seed } = operation;
  const random = new SeededRandom(hashOf(`${seed} caller`));
  const headers = new Map([["x-world", world]]);
  if (random.next() < 0.85) headers.set("x-visitor", "somebody");
  if (random.next() < 0.7) headers.set("x-tenant", "t1");
  return {
    requestId: `seed-${seed}`,
    caller: callerOf(random, (scope) => mayDo(scope, operation)),
    headers,
    deadline: Deadline.start(600_000, null),
    locale: random.pick(["en-US", "de", "fr", "ar-EG"]),
    timeZone: random.pick(["UTC", "America/Los_Angeles"]),
  };
}

/** Half of all callers may do all that needs a scope or a policy; the others most of it. */
function mayDoMost(what: string, { seed }: RandomOperation): boolean {
  if (what === "any") return false;
  if (hashOf(`${seed} all`) % 2 === 0) return true;
  return hashOf(`${seed} ${what}`) % 4 !== 0;
}

/** Those that the festival's schemas name. */
const allScopes: readonly string[] = [
  ...new Set(
    [...festivalSources, ...festivalClients].flatMap(({ text }) =>
      [...text.matchAll(/@requiresScopes\(scopes: ([^)]*)\)/g)].flatMap(([, lists = ""]) =>
        [...lists.matchAll(/"([^"]+)"/g)].map(([, scope = ""]) => scope),
      ),
    ),
  ),
];

function callerOf(random: SeededRandom, hasScope: (scope: string) => boolean): Caller {
  const claims = Object.create(null) as Record<string, ClaimValue>;
  const isNobody = random.next() < 0.15;
  if (isNobody && !hasScope("any")) return anonymousCaller;
  if (!isNobody && random.next() < 0.9) claims["sub"] = "u1";
  if (!isNobody && random.next() < 0.5) claims["tenant"] = "acme";
  return {
    kind: "jwt",
    subject: "u1",
    consumer: null,
    tier: null,
    scopes: new Set(allScopes.filter(hasScope)),
    issuer: "https://issuer.example",
    claims,
  };
}

function readFiles(folder: string): readonly ProjectFile[] {
  const names = readdirSync(path.join(root, folder)).toSorted();
  return names.map((name) => {
    const text = readFileSync(path.join(root, folder, name), "utf8");
    return { file: `${folder}/${name}`, text };
  });
}
