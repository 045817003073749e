import { hash } from "node:crypto";
import { Redis, ReplyError } from "ioredis";
import type { RedisSettings } from "../config/redis-url.ts";
import { shortened } from "../core/errors.ts";
import { stateOf, untilWindowEndsMs } from "./budget-arithmetic.ts";
import type { BudgetRule, Charge, Reservation, Settlement, Taken } from "./budget-store.ts";
import type { RemoteStore } from "./guarded-store.ts";
import { reserveScript, settleScript } from "./redis-scripts.ts";
import { StoreFailure } from "./store-failure.ts";

type Script = (keyCount: number, ...keysAndArguments: readonly string[]) => Promise<unknown>;

/**
 * Budgets in Redis, for all processes and instances that name the same server and database. All charges of a reservation are
 * one script, which Redis runs with nothing beside it and by its own clock. Nothing is sent again whose fate is not known.
 */
export class RedisStore implements RemoteStore {
  readonly #redis: Redis;
  readonly #reserve: Script;
  readonly #settle: Script;
  /** Why there is no connection. */
  #lastError: unknown = null;

  /** Connects on the side, and again where the connection is lost. */
  constructor({ isTls, host, port, username, password, database }: RedisSettings) {
    this.#redis = new Redis({
      host,
      port,
      db: database,
      ...(username !== null && { username }),
      ...(password !== null && { password }),
      ...(isTls && { tls: {} }),
      connectTimeout: connectTimeoutMs,
      // A connection may be dead without anybody having said so.
      socketTimeout: maxSilenceMs,
      noDelay: true,
      // What can't be sent at once is for the guard to decide about.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(attempt * 50, maxReconnectMs),
      reconnectOnError: ({ message }) => message.startsWith("READONLY"),
      connectionName: "overlock",
    });
    this.#redis.on("error", (error: unknown) => (this.#lastError = error));
    this.#redis.on("ready", () => (this.#lastError = null));
    this.#reserve = this.#define("overlockReserve", reserveScript);
    this.#settle = this.#define("overlockSettle", settleScript);
  }

  async reserve(charges: readonly Charge[]): Promise<Reservation> {
    const answer = await this.#run(this.#reserve, charges, []);
    const [refused, waitMs, takenAtMs, ...spent] = readNumbers(answer, charges.length + 3);
    if (refused === undefined || waitMs === undefined || takenAtMs === undefined)
      throw new StoreFailure("answer", "an answer that is too short");
    return {
      refused: refused === -1 ? null : refused,
      retryAfterMs: refused === -1 || waitMs === -1 ? null : waitMs,
      states: charges.map(({ rule }, index) =>
        stateOf(rule, spent[index] ?? 0, untilWindowEndsMs(rule, takenAtMs)),
      ),
      takenAtMs,
      isLocalShare: false,
    };
  }

  async settle(settlements: readonly Settlement[], { takenAtMs }: Taken): Promise<void> {
    const sound = settlements.filter(({ amount }) => !Number.isNaN(amount));
    if (sound.length > 0) await this.#run(this.#settle, sound, [String(takenAtMs)]);
  }

  /** A charge of its own, which tells more than PING: a server that is full, or read-only, answers that. */
  async probe(): Promise<void> {
    await this.reserve([{ rule: probeRule, consumer: "", amount: 1 }]);
  }

  async dispose(): Promise<void> {
    this.#redis.disconnect();
  }

  async #run(
    script: Script,
    charges: readonly (Charge | Settlement)[],
    more: readonly string[],
  ): Promise<unknown> {
    const keys = charges.map(keyOf);
    const rules = charges.flatMap(({ rule: { capacity, refillPerMs, window }, amount }) => [
      String(capacity),
      String(refillPerMs),
      window ?? "",
      numberText(amount),
    ]);
    try {
      return await script(keys.length, ...keys, ...rules, ...more);
    } catch (error) {
      throw error instanceof ReplyError
        ? new StoreFailure("answer", messageOf(error))
        : new StoreFailure("connection", messageOf(this.#lastError ?? error));
    }
  }

  /** By the hash of its text; Redis is sent the text itself where it does not know it. */
  #define(name: string, lua: string): Script {
    this.#redis.defineCommand(name, { lua });
    const command: unknown = Reflect.get(this.#redis, name);
    if (typeof command !== "function") throw new TypeError(`ioredis defines no ${name}`);
    return command.bind(this.#redis) as Script;
  }
}

const connectTimeoutMs = 1000;
/** Longer than what a busy process, or a slow command of others, may take. */
const maxSilenceMs = 2000;
const maxReconnectMs = 1000;

/** Always granted, and gone at once. */
const probeRule: BudgetRule = { id: "probe", capacity: 1e12, refillPerMs: 1e12, window: null };

/**
 * Consumers are told apart by a hash, so that who looks at keys reads no names. It stands in braces: all budgets of one
 * consumer are in one slot of a cluster.
 */
function keyOf({ rule, consumer }: Pick<Charge, "rule" | "consumer">): string {
  return `overlock:{${hash("sha256", consumer, "base64url").slice(0, hashLength)}}:${rule.id}`;
}

/** 132 bits. */
const hashLength = 22;

/** Lua reads neither `Infinity` nor `NaN`. Whatever is not finite is above all capacities. */
function numberText(amount: number): string {
  return String(Number.isFinite(amount) ? amount : Math.sign(amount || 1) * Number.MAX_VALUE);
}

function readNumbers(answer: unknown, length: number): readonly number[] {
  const numbers = Array.isArray(answer) ? answer.map(Number) : [];
  if (numbers.length !== length || numbers.some(Number.isNaN))
    throw new StoreFailure("answer", "an answer that is not that of the script");
  return numbers;
}

/** The error's own message, and nothing else of it: the rest holds the command, which may be that with the password. */
function messageOf(error: unknown): string {
  return shortened(error instanceof Error ? error.message : String(error));
}
