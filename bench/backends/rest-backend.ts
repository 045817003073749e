import { createServer, type Server } from "node:http";
import { commentOf, commentsPerPost, numberOf, postOf, userOf } from "./data.ts";

export interface CallCounter {
  calls: number;
}

/**
 * Posts, comments and users over REST, by nothing but `node:http`. An answer is made once and kept, so that the backend
 * costs little beside what is measured.
 */
export function createRestBackend(counter: CallCounter): Server {
  const answers = new Map<string, Buffer>();
  const liked = Buffer.from(JSON.stringify({ post: "t7", likes: 434 }));
  const server = createServer((request, response) => {
    counter.calls++;
    if (request.method === "POST") {
      request.resume().on("end", () => {
        response.writeHead(200, headersOf(liked)).end(liked);
      });
      return;
    }
    const url = request.url ?? "/";
    let answer = answers.get(url);
    if (answer === undefined) {
      answer = Buffer.from(JSON.stringify(readRows(new URL(url, "http://backend"))));
      if (answers.size < 10_000) answers.set(url, answer);
    }
    response.writeHead(200, headersOf(answer)).end(answer);
  });
  server.keepAliveTimeout = 120_000;
  return server;
}

function headersOf(body: Buffer): Record<string, string | number> {
  return { "content-type": "application/json", "content-length": body.length };
}

function readRows({ pathname, searchParams }: URL): unknown {
  switch (pathname) {
    case "/posts": {
      const first = Number(searchParams.get("first") ?? 20);
      return Array.from({ length: first }, (_, number) => postOf(number));
    }
    case "/users":
      return searchParams.getAll("ids").map((id) => userOf(numberOf(id)));
    case "/comments":
      return searchParams.getAll("postIds").flatMap((id) => {
        return Array.from({ length: commentsPerPost }, (_, place) => commentOf(numberOf(id), place));
      });
    case "/unread":
      return { count: 3 };
    default:
      throw new Error(`Expected a path of this backend, got ${pathname}.`);
  }
}
