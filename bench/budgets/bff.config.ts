import { defineBff } from "overlock";

// More than any run spends: a request that is refused costs something else.
export default defineBff({
  name: "budgets",
  anonymous: true,
  budgets: [
    { name: "burst", of: "typeCost", capacity: 1_000_000_000, refillPerSecond: 1_000_000 },
    { name: "monthly", of: "requests", capacity: 1_000_000_000, window: "month" },
  ],
});
