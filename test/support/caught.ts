/** What a promise was rejected with. Rejects itself where it was not. */
export async function caught(call: Promise<unknown>): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    return error;
  }
  throw new Error(`expected an error, found ${JSON.stringify(answer)}`);
}
