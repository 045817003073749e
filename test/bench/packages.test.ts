import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly resolved?: string }>>;
}

const ours = readLockfile("../../package-lock.json");
const theirs = readLockfile("../../bench/package-lock.json");

describe("the packages of bench/", () => {
  test.each([
    "graphql",
    "undici",
    "@grpc/grpc-js",
    "@grpc/proto-loader",
    "graphql-yoga",
    "dataloader",
    "@graphql-tools/stitch",
    "@graphql-tools/delegate",
  ])("%s has the version that the product has, so that nothing else is compared", (name) => {
    expect(versionOf(theirs, name)).toBe(versionOf(ours, name));
  });

  test("name no registry, so that npm takes whatever one is set up", () => {
    const named = Object.values(theirs.packages).filter(({ resolved }) => resolved !== undefined);
    expect(named).toEqual([]);
  });
});

function readLockfile(file: string): Lockfile {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")) as Lockfile;
}

function versionOf({ packages }: Lockfile, name: string): string | undefined {
  return packages[`node_modules/${name}`]?.version;
}
