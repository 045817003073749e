import { defineBff } from "overlock";

export default defineBff({
  name: "web",
  anonymous: true,
  policies: {
    mayReview: ({ caller }) => caller.claims["suspended"] !== true,
  },
  locales: ["en-US", "de", "fr", "ar-EG"],
  timeZone: "Europe/Berlin",
  explorerOperation: `# One query, six backends: catalog and inventory speak gRPC, reviews, accounts and shipping REST, recommendations GraphQL.
query FeaturedProducts {
  products(first: 3) {
    items {
      name
      price { units nanos currency }
      stock { level quantity }
      rating { average count }
      reviews(first: 2) { stars title author { name } }
      delivery(country: "DE") { maxDays costText }
      recommendations(first: 2) { reason product { name } }
    }
  }
}
`,
});
