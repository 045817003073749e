import { findRows } from "./find-rows.ts";
import { HttpBackend, HttpError } from "./http-backend.ts";
import { readIds } from "./http-query.ts";
import type { RequestLog } from "./request-log.ts";
import type { ShopData } from "./shop-data.ts";

/** The accounts team's service (REST): users and their notifications. */
export function createAccounts(data: ShopData, log: RequestLog): HttpBackend {
  return new HttpBackend(
    [
      {
        method: "GET",
        path: "/users",
        answer: ({ query }) => findRows(data.userById, readIds(query, "ids")),
      },
      {
        method: "GET",
        path: "/users/{id}",
        answer: ({ path: { id = "" } }) => knownUser(data.userById, id),
      },
      {
        method: "GET",
        path: "/users/{id}/notifications",
        answer: ({ path: { id = "" } }) => knownUser(data.notificationsByUserId, id),
      },
    ],
    log,
  );
}

function knownUser<Row>(rowByUserId: ReadonlyMap<string, Row>, id: string): Row {
  const row = rowByUserId.get(id);
  if (row === undefined) throw new HttpError(404, `There is no user "${id}".`);
  return row;
}
