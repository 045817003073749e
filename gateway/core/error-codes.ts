/**
 * Every code that a client can meet in `extensions.code` or in a refused request, and nothing else.
 *
 * `family` says whether the error's own message may be shown (`client`) or only `publicMessage` (`internal`).
 * `status` is the HTTP status where the code refuses a whole request before execution; a field error is always
 * inside a 200. `isRetryable` tells the client whether the same request may succeed later.
 * `isDenial` marks codes that `@default(onError: true)` never absorbs.
 */
export interface ErrorCodeEntry {
  readonly family: "client" | "internal";
  readonly status: number;
  readonly isRetryable: boolean;
  readonly isDenial: boolean;
  readonly publicMessage: string;
}

function client(status: number, publicMessage: string, isRetryable = false): ErrorCodeEntry {
  return { family: "client", status, isRetryable, isDenial: false, publicMessage };
}

function internal(publicMessage: string, isRetryable: boolean, status = 500): ErrorCodeEntry {
  return { family: "internal", status, isRetryable, isDenial: false, publicMessage };
}

function denial(entry: ErrorCodeEntry): ErrorCodeEntry {
  return { ...entry, isDenial: true };
}

export const errorCodes = {
  BAD_REQUEST: client(400, "The request is not a GraphQL request."),
  ADDRESS_REFUSED: denial(client(403, "Calls from this address are not answered here.")),
  CROSS_SITE_REQUEST: client(403, "Pages of other sites are not answered here."),
  METHOD_NOT_ALLOWED: client(405, "The HTTP method is not allowed here."),
  NOT_ACCEPTABLE: client(406, "None of the accepted media types can be produced."),
  REQUEST_TOO_SLOW: client(408, "The request did not arrive in time.", true),
  PAYLOAD_TOO_LARGE: client(413, "The request body is too large."),
  URI_TOO_LONG: client(414, "The URL is too long."),
  EXPECTATION_FAILED: client(417, "What the request expects of the server is not done here."),
  HEADERS_TOO_LARGE: client(431, "The request's headers are too large, or too many."),
  UNSUPPORTED_MEDIA_TYPE: client(415, "The request's content type is not supported."),
  GRAPHQL_PARSE_FAILED: client(400, "The document is not valid GraphQL."),
  GRAPHQL_VALIDATION_FAILED: client(400, "The document does not fit the schema."),
  OPERATION_RESOLUTION_FAILURE: client(400, "The operation to run could not be told."),
  BAD_USER_INPUT: client(400, "The variables do not fit the operation."),
  NOT_FOUND: client(404, "There is nothing at this URL."),
  UNAUTHENTICATED: denial(client(401, "A credential is required.")),
  CREDENTIAL_INVALID: denial(client(401, "The credential is not valid.")),
  CREDENTIAL_EXPIRED: denial(client(401, "The credential has expired.")),
  UNAUTHORIZED_FIELD_OR_TYPE: denial(client(403, "The caller may not read this.")),
  HEADER_REQUIRED: denial(client(400, "A required header is missing.")),
  IDENTITY_UNAVAILABLE: internal("The caller's credential could not be checked at the moment.", true, 503),
  LIMIT_EXCEEDED: denial(client(400, "The operation is larger than operations may be.")),
  COST_LIMIT_EXCEEDED: denial(client(400, "The operation costs more than one operation may.")),
  RATE_LIMITED: denial(client(429, "The caller has spent its budget.", true)),
  OVERLOADED: denial(client(503, "The gateway has too much to do at the moment.", true)),
  STATE_UNAVAILABLE: denial(internal("Budgets can't be kept at the moment.", true, 503)),
  RESPONSE_TOO_LARGE: client(400, "The operation selects more than one answer may hold."),
  REQUEST_TIMEOUT: client(504, "The request's time ran out.", true),
  NOT_FOUND_REFERENCE: internal("A referenced object does not exist.", false),
  NULL_IN_NON_NULL: internal("A backend had no value for a field that promises one.", false),
  INVALID_VALUE: internal("A value does not fit the type that is promised for it.", false),
  TYPE_NOT_EXPOSED: internal("The object is of a type that this schema does not show.", false),
  CANNOT_SHAPE: internal("A backend's value could not be brought into the promised shape.", false),
  UPSTREAM_UNREACHABLE: internal("A backend could not be reached.", true),
  UPSTREAM_TIMEOUT: internal("A backend did not answer in time.", true),
  UPSTREAM_ERROR: internal("A backend failed.", true),
  UPSTREAM_REJECTED: internal("A backend refused the call.", false),
  UPSTREAM_DENIED: denial(internal("A backend denied access.", false)),
  UPSTREAM_UNAUTHENTICATED: internal("The gateway could not authenticate itself to a backend.", true),
  UPSTREAM_INVALID_RESPONSE: internal("A backend's answer could not be understood.", false),
  UPSTREAM_RESPONSE_TOO_LARGE: internal("A backend's answer was too large.", false),
  CANCELLED: internal("The client went away.", true, 499),
  INTERNAL_SERVER_ERROR: internal("Something went wrong inside the gateway.", true),
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof errorCodes;
