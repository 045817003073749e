import type { RequestListener } from "node:http";
import type { Socket } from "node:net";

/**
 * Takes the requests that a client of HTTP/1.1 sends without waiting for answers (pipelining,
 * https://www.rfc-editor.org/rfc/rfc9112#section-9.3.2) one at a time, in their order: what the first changes the second
 * sees, and a connection has one request under way. Node would begin all of them at once, however many came. Of those
 * that wait there are at most {@link maxWaiting}; one more, and the connection is cut.
 */
export function serveInOrder(handle: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    // Node gives an answer its socket when those before it are done. Requests of HTTP/2 have streams of their own.
    if (request.httpVersionMajor === 2 || response.socket !== null) {
      handle(request, response);
      return;
    }
    const { socket } = request;
    const before = waiting.get(socket) ?? 0;
    if (before >= maxWaiting) {
      socket.destroy();
      return;
    }
    waiting.set(socket, before + 1);
    response.once("socket", () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      handle(request, response);
    });
  };
}

/** As many as may be under way at a time on a connection of HTTP/2. */
export const maxWaiting = 100;
