#!/usr/bin/env node
// Runs the command line on Node 24: on this process where it is new enough, else on the Node that came with the package.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { setFlagsFromString } from "node:v8";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 24 || (major === 24 && minor >= 12)) {
  // Else the engine allocates among what is old what requests hold that are under way, and it stays when they have ended.
  // Before our own code is read, of which nothing is compiled yet.
  setFlagsFromString("--no-allocation-site-pretenuring");
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2));
} else {
  const node = findBundledNode();
  if (node === null) {
    process.stderr.write(`overlock needs Node 24.12 or newer; this is ${process.versions.node}.\n`);
    process.exit(1);
  }
  const child = spawn(node, [import.meta.filename, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to both of us; the child takes a second one as the wish to end at once.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1;
  });
}

function findBundledNode() {
  try {
    const name = `node-${process.platform}-${process.arch}`;
    const folder = path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    const node = path.join(folder, "bin", "node");
    return existsSync(node) ? node : null;
  } catch {
    return null;
  }
}
