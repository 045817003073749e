import { defineBff } from "overlock";

export default defineBff({ name: "bench", anonymous: true });
