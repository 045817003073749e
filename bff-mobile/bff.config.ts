import { defineBff } from "overlock";
import { initials } from "./initials.ts";

export default defineBff({
  name: "mobile",
  requestTimeoutMs: 5000,
  anonymous: true,
  locales: ["en-US", "de", "fr", "ar-EG"],
  timeZone: "Europe/Berlin",
  shapers: [initials],
  explorerOperation: `# The first screen of the app in one request. unread, news and orders need a token: put the one that npm start printed into
# Headers below, { "authorization": "Bearer …" }.
query Home {
  home {
    unread
    featured(first: 6) { id title priceText badges inStock stars }
    latestVoices { stars text author }
    news { __typename ... on OrderNews { text } ... on DealNews { percentOff product { title } } }
    orders(first: 1) { status lines { quantity product { title } } }
  }
}
`,
});
