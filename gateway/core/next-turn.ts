/**
 * Resolves in a later turn of the event loop, so that others get theirs in the middle of long work. Of all the long work of
 * the process each turn has one piece: what has begun in the order in which it waits, and what has not when nothing of that
 * is left. So turns stay as short as the pieces are, however many results are long, and few of these are half done at a time.
 */
export function nextTurn(): Promise<void> {
  return turns.goOn();
}

/** Before long work begins: resolves in the turn that it may have. Null: it may have this one. */
export function turnToBegin(): Promise<void> | null {
  return turns.begin();
}

class LongWorkTurns {
  readonly #begun: (() => void)[] = [];
  readonly #unbegun: (() => void)[] = [];
  /** A piece of long work has had this turn, or waits. */
  #isTaken = false;

  goOn(): Promise<void> {
    this.#take();
    return new Promise((resolve) => void this.#begun.push(resolve));
  }

  begin(): Promise<void> | null {
    if (this.#take()) return null;
    return new Promise((resolve) => void this.#unbegun.push(resolve));
  }

  /** False: it was taken already. */
  #take(): boolean {
    if (this.#isTaken) return false;
    this.#isTaken = true;
    setImmediate(() => this.#give());
    return true;
  }

  #give(): void {
    this.#isTaken = false;
    const resolve = this.#begun.shift() ?? this.#unbegun.shift();
    if (resolve === undefined) return;
    this.#take();
    resolve();
  }
}

/** Those of the event loop, of which a process has one: like its timers, they belong to nobody else. */
const turns = new LongWorkTurns();
