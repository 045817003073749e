import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, promises, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** How many threads Node's pool has. */
const threads = 4;

/**
 * Keeps every thread of this process's pool busy until it is released, without CPU: each waits for somebody to write
 * into a named pipe. What else needs a thread waits behind.
 */
export function blockThreadPool(): { release(): Promise<void> } {
  const folder = mkdtempSync(path.join(tmpdir(), "overlock-pool-"));
  const pipe = path.join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const opened = Promise.all(Array.from({ length: threads }, () => promises.open(pipe, "r")));
  return {
    async release() {
      // Lets in every reader, those as well that have no thread yet.
      const writer = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
      for (const reader of await opened) await reader.close();
      closeSync(writer);
      rmSync(folder, { recursive: true });
    },
  };
}
