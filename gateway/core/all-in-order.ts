/**
 * What all of these come to, like `Promise.all`. Where several fail, it is the first of them in the list that is raised,
 * whichever failed first: what a client is told does not depend on which backend was quicker
 * (docs/decisions/0044-the-first-failure-in-order-is-told.md).
 */
export async function allInOrder<Value>(values: readonly (Value | PromiseLike<Value>)[]): Promise<Value[]> {
  try {
    return await Promise.all(values);
  } catch (error) {
    const settled = await Promise.allSettled(values);
    const first = settled.find((one) => one.status === "rejected");
    throw first === undefined ? error : first.reason;
  }
}
