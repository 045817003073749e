import { defineBff } from "overlock";

// The operation of 200 fields that preparing is measured with has nearly as many aliases.
export default defineBff({ name: "bench", anonymous: true, limits: { maxAliases: 1000 } });
