import {
  type ConstDirectiveNode,
  type EnumTypeDefinitionNode,
  type GraphQLArgument,
  type GraphQLInputField,
  type InputObjectTypeDefinitionNode,
  type InputValueDefinitionNode,
  isEnumType,
  isInputObjectType,
  Kind,
  print,
} from "graphql";
import { shortened } from "../core/errors.ts";
import type { Problems } from "../core/problems.ts";
import { placeOf } from "../language/directive-reader.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { SourceField } from "../language/source-schema.ts";
import type { Source } from "../sources/source.ts";
import { findMisfits } from "./literal-fit.ts";
import { isRequired } from "./merge-shared-types.ts";
import { isSubqueryCall } from "./subquery-call.ts";
import { fieldAt, fieldKeyOf, type SupergraphModel } from "./supergraph-model.ts";

/**
 * Enums and input types that several sources have can be one: no source is ever sent a value or a field that it does
 * not have, nor left without one that it requires.
 */
export function checkSharedTypes(
  sources: readonly Source[],
  model: SupergraphModel,
  problems: Problems,
): void {
  const isSoundSoFar = problems.errors.length === 0;
  const inputUses = findInputUses(sources, model);
  const firsts = new Map<string, Written>();
  for (const { schema } of sources) {
    const { file } = schema;
    for (const node of schema.plainDocument.definitions) {
      if (node.kind !== Kind.ENUM_TYPE_DEFINITION && node.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION)
        continue;
      const { value: name } = node.name;
      const first = firsts.get(name);
      if (first === undefined) firsts.set(name, { node, file });
      else if (node.kind === Kind.ENUM_TYPE_DEFINITION)
        checkEnum({ node, file }, first, inputUses.get(name) ?? null, problems);
      else if (first.node.kind === node.kind)
        checkInput({ node, file }, { node: first.node, file: first.file }, problems);
    }
  }
  // Each has been looked at with its own file's types.
  if (isSoundSoFar) checkDefaults(sources, model, problems);
}

interface Written {
  readonly node: EnumTypeDefinitionNode | InputObjectTypeDefinitionNode;
  readonly file: string;
}

/** An enum that nobody is sent has the values of all. */
function checkEnum(here: Written, first: Written, inputUse: string | null, problems: Problems): void {
  if (inputUse === null || first.node.kind !== Kind.ENUM_TYPE_DEFINITION) return;
  const [own, other] = [valuesOf(here.node), valuesOf(first.node)];
  const texts = [
    ...own.filter((value) => !other.includes(value)).map((value) => `${value} here only`),
    ...other.filter((value) => !own.includes(value)).map((value) => `${value} there only`),
  ];
  if (texts.length === 0) return;
  problems.error({
    place: placeOf(here.node, here.file),
    coordinate: here.node.name.value,
    expected: `the same values as in ${first.file}, because ${inputUse} is sent them`,
    found: shortened(texts.join(", ")),
    hint: "make them equal, or rename one of them",
  });
}

function valuesOf({ kind, ...node }: Written["node"]): readonly string[] {
  if (kind !== Kind.ENUM_TYPE_DEFINITION || !("values" in node)) return [];
  return (node.values ?? []).map((value) => value.name.value);
}

interface WrittenInput {
  readonly node: InputObjectTypeDefinitionNode;
  readonly file: string;
}

function checkInput(here: WrittenInput, first: WrittenInput, problems: Problems): void {
  const { value: name } = here.node.name;
  const place = placeOf(here.node, here.file);
  const [own, other] = [isOneOf(here.node.directives), isOneOf(first.node.directives)];
  if (own !== other) {
    const said = (oneOf: boolean) => (oneOf ? "an input type with @oneOf" : "an input type without @oneOf");
    const expected = `${said(other)}, as in ${first.file}`;
    const hint = "make both the same, or rename one of them";
    problems.error({ place, coordinate: name, expected, found: said(own), hint });
    return;
  }
  checkInputValues({
    here: { file: here.file, values: here.node.fields ?? [] },
    first: { file: first.file, values: first.node.fields ?? [] },
    coordinateOf: (field) => `${name}.${field}`,
    owner: name,
    problems,
  });
  const names = (here.node.fields ?? []).map((field) => field.name.value);
  const firstNames = (first.node.fields ?? []).map((field) => field.name.value);
  if (names.some((field) => firstNames.includes(field))) return;
  const expected = `at least one field of ${name} in ${first.file} (${firstNames.join(", ")})`;
  problems.error({
    place,
    coordinate: name,
    expected,
    found: names.join(", "),
    hint: "rename one of the types: they share nothing",
  });
}

function isOneOf(directives: readonly ConstDirectiveNode[] | undefined): boolean {
  return directives?.some((directive) => directive.name.value === "oneOf") === true;
}

/** Fields of an input type, or arguments of a field, in two files. */
export interface SharedInputs {
  readonly here: InputsOfFile;
  readonly first: InputsOfFile;
  readonly coordinateOf: (name: string) => string;
  /** What has them. */
  readonly owner: string;
  readonly problems: Problems;
}

export interface InputsOfFile {
  readonly file: string;
  readonly values: readonly InputValueDefinitionNode[];
}

/** What both have is of one type and has one default; what only one has is optional. */
export function checkInputValues({ here, first, coordinateOf, owner, problems }: SharedInputs): void {
  for (const value of here.values) {
    const same = first.values.find((one) => one.name.value === value.name.value);
    const facts = { place: placeOf(value, here.file), coordinate: coordinateOf(value.name.value) };
    if (same === undefined) {
      refuseRequired(value, { ...facts, other: first.file, owner, problems });
      continue;
    }
    if (nullableText(value) !== nullableText(same)) {
      const expected = `${print(same.type)}, as in ${first.file}`;
      const hint = `make them equal, or call it or ${owner} differently in one of them`;
      problems.error({ ...facts, expected, found: print(value.type), hint });
    } else if (defaultText(value) !== defaultText(same)) {
      const expected = `${defaultText(same)}, as in ${first.file}`;
      const hint = "a default is one for all sources: make them equal, or leave both out";
      problems.error({ ...facts, expected, found: defaultText(value), hint });
    }
  }
  for (const value of first.values) {
    if (here.values.some((one) => one.name.value === value.name.value)) continue;
    const facts = { place: placeOf(value, first.file), coordinate: coordinateOf(value.name.value) };
    refuseRequired(value, { ...facts, other: here.file, owner, problems });
  }
}

function refuseRequired(
  value: InputValueDefinitionNode,
  {
    other,
    owner,
    problems,
    ...facts
  }: {
    readonly place: ReturnType<typeof placeOf>;
    readonly coordinate: string;
    /** The file that does not have it. */
    readonly other: string;
    readonly owner: string;
    readonly problems: Problems;
  },
): void {
  if (!isRequired(value)) return;
  problems.error({
    ...facts,
    expected: `something optional, because ${owner} in ${other} does not have it, so that clients can't give it`,
    found: `${value.name.value}: ${print(value.type)}`,
    hint: `add it in ${other}, give it a default, or rename ${owner} in one of them`,
  });
}

/** Where one source takes no null, the supergraph takes none. */
function nullableText({ type }: InputValueDefinitionNode): string {
  return print(type).replaceAll("!", "");
}

function defaultText({ defaultValue }: InputValueDefinitionNode): string {
  return defaultValue === undefined ? "no default" : `the default ${print(defaultValue)}`;
}

/** A default may use only what the merged types have. */
function checkDefaults(sources: readonly Source[], model: SupergraphModel, problems: Problems): void {
  const check = (input: GraphQLArgument | GraphQLInputField, file: string, coordinate: string): void => {
    const literal = input.astNode?.defaultValue;
    if (literal === undefined) return;
    for (const { node, facts } of findMisfits(literal, input.type)) {
      const expected = `${facts.expected}, in all sources`;
      const hint = "leave out of the default what another source does not have";
      problems.error({ place: placeOf(node, file), coordinate, expected, found: facts.found, hint });
    }
  };
  for (const type of model.types.values()) {
    for (const { coordinate, args, suppliers } of type.fields.values()) {
      const file = suppliers[0]?.field.place.file;
      if (file !== undefined)
        for (const argument of args) check(argument, file, `${coordinate}(${argument.name}:)`);
    }
  }
  for (const type of model.leafTypes.values()) {
    const file = sources.find(({ schema }) =>
      schema.plainDocument.definitions.some((node) => "name" in node && node.name?.value === type.name),
    )?.schema.file;
    if (!isInputObjectType(type) || file === undefined) continue;
    for (const field of Object.values(type.getFields())) check(field, file, `${type.name}.${field.name}`);
  }
}

/** By enum, who is sent its values: an argument, a field of an input type, a key, or a call that reads a parent's. */
function findInputUses(sources: readonly Source[], model: SupergraphModel): ReadonlyMap<string, string> {
  const uses = new Map<string, string>();
  const add = (typeName: string, by: string): void => {
    if (isEnumType(model.leafTypes.get(typeName)) && !uses.has(typeName)) uses.set(typeName, by);
  };
  for (const { schema } of sources) {
    for (const node of schema.plainDocument.definitions) {
      if (node.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION) continue;
      for (const { name, type } of node.fields ?? [])
        add(namedTypeOf(type), `${node.name.value}.${name.value} in ${schema.file}`);
    }
    for (const { fields } of [...schema.types.values(), ...schema.abstractTypes.values()]) {
      for (const { coordinate, node } of fields.values())
        for (const { name, type } of node.arguments ?? [])
          add(namedTypeOf(type), `${coordinate}(${name.value}:) in ${schema.file}`);
    }
    for (const { name: typeName, keys } of schema.types.values()) {
      for (const path of keys.flat()) {
        const field = sourceFieldAt(schema.types, typeName, path);
        if (field !== null) add(namedTypeOf(field.node.type), `a @key of ${typeName} in ${schema.file}`);
      }
    }
  }
  for (const type of model.types.values()) {
    const fields = [...type.fields.values(), ...type.internalFields.values()];
    for (const { source, call, field } of fields.flatMap((one) => one.suppliers)) {
      if (call === null || isSubqueryCall(call)) continue;
      const inputs = call.batch === null ? call.inputs : [...call.inputs, call.batch.key];
      for (const name of inputs.flatMap((input) => input.parentFields)) {
        const read = fieldAt(type, fieldKeyOf(type, source, name));
        if (read !== undefined)
          add(namedTypeOf(read.type), `${field.coordinate} in ${source.schema.file}, with $parent.${name},`);
      }
    }
  }
  return uses;
}

function sourceFieldAt(types: Source["schema"]["types"], typeName: string, path: string): SourceField | null {
  let at = typeName;
  let found: SourceField | null = null;
  for (const name of path.split(".")) {
    found = types.get(at)?.fields.get(name) ?? null;
    if (found === null) return null;
    at = namedTypeOf(found.node.type);
  }
  return found;
}
