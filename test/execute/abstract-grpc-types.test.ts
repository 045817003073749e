import { loadSync } from "@grpc/proto-loader";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { toOverlockError } from "../../gateway/core/errors.ts";
import { formatProblem, Problems } from "../../gateway/core/problems.ts";
import { createReferenceExecutor, type Executor } from "../../gateway/execute/reference-executor.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { GrpcBackend } from "../backends/grpc-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { composeTexts, testProtos } from "../compose/compose-texts.ts";
import { tryOpenSource } from "../support/open-source.ts";
import { plainCosts } from "../support/plain-costs.ts";
import { createScope } from "../support/request-scope.ts";
import { openAccess } from "../support/open-access.ts";
import { ampleLimits } from "../support/ample-limits.ts";

const paymentsSchema = `
extend schema
  @source(name: "payments", url: "grpc://localhost:1", proto: "payments/v1/payments.proto", service: "payments.v1.PaymentsService")
type Query {
  payments: [Payment] @grpc(method: "ListPayments", select: "payments", safe: true)
  means: [Means] @grpc(method: "ListPayments", select: "payments.paidWith", safe: true)
}
type Payment { id: ID! paidWith: Means means: Means @from(field: "paid_with") events: [Event] extra: Extra }
union Means @discriminator(mapping: [{ value: "bank_transfer", type: "Wire" }]) = Card | Wire | VoucherCode
type Card { lastFour: String holder: Holder @from(field: "issuer") }
type Holder { userId: ID }
type Wire { iban: String }
type VoucherCode { code: String @from(field: "voucher_code") }
interface Event @discriminator(field: "eventKind", mapping: [{ value: "CAPTURED", type: "Captured" }, { value: "REFUNDED", type: "Refunded" }]) { atTime: String }
type Captured implements Event { atTime: String amountText: String }
type Refunded implements Event { atTime: String reason: String @from(field: "reasonText") }
union Extra @discriminator(mapping: [{ value: "payments.v1.Card", type: "Card" }, { value: "payments.v1.Transfer", type: "Wire" }]) = Card | Wire
`;

const clientSchema = `
type Query { payments: [Payment] means: [Means] ibans: [String] @from(field: "payments.paidWith<Wire>.iban") }
type Payment { id: ID! paidWith: Means same: Means @from(field: "means") events: [Event] extra: Extra }
union Means = CreditCard | Wire | Voucher
type CreditCard @view(of: "Card") { lastFour: String owner: ID @from(field: "holder.userId") }
type Wire { iban: String }
type Voucher @view(of: "VoucherCode") { code: String }
interface Event { atTime: String }
type Captured implements Event { atTime: String amount: String @from(field: "amountText") }
type Refunded implements Event { atTime: String reason: String }
union Extra = CreditCard | Wire
`;

let payments: readonly object[] = [];
const log = new RequestLog(countUp());
let backend: GrpcBackend;
let sources: readonly Source[];
let executor: Executor;
let preparer: OperationPreparer;

beforeAll(async () => {
  const definition = loadSync("payments/v1/payments.proto", { includeDirs: [testProtos] });
  const service = definition["payments.v1.PaymentsService"];
  if (service === undefined || "format" in service) throw new Error("expected the service");
  backend = new GrpcBackend(service, { ListPayments: () => ({ payments }) }, log);
  await backend.start();
  const composed = composeTexts({ payments: paymentsSchema }, clientSchema, {
    urls: { payments: backend.url },
  });
  sources = composed.sources;
  const [bound] = composed.composition.clients;
  if (bound === undefined) throw new Error("expected a client schema");
  const limits = { limits: ampleLimits, maxPreparedOperations: 50 };
  preparer = new OperationPreparer(
    { schema: bound.schema, access: openAccess, costs: plainCosts, showsSuggestions: true },
    limits,
    () => {},
  );
  executor = createReferenceExecutor(bound, composed.composition.model, { maxResolvedValues: 1000 });
});

beforeEach(() => log.clear());

afterAll(async () => {
  await Promise.all(sources.map((source) => source.dispose()));
  await backend.stop();
});

async function run(query: string) {
  const result = await executor.execute(
    { prepared: preparer.prepare(query, null), variables: {}, denials: null },
    createScope(),
  );
  return {
    data: structuredClone(result.data) as unknown,
    errors: (result.errors ?? []).map(
      ({ path, originalError }) => `${path?.join(".")} ${toOverlockError(originalError).code}`,
    ),
  };
}

const paid = [
  { id: "1", creditCard: { lastFour: "4242", issuer: { userId: "u1" } } },
  { id: "2", bankTransfer: { iban: "CH93" } },
  { id: "3", voucherCode: "SUMMER" },
  { id: "4" },
  { id: "5", cash: true },
  { id: "6", creditCard: {} },
];

const means =
  "{ __typename ... on CreditCard { lastFour owner } ... on Wire { iban } ... on Voucher { code } }";

describe("a oneof as a union", () => {
  test("is of the type of its set member: mapped, called like the member, or a value that is no message", async () => {
    payments = paid;
    const expected = [
      { __typename: "CreditCard", lastFour: "4242", owner: "u1" },
      { __typename: "Wire", iban: "CH93" },
      { __typename: "Voucher", code: "SUMMER" },
      null,
      null,
      { __typename: "CreditCard", lastFour: "", owner: null },
    ];
    const { data, errors } = await run(
      `{ payments { id paidWith ${means} same ${means} } means ${means} ibans }`,
    );
    expect(data).toEqual({
      payments: expected.map((one, index) => ({ id: String(index + 1), paidWith: one, same: one })),
      means: expected,
      ibans: [null, "CH93", null, null, null, null],
    });
    expect(errors.toSorted()).toEqual([
      "ibans.4 INVALID_VALUE",
      "means.4 INVALID_VALUE",
      "payments.4.paidWith INVALID_VALUE",
      "payments.4.same INVALID_VALUE",
    ]);
    expect(log.count("ListPayments")).toBe(1);
  });

  test("warns at start of a member that no type shows", () => {
    const problems = new Problems();
    tryOpenSource(paymentsSchema, problems, { url: "grpc://localhost:1", protos: testProtos });
    expect(problems.errors).toEqual([]);
    expect(problems.warnings.map(formatProblem)).toContain(`a.graphql:8:24  Payment.paidWith
  expected  a type of Means for every member of the oneof paid_with
  found     none for cash
  hint      where it is set, the value is null and INVALID_VALUE`);
  });
});

describe("one message for several types", () => {
  test("says which it is in the field of the discriminator, an enum by its name", async () => {
    payments = [
      {
        id: "1",
        events: [
          { eventKind: "CAPTURED", atTime: "noon", amountText: "5" },
          { eventKind: "REFUNDED", atTime: "one", reasonText: "broken" },
          { atTime: "never" },
        ],
      },
    ];
    const { data, errors } = await run(
      "{ payments { events { __typename atTime ... on Captured { amount } ... on Refunded { reason } } } }",
    );
    expect(data).toEqual({
      payments: [
        {
          events: [
            { __typename: "Captured", atTime: "noon", amount: "5" },
            { __typename: "Refunded", atTime: "one", reason: "broken" },
            null,
          ],
        },
      ],
    });
    expect(errors).toEqual(["payments.0.events.2 INVALID_VALUE"]);
  });
});

describe("an Any as a union", () => {
  test("is of the type that its message is mapped to", async () => {
    const any = (name: string, value: Buffer) => ({
      type_url: `type.googleapis.com/payments.v1.${name}`,
      value,
    });
    payments = [
      { id: "1", extra: any("Transfer", Buffer.from([0x0a, 2, 0x43, 0x48])) },
      { id: "2", extra: any("Card", Buffer.from([0x0a, 1, 0x37])) },
      { id: "3", extra: any("Issuer", Buffer.alloc(0)) },
      { id: "4" },
    ];
    const { data, errors } = await run(
      "{ payments { extra { __typename ... on Wire { iban } ... on CreditCard { lastFour } } } }",
    );
    expect(data).toEqual({
      payments: [
        { extra: { __typename: "Wire", iban: "CH" } },
        { extra: { __typename: "CreditCard", lastFour: "7" } },
        { extra: null },
        { extra: null },
      ],
    });
    expect(errors).toEqual(["payments.2.extra INVALID_VALUE"]);
  });
});
