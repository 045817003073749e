import { type FileWatch, watchFiles } from "../config/watch-files.ts";
import type { ApiKeyFile } from "../identity/api-key-files.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";

export interface ApiKeyWatch {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How often the file is looked at, in milliseconds. */
  readonly intervalMs?: number;
}

/** Takes up the keys of a file whenever it changes, and keeps those before where the new ones are no use. */
export function watchApiKeys(
  file: ApiKeyFile,
  { logger, metrics, intervalMs = lookEveryMs }: ApiKeyWatch,
): FileWatch {
  const reload = (): void => {
    try {
      const keys = file.reload();
      metrics.increment("overlock_api_key_reloads_total", { result: "done" });
      logger.info({ file: file.name, keys }, "API keys reloaded");
    } catch (error) {
      metrics.increment("overlock_api_key_reloads_total", { result: "failed" });
      logger.warn(
        { file: file.name, err: error },
        "API keys could not be reloaded, the ones before stay in use",
      );
    }
  };
  return watchFiles({ files: [file.path], used: file.fingerprint, reload, intervalMs });
}

/** A change is taken up at the second look: within two seconds. */
const lookEveryMs = 1000;
