import { HttpError } from "./http-backend.ts";

/** A request's body that must be an object. Throws 400. */
export function readObject(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new HttpError(400, "Expected a JSON object.");
  }
  return { ...body };
}

/** 422 with the code, as the shop's REST services refuse a value. */
export function unprocessable(code: string, message: string): HttpError {
  return new HttpError(422, message, code);
}
