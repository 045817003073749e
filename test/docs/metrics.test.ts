import { describe, expect, test } from "vitest";
import { metricCatalog, Metrics } from "../../gateway/observe/metrics.ts";
import { cellOf, codeOf, readMarkdownDocument, tableUnder } from "./markdown-document.ts";

describe("docs/metrics.md", () => {
  const document = readMarkdownDocument("docs/metrics.md");
  const { rows } = tableUnder(document, "The gateway's own");

  test("lists exactly the metrics of the catalog, with kind, labels and help", () => {
    const documented = rows.map((row) => [
      codeOf(row, "metric"),
      { kind: cellOf(row, "kind"), help: cellOf(row, "help"), labels: readLabels(cellOf(row, "labels")) },
    ]);
    expect(documented).toEqual(
      Object.entries(metricCatalog).map(([name, { kind, help, labels }]) => [name, { kind, help, labels }]),
    );
  });

  test("explains every label", () => {
    const explained = tableUnder(document, "Labels").rows.map((row) => codeOf(row, "label"));
    const used = new Set(Object.values(metricCatalog).flatMap((entry) => entry.labels));
    expect(explained.toSorted()).toEqual([...used].toSorted());
  });

  test("lists the upper bounds of the histograms' buckets", async () => {
    const metrics = new Metrics();
    metrics.observe("overlock_request_duration_seconds", { bff: "web" }, 0.001);
    const bounds = [
      ...(await metrics.expose()).matchAll(/^overlock_request_duration_seconds_bucket\{le="([0-9.]+)"/gm),
    ].map((match) => match[1]);
    const line = document.inlineCodes.map(({ text }) => text).find((text) => text.startsWith("0.001"));
    expect(line?.split(", ")).toEqual(bounds);
  });

  test("names the prefixes of everything else that is exposed", async () => {
    const names = [...(await new Metrics().expose()).matchAll(/^# TYPE (\S+)/gm)].map(
      (match) => match[1] ?? "",
    );
    expect(names.filter((name) => !/^(?:overlock|process|nodejs)_/.test(name))).toEqual([]);
    const prefixes = document.inlineCodes.map(({ text }) => text).filter((text) => text.endsWith("_*"));
    expect(prefixes).toEqual(["process_*", "nodejs_*"]);
  });
});

function readLabels(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}
