import { expect, test } from "vitest";
import { readGrpcUrl } from "../../../gateway/sources/grpc/grpc-source.ts";

test.each([
  ["grpc://stock.internal:7102", "stock.internal:7102", false],
  ["grpc://stock.internal", "stock.internal:80", false],
  ["grpcs://stock.internal", "stock.internal:443", true],
  ["grpcs://[::1]:7102/", "[::1]:7102", true],
  ["grpc://[::1]", "[::1]:80", false],
])("%s means %s", (url, address, isSecure) => {
  expect(readGrpcUrl(url)).toEqual({ address, isSecure });
});
