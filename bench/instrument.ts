import cluster from "node:cluster";
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

// Loaded into each contender that runs on Node (`--import`): tells the runner what the process has used, and records CPU
// profiles when it is told to. Ends the process when the runner is gone.

/** What the runner asks for. `profile-stop` names the file that the profile goes to. */
export type InstrumentCommand =
  | { readonly overlockBench: "usage" }
  | { readonly overlockBench: "profile-start"; readonly intervalUs: number }
  | { readonly overlockBench: "profile-stop"; readonly file: string };

/** CPU time so far, system and user, in microseconds. */
export interface InstrumentReport {
  /** Of the process: what runs JavaScript, and the threads that compile and collect garbage beside it. */
  readonly overlockBenchCpuUs: number;
  /** Of the thread that runs JavaScript. */
  readonly mainThreadUs: number;
}

// A worker of node:cluster has a channel too, which is not the runner's.
if (process.send !== undefined && !cluster.isWorker) {
  const session = new Session();
  process.on("message", (message) => {
    const command = message as InstrumentCommand;
    if (typeof command === "object" && "overlockBench" in command) void obey(session, command);
  });
  process.on("disconnect", () => process.exit(0));
  process.channel?.unref();
}

async function obey(session: Session, command: InstrumentCommand): Promise<void> {
  if (command.overlockBench === "profile-start") {
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: command.intervalUs });
    await session.post("Profiler.start");
  }
  if (command.overlockBench === "profile-stop") {
    const { profile } = await session.post("Profiler.stop");
    session.disconnect();
    writeFileSync(command.file, JSON.stringify(profile));
  }
  const all = process.cpuUsage();
  const main = process.threadCpuUsage();
  const report: InstrumentReport = {
    overlockBenchCpuUs: all.user + all.system,
    mainThreadUs: main.user + main.system,
  };
  process.send?.(report);
}
