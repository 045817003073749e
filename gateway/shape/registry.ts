import { letterCase } from "./case.ts";
import { defaultValue } from "./default.ts";
import { flatten } from "./flatten.ts";
import { formatCurrency } from "./format-currency.ts";
import { formatDate } from "./format-date.ts";
import { formatNumber } from "./format-number.ts";
import { globalId } from "./global-id.ts";
import { mask } from "./mask.ts";
import type { ShaperDefinition } from "./shaper.ts";
import { slice } from "./slice.ts";
import { truncate } from "./truncate.ts";

const definitions: readonly ShaperDefinition[] = [
  defaultValue,
  truncate,
  slice,
  flatten,
  letterCase,
  mask,
  formatNumber,
  formatDate,
  formatCurrency,
  globalId,
];

/** Every shaper by its directive's name. */
export const shapers: ReadonlyMap<string, ShaperDefinition> = new Map(
  definitions.map((definition) => [definition.name, definition]),
);
