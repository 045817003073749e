import { specifiedDirectives } from "graphql";
import { describe, expect, test } from "vitest";
import {
  homeOf,
  isStandard,
  readDirectiveCatalog,
  unenforcedDirectives,
} from "../../gateway/language/directive-catalog.ts";

const catalog = readDirectiveCatalog();

describe("the catalog of directives", () => {
  test("has every directive of schemas/directives.graphql, and none of GraphQL's own", () => {
    expect([...catalog.directives.keys()].toSorted()).toEqual([
      "authenticated",
      "case",
      "connection",
      "cost",
      "default",
      "discriminator",
      "flatten",
      "formatCurrency",
      "formatDate",
      "formatNumber",
      "from",
      "globalId",
      "grpc",
      "inaccessible",
      "internal",
      "is",
      "key",
      "listSize",
      "lookup",
      "mask",
      "node",
      "override",
      "policy",
      "rateLimit",
      "require",
      "requiresScopes",
      "rest",
      "shareable",
      "slice",
      "source",
      "truncate",
      "view",
    ]);
  });

  test("describes each of them", () => {
    for (const directive of catalog.directives.values()) expect(directive.description).toMatch(/\.$/);
  });

  test("enforces none that it refuses, and refuses none that it enforces", () => {
    expect([...catalog.directives.keys()].filter((name) => unenforcedDirectives.has(name))).toEqual([]);
  });

  test("knows in which kind of file each may stand", () => {
    const homes = [...catalog.directives.keys()].map((name) => [name, homeOf(name)]);
    expect(Object.fromEntries(homes)).toEqual({
      authenticated: null,
      requiresScopes: null,
      policy: null,
      cost: null,
      listSize: null,
      rateLimit: null,
      case: "client",
      connection: "client",
      globalId: "client",
      default: "client",
      discriminator: "source",
      flatten: "client",
      formatCurrency: "client",
      formatDate: "client",
      formatNumber: "client",
      from: null,
      grpc: "source",
      inaccessible: "source",
      internal: "source",
      is: "source",
      key: "source",
      lookup: "source",
      mask: "client",
      node: "client",
      override: "source",
      require: "source",
      rest: "source",
      shareable: "source",
      slice: "client",
      source: "source",
      truncate: "client",
      view: "client",
    });
  });

  test("leaves GraphQL its own directives", () => {
    expect(specifiedDirectives.map(({ name }) => name).filter((name) => !isStandard(name))).toEqual([]);
    expect([isStandard("from"), isStandard("constructor")]).toEqual([false, false]);
  });
});
