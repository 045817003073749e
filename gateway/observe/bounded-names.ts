/**
 * Names that others have chosen, as values of a metric's label: the first ones that are met, and `other` for all further
 * ones, so that nobody can make ever new time series.
 */
export class BoundedNames {
  readonly #known = new Set<string>();
  readonly #max: number;

  /** `max`: how many names are kept apart. */
  constructor(max: number) {
    this.#max = max;
  }

  /** `none` for null. A name that is longer than 100 characters is one of the others. */
  labelOf(name: string | null): string {
    if (name === null) return "none";
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.#max || name.length > maxNameLength) return "other";
    this.#known.add(name);
    return name;
  }
}

const maxNameLength = 100;
