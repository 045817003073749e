import { type ApiKey, readApiKeys } from "../config/api-keys.ts";
import { readText, type UnreadableFile } from "../config/read-text.ts";
import { fingerprintOf } from "../config/watch-files.ts";
import { type ProblemFacts, Problems } from "../core/problems.ts";
import { ApiKeyList } from "./api-key-list.ts";

/** Where a list of keys is. */
export interface ApiKeyFilePlace {
  readonly path: string;
  /** As messages call it: relative to the project's folder. */
  readonly name: string;
}

/** The files of keys of a generation: one for each path, whichever BFFs name it. */
export class ApiKeyFiles {
  readonly #files = new Map<string, ApiKeyFile>();

  /** What is read from it is in use from here on. Null, with every problem reported, where it can't be read or is none. */
  open(
    place: ApiKeyFilePlace,
    reportFile: (unreadable: UnreadableFile) => void,
    report: (facts: Omit<ProblemFacts, "place">) => void,
  ): ApiKeyFile | null {
    const known = this.#files.get(place.path);
    if (known !== undefined) return known;
    const fingerprint = fingerprintOf([place.path]);
    const keys = readKeys(place, reportFile, report);
    if (keys === null) return null;
    const file = new ApiKeyFile(place, keys, fingerprint);
    this.#files.set(place.path, file);
    return file;
  }

  get opened(): readonly ApiKeyFile[] {
    return [...this.#files.values()];
  }
}

/** A file of keys, and those of it that are in use. */
export class ApiKeyFile {
  readonly path: string;
  readonly name: string;
  readonly list: ApiKeyList;
  /** How the file was before it was read first. */
  readonly fingerprint: string;

  constructor({ path, name }: ApiKeyFilePlace, keys: readonly ApiKey[], fingerprint: string) {
    this.path = path;
    this.name = name;
    this.list = new ApiKeyList(keys);
    this.fingerprint = fingerprint;
  }

  /** Puts what stands in the file now in place of what is in use; how many keys that is. Raises StartupError for no list. */
  reload(): number {
    const problems = new Problems();
    const report = (facts: Omit<ProblemFacts, "place">): void =>
      problems.error({ place: { file: this.name, line: 0, column: 0 }, ...facts });
    const keys = readKeys(
      this,
      ({ expected, found }) => report({ coordinate: "keys", expected, found }),
      report,
    );
    problems.throwIfAny();
    if (keys !== null) this.list.replace(keys);
    return keys?.length ?? 0;
  }
}

function readKeys(
  { path }: ApiKeyFilePlace,
  reportFile: (unreadable: UnreadableFile) => void,
  report: (facts: Omit<ProblemFacts, "place">) => void,
): readonly ApiKey[] | null {
  const text = readText(path, maxFileBytes);
  if (typeof text === "string") return readApiKeys(text, "keys", report);
  reportFile(text);
  return null;
}

const maxFileBytes = 4 * 1024 * 1024;
