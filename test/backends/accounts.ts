import { findRows } from "./find-rows.ts";
import { HttpAnswer, HttpBackend, HttpError } from "./http-backend.ts";
import type { HttpRequest } from "./http-backend.ts";
import { cursorPage, readUserId } from "./http-page.ts";
import { readIds } from "./http-query.ts";
import { readObject, unprocessable } from "./json-body.ts";
import type { RequestLog } from "./request-log.ts";
import { notificationsOf } from "./shop-data.ts";
import type { Address, ShopData, User, WishList } from "./shop-data.ts";

type Newsletter = { readonly topics: readonly string[]; readonly frequency: string };

/**
 * The accounts team's service (REST): users, their notifications, wish lists and newsletters. Who writes, and who reads
 * a wish list, is told by the header `x-user-id`, and it may be the user only.
 */
export function createAccounts(data: ShopData, log: RequestLog): HttpBackend {
  const users = new Map(data.userById);
  const notifications = new Map(data.notificationsByUserId);
  const wishLists = new Map(data.wishListByUserId);
  const newsletters = new Map<string, Newsletter>();
  const readWishList = (request: HttpRequest): { userId: string; wishes: WishList } => {
    const { id: userId } = readOwnUser(users, request);
    return { userId, wishes: wishLists.get(userId) ?? [] };
  };

  return new HttpBackend(
    [
      {
        method: "GET",
        path: "/users",
        // `fields`: the only ones to send, with commas.
        answer: ({ query }) => {
          const rows = findRows(users, readIds(query, "ids"));
          const fields = query.get("fields")?.split(",") ?? [];
          return fields.length === 0 ? rows : rows.map((row) => onlyFields(row, fields));
        },
      },
      { method: "GET", path: "/users/{id}", answer: ({ path: { id = "" } }) => knownUser(users, id) },
      {
        method: "PATCH",
        path: "/users/{id}",
        // JSON Merge Patch (RFC 7396): null takes a value away, what is absent stays.
        answer: (request) => {
          const user = readOwnUser(users, request);
          const changed = mergePatch(user, readObject(request.body));
          if (typeof changed["name"] !== "string" || changed["name"].trim() === "") {
            throw unprocessable("NAME_REQUIRED", "Expected a name.");
          }
          const { email } = changed;
          if (email !== undefined && (typeof email !== "string" || !/^\S+@\S+$/.test(email))) {
            throw unprocessable("INVALID_EMAIL", `Expected an e-mail address, got ${JSON.stringify(email)}.`);
          }
          const isTaken = [...users.values()].some((one) => one.id !== user.id && one.email === email);
          if (isTaken) throw new HttpError(409, "Somebody else has this e-mail address.", "EMAIL_TAKEN");
          const saved = { ...changed, id: user.id } as User;
          users.set(user.id, saved);
          return saved;
        },
      },
      {
        method: "PUT",
        path: "/users/{id}/address",
        answer: (request) => {
          const user = readOwnUser(users, request);
          const address = readAddress(readObject(request.body));
          users.set(user.id, { ...user, address });
          return address;
        },
      },
      {
        method: "POST",
        path: "/users/{id}/newsletter",
        answer: (request) => {
          const { id } = readOwnUser(users, request);
          const newsletter = readNewsletter(request);
          newsletters.set(id, newsletter);
          return newsletter;
        },
      },
      {
        method: "DELETE",
        path: "/users/{id}/newsletter",
        answer: (request) => {
          const { id } = readOwnUser(users, request);
          if (!newsletters.delete(id))
            throw new HttpError(404, `${id} gets no newsletter.`, "NOT_SUBSCRIBED");
          return new HttpAnswer(204);
        },
      },
      {
        method: "GET",
        path: "/users/{id}/notifications",
        answer: ({ path: { id = "" } }) => knownUser(notifications, id),
      },
      {
        method: "POST",
        path: "/users/{id}/notifications/read",
        answer: (request) => {
          const { id } = readOwnUser(users, request);
          const { ids } = readObject(request.body);
          if (!Array.isArray(ids)) throw unprocessable("IDS_REQUIRED", "Expected ids to be a list.");
          const { items } = notifications.get(id) ?? { items: [] };
          const changed = notificationsOf(
            items.map((item) => (ids.includes(item.id) ? { ...item, read: true } : item)),
          );
          notifications.set(id, changed);
          return changed;
        },
      },
      {
        method: "GET",
        path: "/users/{id}/wishes",
        answer: (request) => cursorPage(readWishList(request).wishes, request.query),
      },
      {
        method: "PUT",
        path: "/users/{id}/wishes/{productId}",
        answer: (request) => {
          const { userId, wishes } = readWishList(request);
          const { productId = "" } = request.path;
          if (!data.productById.has(productId)) {
            throw unprocessable("UNKNOWN_PRODUCT", `There is no product "${productId}".`);
          }
          const found = wishes.find((wish) => wish.productId === productId);
          const wish = found ?? { productId, addedAt: new Date().toISOString() };
          if (found === undefined) wishLists.set(userId, [wish, ...wishes]);
          return new HttpAnswer(found === undefined ? 201 : 200, wish);
        },
      },
      {
        method: "DELETE",
        path: "/users/{id}/wishes/{productId}",
        answer: (request) => {
          const { userId, wishes } = readWishList(request);
          const { productId = "" } = request.path;
          const rest = wishes.filter((wish) => wish.productId !== productId);
          if (rest.length === wishes.length) {
            throw new HttpError(404, `"${productId}" is not on the wish list.`, "NOT_WISHED");
          }
          wishLists.set(userId, rest);
          return new HttpAnswer(204);
        },
      },
    ],
    log,
    () => {
      restore(users, data.userById);
      restore(notifications, data.notificationsByUserId);
      restore(wishLists, data.wishListByUserId);
      newsletters.clear();
    },
  );
}

function knownUser<Row>(rowByUserId: ReadonlyMap<string, Row>, id: string): Row {
  const row = rowByUserId.get(id);
  if (row === undefined) throw new HttpError(404, `There is no user "${id}".`);
  return row;
}

function readOwnUser(users: ReadonlyMap<string, User>, request: HttpRequest): User {
  const userId = readUserId(request);
  const { id = "" } = request.path;
  if (id !== userId) throw new HttpError(403, `${userId} may not do this for "${id}".`, "NOT_YOURS");
  return knownUser(users, id);
}

function mergePatch(target: unknown, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    merged[name] = isRecord(value) ? mergePatch(merged[name], value) : (value ?? undefined);
  }
  return merged;
}

function readAddress(body: Readonly<Record<string, unknown>>): Address {
  const { street, city, postalCode, country } = body;
  if (
    typeof street !== "string" ||
    typeof city !== "string" ||
    typeof postalCode !== "string" ||
    typeof country !== "string"
  ) {
    throw unprocessable("ADDRESS_INCOMPLETE", "Expected street, city, postalCode and country.");
  }
  if (!/^[A-Z]{2}$/.test(country)) {
    throw unprocessable("INVALID_COUNTRY", `Expected an ISO 3166 country, got "${country}".`);
  }
  return { street, city, postalCode, country };
}

function onlyFields(row: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name)));
}

function readNewsletter({ headers, body }: HttpRequest): Newsletter {
  if (!(headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded")) {
    throw new HttpError(415, "Expected a form.");
  }
  const { topic = [], frequency = "weekly" } = readObject(body ?? {});
  const topics = [topic].flat().map(String);
  if (topics.length === 0) throw unprocessable("TOPIC_REQUIRED", "Expected at least one topic.");
  if (frequency !== "weekly" && frequency !== "monthly") {
    throw unprocessable("INVALID_FREQUENCY", 'Expected frequency to be "weekly" or "monthly".');
  }
  return { topics, frequency };
}

function restore<Row>(changed: Map<string, Row>, original: ReadonlyMap<string, Row>): void {
  for (const [id, row] of original) changed.set(id, row);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
