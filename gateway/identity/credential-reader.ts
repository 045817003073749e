import path from "node:path";
import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import { readApiKeys } from "../config/api-keys.ts";
import type { ConfigText } from "../config/credentials.ts";
import type { Environment } from "../config/environment.ts";
import { type EnvironmentReference, readReference } from "../config/environment-reference.ts";
import { isReadableOnItsWay, plainTextWarning } from "../config/plain-text.ts";
import { readText } from "../config/read-text.ts";
import type { ProblemFacts, Problems } from "../core/problems.ts";
import type { ApiKeyFiles } from "./api-key-files.ts";
import { ApiKeyList } from "./api-key-list.ts";

export interface CredentialReaderParts {
  /** The project's folder. */
  readonly root: string;
  /** The BFF's config file, relative to it. */
  readonly file: string;
  readonly environment: Environment;
  readonly problems: Problems;
}

/** Reads what a credential of a config refers to, and reports what can't be had. */
export class CredentialReader {
  readonly #coordinate: string;
  readonly #parts: CredentialReaderParts;

  /** `coordinate` is the credential's own, `credentials[1]`. */
  constructor(coordinate: string, parts: CredentialReaderParts) {
    this.#coordinate = coordinate;
    this.#parts = parts;
  }

  /** Null, with a problem reported, where the environment does not have it. */
  text(value: ConfigText, name: string): string | null {
    const text = readReference(value, this.#parts.environment);
    if (text === null && typeof value !== "string") {
      const expected = `a value of the environment variable ${value.environmentVariable}`;
      this.report(name, { expected, found: "nothing" });
    }
    return text;
  }

  /** Null, with a problem reported, where it is not an address that requests can be sent to. */
  url(value: ConfigText, name: string): string | null {
    const text = this.text(value, name);
    if (text === null) return null;
    if (isPlainHttpUrl(text)) {
      if (isReadableOnItsWay(text)) this.#warnOfPlainText(name);
      return text;
    }
    const expected = "a URL that begins with http:// or https://, without credentials and fragment";
    this.report(name, { expected, found: "another text" });
    return null;
  }

  /** The absolute path of a file with a key set; null, with a problem reported, where there is none. */
  keyFile(file: ConfigText, name: string): string | null {
    const relative = this.text(file, name);
    if (relative === null) return null;
    const absolute = path.resolve(this.#parts.root, path.dirname(this.#parts.file), relative);
    const text = readText(absolute, maxKeysBytes);
    if (typeof text !== "string") {
      this.report(name, text);
      return null;
    }
    try {
      createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
      return absolute;
    } catch {
      // The text is not repeated: what stands where public keys belong may be a private one.
      this.report(name, { expected: "a JSON Web Key Set", found: "something else" });
      return null;
    }
  }

  /** Null, with every problem reported, where the file or the list in it can't be read. */
  apiKeysIn(file: ConfigText, name: string, files: ApiKeyFiles): ApiKeyList | null {
    const relative = this.text(file, name);
    if (relative === null) return null;
    const folder = path.dirname(this.#parts.file);
    const place = {
      path: path.resolve(this.#parts.root, folder, relative),
      name: path.join(folder, relative).split(path.sep).join("/"),
    };
    const opened = files.open(
      place,
      (unreadable) => this.report(name, unreadable),
      (facts) => this.#reportIn(place.name, facts),
    );
    return opened?.list ?? null;
  }

  /** The same for a list in the environment. */
  apiKeysOf(reference: EnvironmentReference, name: string): ApiKeyList | null {
    const text = this.text(reference, name);
    if (text === null) return null;
    const { environmentVariable } = reference;
    const keys = readApiKeys(text, environmentVariable, (facts) => this.#reportIn("environment", facts));
    return keys === null ? null : new ApiKeyList(keys);
  }

  /** `name` is the option's, inside the credential; empty for the credential as a whole. */
  report(name: string, facts: Omit<ProblemFacts, "place" | "coordinate">): void {
    const coordinate = name === "" ? this.#coordinate : `${this.#coordinate}.${name}`;
    const { expected, found, hint = null } = facts;
    this.#reportIn(this.#parts.file, { coordinate, expected, found, hint });
  }

  #warnOfPlainText(name: string): void {
    this.#parts.problems.warn({
      place: { file: this.#parts.file, line: 0, column: 0 },
      coordinate: `${this.#coordinate}.${name}`,
      ...plainTextWarning,
    });
  }

  #reportIn(file: string, facts: Omit<ProblemFacts, "place">): void {
    const place = { file: file.split(path.sep).join("/"), line: 0, column: 0 };
    this.#parts.problems.error({ place, ...facts });
  }
}

const maxKeysBytes = 4 * 1024 * 1024;

function isPlainHttpUrl(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password, hash } = new URL(text);
  return username === "" && password === "" && hash === "";
}
