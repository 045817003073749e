import { status } from "@grpc/grpc-js";
import { GrpcError } from "./grpc-backend.ts";

/**
 * One page of `rows`: `first` of them (0: `defaultFirst`) after those that `pageToken` (empty: none) stands for.
 * `nextPageToken` is empty on the last page. Throws INVALID_ARGUMENT.
 */
export function pageOf<Row>(
  rows: readonly Row[],
  request: { readonly first: number; readonly pageToken: string },
  { defaultFirst, maxFirst }: { readonly defaultFirst: number; readonly maxFirst: number },
): { readonly rows: readonly Row[]; readonly nextPageToken: string; readonly totalCount: number } {
  const first = request.first === 0 ? defaultFirst : request.first;
  if (first < 1 || first > maxFirst) {
    throw new GrpcError(status.INVALID_ARGUMENT, `Expected first from 1 to ${maxFirst}, got ${first}.`);
  }
  const start = request.pageToken === "" ? 0 : readToken(request.pageToken);
  const end = start + first;
  return {
    rows: rows.slice(start, end),
    nextPageToken: end < rows.length ? writeToken(end) : "",
    totalCount: rows.length,
  };
}

function writeToken(start: number): string {
  return Buffer.from(`after:${start}`).toString("base64url");
}

function readToken(token: string): number {
  const start = /^after:(\d+)$/.exec(Buffer.from(token, "base64url").toString())?.[1];
  if (start === undefined) {
    throw new GrpcError(status.INVALID_ARGUMENT, "Expected a page token that this service made.");
  }
  return Number(start);
}
