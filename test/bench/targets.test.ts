import { describe, expect, test } from "vitest";
import type { Measurement } from "../../bench/comparison.ts";
import type { Results } from "../../bench/results.ts";
import { describePace, evaluateTargets, type TargetResult } from "../../bench/targets.ts";

const nothing: Results = {
  recordedAt: "2026-11-22T10:00:00.000Z",
  machine: { processor: "a processor", cores: 2, memoryGigabytes: 8, system: "linux" },
  settings: { rounds: 3, connections: 16, slotMs: 100, warmUpMs: 100 },
  versions: {},
  workloads: [],
  pairs: [],
  sharing: [],
  joining: [],
  credentials: null,
  budgets: null,
  halfLoad: null,
  preparing: null,
  lengths: [],
  workers: null,
};

function measurement(contender: string, cpuMs: readonly number[], upstreamCallsPerRequest = 1): Measurement {
  const zeros = cpuMs.map(() => 0);
  const rest = { requestsPerSecond: zeros, p50Ms: zeros, p95Ms: zeros, p99Ms: zeros, peakMegabytes: 0 };
  return { contender, cpuMs, mainThreadMs: cpuMs, upstreamCallsPerRequest, ...rest };
}

function judge(results: Partial<Results>, target: RegExp): readonly TargetResult["verdict"][] {
  return evaluateTargets({ ...nothing, ...results })
    .filter((result) => target.test(result.target))
    .map(({ verdict }) => verdict);
}

function judgePair(
  workload: string,
  other: readonly [name: string, cpuMs: readonly number[]],
  cpuMs: number[],
) {
  const measurements = [measurement("overlock", cpuMs), measurement(...other)];
  return judge({ workloads: [{ workload, measurements }] }, new RegExp(`^${workload}: .*${other[0]}`));
}

test("what was not measured is neither met nor missed", () => {
  expect(new Set(evaluateTargets(nothing).map(({ verdict }) => verdict))).toEqual(new Set(["not measured"]));
});

describe("against the limit", () => {
  const limit = ["limit", [1, 1, 1]] as const;

  test("1.10 × the limit and 30 µs are met", () => {
    expect(judgePair("rows-1000", limit, [1.1299, 1.1299, 1.1299])).toEqual(["met"]);
  });

  test("anything more is missed", () => {
    expect(judgePair("rows-1000", limit, [1.1301, 1.1301, 1.1301])).toEqual(["missed"]);
  });

  test("the median of the rounds decides, each against the limit of its own round", () => {
    expect(judgePair("trivial", ["limit", [1, 2, 3]], [1, 9, 3])).toEqual(["met"]);
    expect(judgePair("trivial", ["limit", [1, 2, 3]], [3, 2, 9])).toEqual(["missed"]);
  });
});

test("where Overlock and the limit were measured alone, that counts, for the pace of the machine, too", () => {
  const pairOf = (overlockMs: number, limitMs: number) => [
    measurement("overlock", [overlockMs]),
    measurement("limit", [limitMs]),
  ];
  const workloads = [{ workload: "rest-join", measurements: pairOf(0.9, 0.24) }];
  const judgeAlone = (overlockMs: number, limitMs: number) =>
    judge(
      { workloads, pairs: [{ workload: "rest-join", measurements: pairOf(overlockMs, limitMs) }] },
      /^rest-join: at most 1\.10/,
    );
  expect(judgeAlone(0.293, 0.24)).toEqual(["met"]);
  expect(judgeAlone(0.295, 0.24)).toEqual(["missed"]);
  expect(judgeAlone(0.587, 0.48)).toEqual(["met"]);
  expect(judge({ workloads }, /^rest-join: at most 1\.10/)).toEqual(["missed"]);
});

describe("on a slower machine", () => {
  /** Hand-written code takes 240 µs for it on the machine that the targets are of. */
  const paceOf = (ms: number) => ({
    workload: "rest-join",
    measurements: [measurement("limit", [ms, ms, ms])],
  });

  test.each([
    [0.48, 60, "met"],
    [0.48, 60.1, "missed"],
    [0.36, 45, "met"],
    [0.36, 45.1, "missed"],
    [0.12, 30, "met"],
    [0.12, 30.1, "missed"],
  ])("where hand-written code takes %d ms, %d µs above it are %s", (paceMs, moreUs, verdict) => {
    const cpuMs = [1.1 + (moreUs - 1e-6) / 1000];
    const measurements = [measurement("overlock", cpuMs), measurement("limit", [1])];
    const workloads = [paceOf(paceMs), { workload: "trivial", measurements }];
    expect(judge({ workloads }, /^trivial:/)).toEqual([verdict]);
  });

  test("all other times count as many times, shares and numbers of calls do not", () => {
    const workloads = [paceOf(0.48)];
    const upTo = (ms: number) => ({ cpuMs: [ms], trivialCpuMs: [0] });
    const verdicts = (times: number) =>
      evaluateTargets({
        ...nothing,
        workloads,
        joining: [{ workload: "rest-list", ...upTo(0.015 * times) }],
        credentials: {
          headerBytes: 800,
          anonymousCpuMs: [0],
          tokenCpuMs: [0.01 * times],
          openCpuMs: [0],
          guardedCpuMs: [0.005 * times],
        },
        halfLoad: {
          workload: "rest-list",
          requestsPerSecond: 1000,
          backendP95Ms: [0],
          gatewayP95Ms: [1.99 * times],
        },
        preparing: { fields: 200, cpuMs: [5 * times] },
      }).flatMap(({ verdict }) => (verdict === "not measured" ? [] : [verdict]));
    expect(verdicts(2)).toEqual(["met", "met", "met", "met", "met"]);
    expect(verdicts(2.1)).toEqual(["missed", "missed", "missed", "missed", "missed"]);
  });

  test("the page says so", () => {
    expect(describePace({ ...nothing, workloads: [paceOf(0.36)] })).toMatch(/1\.50 times .* 30 µs are 45\.$/);
    expect(describePace(nothing)).toMatch(/as fast\.$/);
  });
});

describe("against others", () => {
  test.each([
    ["rest-join", "stitching", 10],
    ["rest-join", "hive", 10],
    ["rest-join", "yoga-dataloader", 3.5],
    ["grpc-list", "stitching", 4],
    ["grpc-list", "hive", 6],
    ["grpc-list", "yoga-dataloader", 2],
  ])("%s costs a part of %s: 1/%d", (workload, other, divisor) => {
    expect(judgePair(workload, [other, [divisor]], [0.999])).toEqual(["met"]);
    expect(judgePair(workload, [other, [divisor]], [1.001])).toEqual(["missed"]);
  });
});

describe("against others, where hand-written code takes more than the part", () => {
  const judgeBeside = (limitMs: number, cpuMs: number) => {
    const measurements = [measurement("overlock", [cpuMs]), measurement("stitching", [10])];
    const workloads = [
      { workload: "rest-join", measurements: [...measurements, measurement("limit", [limitMs])] },
    ];
    return judge({ workloads }, /1\/10 of stitching/);
  };

  test("the target is out of reach for everybody", () => {
    expect(judgeBeside(1.001, 1.1)).toEqual(["out of reach"]);
  });

  test("it is missed where hand-written code reaches it, and met where Overlock does all the same", () => {
    expect(judgeBeside(0.999, 1.1)).toEqual(["missed"]);
    expect(judgeBeside(1.001, 0.999)).toEqual(["met"]);
  });
});

test.each([
  [0.0999, "met"],
  [0.1, "missed"],
])("%d upstream calls per request with sharing are %s", (calls, verdict) => {
  const measurements = [measurement("overlock", [1], 9), measurement("overlock-sharing", [1], calls)];
  const sharing = [{ workload: "rest-join", connections: 64, measurements }];
  expect(judge({ sharing }, /^rest-join: .*sharing on/)).toEqual([verdict]);
});

test.each([
  [15, "met"],
  [15.1, "missed"],
])("%d µs more than a trivial request are %s for one that joins another", (moreUs, verdict) => {
  const trivialCpuMs = [0.03, 0.02, 0.05];
  const cpuMs = trivialCpuMs.map((ms, round) => (round === 1 ? 1 : ms + (moreUs - 1e-6) / 1000));
  expect(judge({ joining: [{ workload: "rest-list", cpuMs, trivialCpuMs }] }, /a trivial request/)).toEqual([
    verdict,
    "not measured",
  ]);
});

test.each([
  [15, "met"],
  [15.1, "missed"],
])("%d µs for budgets are %s", (moreUs, verdict) => {
  const unpaidCpuMs = [0.03, 0.02, 0.05];
  const paidCpuMs = unpaidCpuMs.map((ms, round) => (round === 1 ? 1 : ms + (moreUs - 1e-6) / 1000));
  expect(judge({ budgets: { unpaidCpuMs, paidCpuMs } }, /demand control/)).toEqual([verdict]);
});

describe("a caller who is known", () => {
  const baseCpuMs = [0.03, 0.02, 0.05];
  const withMore = (moreUs: number): readonly number[] =>
    baseCpuMs.map((ms, round) => (round === 1 ? 1 : ms + (moreUs - 1e-6) / 1000));
  const none = { headerBytes: 800, anonymousCpuMs: [], tokenCpuMs: [], openCpuMs: [], guardedCpuMs: [] };

  test.each([
    [10, "met"],
    [10.1, "missed"],
  ])("may cost %d µs for a token that was verified before: %s", (moreUs, verdict) => {
    const credentials = { ...none, anonymousCpuMs: baseCpuMs, tokenCpuMs: withMore(moreUs) };
    expect(judge({ credentials }, /cached JWT/)).toEqual([verdict]);
  });

  test.each([
    [5, "met"],
    [5.1, "missed"],
  ])("may cost %d µs for a guard: %s", (moreUs, verdict) => {
    const credentials = { ...none, openCpuMs: baseCpuMs, guardedCpuMs: withMore(moreUs) };
    expect(judge({ credentials }, /scopes/)).toEqual([verdict]);
  });
});

test.each([
  [1.99, "met"],
  [2, "missed"],
])("%d ms added to the 95th percentile are %s", (addedMs, verdict) => {
  const backendP95Ms = [10, 20, 5];
  const gatewayP95Ms = backendP95Ms.map((ms) => ms + addedMs);
  const halfLoad = { workload: "rest-list", requestsPerSecond: 100, gatewayP95Ms, backendP95Ms };
  expect(judge({ halfLoad }, /half load/)).toEqual([verdict]);
});

test.each([
  [5, "met"],
  [5.01, "missed"],
])("%d ms until 200 fields are compiled are %s", (ms, verdict) => {
  expect(judge({ preparing: { fields: 200, cpuMs: [0, ms, 99] } }, /200 fields/)).toEqual([verdict]);
});

test.each([
  [1.19, "met"],
  [1.21, "missed"],
])("a row whose cost grows %d × as much as that of hand-written code is %s", (growth, verdict) => {
  const costOf = (length: number, rowGrowth: number): number =>
    0.1 + Math.min(length, 1000) * 0.002 + Math.max(0, length - 1000) * 0.002 * rowGrowth;
  const lengths = [10, 1000, 10_000].map((length) => ({
    length,
    measurements: [
      measurement("limit", [costOf(length, 1.4)]),
      measurement("overlock", [costOf(length, 1.4 * growth)]),
    ],
  }));
  expect(judge({ lengths }, /linear/)).toEqual([verdict]);
});

test.each([
  [1801, "met"],
  [1799, "missed"],
])("two workers with %d requests per second against 1,000 are %s", (two, verdict) => {
  expect(judge({ workers: { workload: "rest-join", one: [1000], two: [two] } }, /workers/)).toEqual([
    verdict,
  ]);
});
