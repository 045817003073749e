export interface FamilySettings {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  /** How the values of several processes become one. */
  readonly aggregator: "sum" | "max" | "min";
  /** The upper bounds of a histogram's buckets, rising. */
  readonly buckets: readonly number[];
}

/** A metric in the form that prom-client hands around. */
export interface ExposedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** How the values of several processes become one. */
  readonly aggregator: string;
  readonly values: readonly ExposedValue[];
}

interface ExposedValue {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the metric's own. */
  readonly metricName?: string;
}

type Labels = Readonly<Record<string, string>>;

/** One series: the value of a counter or gauge, or a histogram. */
export class Series {
  readonly labels: Labels;
  /** A histogram's: the sum of what was observed. */
  value = 0;
  count = 0;
  /** A histogram's upper bounds, rising. */
  readonly #bounds: readonly number[];
  /** How much was observed up to each upper bound and above the one before; the last is for what is above all. */
  readonly buckets: number[];

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.buckets = [...bounds.map(() => 0), 0];
  }

  add(difference: number): void {
    this.value += difference;
  }

  /** `value` into a histogram. */
  observe(value: number): void {
    let index = 0;
    while (index < this.#bounds.length && value > (this.#bounds[index] as number)) index++;
    this.value += value;
    this.count++;
    this.buckets[index] = (this.buckets[index] ?? 0) + 1;
  }
}

/** Series by the value of one label after another. */
type SeriesTree = Map<string, SeriesTree | Series>;

/**
 * One metric, as prom-client's registry reads it. prom-client's own sort and join the labels at each call, which costs
 * more than all else that the gateway does about metrics; here a series is found by its labels' values.
 */
export class MetricFamily {
  readonly name: string;
  readonly #settings: FamilySettings;
  readonly #tree: SeriesTree = new Map();
  readonly #series: Series[] = [];
  readonly #leadingLabels: readonly string[];
  readonly #lastLabel: string | null;

  constructor(settings: FamilySettings) {
    this.name = settings.name;
    this.#settings = settings;
    this.#leadingLabels = settings.labels.slice(0, -1);
    this.#lastLabel = settings.labels.at(-1) ?? null;
    // What has no labels is there from the start.
    if (this.#lastLabel === null) this.series({});
  }

  /** Made where it is not there yet. Whoever counts with each request keeps it. */
  series(labels: Labels): Series {
    let tree = this.#tree;
    for (const label of this.#leadingLabels) {
      const key = labels[label] ?? "";
      let next = tree.get(key) as SeriesTree | undefined;
      if (next === undefined) tree.set(key, (next = new Map()));
      tree = next;
    }
    const key = this.#lastLabel === null ? "" : (labels[this.#lastLabel] ?? "");
    return (tree.get(key) as Series | undefined) ?? this.#create(tree, key, labels);
  }

  /** The metric and its values, as prom-client's registry writes them out and adds those of several processes up. */
  async get(): Promise<ExposedMetric> {
    const { name, help, kind, aggregator } = this.#settings;
    const values =
      kind === "histogram"
        ? this.#series.flatMap((series) => this.#exposeHistogram(series))
        : this.#series.map(({ labels, value }) => ({ labels, value }));
    return { name, help, type: kind, aggregator, values };
  }

  #exposeHistogram({ labels, value, count, buckets }: Series): ExposedValue[] {
    const { name, buckets: bounds } = this.#settings;
    let upTo = 0;
    const exposed = [...bounds, "+Inf"].map((le, index) => {
      upTo += buckets[index] ?? 0;
      return { labels: { le, ...labels }, value: upTo, metricName: `${name}_bucket` };
    });
    return [
      ...exposed,
      { labels: { ...labels }, value, metricName: `${name}_sum` },
      { labels: { ...labels }, value: count, metricName: `${name}_count` },
    ];
  }

  #create(tree: SeriesTree, key: string, labels: Labels): Series {
    const { kind, buckets, labels: names } = this.#settings;
    const own = Object.fromEntries(names.map((name) => [name, labels[name] ?? ""]));
    const series = new Series(own, kind === "histogram" ? buckets : []);
    tree.set(key, series);
    this.#series.push(series);
    return series;
  }
}
