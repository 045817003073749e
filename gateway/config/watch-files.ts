import { statSync } from "node:fs";
import { systemCode } from "./read-text.ts";

export interface FileWatchSettings {
  readonly files: readonly string[];
  /** How they were, by {@link fingerprintOf}, before what is in use was read from them. */
  readonly used: string;
  /** Called when they have changed; reads them, and copes with what they are. */
  readonly reload: () => void;
  /** How often they are looked at, in milliseconds. */
  readonly intervalMs: number;
}

export interface FileWatch {
  /** Reads them at once, changed or not. */
  reloadNow(): void;
  stop(): void;
}

/**
 * Looks at files again and again. They are read when they have changed and were the same for one look: several seldom
 * change in the same moment, and a file is not written in one. Nothing waits for it to end.
 */
export function watchFiles({ files, used: usedAtStart, reload, intervalMs }: FileWatchSettings): FileWatch {
  let used = usedAtStart;
  let seen = used;
  const timer = setInterval(() => {
    const found = fingerprintOf(files);
    const isSettled = found === seen;
    seen = found;
    if (!isSettled || found === used) return;
    used = found;
    reload();
  }, intervalMs);
  timer.unref();
  return {
    reloadNow() {
      used = fingerprintOf(files);
      seen = used;
      reload();
    },
    stop: () => clearInterval(timer),
  };
}

/** Differs whenever one of the files was written, replaced, or is another one behind the same name. */
export function fingerprintOf(files: readonly string[]): string {
  return files.map(factsOf).join("\n");
}

function factsOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    // Not there, or not for us: who reads it says so.
    return systemCode(error);
  }
}
