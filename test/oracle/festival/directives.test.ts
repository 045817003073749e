import { DirectiveLocation, type DirectiveNode, Kind, parse, visit } from "graphql";
import { describe, expect, test } from "vitest";
import { homeOf, readDirectiveCatalog } from "../../../gateway/language/directive-catalog.ts";
import { festivalClients, festivalSources } from "./festival.ts";

// What the festival does not use is never compared.

const locations = new Map<string, string>([
  [Kind.SCHEMA_EXTENSION, DirectiveLocation.SCHEMA],
  [Kind.OBJECT_TYPE_DEFINITION, DirectiveLocation.OBJECT],
  [Kind.INTERFACE_TYPE_DEFINITION, DirectiveLocation.INTERFACE],
  [Kind.UNION_TYPE_DEFINITION, DirectiveLocation.UNION],
  [Kind.ENUM_TYPE_DEFINITION, DirectiveLocation.ENUM],
  [Kind.ENUM_VALUE_DEFINITION, DirectiveLocation.ENUM_VALUE],
  [Kind.SCALAR_TYPE_DEFINITION, DirectiveLocation.SCALAR],
  [Kind.INPUT_OBJECT_TYPE_DEFINITION, DirectiveLocation.INPUT_OBJECT],
  [Kind.FIELD_DEFINITION, DirectiveLocation.FIELD_DEFINITION],
]);

const catalog = readDirectiveCatalog();
const used = new Set([...festivalSources, ...festivalClients].flatMap(({ text }) => usesIn(text)));

/** `@view on ENUM` and `@mask(keepLast:)` for all that a file uses. */
function usesIn(sdl: string): string[] {
  const uses: string[] = [];
  const takeNote = ({ kind, directives = [] }: Directed, place = locations.get(kind)): void => {
    for (const { name, arguments: args = [] } of directives) {
      uses.push(`@${name.value} on ${place}`);
      for (const argument of args) uses.push(`@${name.value}(${argument.name.value}:)`);
    }
  };
  visit(parse(sdl), {
    enter(node) {
      if ("directives" in node && node.kind !== Kind.INPUT_VALUE_DEFINITION) takeNote(node);
      if (node.kind === Kind.FIELD_DEFINITION)
        for (const argument of node.arguments ?? [])
          takeNote(argument, DirectiveLocation.ARGUMENT_DEFINITION);
      if (node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
        for (const field of node.fields ?? []) takeNote(field, DirectiveLocation.INPUT_FIELD_DEFINITION);
    },
  });
  return uses;
}

interface Directed {
  readonly kind: Kind;
  readonly directives?: readonly DirectiveNode[] | undefined;
}

/** They change no answer, only who gets one. */
const ofDemand: ReadonlySet<string> = new Set(["cost", "listSize", "rateLimit"]);
const directives = [...catalog.directives.values()].filter(({ name }) => !ofDemand.has(name));

describe("the festival's schemas", () => {
  test("use every directive wherever it may stand", () => {
    const all = directives.flatMap(({ name, locations: places }) =>
      places.map((place) => `@${name} on ${place}`),
    );
    expect(all.filter((use) => !used.has(use))).toEqual([]);
  });

  test("use every argument of the directives of client schemas", () => {
    const own = directives.filter(({ name }) => homeOf(name) !== "source");
    const all = own.flatMap(({ name, args }) => args.map((argument) => `@${name}(${argument.name}:)`));
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter((use) => !used.has(use))).toEqual([]);
  });
});
