import {
  buildASTSchema,
  DirectiveLocation,
  type DocumentNode,
  type GraphQLArgument,
  GraphQLDirective,
  GraphQLError,
  type GraphQLInputField,
  isInputObjectType,
  Kind,
  parse,
  print,
  specifiedDirectives,
} from "graphql";
import { validateSDL } from "graphql/validation/validate.js";
import { inspect } from "node:util";
import type { BffShaper } from "../config/define-shaper.ts";
import { shortened } from "../core/errors.ts";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import { type DirectiveCatalog, unenforcedDirectives } from "../language/directive-catalog.ts";
import { isOwnType, ownShaper, ownTypes } from "./own-shaper.ts";
import type { ShaperDefinition } from "./shaper.ts";

/** What a BFF's own shapers add to the schema language, in its client schema only. */
export interface OwnShapers {
  readonly catalog: DirectiveCatalog;
  readonly definitions: ReadonlyMap<string, ShaperDefinition>;
}

/**
 * Checks the shapers of a BFF's config `file`. Null, with problems reported, where not even the names that they define
 * can be told; one that is wrong otherwise is reported, and its directive still known.
 */
export function readOwnShapers(
  shapers: readonly unknown[],
  file: string,
  catalog: DirectiveCatalog,
  problems: Problems,
): OwnShapers | null {
  const reader = new OwnShaperReader(file, catalog, problems);
  for (const [index, shaper] of shapers.entries()) reader.read(shaper, `shapers[${index}]`);
  return reader.result();
}

class OwnShaperReader {
  readonly #file: string;
  readonly #catalog: DirectiveCatalog;
  readonly #problems: Problems;
  readonly #directives = new Map<string, GraphQLDirective>();
  readonly #definitions = new Map<string, ShaperDefinition>();
  readonly #coordinates = new Map<string, string>();
  #isReadable = true;

  constructor(file: string, catalog: DirectiveCatalog, problems: Problems) {
    this.#file = file;
    this.#catalog = catalog;
    this.#problems = problems;
  }

  result(): OwnShapers | null {
    if (!this.#isReadable) return null;
    const directives = new Map([...this.#catalog.directives, ...this.#directives]);
    return { catalog: { directives }, definitions: this.#definitions };
  }

  read(shaper: unknown, coordinate: string): void {
    if (!isRecord(shaper)) {
      this.#isReadable = false;
      this.#refuse(coordinate, "defineShaper({ … })", inspected(shaper));
      return;
    }
    for (const key of Object.keys(shaper).filter((name) => !members.includes(name)))
      this.#refuse(
        `${coordinate}.${key}`,
        `one of ${members.join(", ")}`,
        key,
        nearestNameHint(key, members),
      );
    const name = this.#readName(shaper["name"], coordinate);
    const directive = name === null ? null : this.#readDirective(name, shaper["sdl"], coordinate);
    if (name === null || directive === null) this.#isReadable = false;
    const areTypesSound = this.#checkTypes(shaper, coordinate);
    const isCallable = this.#checkShape(shaper["shape"], coordinate);
    if (name === null || directive === null) return;
    this.#directives.set(name, directive);
    const argumentNames = directive.args.map((argument) => argument.name);
    // A directive of an unsound shaper stands for nothing: what is wrong was reported where it is defined.
    const unsound: ShaperDefinition = { name, compile: () => null };
    const isSound = areTypesSound && isCallable;
    this.#definitions.set(name, isSound ? ownShaper(shaper as unknown as BffShaper, argumentNames) : unsound);
  }

  #readName(name: unknown, coordinate: string): string | null {
    const at = `${coordinate}.name`;
    if (typeof name !== "string" || !/^[a-z][A-Za-z0-9]{0,62}$/.test(name)) {
      this.#refuse(at, "letters and digits, a lower-case letter first, at most 63", inspected(name));
      return null;
    }
    const isTaken =
      this.#catalog.directives.has(name) ||
      unenforcedDirectives.has(name) ||
      specifiedDirectives.some((directive) => directive.name === name);
    if (isTaken) {
      this.#refuse(at, "a name that no directive of Overlock or GraphQL has", name);
      return null;
    }
    const namesake = this.#coordinates.get(name);
    if (namesake !== undefined) {
      this.#refuse(at, `a name that no other shaper has (${namesake} has it)`, name);
      return null;
    }
    this.#coordinates.set(name, coordinate);
    return name;
  }

  /** The directive that the text defines; null, with problems reported, where it defines none of that name. */
  #readDirective(name: string, sdl: unknown, coordinate: string): GraphQLDirective | null {
    const at = `${coordinate}.sdl`;
    const example = `directive @${name} on FIELD_DEFINITION`;
    if (typeof sdl !== "string" || sdl.length > maxSdlLength) {
      const found = typeof sdl === "string" ? `${sdl.length} characters` : inspected(sdl);
      this.#refuse(at, `a text of at most ${maxSdlLength} characters such as ${example}`, found);
      return null;
    }
    const document = this.#parse(sdl, at, example);
    if (document === null) return null;
    const other = document.definitions.find((node) => !definitionKinds.includes(node.kind));
    const defined = document.definitions.filter((node) => node.kind === Kind.DIRECTIVE_DEFINITION);
    if (other !== undefined || defined.length !== 1) {
      const found = other === undefined ? `${defined.length} directives` : inWords(other.kind);
      this.#refuse(at, "one directive, with the enums and input types that its arguments need", found);
      return null;
    }
    const [error] = validateSDL(document);
    if (error !== undefined) {
      this.#refuse(at, `a valid definition such as ${example}`, error.message);
      return null;
    }
    const schema = buildASTSchema(document, { assumeValidSDL: true });
    const directive = schema.getDirective(defined[0]?.name.value ?? "");
    if (directive === null || directive === undefined) return null;
    if (directive.name !== name) {
      this.#refuse(at, `directive @${name}, as its name says`, `@${directive.name}`);
      return null;
    }
    const { locations } = directive;
    if (locations.some((location) => location !== DirectiveLocation.FIELD_DEFINITION))
      this.#refuse(at, "on FIELD_DEFINITION and nowhere else", `on ${locations.join(" | ")}`);
    const inputs = Object.values(schema.getTypeMap()).filter(isInputObjectType);
    for (const one of [directive.args, ...inputs.map((type) => Object.values(type.getFields()))].flat())
      this.#checkDefault(one, at);
    if (directive.isRepeatable) this.#refuse(at, "a directive that stands once on a field", "repeatable");
    return new GraphQLDirective({ ...directive.toConfig(), locations: [DirectiveLocation.FIELD_DEFINITION] });
  }

  /** What is no value of the type would count as no default at all. */
  #checkDefault(
    { name, type, astNode, defaultValue }: GraphQLArgument | GraphQLInputField,
    at: string,
  ): void {
    const written = astNode?.defaultValue;
    if (written === undefined || defaultValue !== undefined) return;
    this.#refuse(at, `a default of type ${type.toString()} for ${name}`, print(written));
  }

  #parse(sdl: string, at: string, example: string): DocumentNode | null {
    try {
      return parse(sdl, { maxLexicalTokens: maxSdlTokens });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      this.#refuse(at, `GraphQL such as ${example}`, error.message);
      return null;
    }
  }

  #checkTypes({ takes, gives }: Readonly<Record<string, unknown>>, coordinate: string): boolean {
    const names = Object.keys(ownTypes);
    const areTaken =
      typeof takes === "string" ? isTypeName(takes) : isRecord(takes) && this.#checkFields(takes, coordinate);
    if (typeof takes === "string" ? !areTaken : !isRecord(takes)) {
      const expected = `${names.join(", ")}, another scalar or enum by its name, or such by the field of an object`;
      this.#refuse(`${coordinate}.takes`, expected, inspected(takes));
    }
    if (typeof gives === "string" && isOwnType(gives)) return areTaken;
    const hint = typeof gives === "string" ? nearestNameHint(gives, names) : null;
    this.#refuse(`${coordinate}.gives`, `one of ${names.join(", ")}`, inspected(gives), hint);
    return false;
  }

  #checkFields(fields: Readonly<Record<string, unknown>>, coordinate: string): boolean {
    const entries = Object.entries(fields);
    if (entries.length === 0)
      this.#refuse(`${coordinate}.takes`, "at least one field, by its name", inspected(fields));
    const names = Object.keys(ownTypes);
    const wrong = entries.filter(([, type]) => typeof type !== "string" || !isOwnType(type));
    for (const [name, type] of wrong) {
      const hint = typeof type === "string" ? nearestNameHint(type, names) : null;
      this.#refuse(`${coordinate}.takes.${name}`, `one of ${names.join(", ")}`, inspected(type), hint);
    }
    return entries.length > 0 && wrong.length === 0;
  }

  #checkShape(shape: unknown, coordinate: string): boolean {
    const at = `${coordinate}.shape`;
    if (typeof shape !== "function")
      this.#refuse(at, "a function of value, args and context", inspected(shape));
    else if (shape.constructor.name !== "Function") {
      const found = inWords(shape.constructor.name.replace("Function", ""));
      this.#refuse(at, "a function that gives its result at once", `${found} function`);
    } else return true;
    return false;
  }

  #refuse(coordinate: string, expected: string, found: string, hint: string | null = null): void {
    const place = { file: this.#file, line: 0, column: 0 };
    this.#problems.error({ place, coordinate, expected, found: shortened(found), hint });
  }
}

const members: readonly string[] = ["name", "sdl", "takes", "gives", "shape"];

/** What is nested more deeply than this would be beyond the parser's stack. */
const maxSdlLength = 4000;
const maxSdlTokens = 1000;

const definitionKinds: readonly Kind[] = [
  Kind.DIRECTIVE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.INPUT_OBJECT_TYPE_DEFINITION,
];

function isTypeName(name: string): boolean {
  return /^[_A-Za-z]\w{0,62}$/.test(name);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function inspected(value: unknown): string {
  return value === undefined ? "nothing" : shortened(inspect(value, { depth: 1, breakLength: Infinity }));
}

/** `ObjectTypeDefinition` → `an object type definition`. */
function inWords(kind: string): string {
  const words = kind.replaceAll(/\B[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
  return `${/^[aeiou]/.test(words) ? "an" : "a"} ${words}`;
}
