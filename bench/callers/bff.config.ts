import { defineBff } from "overlock";

// keys.json is written beside a copy of this file, with the key of one run: see issue-token.ts.
export default defineBff({
  name: "callers",
  anonymous: true,
  credentials: [
    {
      kind: "jwt",
      issuer: "https://id.bench.example/",
      audiences: ["https://api.bench.example"],
      jwksFile: "keys.json",
    },
  ],
});
