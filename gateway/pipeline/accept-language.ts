/**
 * The locale, of those that are offered, that a client wants most: the lookup of RFC 4647, section 3.4. Each range of
 * `Accept-Language`, the strongest first, is shortened from its end until a locale has that name; without any, the first
 * locale. What the header says chooses among `locales` and never becomes a locale itself.
 */
export function negotiateLocale(acceptLanguage: string | undefined, locales: readonly string[]): string {
  const [fallback = "en-US"] = locales;
  if (acceptLanguage === undefined || locales.length < 2) return fallback;
  const ranges = parseRanges(acceptLanguage);
  const refused = new Set(ranges.filter(({ quality }) => quality === 0).map(({ range }) => range));
  const offered = new Map(locales.map((locale) => [locale.toLowerCase(), locale]));
  const wanted = ranges.filter(({ quality }) => quality > 0);
  // A stable sort: among ranges that are wanted alike the one named first comes first.
  for (const { range } of wanted.toSorted((left, right) => right.quality - left.quality)) {
    for (let name = range; name !== ""; name = shortened(name)) {
      const locale = offered.get(name);
      if (locale !== undefined && !refused.has(name)) return locale;
    }
  }
  return fallback;
}

interface LanguageRange {
  /** In lower case. */
  readonly range: string;
  /** 0 to 1; 0 refuses. */
  readonly quality: number;
}

/** Longer ranges name no locale that anybody has. */
const maxRangeLength = 64;

/** The well-formed ranges of the header; `*` is left out, because the fallback stands for any. */
function parseRanges(header: string): LanguageRange[] {
  return header.split(",").flatMap((element) => {
    const [range = "", ...parameters] = element.split(";").map((part) => part.trim().toLowerCase());
    if (range.length > maxRangeLength || !/^[a-z]{1,8}(?:-[a-z0-9]{1,8})*$/.test(range)) return [];
    const quality = qualityOf(parameters);
    return quality === null ? [] : [{ range, quality }];
  });
}

/** Null where it is no weight of RFC 9110, section 12.4.2. */
function qualityOf(parameters: readonly string[]): number | null {
  const [parameter = "q=1"] = parameters;
  const match = /^q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(parameter);
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** Without its last subtag, and without the single letter that would then be the last. */
function shortened(range: string): string {
  const shorter = range.slice(0, Math.max(0, range.lastIndexOf("-")));
  return /-[a-z0-9]$/.test(shorter) ? shorter.slice(0, -2) : shorter;
}
