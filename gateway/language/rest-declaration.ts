import { nearestNameHint } from "../core/problems.ts";
import { quoted } from "../core/errors.ts";
import {
  type BatchDeclaration,
  type CallContext,
  type CallDeclarationBase,
  type NamedSelection,
  readBatch,
  readRawSelection,
  readSelectionObject,
  readSharesInFlight,
  selectionsOf,
  unusedInputs,
} from "./call-declaration.ts";
import type { DirectiveUse, PlacedSelection } from "./directive-reader.ts";
import { type ErrorRule, readErrorRules, type StatusNames } from "./error-rules.ts";
import {
  argumentMember,
  bodySelections,
  type BodyDeclaration,
  type BodyType,
  checkForm,
  isWhole,
  readBodyContent,
  readKeysPath,
} from "./rest-body.ts";
import { type PaginationDeclaration, readPagination } from "./rest-pagination.ts";
import { readTemplate, readTemplateVariables } from "./rest-template.ts";
import { isListTypeNode, namedTypeOf } from "./sdl-file.ts";
import { type HeaderDeclaration, readHeaders } from "./source-settings.ts";
import { readTrim, type TrimDeclaration } from "./trim-declaration.ts";
import type { UrlTemplate } from "./url-template.ts";

export type RestMethod = (typeof restMethods)[number];

/** A field that `@rest` fetches. */
export interface RestDeclaration extends CallDeclarationBase {
  readonly kind: "rest";
  readonly method: RestMethod;
  readonly template: UrlTemplate;
  /** The selection that each template variable stands for; the batch's `as` is not among them. */
  readonly variables: ReadonlyMap<string, PlacedSelection>;
  readonly query: readonly NamedSelection[];
  /** Headers of this call, besides those of the source. */
  readonly headers: readonly HeaderDeclaration[];
  readonly body: BodyDeclaration | null;
  /** The call changes nothing. */
  readonly isSafe: boolean;
  readonly errors: readonly ErrorRule[];
  readonly pagination: PaginationDeclaration | null;
  /** `as` is a query parameter. */
  readonly trim: TrimDeclaration | null;
}

const restMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
const methodsWithBody: ReadonlySet<RestMethod> = new Set(["POST", "PUT", "PATCH"]);

/** Reads a checked use of `@rest`. Null, with problems reported, where its template is none. */
export function readRest(use: DirectiveUse, context: CallContext): RestDeclaration | null {
  const method = readMethod(use);
  const select = readRawSelection(use, ["select"]);
  const batch = readBatch(use, context);
  const query = readSelectionObject(use, ["query"], context);
  const headers = readHeaders(use, context.sourceHeaders, context);
  const errors = readErrorRules(use, httpStatuses);
  const content = readBodyContent(use, context);
  if (method === null) return null;
  const template = readTemplate(use, method);
  if (template === null) return null;
  const keys = (use.value("batch") as { readonly as: string } | null)?.as ?? null;
  const isKeyInBody = methodsWithBody.has(method) && !template.variables.some(({ name }) => name === keys);
  const variables = readTemplateVariables(
    use,
    { argument: method, template, keys: isKeyInBody ? null : keys },
    context,
  );
  checkQuery(use, query, template);
  const isSafe = readSafety(use, method);
  if (batch !== null && !isKeyInBody) checkUrlBatch(use, template, batch);
  if (method === "HEAD") checkHead(use, context);
  const type = readBodyType(use, method);
  if (content !== null && !methodsWithBody.has(method)) {
    use.refuse(["body"], `a body with ${[...methodsWithBody].join(", ")} only`, method);
  }
  const pairs = new Set([...template.pairNames, ...query.map(({ name }) => name)]);
  const pagination = readPagination(use, { method, pairs }, context);
  if (pagination !== null) pairs.add(pagination.as);
  const trim = readTrim(use, batch, context);
  checkTrim(use, trim, { method, pairs });
  const selections = [
    ...variables.values(),
    ...(pagination === null ? [] : [pagination.token]),
    ...(pagination?.pageSize == null ? [] : [pagination.pageSize]),
    ...selectionsOf(query),
    ...headers.map(({ value }) => value),
    ...(batch === null ? [] : [batch.of]),
    ...bodySelections(content),
  ];
  const rest = readRestOfArguments(use, { method, content, selections }, context);
  if (type === "FORM") checkForm(use, rest);
  const keysAt =
    batch === null || !isKeyInBody || !use.isSound
      ? null
      : readKeysPath(use, batch, { type, content: rest ?? [] });
  if (batch !== null && isKeyInBody && type === "FORM" && batch.of.map.kind === "object")
    use.refuse(["batch", "of"], "one path: a form carries no composite keys", "an object of paths");
  const hasContent = rest !== null && (isWhole(rest) || rest.length > 0);
  const body = hasContent || keysAt !== null ? { type, content: rest ?? [], keysAt } : null;
  return {
    kind: "rest",
    method,
    use,
    select,
    batch,
    template,
    variables,
    query,
    headers,
    body,
    isSafe,
    sharesInFlight: readSharesInFlight(use),
    errors,
    pagination,
    trim,
  };
}

const httpStatuses: StatusNames = {
  expected: 'a status of 400 to 599 or 200 to 299, or one of the classes "4xx", "5xx" and "2xx"',
  names: ["4xx", "5xx", "2xx"],
  isStatus: (text) => /^[245](?:\d\d|xx)$/.test(text),
  needsWhen: (text) => text.startsWith("2"),
};

function readMethod(use: DirectiveUse): RestMethod | null {
  const [method, second] = restMethods.filter((name) => use.text(name) !== null);
  const all = restMethods.join(", ");
  if (method === undefined) use.refuse([], `one of ${all}, with a URL template`, "none");
  else if (second !== undefined) use.refuse([second], `one of ${all}`, `${method} and ${second}`);
  return second === undefined ? (method ?? null) : null;
}

function checkQuery(use: DirectiveUse, query: readonly NamedSelection[], template: UrlTemplate): void {
  for (const { name, selection, place } of query) {
    const path = ["query", name];
    if (template.pairNames.has(name)) {
      const found = `${name} in the template and in query`;
      use.refuseAt({ place, path, expected: "each query pair once", found });
    }
    if ("fields" in selection)
      use.refuseAt({ place, path, expected: "a FieldSelectionMap", found: "an object" });
  }
}

/** GET and HEAD are safe, POST where it is declared. */
function readSafety(use: DirectiveUse, method: RestMethod): boolean {
  const isDeclared = use.flag("safe");
  if (isDeclared && method !== "POST") {
    const isStandard = method === "GET" || method === "HEAD";
    use.refuse(["safe"], "safe with POST only", isStandard ? `${method}, which is safe without it` : method);
  }
  return method === "GET" || method === "HEAD" || isDeclared;
}

function checkTrim(
  use: DirectiveUse,
  trim: TrimDeclaration | null,
  { method, pairs }: { readonly method: RestMethod; readonly pairs: ReadonlySet<string> },
): void {
  if (trim === null) return;
  if (method === "HEAD") use.refuse(["trim"], "no trim: HEAD has no body", "one");
  if (!/^[-\w.[\]]{1,64}$/.test(trim.as)) {
    const expected = "the name of a query parameter: letters, digits, _, -, ., [ and ]";
    use.refuse(["trim", "as"], expected, quoted(trim.as));
  } else if (pairs.has(trim.as)) {
    use.refuse(["trim", "as"], "a query parameter that nothing else sends", trim.as);
  }
}

function checkUrlBatch(use: DirectiveUse, template: UrlTemplate, batch: BatchDeclaration): void {
  const names = template.variables.map((variable) => variable.name).filter((name) => !name.includes("."));
  if (!names.includes(batch.as)) {
    const expected = `a variable of the template, for example {?${batch.as}*}`;
    use.refuse(["batch", "as"], expected, quoted(batch.as), nearestNameHint(batch.as, names));
  }
  if (batch.of.map.kind === "object") {
    use.refuse(["batch", "of"], "one path: a URL carries no composite keys", "an object of paths");
  }
}

/** A HEAD answer is its status: there is something, or there is nothing. */
function checkHead(use: DirectiveUse, { fieldType }: CallContext): void {
  for (const argument of ["select", "batch"]) {
    if (use.nodeAt([argument]) !== null) use.refuse([argument], `no ${argument}: HEAD has no body`, "one");
  }
  if (fieldType === null || (namedTypeOf(fieldType) === "Boolean" && !isListTypeNode(fieldType))) return;
  use.refuse(["HEAD"], "a field of the type Boolean: is there something?", namedTypeOf(fieldType));
}

function readBodyType(use: DirectiveUse, method: RestMethod): BodyType {
  const isForm = use.text("bodyType") === "FORM";
  if (use.nodeAt(["bodyType"]) !== null && !methodsWithBody.has(method))
    use.refuse(["bodyType"], `a body with ${[...methodsWithBody].join(", ")} only`, method);
  return isForm ? "FORM" : "JSON";
}

/** Arguments that nothing reads fill a body that is not written down; anywhere else they are refused. */
function readRestOfArguments(
  use: DirectiveUse,
  written: {
    readonly method: RestMethod;
    readonly content: BodyDeclaration["content"] | null;
    readonly selections: readonly PlacedSelection[];
  },
  context: CallContext,
): BodyDeclaration["content"] | null {
  const { method, content, selections } = written;
  const unused = use.isSound ? unusedInputs(selections, context) : [];
  const hasBody = methodsWithBody.has(method);
  const isDefault = hasBody && use.nodeAt(["body"]) === null;
  const members: NamedSelection[] = [];
  for (const name of unused) {
    if (isDefault && !name.includes(".")) members.push(argumentMember(use, name));
    else if (isDefault)
      use.refuse([], "every field of an argument used, or the argument whole", `${name} unused`);
    else {
      const places = hasBody ? `{?args.${name}}, query or body` : `{?args.${name}} or query`;
      use.refuse([], `every argument used: ${places}`, `${name} unused`);
    }
  }
  return isDefault ? members : content;
}
