import { describe, expect, it } from "vitest";
import { type CorsRules, corsOption, readCorsRules } from "../../gateway/config/cors.ts";
import { env } from "../../gateway/config/environment-reference.ts";
import { Problems } from "../../gateway/core/problems.ts";

interface Read {
  readonly rules: CorsRules | null;
  readonly problems: readonly string[];
}

function read(value: unknown, origins?: string): Read {
  const problems = new Problems();
  const environment = { SHOP_ORIGINS: origins };
  const rules = readCorsRules(corsOption.parse(value), "bff-web/bff.config.ts", { environment, problems });
  return {
    rules,
    problems: problems.errors.map(
      ({ place, coordinate, expected, found }) => `${place.file} ${coordinate}: ${expected}, found ${found}`,
    ),
  };
}

describe("origins of the environment", () => {
  const reference = { origins: env("SHOP_ORIGINS") };

  it.each([
    ["https://shop.example", ["https://shop.example"]],
    [
      " https://a.example ,capacitor://localhost,http://localhost:5173",
      ["https://a.example", "capacitor://localhost", "http://localhost:5173"],
    ],
    ["*", ["*"]],
    [
      Array.from({ length: 100 }, (_, index) => `https://a${index}.example`).join(","),
      Array.from({ length: 100 }, (_, index) => `https://a${index}.example`),
    ],
  ])("%.60s is a list", (text, origins) => {
    const { rules, problems } = read(reference, text);
    expect([rules?.origins, problems]).toEqual([origins, []]);
    expect(rules).toMatchObject({ credentials: false, headers: ["authorization"], maxAgeSeconds: 600 });
  });

  it("have a default where the variable is not set, or empty", () => {
    const withDefault = { origins: env("SHOP_ORIGINS", "https://shop.example") };
    for (const text of [undefined, ""])
      expect(read(withDefault, text).rules?.origins).toEqual(["https://shop.example"]);
  });

  it.each([undefined, ""])("without a value (%j) are a problem", (text) => {
    expect(read(reference, text)).toEqual({
      rules: null,
      problems: [
        "bff-web/bff.config.ts cors.origins: a value of the environment variable SHOP_ORIGINS, found nothing",
      ],
    });
  });

  it.each([
    "https://shop.example/",
    "https://shop.example:443",
    "https://*.example",
    "shop.example",
    "null",
    "https://shop.example,",
    "https://shop.example,*",
    "https://a.example;https://b.example",
    Array.from({ length: 101 }, (_, index) => `https://a${index}.example`).join(","),
  ])("that are none (%.60s) are a problem", (text) => {
    const { rules, problems } = read(reference, text);
    expect([rules, problems.length]).toEqual([null, 1]);
    expect(problems[0]).toContain(
      "cors.origins: SHOP_ORIGINS to be 1 to 100 origins such as https://shop.example, with commas between them",
    );
  });

  it("can't be * where browsers add credentials", () => {
    const withCredentials = { ...reference, credentials: true };
    expect(read(withCredentials, "https://shop.example").rules?.credentials).toBe(true);
    expect(read(withCredentials, "*")).toEqual({
      rules: null,
      problems: [
        'bff-web/bff.config.ts cors.credentials: true or false, and false where origins is ["*"], found true, while SHOP_ORIGINS is *',
      ],
    });
  });
});
