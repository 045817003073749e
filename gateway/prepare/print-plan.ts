import type { DescribedField, PlanDescription } from "./describe-plan.ts";
import type { DescribedStep } from "./describe-step.ts";
import { type CallEstimate, estimateCalls } from "./estimate-calls.ts";

/** The list sizes that a printed plan counts upstream calls for. */
export const estimatedListSizes = [1, 10, 100, 1000] as const;

/**
 * A plan as text for people: what waits for something stands below it, further in, under the response path at which its
 * objects stand; at the end the upstream calls for lists of some sizes. Equal plans have equal texts. Lines end with
 * "\n", the last one too.
 */
export function printPlan(plan: PlanDescription): string {
  const lines = [
    [plan.kind, plan.operation].filter((part) => part !== null).join(" "),
    ...alignColumns(treeOf(plan).map(cellsOfLine)),
  ];
  const { resolved } = plan;
  if (resolved.length > 0) {
    lines.push("", "read object by object:");
    lines.push(...alignColumns(resolved.map(({ path, reason }) => [`  ${path}`, reason])));
  }
  const { denied } = plan;
  if (denied.length > 0) {
    lines.push("", "denied:");
    const cells = denied.map(({ path, coordinate, failed }) => [`  ${path}`, coordinate, failed.join(", ")]);
    lines.push(...alignColumns(cells));
  }
  lines.push("", ...tableOf(plan));
  return `${lines.join("\n")}\n`;
}

interface TreeNode {
  readonly item: DescribedStep | DescribedField;
  readonly children: TreeNode[];
}

interface TreeLine {
  /** What draws the tree. */
  readonly indent: string;
  readonly item: DescribedStep | DescribedField;
  /** The path below the step that it stands under. */
  readonly label: string;
}

/** Everything stands under the last of the steps that it waits for. */
function treeOf({ steps, resolved }: PlanDescription): TreeLine[] {
  const nodes = new Map<number, TreeNode>();
  const roots: TreeNode[] = [];
  for (const item of [...steps, ...resolved]) {
    const node: TreeNode = { item, children: [] };
    if ("id" in item) nodes.set(item.id, node);
    const parent = item.after.length === 0 ? undefined : nodes.get(Math.max(...item.after));
    (parent?.children ?? roots).push(node);
  }
  // Sorting is stable, and what is in no step's number is told by its root only.
  roots.sort((left, right) => left.item.root - right.item.root);
  return roots.flatMap((node, index) =>
    linesOf(node, null, { indent: "", isLast: index === roots.length - 1 }),
  );
}

function linesOf(
  { item, children }: TreeNode,
  parent: TreeNode["item"] | null,
  { indent, isLast }: { readonly indent: string; readonly isLast: boolean },
): TreeLine[] {
  const line = { indent: `${indent}${isLast ? "└─ " : "├─ "}`, item, label: labelOf(item, parent) };
  const below = `${indent}${isLast ? "   " : "│  "}`;
  return [
    line,
    ...children.flatMap((child, index) =>
      linesOf(child, item, { indent: below, isLast: index === children.length - 1 }),
    ),
  ];
}

function labelOf(item: TreeNode["item"], parent: TreeNode["item"] | null): string {
  const below = parent?.path ?? "";
  const fields = "fields" in item ? item.fields : [];
  const [first, ...others] = fields;
  // A further row of objects that are there already is told apart by what is read of it.
  const isOfObjects = "kind" in item && item.kind.endsWith("lookup") && !isSamePath(item.path, below);
  if (first === undefined || isOfObjects) return pathBelow(item.path, below);
  return [pathBelow(first, below), ...others.map((path) => pathBelow(path, first))].join(", ");
}

function isSamePath(path: string, other: string): boolean {
  return path.replaceAll(marks, "") === other.replaceAll(marks, "");
}

/** What of a path is not in the other one; its last part at least. */
function pathBelow(path: string, other: string): string {
  const parts = path.split(".");
  const known = other.split(".");
  let shared = 0;
  while (shared < parts.length - 1 && nameOf(parts[shared]) === nameOf(known[shared])) shared++;
  return parts.slice(shared).join(".");
}

/** A part of a path without `[]` and `<Type>`; none is equal to a part that is not there. */
function nameOf(part: string | undefined): string | undefined {
  return part?.replaceAll(marks, "");
}

/** What is said of a path's part besides its name. */
const marks = /\[\]|<\w+>/g;

function cellsOfLine({ indent, item, label }: TreeLine): string[] {
  if (!("id" in item))
    return [`${indent}${label}`, item.sources.join(", "), "object by object", "", whenOf(item)];
  const { id, source, template, arguments: args } = item;
  const pairs = Object.entries(args).map(([name, text]) => `${name}: ${text}`);
  const sent = pairs.length === 0 ? template : `${template} (${pairs.join(", ")})`;
  return [`${indent}#${id} ${label}`, source, sent, howOf(item), whenOf(item)];
}

function howOf(step: DescribedStep): string {
  const { kind, batch, reads, lists, joins, asksFor, isShared, goesOnFrom } = step;
  const facts =
    goesOnFrom === null ? [] : [`the page behind that of #${goesOnFrom}, where that is not enough`];
  if (batch === null) {
    if (reads.length === 0) facts.push("1 call");
    else facts.push(`${lists.length === 0 ? "1 call" : "1 call for each"}, by ${reads.join(", ")}`);
  } else {
    const { key, maxSize, isPerObject, of, keyList } = batch;
    const each = isPerObject && lists.length > 0 ? ", each object by itself" : "";
    const what = kind.endsWith("lookup") ? "lookup by" : "by";
    facts.push(
      `${what} ${of === null ? "" : `${of}.`}${key}${keyList === null ? "" : "[]"}, ≤ ${maxSize} a call${each}`,
    );
  }
  if (asksFor !== null) facts.push(`only ${asksFor.join(" ")}`);
  if (joins !== null) facts.push(`with #${joins}`);
  if (isShared) facts.push("shared");
  return facts.join(", ");
}

function whenOf({ after, root }: DescribedStep | DescribedField): string {
  if (after.length > 0) return `after ${after.map((id) => `#${id}`).join(", ")}`;
  return root === 0 ? "at once" : "after the field before";
}

function tableOf(plan: PlanDescription): string[] {
  const estimates = estimatedListSizes.map((size) => estimateCalls(plan, size));
  const row = (title: string, count: (estimate: CallEstimate) => number): string[] => [
    title,
    ...estimates.map((estimate) => String(count(estimate))),
  ];
  const counted = plan.steps
    .map((step, index) => ({ step, index }))
    .filter(({ step }) => step.joins === null);
  const rows = [
    row("at most, with lists of", ({ listSize }) => listSize),
    ...counted.map(({ step, index }) =>
      row(`  #${step.id} ${step.coordinate}`, ({ steps }) => steps[index] ?? 0),
    ),
    row("  in total", ({ total }) => total),
  ];
  if (plan.resolved.length > 0)
    rows.push(row("  and for so many objects one by one", ({ resolvedObjects }) => resolvedObjects));
  return ["upstream calls", ...alignNumbers(rows)];
}

/** All columns but the last have one width. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = widthsOf(rows);
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** The first column to the left, numbers to the right. */
function alignNumbers(rows: readonly (readonly string[])[]): string[] {
  const widths = widthsOf(rows);
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const [first = []] = rows;
  return first.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
}
