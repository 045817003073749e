import { describe, expect, test } from "vitest";
import { Comparison } from "../../bench/comparison.ts";
import { findContender, overlockWithWorkers } from "../../bench/contenders.ts";
import { buildExpectedAnswer } from "../../bench/expected-answer.ts";
import { findWorkload, workloads } from "../../bench/workloads.ts";

const contenders = ["limit", "overlock"].map(findContender);

describe("a comparison", () => {
  // Each starts three processes.
  test.each(["mixed", "mobile-home"])(
    "of %s finds that Overlock answers as the hand-written code, with as many calls",
    async (name) => {
      const comparison = await Comparison.start(findWorkload(name), contenders);
      try {
        const settings = { rounds: 2, connections: 2, slotMs: 20, turns: 2, warmUpMs: 20 };
        const [limit, overlock] = await comparison.measure(settings);
        expect(overlock?.upstreamCallsPerRequest).toBe(limit?.upstreamCallsPerRequest);
        expect(overlock?.upstreamCallsPerRequest).toBeGreaterThan(0);
        for (const cpuMs of [...(limit?.cpuMs ?? []), ...(overlock?.cpuMs ?? [])])
          expect(cpuMs).toBeGreaterThan(0);
        for (const measurement of [limit, overlock]) expect(measurement?.mainThreadMs[0]).toBeGreaterThan(0);
      } finally {
        await comparison.stop();
      }
    },
  );

  test("takes the processes of several workers together", async () => {
    const pair = [findContender("overlock"), overlockWithWorkers(2)];
    const comparison = await Comparison.start(findWorkload("rest-list"), pair);
    try {
      const settings = { rounds: 1, connections: 4, slotMs: 50, turns: 2, warmUpMs: 20 };
      const [alone, workers] = await comparison.measure(settings);
      // The process that hands out connections, and two that answer.
      expect(workers?.peakMegabytes).toBeGreaterThan(1.5 * (alone?.peakMegabytes ?? Infinity));
      expect(workers?.upstreamCallsPerRequest).toBe(1);
    } finally {
      await comparison.stop();
    }
  });

  test("does not begin when an answer is wrong", async () => {
    const workload = {
      ...findWorkload("rest-list"),
      query: "query Rows($first: Int!) { posts(first: $first) { id } }",
    };
    await expect(Comparison.start(workload, [findContender("limit")])).rejects.toThrow(
      /limit, rest-list: expected the answer/,
    );
  });
});

test("every workload's answer has no errors and is not empty", async () => {
  for (const workload of workloads) {
    const { data, errors } = (await buildExpectedAnswer(workload)) as { data: object; errors?: unknown };
    expect(errors).toBeUndefined();
    expect(Object.values(data).every((value) => value !== null)).toBe(true);
  }
});
