import type { Draw } from "./world.ts";

/** Rows as the REST backends have them. Some members have other names than in the schema. */

export function showRow(draw: Draw, id: string): Record<string, unknown> {
  return {
    id,
    title: draw.maybe(() => draw.text()),
    description: draw.maybe(() => draw.text()),
    kind: draw.maybe(() => draw.pick(kinds)),
    kinds: draw.maybe(() => draw.list(() => draw.pick(kinds))),
    day: draw.integer(1, 3),
    hall: draw.maybe(() => hallRow(draw)),
    startsAt: draw.maybe(() =>
      draw.pick(["2026-03-29T01:30:00Z", "2026-12-31T23:59:59.999+05:30", "1969-07-20T20:17:40Z"]),
    ),
    endsOn: draw.maybe(() => draw.pick(["2026-02-28", "2026-02-30", "soon"])),
    epoch: draw.maybe(() => draw.integer(0, 2_000_000_000)),
    price: draw.maybe(() => priceRow(draw)),
    cents: draw.maybe(() => draw.integer(-5, 100_000)),
    amountText: draw.maybe(() => draw.pick(["12.5", "-3", "1e5", "0.005", "many"])),
    ratio: draw.maybe(() => draw.float()),
    weight: draw.maybe(() => draw.integer(0, 3)),
    isFree: draw.maybe(() => draw.happens(0.5)),
    tags: draw.maybe(() => draw.list(() => draw.text())),
    tagGrid: draw.maybe(() =>
      draw.list(() => draw.maybe(() => draw.list(() => draw.maybe(() => draw.text())))),
    ),
    links: draw.maybe(() => draw.list(() => draw.maybe(() => draw.list(() => linkRow(draw, 1))))),
    details: draw.maybe(() => ({ a: [1, { b: draw.text() }], "c d": null })),
    seatsLeft: draw.integer(0, 5),
    venueId: draw.maybe(() => draw.id("v", 4)),
    inner: draw.maybe(() => ({ place: draw.maybe(() => venueRow(draw, draw.id("v", 4))) })),
    acts: draw.maybe(() => draw.list(() => draw.maybe(() => actRow(draw, 1)))),
    opener: draw.maybe(() => actRow(draw, 1)),
    headKind: draw.pick(["concert", "talk", "7", "circus", null]),
    headId: draw.maybe(() => draw.id("c", 4)),
    performerIds: draw.maybe(() => draw.list(() => draw.maybe(() => draw.id("p")))),
    hostId: draw.maybe(() => draw.id("p")),
    deputyId: draw.maybe(() => draw.id("p")),
    related: draw.maybe(() => ({ ids: draw.maybe(() => draw.list(() => draw.id("s"))) })),
    nextId: draw.maybe(() => draw.id("s")),
    twinDay: draw.maybe(() => draw.integer(1, 3)),
    twinHall: draw.maybe(() => ({ c: draw.maybe(() => draw.id("h", 3)) })),
  };
}

const kinds = ["MUSIC", "SPEECH", "CINEMA", "SECRET", "BALLET"] as const;

export function hallRow(draw: Draw): object {
  return {
    code: draw.id("h", 3),
    floor: draw.maybe(() => draw.integer(0, 2)),
    doors: draw.maybe(() =>
      draw.list(() => ({
        label: draw.text(),
        widths: draw.maybe(() => draw.list(() => draw.maybe(() => draw.float()))),
      })),
    ),
  };
}

export function priceRow(draw: Draw): object {
  return { cents: draw.integer(-1, 99_999), currency: draw.pick(["EUR", "JPY", "KWD", "nothing"]) };
}

export function linkRow(draw: Draw, levels: number): object {
  return {
    url: draw.text(),
    rel: draw.maybe(() => draw.pick(["SELF", "NEXT", "OTHER", "NONE"])),
    alternates: levels === 0 ? null : draw.maybe(() => draw.list(() => linkRow(draw, levels - 1), 2)),
  };
}

export function venueRow(draw: Draw, id: string): Record<string, unknown> {
  return {
    id,
    name: draw.text(),
    city: draw.maybe(() => draw.text()),
    halls: draw.maybe(() => draw.list(() => hallRow(draw))),
    managerId: draw.maybe(() => draw.id("p")),
  };
}

/** Of any type, with the names that each type has for the same things. */
export function actRow(draw: Draw, levels: number): Record<string, unknown> {
  const kind = draw.pick(["concert", "talk", 7, "concert", "talk", "7", "circus"]);
  return { kind, ...actMembers(draw, draw.id("c", 4), levels) };
}

export function actMembers(draw: Draw, id: string, levels: number): Record<string, unknown> {
  return {
    id,
    title: draw.maybe(() => draw.text()),
    topic: draw.maybe(() => draw.text()),
    minutes: draw.maybe(() => draw.integer(1, 200)),
    length: draw.maybe(() => ({ minutes: draw.maybe(() => draw.integer(1, 200)) })),
    singerId: draw.maybe(() => draw.id("p")),
    speakerId: draw.maybe(() => draw.id("p")),
    songs: draw.maybe(() => draw.list(() => draw.maybe(() => draw.text()))),
    encore: levels === 0 ? null : draw.maybe(() => actMembers(draw, draw.id("c", 4), levels - 1)),
    slides: draw.maybe(() => draw.list(() => linkRow(draw, 0))),
    showId: draw.maybe(() => draw.id("s")),
    frames: draw.maybe(() =>
      draw.list(() => draw.maybe(() => draw.list(() => draw.maybe(() => draw.integer(0, 9))))),
    ),
    rivals:
      levels === 0 ? null : draw.maybe(() => draw.list(() => draw.maybe(() => actRow(draw, levels - 1)))),
  };
}

export function noteRow(draw: Draw, showId: string, levels = 1): Record<string, unknown> {
  return {
    showId,
    text: draw.text(),
    stars: draw.maybe(() => draw.integer(1, 5)),
    authorId: draw.maybe(() => draw.id("p")),
    ...(draw.happens(0.5) && { heading: draw.maybe(() => draw.text()) }),
    ...(draw.happens(0.6) && {
      slot: { day: draw.integer(1, 3), hall: draw.maybe(() => draw.id("h", 3)) },
    }),
    replies:
      levels === 0 ? null : draw.maybe(() => draw.list(() => noteRow(draw, draw.id("s"), levels - 1), 2)),
  };
}

export function cellRow(draw: Draw): object {
  return {
    x: draw.integer(0, 9),
    y: draw.integer(0, 9),
    label: draw.maybe(() => draw.text()),
    showId: draw.maybe(() => draw.id("s")),
  };
}

export function hitRow(draw: Draw): object {
  const what = draw.pick(["show", "venue", "Note", "Concert", "ad"]);
  if (what === "venue") return { what, ...venueRow(draw, draw.id("v", 4)) };
  if (what === "Note") return { what, ...noteRow(draw, draw.id("s")) };
  if (what === "Concert") return { what, ...actMembers(draw, draw.id("c", 4), 1) };
  return { what, ...showRow(draw, draw.id("s")) };
}

export function subjectRow(draw: Draw, levels = 2): object {
  const kind = draw.pick(["Rumour", "Fact", "Rumour", "Lie"]);
  return {
    meta: { kind },
    text: draw.text(),
    aboutKind: draw.pick(["s", "v", "p", "x", null]),
    aboutId: draw.maybe(() => draw.id("s", 4)),
    list:
      levels === 0 ? [] : draw.maybe(() => draw.list(() => draw.maybe(() => subjectRow(draw, levels - 1)))),
    year: draw.maybe(() => draw.integer(1900, 2026)),
    sources: draw.maybe(() => draw.list(() => draw.maybe(() => linkRow(draw, 0)))),
  };
}

/** A show as the box office has it. */
export function soldRow(draw: Draw, id: string): Record<string, unknown> {
  return {
    ref: { id },
    seatsLeft: draw.maybe(() => draw.integer(0, 9)),
    sold: draw.maybe(() => draw.integer(0, 900)),
    tier: draw.maybe(() => draw.pick(["CHEAP", "DEAR", "FREE"])),
    margin: draw.float(),
    shelf: draw.maybe(() => draw.integer(0, 4)),
    vault: draw.maybe(() => ({ code: draw.maybe(() => draw.id("k", 3)) })),
  };
}

export function orderRow(draw: Draw, id: string): Record<string, unknown> {
  return {
    id,
    label: draw.maybe(() => draw.text()),
    total: draw.maybe(() => priceRow(draw)),
    state: draw.maybe(() => draw.pick(["NEW", "PAID", "LOST", "ODD"])),
    lines: draw.maybe(() =>
      draw.list(() => ({
        sku: draw.maybe(() => draw.text()),
        count: draw.maybe(() => draw.integer(1, 5)),
        ref: draw.maybe(() => ({ show: draw.maybe(() => draw.id("s")) })),
      })),
    ),
    showId: draw.maybe(() => draw.id("s")),
    seatRow: draw.maybe(() => draw.integer(1, 2)),
    seatNumber: draw.maybe(() => draw.integer(1, 2)),
  };
}

export function saleRow(draw: Draw): unknown {
  return draw.maybe(() => ({
    at: draw.maybe(() => draw.text()),
    price: draw.maybe(() => priceRow(draw)),
    showId: draw.maybe(() => draw.id("s")),
  }));
}
