import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { RedisSettings } from "../../gateway/config/redis-url.ts";
import { TestProcess } from "./test-process.ts";

const isInstalled = spawnSync("redis-server", ["--version"]).status === 0;

/**
 * Whether tests that start Redis are left out: where it is not installed. Under CI they fail there instead, for whoever counts
 * on them.
 */
export const isWithoutRedis = !isInstalled && process.env["CI"] !== "true";
if (isWithoutRedis)
  process.stderr.write("no redis-server on the PATH: the tests that start it are skipped\n");

/** A Redis server of the test's own. */
export class TestRedis {
  readonly port: number;
  readonly #more: readonly string[];
  #process: TestProcess;

  private constructor(port: number, more: readonly string[]) {
    this.port = port;
    this.#more = more;
    this.#process = this.#spawn();
  }

  /** On a free port; keeps nothing on disk. `more` are further settings, as `redis-server` takes them. */
  static async start(...more: readonly string[]): Promise<TestRedis> {
    if (!isInstalled) throw new Error("Expected redis-server on the PATH, found none.");
    const redis = new TestRedis(await findFreePort(), more);
    await redis.#ready();
    return redis;
  }

  /** The same by TLS alone; `files` are the settings that name its certificate. */
  static startTls(...files: readonly string[]): Promise<TestRedis> {
    return TestRedis.start("--tls", ...files);
  }

  get settings(): RedisSettings {
    const { port } = this;
    return { isTls: false, host: "127.0.0.1", port, username: null, password: null, database: 0 };
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Where it has ended: again, on the same port, knowing nothing. */
  async restart(): Promise<void> {
    this.#process = this.#spawn();
    await this.#ready();
  }

  /** Connections stay open, and nobody answers. */
  freeze(): void {
    this.#process.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process.kill("SIGCONT");
  }

  /** At once, as after a crash. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  #spawn(): TestProcess {
    const isTls = this.#more.includes("--tls");
    const port = String(this.port);
    const ports = isTls ? { port: "0", "tls-port": port } : { port };
    const settings = { ...ports, bind: "127.0.0.1", save: "", appendonly: "no" };
    const given = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    return new TestProcess("redis-server", [
      ...given,
      ...this.#more.filter((setting) => setting !== "--tls"),
    ]);
  }

  async #ready(): Promise<void> {
    await this.#process.printed(/Ready to accept connections/);
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
