import {
  isEnumType,
  isLeafType,
  isNonNullType,
  type InputObjectTypeDefinitionNode,
  Kind,
  type TypeNode,
  valueFromAST,
} from "graphql";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { nearestNameHint } from "../core/problems.ts";
import type { ArgumentMap } from "../language/argument-directives.ts";
import { listsAround, namedTypeOf } from "../language/sdl-file.ts";
import type {
  ListSelection,
  ObjectSelection,
  PathSegment,
  PathSelection,
  SelectionMap,
} from "../language/selection-map.ts";
import type { SourceField } from "../language/source-schema.ts";
import type { Source } from "../sources/source.ts";
import { findMisfits } from "./literal-fit.ts";
import { mergeNeeded, type NeededField } from "./need.ts";
import { neededBy, readRequired } from "./read-required.ts";
import type { LeafReader, RequiredStep, RequiredValue } from "./required-value.ts";
import {
  compositeTypeOf,
  fieldAt,
  fieldKeyOf,
  internalFileOf,
  type ModelCompositeType,
  type ModelField,
  type Requirement,
  type SupergraphModel,
} from "./supergraph-model.ts";

/**
 * Compiles every `@require` against the supergraph: its paths exist, end at plain values and fit the argument. What
 * does not is reported and left out.
 */
export function compileRequirements(model: SupergraphModel): Map<SourceField, readonly Requirement[]> {
  const compiled = new Map<SourceField, readonly Requirement[]>();
  for (const type of model.types.values()) {
    for (const { source, field } of [...type.fields.values(), ...type.internalFields.values()].flatMap(
      (one) => one.suppliers,
    )) {
      const requirements = [...field.arguments.values()].flatMap(({ name, node, require }) => {
        if (require === null) return [];
        const compiler = new Compiler(model, source, require);
        const part = compiler.compile(require.selection.map, type, node.type);
        return part === null ? [] : [requirementOf(name, part, compiler.fields)];
      });
      if (requirements.length > 0) compiled.set(field, requirements);
    }
  }
  return compiled;
}

function requirementOf(argument: string, { needs, value }: Part, fields: readonly ModelField[]): Requirement {
  const read = (object: object, scope: RequestScope): Promise<unknown> => readRequired(value, object, scope);
  return { argument, fields, needs, value, read };
}

/** A part of a map: what it reads of an object, and how. */
interface Part {
  readonly needs: readonly NeededField[];
  readonly value: RequiredValue;
}

class Compiler {
  readonly fields: ModelField[] = [];
  readonly #model: SupergraphModel;
  readonly #source: Source;
  readonly #map: ArgumentMap;

  constructor(model: SupergraphModel, source: Source, map: ArgumentMap) {
    this.#model = model;
    this.#source = source;
    this.#map = map;
  }

  /** `expected`: the type of the argument, or of the part of it. Null, with a problem reported, where it does not fit. */
  compile(map: SelectionMap | ListSelection, type: ModelCompositeType, expected: TypeNode): Part | null {
    if (map.kind === "object") return this.#object(map, type, expected);
    if (map.kind === "path") return this.#path(map, type, expected);
    if (map.kind === "list") return this.#list(map, type, expected);
    const options = map.options.map((option) => this.compile(option, type, expected));
    const sound = options.filter((option) => option !== null);
    if (sound.length < options.length) return null;
    return {
      needs: mergeNeeded(sound.flatMap((option) => option.needs)),
      value: { kind: "alternatives", options: sound.map(({ value }) => value) },
    };
  }

  #object(map: ObjectSelection, type: ModelCompositeType, expected: TypeNode): Part | null {
    const input = this.#inputType(expected);
    const parts = map.fields.map(({ name, value }) => {
      const member = input?.fields?.find((field) => field.name.value === name);
      return { name, part: this.compile(value, type, member?.type ?? anything) };
    });
    const sound = parts.flatMap(({ name, part }) => (part === null ? [] : [{ name, part }]));
    if (sound.length < parts.length) return null;
    return {
      needs: mergeNeeded(sound.flatMap(({ part }) => part.needs)),
      value: { kind: "object", fields: sound.map(({ name, part }) => ({ name, value: part.value })) },
    };
  }

  #list(map: ListSelection, type: ModelCompositeType, expected: TypeNode): Part | null {
    const bare = expected.kind === Kind.NON_NULL_TYPE ? expected.type : expected;
    const element = this.compile(map.element, type, bare.kind === Kind.LIST_TYPE ? bare.type : anything);
    if (element === null) return null;
    return { needs: element.needs, value: { kind: "list", element: element.value } };
  }

  #path(map: PathSelection, start: ModelCompositeType, expected: TypeNode): Part | null {
    const steps: RequiredStep[] = [];
    let type: ModelCompositeType | null = start;
    let depth = 0;
    let found: ModelField | null = null;
    for (const segment of map.segments) {
      if (type === null) {
        const owner = found === null ? "" : `${found.coordinate} is ${namedTypeOf(found.type)}`;
        return this.#refuse(segment.offset, `the end of the path: ${owner}`, segment.name);
      }
      const field = this.#field(segment, type);
      const args = field === null ? null : this.#args(segment, field);
      if (field === null || args === null) return null;
      this.fields.push(field);
      steps.push({
        name: "internalFields" in type ? fieldKeyOf(type, this.#source, field.name) : field.name,
        args,
      });
      depth += listsAround(field.type);
      found = field;
      type = compositeTypeOf(this.#model, namedTypeOf(field.type));
    }
    if (found === null) return null;
    let then: Part | null = null;
    if (map.then !== null) {
      if (type === null) return this.#refuse(map.then.offset, "the end of the path", "{ … } or [ … ]");
      const isList = map.then.kind === "list";
      if (depth !== (isList ? 1 : 0)) {
        const expectedDepth = isList ? "a list before [ … ]" : "one object before { … }";
        return this.#refuse(map.offset, expectedDepth, `${found.coordinate}, ${depth} lists deep`);
      }
      then = this.compile(map.then, type, expected);
      if (then === null) return null;
    } else if (type !== null) {
      const expectedEnd = `a field of ${type.name} (${[...type.fields.keys()].join(", ")}) at the end of the path`;
      return this.#refuse(map.offset, expectedEnd, `${found.coordinate}, which is an object`);
    } else if (!this.#fits(found, depth, expected)) {
      const shown = `${"[".repeat(depth)}${namedTypeOf(found.type)}${"]".repeat(depth)}`;
      const wanted = `${"[".repeat(listsAround(expected))}${namedTypeOf(expected)}${"]".repeat(listsAround(expected))}`;
      return this.#refuse(map.offset, `a value of type ${wanted}`, `${found.coordinate}: ${shown}`);
    }
    const below = then?.needs ?? null;
    return {
      needs: [neededBy(steps, below)],
      value: {
        kind: "path",
        steps,
        then: then?.value ?? null,
        needs: below,
        toLeaf: this.#leafReader(found),
      },
    };
  }

  /** Values as their field's type promises them: what does not fit is an error, and is not sent. */
  #leafReader({ coordinate, type }: ModelField): LeafReader {
    const leafType = this.#model.leafTypes.get(namedTypeOf(type));
    return (value) => {
      if (leafType === undefined || !isLeafType(leafType)) return value;
      try {
        const typed = leafType.serialize(value);
        // An id that is a number stays one, as in $parent; an enum's value inside is the supergraph's.
        return isEnumType(leafType) || leafType.name === "ID" ? value : typed;
      } catch (cause) {
        throw new OverlockError("INVALID_VALUE", `${coordinate}: not a value of ${leafType.name}`, { cause });
      }
    };
  }

  #field({ name, offset }: PathSegment, type: ModelCompositeType): ModelField | null {
    const field =
      "internalFields" in type ? fieldAt(type, fieldKeyOf(type, this.#source, name)) : type.fields.get(name);
    if (field !== undefined) return field;
    const names = [...type.fields.keys()];
    const internalFile = internalFileOf(type, name);
    if (internalFile !== null) {
      const expectedField = `a field of ${type.name} that other sources may use (${names.join(", ")})`;
      return this.#refuse(offset, expectedField, `${name}, which is @internal in ${internalFile}`);
    }
    const expected = `a field of ${type.name} (${names.join(", ")})`;
    return this.#refuse(offset, expected, name, nearestNameHint(name, names));
  }

  /** Constants, with the defaults of the others. */
  #args(segment: PathSegment, field: ModelField): Record<string, unknown> | null {
    const args: Record<string, unknown> = {};
    const names = field.args.map((one) => one.name);
    for (const { name, value, offset } of segment.arguments) {
      const argument = field.args.find((one) => one.name === name);
      if (argument === undefined) {
        const expected = `an argument of ${field.coordinate} (${names.join(", ") || "it has none"})`;
        return this.#refuse(offset, expected, name, nearestNameHint(name, names));
      }
      const [misfit] = findMisfits(value, argument.type, (node) => ({
        expected: "a constant",
        found: `$args.${node.name.value}`,
        hint: null,
      }));
      if (misfit !== undefined) return this.#refuse(offset, misfit.facts.expected, misfit.facts.found);
      args[name] = valueFromAST(value, argument.type);
    }
    for (const { name, type, defaultValue } of field.args) {
      if (Object.hasOwn(args, name)) continue;
      if (defaultValue !== undefined) args[name] = defaultValue;
      else if (isNonNullType(type)) {
        const expected = `a value for ${name}: ${type.toString()}, which ${field.coordinate} requires`;
        return this.#refuse(segment.offset, expected, "none");
      }
    }
    return args;
  }

  #fits(found: ModelField, depth: number, expected: TypeNode): boolean {
    if (expected === anything) return true;
    const [from, to] = [namedTypeOf(found.type), namedTypeOf(expected)];
    if (depth !== listsAround(expected)) return false;
    const isEnum = this.#model.leafTypes.get(from)?.astNode?.kind === Kind.ENUM_TYPE_DEFINITION;
    return from === to || (wider[from] ?? []).includes(to) || (isEnum && to === "String");
  }

  #inputType(type: TypeNode): InputObjectTypeDefinitionNode | null {
    const name = namedTypeOf(type);
    const definition = this.#source.schema.plainDocument.definitions.find(
      (node) => node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION && node.name.value === name,
    );
    return definition?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ? definition : null;
  }

  #refuse(offset: number, expected: string, found: string, hint: string | null = null): null {
    const place = this.#map.selection.placeAt(offset);
    this.#map.use.refuseAt({ place, path: ["field"], expected, found, hint });
    return null;
  }
}

/** What a custom scalar takes. */
const anything: TypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: "JSON" } };

const wider: Readonly<Record<string, readonly string[]>> = { ID: ["String"], String: ["ID"], Int: ["Float"] };
