import { readFileSync, writeFileSync } from "node:fs";
import type { Measurement } from "./comparison.ts";

/** Everything that one run has measured. What it left out is absent or empty. */
export interface Results {
  /** RFC 3339, of the end of the run. */
  readonly recordedAt: string;
  readonly machine: Machine;
  readonly settings: {
    readonly rounds: number;
    readonly connections: number;
    readonly slotMs: number;
    readonly warmUpMs: number;
  };
  /** Of Node and of each package that is compared, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly workloads: readonly WorkloadResult[];
  /** The limit and Overlock alone, so that neither loses its caches to seven others between its turns. */
  readonly pairs: readonly WorkloadResult[];
  /** 64 connections that ask for the same. */
  readonly sharing: readonly SharingResult[];
  readonly joining: readonly JoiningResult[];
  readonly credentials: CredentialsResult | null;
  readonly budgets: BudgetsResult | null;
  readonly halfLoad: HalfLoadResult | null;
  readonly preparing: PreparingResult | null;
  readonly lengths: readonly LengthResult[];
  readonly workers: WorkersResult | null;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly system: string;
}

export interface WorkloadResult {
  readonly workload: string;
  readonly measurements: readonly Measurement[];
}

export interface SharingResult {
  readonly workload: string;
  readonly connections: number;
  readonly measurements: readonly Measurement[];
}

/** CPU time per request in milliseconds of 64 connections that ask for the same, one element for each round. */
export interface JoiningResult {
  readonly workload: string;
  readonly cpuMs: readonly number[];
  /** Of requests that need no call, in the same rounds. */
  readonly trivialCpuMs: readonly number[];
}

/** CPU time per request in milliseconds of requests that call nobody, in one process, one element for each round. */
export interface CredentialsResult {
  /** What the requests with a token are longer than those without. */
  readonly headerBytes: number;
  readonly anonymousCpuMs: readonly number[];
  /** The same request with a token that has been verified before. */
  readonly tokenCpuMs: readonly number[];
  /** With the token, for a field that everybody may read. */
  readonly openCpuMs: readonly number[];
  /** With the token, for the same under another name and guarded by a scope that the token has. */
  readonly guardedCpuMs: readonly number[];
}

/** CPU time per request in milliseconds of trivial requests, in one process, one element for each round. */
export interface BudgetsResult {
  readonly unpaidCpuMs: readonly number[];
  /** Of a BFF that charges each request to a token bucket and to a quota, in the process. */
  readonly paidCpuMs: readonly number[];
}

/** At half of what the gateway bears at most, one element for each round. */
export interface HalfLoadResult {
  readonly workload: string;
  readonly requestsPerSecond: number;
  readonly gatewayP95Ms: readonly number[];
  /** Of the same backend, asked directly at the same rate. */
  readonly backendP95Ms: readonly number[];
}

/** CPU time in milliseconds that operations cost until they are compiled, without their runs; one element for each. */
export interface PreparingResult {
  readonly fields: number;
  readonly cpuMs: readonly number[];
}

export interface LengthResult {
  readonly length: number;
  readonly measurements: readonly Measurement[];
}

export interface WorkersResult {
  readonly workload: string;
  /** Requests per second with one worker and with two, one element for each round. */
  readonly one: readonly number[];
  readonly two: readonly number[];
}

/** The results that the repository keeps, from which docs/performance.md is made. */
export function readRecordedResults(): Results {
  return parseResults(readFileSync(recordedResultsUrl, "utf8"));
}

/** Results as they were written, also before there were all of today's measurements. */
export function parseResults(text: string): Results {
  return { pairs: [], credentials: null, budgets: null, ...(JSON.parse(text) as PartialResults) };
}

/** Keeps results in the repository, each list of rounds on a line of its own. */
export function writeRecordedResults(results: Results): void {
  const text = JSON.stringify(results, null, 1).replaceAll(/\[[-\d.,\s]+\]/g, (list) =>
    JSON.stringify(JSON.parse(list)),
  );
  writeFileSync(recordedResultsUrl, `${text}\n`);
}

type LaterResults = Pick<Results, "pairs" | "credentials" | "budgets">;
type PartialResults = Omit<Results, keyof LaterResults> & Partial<LaterResults>;

const recordedResultsUrl = new URL("results.json", import.meta.url);
