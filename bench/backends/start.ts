import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createGrpcBackend, listenGrpc } from "./grpc-backend.ts";
import { type CallCounter, createRestBackend } from "./rest-backend.ts";

// All backends in one process, with a control port whose every request is answered with the number of calls since the
// last one. Prints one line with the addresses, and ends when standard input does.

const counter: CallCounter = { calls: 0 };
const rest = createRestBackend(counter);
const grpc = createGrpcBackend(counter);
const control = createServer((_request, response) => {
  response.end(JSON.stringify({ calls: counter.calls }));
  counter.calls = 0;
});
const [restPort, controlPort, grpcPort] = await Promise.all([
  listen(rest),
  listen(control),
  listenGrpc(grpc),
]);
const addresses = {
  CONTENT_URL: `http://127.0.0.1:${restPort}`,
  CATALOG_URL: `grpc://127.0.0.1:${grpcPort}`,
  INVENTORY_URL: `grpc://127.0.0.1:${grpcPort}`,
  GRPC_AUTHORITY: `127.0.0.1:${grpcPort}`,
  CONTROL_URL: `http://127.0.0.1:${controlPort}`,
};
process.stdout.write(`${JSON.stringify(addresses)}\n`);
process.stdin.resume().on("end", () => process.exit(0));

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
