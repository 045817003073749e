import { World } from "./world.ts";

/** Which world a request is about, by its header `x-world`: `<seed>.<number>`. Every name has epochs of its own. */
export class Epochs {
  readonly #epochs = new Map<string, number>();
  #named = 0;

  /** A name of its own for the world of a seed, for one run of one operation. */
  nameFor(seed: number): string {
    return `${seed}.${this.#named++}`;
  }

  worldOf(header: string): World {
    return new World(Number.parseInt(header, 10), this.#epochs.get(header) ?? 0);
  }

  /** Something was changed: the world as it is from now on. */
  begin(header: string): World {
    this.#epochs.set(header, (this.#epochs.get(header) ?? 0) + 1);
    return this.worldOf(header);
  }
}
