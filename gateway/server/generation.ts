import type { GraphQLSchema } from "graphql";
import type { ShapedClientSchema } from "../compose/bind-value.ts";
import { compose } from "../compose/compose.ts";
import { readCorsRules } from "../config/cors.ts";
import { type Environment, type EnvironmentSettings, sourceUrlVariable } from "../config/environment.ts";
import type { BffFolder, Project } from "../config/load-project.ts";
import { readSourceOauth } from "../config/source-oauth.ts";
import { readSourceTls } from "../config/source-tls.ts";
import { OverlockError, quoted } from "../core/errors.ts";
import type { Problem, Problems } from "../core/problems.ts";
import { assemblyTurns } from "../execute/assembly-turns.ts";
import { createExecutor } from "../execute/executor.ts";
import { type ApiKeyFile, ApiKeyFiles } from "../identity/api-key-files.ts";
import type { CallerIdentifier } from "../identity/identify-caller.ts";
import { createKeyStores } from "../identity/key-store.ts";
import { openIdentifier } from "../identity/open-identifier.ts";
import { readClientSchema } from "../language/client-schema.ts";
import { type DirectiveCatalog, readDirectiveCatalog } from "../language/directive-catalog.ts";
import { readSourceSchema, type SourceSchema } from "../language/source-schema.ts";
import { protocolOf, protocolOfUrl } from "../language/source-settings.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import { RequestMetrics } from "../observe/request-metrics.ts";
import type { ProcessLoad } from "../observe/process-load.ts";
import { type AccessTokens, ClientCredentials } from "../outbound/client-credentials.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import { createChallenges } from "../pipeline/challenges.ts";
import { openRateLimiter } from "../pipeline/limit-rates.ts";
import { createNegotiation } from "../pipeline/negotiation.ts";
import { createRequestSharing } from "../pipeline/share-execution.ts";
import { compileTierBudgets } from "../policy/budgets.ts";
import { checkPolicies } from "../policy/check-policies.ts";
import { compileAccess } from "../policy/compile-access.ts";
import { compileRateRules } from "../policy/rate-rules.ts";
import { compileCostRules } from "../policy/cost-rules.ts";
import { PreparingBudgets } from "../policy/preparing-budgets.ts";
import { compileTiers } from "../policy/tiers.ts";
import { createVisibleSchemas } from "../policy/visible-schema.ts";
import { OperationPreparer } from "../prepare/prepare-operation.ts";
import { PreparingTurns } from "../prepare/preparing-turns.ts";
import { readOwnShapers } from "../shape/own-shapers.ts";
import { openGraphqlSource } from "../sources/graphql/graphql-source.ts";
import { openGrpcSource } from "../sources/grpc/grpc-source.ts";
import { openRestSource } from "../sources/rest/rest-source.ts";
import type { Source, SourceEndpoint } from "../sources/source.ts";
import type { BudgetStore } from "../state/budget-store.ts";

/** Everything built from one state of the project's files. It owns all it opened. */
export interface Generation {
  /** The stitched supergraph. */
  readonly supergraph: GraphQLSchema;
  readonly bffs: readonly BffRuntime[];
  /** Who explores the supergraph: anybody, or whom a token of the environment's issuer names. */
  readonly callers: CallerIdentifier;
  /** Those that can change while they are in use. */
  readonly apiKeyFiles: readonly ApiKeyFile[];
  readonly warnings: readonly Problem[];
  /** Closes every connection and forgets everything. Requests under way fail. */
  dispose(): Promise<void>;
}

export interface GenerationParts {
  readonly project: Project;
  readonly environment: Environment;
  readonly settings: EnvironmentSettings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The process's; it stays open when the generation is disposed. */
  readonly budgets: BudgetStore;
  readonly load: ProcessLoad;
  readonly problems: Problems;
}

/** Opens the sources, composes them and binds the clients. Raises StartupError; nothing stays open then. */
export async function buildGeneration(parts: GenerationParts): Promise<Generation> {
  const { project, settings, logger, metrics, load, problems } = parts;
  const catalog = readDirectiveCatalog();
  const schemas = readSourceSchemas(project, catalog, problems);
  const clients = project.bffs.map((bff) => readBffSchema(bff, catalog, problems));
  const sources = openSources(schemas, parts);
  const keyStores = createKeyStores({ logger, metrics });
  const apiKeyFiles = new ApiKeyFiles();
  const standard = {
    root: project.root,
    standard: settings.jwt,
    environment: parts.environment,
    keyStores,
    apiKeyFiles,
    problems,
  };
  const callers = openIdentifier({ ...standard, file: "", anonymous: true, credentials: null });
  const identifiers = project.bffs.map(({ file, settings: { anonymous, credentials } }) =>
    openIdentifier({ ...standard, file, anonymous, credentials }),
  );
  const cors = project.bffs.map(({ file, settings: { cors: rules } }) =>
    rules === null ? null : readCorsRules(rules, file, parts),
  );
  try {
    // Composing an incomplete set would report what is only a consequence of what was reported already.
    if (sources.length === 0 || sources.length < project.sourceCount) problems.throwIfAny();
    const complete = clients.filter((client) => client !== null);
    const composition = compose(sources, complete, problems);
    const rules = composition.clients.map((bound, index) => {
      const client = complete[index];
      const bff = project.bffs[index];
      if (client === undefined || bff === undefined)
        throw new OverlockError("INTERNAL_SERVER_ERROR", "a client schema without its BFF");
      const access = compileAccess({ client, bound }, composition.model);
      checkPolicies(access, { file: bff.file, defined: Object.keys(bff.settings.policies) }, problems);
      const { assumedListSize } = bff.settings;
      return {
        access,
        costs: compileCostRules({ client, bound }, composition.model, assumedListSize, problems),
        rates: compileRateRules({ name: bff.settings.name, client, bound }, composition.model),
      };
    });
    problems.throwIfAny();
    const isLimited = rules.some(({ rates }) => !rates.isEmpty);
    const rateLimiter = isLimited ? await openRateLimiter() : null;
    const preparingTurns = new PreparingTurns({
      onWaiting: (difference) => metrics.add("overlock_preparing_documents_waiting", {}, difference),
      onWaited: (waitedMs) => metrics.observe("overlock_preparing_wait_seconds", {}, waitedMs / 1000),
    });
    const bffs = composition.clients.map((bound, index): BffRuntime => {
      const bff = project.bffs[index];
      const identifier = identifiers[index];
      const ofBff = rules[index];
      if (bff === undefined || identifier === undefined || ofBff === undefined)
        throw new OverlockError("INTERNAL_SERVER_ERROR", "a client schema without its BFF");
      const { access, costs, rates } = ofBff;
      const { name } = bff.settings;
      const preparer = new OperationPreparer(
        {
          schema: bound.schema,
          access: { ...access, rates },
          costs,
          showsSuggestions: settings.isDevelopment,
        },
        bff.settings,
        (result, entries) => {
          metrics.increment("overlock_prepare_total", { bff: name, result });
          metrics.set("overlock_prepared_operations", { bff: name }, entries);
        },
      );
      const executor = createExecutor(
        bound,
        composition.model,
        {
          ...bff.settings,
          compileFromRequest: settings.compileFromRequest,
          assemblyTurns,
          costs,
        },
        (result, err) => {
          metrics.increment("overlock_compile_total", { bff: name, result });
          if (result === "failed") logger.error({ client: name, err }, "an operation could not be compiled");
        },
      );
      return {
        settings: bff.settings,
        cors: cors[index] ?? null,
        schema: bound.schema,
        callers: identifier,
        challenges: createChallenges(bff.settings.credentials),
        access,
        costs,
        tiers: compileTiers(bff.settings),
        preparing: new PreparingBudgets(bff.settings.preparing),
        preparer,
        preparingTurns,
        executor,
        showsExplorer: bff.settings.explorer ?? settings.isDevelopment,
        showsSuggestions: settings.isDevelopment,
        introspection: bff.settings.introspection ?? (settings.isDevelopment ? "all" : "none"),
        visibleSchemas: createVisibleSchemas(bound.schema),
        sharing: bff.settings.shareRequests ? createRequestSharing() : null,
        showsPlan: bff.settings.showPlan ?? settings.isDevelopment,
        showsCost: bff.settings.showCost ?? settings.isDevelopment,
        negotiation: createNegotiation(bff.settings.locales),
        budgets: parts.budgets,
        rateLimiter: rates.isEmpty ? null : rateLimiter,
        budgetsOf: compileTierBudgets(name),
        logger,
        metrics,
        requestMetrics: new RequestMetrics(metrics, name),
        load,
      };
    });
    return {
      supergraph: composition.schema,
      bffs,
      callers,
      apiKeyFiles: apiKeyFiles.opened,
      warnings: problems.warnings,
      async dispose() {
        for (const { preparer, executor } of bffs) {
          executor.dispose();
          preparer.dispose();
        }
        await disposeAll([callers, ...identifiers, ...sources, keyStores]);
      },
    };
  } catch (error) {
    await disposeAll([callers, ...identifiers, ...sources, keyStores]);
    throw error;
  }
}

async function disposeAll(opened: readonly { dispose(): Promise<void> }[]): Promise<void> {
  await Promise.allSettled(opened.map((one) => one.dispose()));
}

/** A BFF's client schema, in the schema language and what the BFF adds to it. */
function readBffSchema(
  { file, settings, schema }: BffFolder,
  catalog: DirectiveCatalog,
  problems: Problems,
): ShapedClientSchema | null {
  const own = readOwnShapers(settings.shapers, file, catalog, problems);
  const client = own === null ? null : readClientSchema(schema.file, schema.text, own.catalog, problems);
  return own === null || client === null ? null : { ...client, ownShapers: own.definitions };
}

function readSourceSchemas(project: Project, catalog: DirectiveCatalog, problems: Problems): SourceSchema[] {
  const schemas: SourceSchema[] = [];
  for (const { file, text } of project.sourceFiles) {
    const schema = readSourceSchema(file, text, catalog, problems);
    if (schema === null) continue;
    const namesake = schemas.find((other) => other.name === schema.name);
    if (namesake === undefined) schemas.push(schema);
    else
      schema.use.refuse(["name"], `a name that no other source has (${namesake.file} has it)`, schema.name);
  }
  return schemas;
}

function openSources(schemas: readonly SourceSchema[], parts: GenerationParts): Source[] {
  const sources: Source[] = [];
  for (const schema of schemas) {
    const url = readSourceUrl(schema, parts);
    const tls = readSourceTls({ name: schema.name, url }, parts.environment, parts.problems);
    const tokens = openTokens(schema, url, parts);
    const source = openSource(schema, { url, tls, tokens }, parts);
    if (source === null) void tokens?.dispose();
    else sources.push(source);
  }
  return sources;
}

/** Nothing is asked for before the source's first call. Null where the environment has no credentials for the source. */
function openTokens(
  schema: SourceSchema,
  url: string,
  { environment, problems, metrics, logger }: GenerationParts,
): AccessTokens | null {
  const { name: source } = schema;
  const settings = readSourceOauth({ name: source, url, headers: headersOf(schema) }, environment, problems);
  if (settings === null) return null;
  return new ClientCredentials(settings, {
    onResult(result, err) {
      metrics.increment("overlock_source_tokens_total", { source, result });
      if (err !== null) logger.warn({ source, err }, "the gateway has no token for a source");
    },
  });
}

/** What a source forwards and sets, for all of its calls or for one. */
function headersOf({ forwardHeaders, headers, types }: SourceSchema): ReadonlySet<string> {
  const ofCalls = [...types.values()].flatMap(({ fields }) =>
    [...fields.values()].flatMap(({ call }) => (call?.kind === "rest" ? call.headers : [])),
  );
  return new Set([...forwardHeaders, ...[...headers, ...ofCalls].map(({ name }) => name)]);
}

function openSource(
  schema: SourceSchema,
  endpoint: SourceEndpoint,
  { project, problems }: GenerationParts,
): Source | null {
  switch (schema.kind) {
    case "rest":
      return openRestSource(schema, endpoint);
    case "grpc":
      return openGrpcSource(schema, endpoint, project.protosFolder, problems);
    case "graphql":
      return openGraphqlSource(schema, endpoint);
  }
}

/** The source's URL: the environment's, or the file's. Nothing is sent to it before all is found to be sound. */
function readSourceUrl(schema: SourceSchema, { environment, problems }: GenerationParts): string {
  const variable = sourceUrlVariable(schema.name);
  const override = environment[variable];
  if (override === undefined || protocolOfUrl(override) === protocolOf(schema.kind))
    return override ?? schema.url;
  const schemes = protocolOf(schema.kind) === "http" ? "http:// or https://" : "grpc:// or grpcs://";
  problems.error({
    place: { file: "environment", line: 0, column: 0 },
    coordinate: variable,
    expected: `a URL that begins with ${schemes}, without credentials, query and fragment`,
    found: quoted(override.replace(/\/\/[^/]*@/, "//…@")),
    hint: `it overrides the url of ${schema.file}`,
  });
  return schema.url;
}
