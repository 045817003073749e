import { fileURLToPath } from "node:url";
import { runUntilSignal, StartupError, startGateway } from "overlock";
import { startShop } from "../backends/shop.ts";
import { startDemoIssuer } from "./issuer.ts";

// The shop demo: seven real backends, a token issuer and the gateway, in one process, on loopback.

const userId = "u1";
const tokenLifetimeSeconds = 12 * 60 * 60;
const root = fileURLToPath(new URL("../../", import.meta.url));

const [shop, issuer] = await Promise.all([startShop(), startDemoIssuer()]);
const environment = {
  NODE_ENV: "development",
  LOG_LEVEL: "info",
  ...shop.env,
  ...issuer.environment,
  ...process.env,
};
try {
  await runUntilSignal(async () => {
    const gateway = await startGateway({ root, environment });
    const token = await issuer.issueToken(userId, tokenLifetimeSeconds);
    process.stdout.write(describeDemo(gateway.endpoints, gateway.adminUrl, token));
    return gateway;
  });
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  await Promise.all([shop.stop(), issuer.stop()]);
}

function describeDemo(endpoints: ReadonlyMap<string, string>, adminUrl: string, token: string): string {
  const web = endpoints.get("web") ?? "";
  const mobile = endpoints.get("mobile") ?? "";
  return `
  Overlock is ready.

  web      ${web}      open it in a browser for the explorer
  mobile   ${mobile}
  admin    ${adminUrl}/metrics   ${adminUrl}/supergraph

  A token for the demo user ${userId}, valid for 12 hours:

export TOKEN=${token}

  Paste a query, catalog and inventory over gRPC joined with reviews and accounts over REST:

curl -s ${web} -H 'content-type: application/json' \\
  -d '{"query":"{ products(first: 2) { items { name stock { level } reviews(first: 1) { stars author { name } } } } }"}'

  The app's home screen in one request, for the demo user:

curl -s ${mobile} -H 'content-type: application/json' -H "authorization: Bearer $TOKEN" \\
  -d '{"query":"{ home { unread featured(first: 2) { title inStock stars } orders { status } } }"}'

  Ctrl-C stops everything.

`;
}
