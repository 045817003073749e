import type { ConnectionRule } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import { Need } from "../compose/need.ts";
import { allInOrder } from "../core/all-in-order.ts";
import type { RequestScope } from "../core/request-scope.ts";
import {
  argsOfPage,
  type ConnectionField,
  ConnectionPage,
  firstPage,
  pageBehind,
  type PagePart,
  partOf,
  readPageRequest,
  type WantedPage,
} from "./connection-page.ts";
import { needOfPath, readPath } from "./read-path.ts";

type Args = Readonly<Record<string, unknown>>;

/** What a client asked for of a connection, and what is going to be read of its pages. */
export interface ConnectionRequest {
  readonly field: ConnectionField & { readonly rule: ConnectionRule };
  readonly args: Args;
  readonly need: Need;
}

/**
 * Fetches what `first` and `after` ask for. A cursor in the middle of a page asks for that page again and, where the
 * rest of it is not enough, for the one behind it. Null where there is no page. Raises BAD_USER_INPUT.
 */
export async function fetchConnection(
  from: unknown,
  { field, args, need }: ConnectionRequest,
  scope: RequestScope,
): Promise<ConnectionPage<Entity> | null> {
  const { steps, rule } = field;
  const request = readPageRequest(field, args);
  const fetchPage = async (wanted: WantedPage): Promise<PagePart<Entity> | null> => {
    const page = await readPath(from, { steps, clientArgs: argsOfPage(request, wanted), need }, scope);
    if (!(page instanceof Entity)) return null;
    return partOf(request, wanted, page, await readFound(page, rule, need, scope));
  };
  const wanted = firstPage(request);
  const part = await fetchPage(wanted);
  if (part === null) return null;
  const behind = pageBehind(request, wanted, part);
  const second = behind === null ? null : await fetchPage(behind);
  return new ConnectionPage(second === null ? [part] : [part, second], request);
}

/** What is read of an object to fetch the first page that a client asks for. */
export function neededOfPage(field: ConnectionField, args: Args, need: Need): Need {
  try {
    const request = readPageRequest(field, args);
    return needOfPath({ steps: field.steps, clientArgs: argsOfPage(request, firstPage(request)), need });
  } catch {
    // The field itself will tell its client what is wrong with the arguments.
    return Need.none;
  }
}

async function readFound(page: Entity, rule: ConnectionRule, need: Need, scope: RequestScope) {
  const [itemsField] = rule.items;
  const needed = need.fieldsOf(page.type.name).find(({ name }) => name === itemsField?.field.name);
  const reading = { clientArgs: {}, need: needed?.need ?? Need.none };
  const read = async (steps: ConnectionRule["items"]): Promise<unknown> =>
    readPath(page, { ...reading, steps }, scope);
  const [items, next] = await allInOrder([read(rule.items), read(rule.nextPageToken)]);
  return { items, next };
}
