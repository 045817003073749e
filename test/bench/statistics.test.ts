import { describe, expect, test } from "vitest";
import { estimateMedian, quantileOf } from "../../bench/statistics.ts";
import { SeededRandom } from "../backends/seeded-random.ts";

describe("the median of samples", () => {
  test.each([
    [[3], { median: 3, low: 3, high: 3 }],
    [[4, 1], { median: 2.5, low: 1, high: 4 }],
    // Of five, the chance that all lie on one side of the median is 2 · ½⁵ = 6 %: there is no narrower interval.
    [[5, 3, 1, 2, 4], { median: 3, low: 1, high: 5 }],
    // Of six it is 3 %.
    [[6, 5, 3, 1, 2, 4], { median: 3.5, low: 1, high: 6 }],
    [[15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], { median: 8, low: 4, high: 12 }],
  ])("of %j and its interval", (samples, expected) => {
    expect(estimateMedian(samples)).toEqual(expected);
  });

  test("is inside the interval for 95 of 100 draws or more, however the samples are distributed", () => {
    const random = new SeededRandom(15);
    const trueMedian = Math.exp(0.5);
    const draws = 4000;
    let inside = 0;
    for (let draw = 0; draw < draws; draw++) {
      const samples = Array.from({ length: 15 }, () => Math.exp(random.next()));
      const { low, high } = estimateMedian(samples);
      if (low <= trueMedian && trueMedian <= high) inside++;
    }
    expect(inside / draws).toBeGreaterThan(0.95);
  });
});

test("a quantile is the sample below which that part of all lies", () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index);
  expect([0, 0.5, 0.95, 0.99, 1].map((part) => quantileOf(sorted, part))).toEqual([0, 50, 95, 99, 99]);
});
