import { describe, expect, it } from "vitest";
import { openProject } from "../oracle/open-project.ts";

const depth = 60;

/** Fields in two sources in turn, each of which requires the two before it; the first is guarded. */
function sourceText(name: string, parity: number): string {
  const fields = Array.from({ length: depth }, (_, index) => {
    if (index % 2 !== parity) return "";
    if (index === 0) return 'f0: Int @requiresScopes(scopes: [["deep"]])';
    const required = [index - 1, index - 2].filter((other) => other >= 0);
    const args = required.map((other) => `a${other}: Int @require(field: "f${other}")`).join(" ");
    const query = required.map((other) => `a${other}: "$args.a${other}"`).join(", ");
    return `f${index}(${args}): Int @rest(GET: "/f${index}", query: { ${query} })`;
  });
  const lookup =
    'thing(id: ID!): Thing @lookup @rest(GET: "/things{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })';
  return `
    extend schema @source(name: "${name}", url: "http://localhost:1")
    type Query { ${parity === 0 ? lookup : `${name}Thing(id: ID!): Thing @lookup @internal @rest(GET: "/x{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })`} }
    type Thing @key(fields: "id") { id: ID! ${fields.join("\n")} }
  `;
}

describe("what a field of the supergraph needs", () => {
  it("holds for all that require it, however often and however deep, and is found soon", async () => {
    const client = `
      type Query { thing(id: ID!): Thing }
      type Thing { id: ID! ${Array.from({ length: depth }, (_, index) => `f${index}: Int`).join(" ")} }
    `;
    const before = process.cpuUsage();
    const project = openProject({
      sources: ["even", "odd"].map((name, parity) => ({
        file: `schemas/${name}.graphql`,
        text: sourceText(name, parity),
      })),
      clients: new Map([["web", { file: "bff-web/schema.graphql", text: client, shapers: [] }]]),
      protosFolder: "protos",
      urls: {},
    });
    const { user, system } = process.cpuUsage(before);
    try {
      const access = project.access.get("web");
      expect(access?.guards).toEqual([{ kind: "scopes", anyOf: [["deep"]] }]);
      for (let index = 0; index < depth; index++)
        expect([index, access?.guardsOfField("Thing", `f${index}`)]).toEqual([index, [0]]);
      expect(access?.guardsOfField("Thing", "id")).toEqual([]);
      expect((user + system) / 1000).toBeLessThan(20_000);
    } finally {
      await project.dispose();
    }
  });
});
