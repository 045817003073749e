import cluster from "node:cluster";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import pc from "picocolors";
import { formatProblem, StartupError } from "../core/problems.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import { checkProject } from "../server/check-project.ts";
import { UnknownNameError } from "../server/open-runtime.ts";
import { runUntilSignal } from "../server/run-until-signal.ts";
import { runWorker } from "../server/run-worker.ts";
import { startProcesses } from "../server/start-workers.ts";
import { costFiles, type CostOptions } from "./cost.ts";
import { formatRefusal, parseNames, parseVariables, planFile, type PlanOptions } from "./plan.ts";
import { MisuseError } from "./read-document.ts";
import { refuseMissingValues } from "./refuse-missing-values.ts";

/**
 * Runs one command line, without the program's name. Resolves to the exit status: 0, 1 for a refusal, 2 for misuse; of
 * `cost`, 1 for a limit that is broken, 2 for misuse and for a document that the BFF does not take.
 */
export async function main(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = new Command("overlock")
    .description("A GraphQL gateway per client app, from schemas alone.")
    .exitOverride();
  program
    .command("start")
    .description("start the gateway of the project in a folder")
    .option("--root <folder>", "the folder with schemas/, protos/ and bff-*/", process.cwd())
    .option(
      "--workers <number>",
      "how many processes serve, or auto: one for each CPU (default: WORKERS, or 1)",
    )
    .action(async ({ root, workers }: { root: string; workers?: string }) => {
      const environment = { ...process.env, ...(workers !== undefined && { WORKERS: workers }) };
      if (cluster.worker !== undefined) return runWorker({ root, environment }, cluster.worker.id);
      const worker = { program: launcher, args: ["start", `--root=${root}`] };
      await runUntilSignal(() => startProcesses({ root, environment }, worker));
    });
  program
    .command("check")
    .description(
      "do all of a start but listening: report every problem of schemas, protos, configs and environment",
    )
    .option("--root <folder>", "the folder with schemas/, protos/ and bff-*/", process.cwd())
    .action(async ({ root }: { root: string }) => {
      const warnings = await checkProject(root, process.env);
      for (const warning of warnings)
        process.stdout.write(`${pc.yellow("warning")} ${formatProblem(warning)}\n\n`);
      process.stdout.write(`${pc.green("ok")} no problems, ${warnings.length} warnings\n`);
    });
  program
    .command("plan")
    .description("print what an operation fetches, and what of it waits for what; nothing is called")
    .argument("<file>", "a GraphQL document; - reads standard input")
    .requiredOption("--bff <name>", "the BFF whose operation it is")
    .option("--operation <name>", "the operation, where the document has several")
    .option(
      "--variables <json>",
      "what @skip and @include depend on; nothing else changes a plan",
      parseVariables,
    )
    .option(
      "--scopes <names>",
      "what a caller gets who has these scopes, with commas between them, and no policy lets",
      parseNames,
    )
    .option("--policies <names>", "what a caller gets whom these policies let, and no others", parseNames)
    .option("--anonymous", "what a caller gets who has no credential")
    .option("--json", "as plain data")
    .option("--root <folder>", "the folder with schemas/, protos/ and bff-*/", process.cwd())
    .action(async (file: string, options: PlanOptions) => {
      try {
        const { text, hints } = await planFile(file, options);
        process.stdout.write(text);
        for (const hint of hints) process.stderr.write(`hint: ${hint}\n`);
      } catch (error) {
        if (!(error instanceof RequestRefusal)) throw error;
        process.stderr.write(formatRefusal(file, error));
        status = 1;
      }
    });
  program
    .command("cost")
    .description(
      "print what operations would cost, and which limits they break (exit status 1); nothing is called",
    )
    .argument("<files...>", "GraphQL documents; - reads standard input")
    .requiredOption("--bff <name>", "the BFF whose operations they are")
    .option("--tier <name>", "the tier of callers whose limits hold")
    .option("--variables <json>", "the variables of all operations: a file, or a JSON object")
    .option("--json", "as plain data")
    .option("--root <folder>", "the folder with schemas/, protos/ and bff-*/", process.cwd())
    .action(async (files: readonly string[], options: CostOptions) => {
      const printed = await costFiles(files, options);
      process.stdout.write(printed.text);
      process.stderr.write(printed.refusals);
      status = printed.status;
    });
  try {
    refuseMissingValues(program, args);
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) status = error.exitCode === 0 ? 0 : 2;
    else if (error instanceof MisuseError || error instanceof UnknownNameError) {
      process.stderr.write(`error: ${error.message}\n`);
      status = 2;
    } else if (error instanceof StartupError) {
      process.stderr.write(`${error.message}\n`);
      status = 1;
    } else throw error;
  }
  return status;
}

/** What a worker runs: this command line, in a process of its own. */
const launcher = fileURLToPath(new URL("overlock.js", import.meta.url));
