import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type FileWatch, fingerprintOf, watchFiles } from "../../gateway/config/watch-files.ts";

const intervalMs = 1000;
let folder: string;
let file: string;
let watch: FileWatch;
let reloads = 0;

beforeEach(() => {
  vi.useFakeTimers();
  folder = mkdtempSync(path.join(tmpdir(), "overlock-watch-"));
  file = path.join(folder, "keys.json");
  writeFileSync(file, "1");
  reloads = 0;
  start(fingerprintOf([file]));
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function start(used: string): void {
  watch = watchFiles({ files: [file], used, reload: () => void (reloads += 1), intervalMs });
}

function look(times = 1): number {
  vi.advanceTimersByTime(times * intervalMs);
  return reloads;
}

it("a file that stays as it is is not read again", () => {
  expect(look(10)).toBe(0);
});

it("one that has changed is read once, at the second look that finds it so", () => {
  writeFileSync(file, "22");
  expect([look(), look(), look(5)]).toEqual([0, 1, 1]);
});

it("one that goes on changing is read when it stands still", () => {
  for (let bytes = 2; bytes < 6; bytes++) {
    writeFileSync(file, "x".repeat(bytes));
    expect(look()).toBe(0);
  }
  expect(look(3)).toBe(1);
});

it("another file in its place, its loss and its return are changes", () => {
  writeFileSync(`${file}.new`, "1");
  renameSync(`${file}.new`, file);
  expect(look(3)).toBe(1);
  unlinkSync(file);
  expect(look(3)).toBe(2);
  const target = path.join(folder, "target");
  writeFileSync(target, "1");
  symlinkSync(target, file);
  expect(look(3)).toBe(3);
  const other = path.join(folder, "other");
  writeFileSync(other, "1");
  unlinkSync(file);
  symlinkSync(other, file);
  expect(look(3)).toBe(4);
  chmodSync(other, 0o600);
  expect(look(3)).toBe(5);
});

it("a change between reading it first and the first look is noticed", () => {
  watch.stop();
  const used = fingerprintOf([file]);
  writeFileSync(file, "changed while the gateway started");
  start(used);
  expect(look(2)).toBe(1);
});

it("is read at once when that is asked for, changed or not, and not again for the same change", () => {
  writeFileSync(file, "22");
  watch.reloadNow();
  watch.reloadNow();
  expect([reloads, look(5)]).toEqual([2, 2]);
});

it("a name that can't be looked at is one more way to be", () => {
  expect(fingerprintOf([path.join(file, "below")])).toBe("ENOTDIR");
  expect(fingerprintOf([file, path.join(folder, "none")])).toMatch(/\nENOENT$/);
});
