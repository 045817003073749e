import { errorCodes } from "../core/error-codes.ts";
import type { RequestRefusal } from "../core/request-refusal.ts";
import { HttpAnswer } from "../pipeline/gateway-request.ts";

/** A refusal in the usual form, for requests of which no BFF knows: they are not logged, and nothing is negotiated. */
export function answerRefusal({ code, message }: RequestRefusal): HttpAnswer {
  return new HttpAnswer(
    errorCodes[code].status,
    {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
    JSON.stringify({ errors: [{ message, extensions: { code } }] }),
  );
}
