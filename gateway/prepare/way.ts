import type { Place, Read, Spot, Step } from "./plan.ts";
import { depthOf } from "./plan-place.ts";

/** How the objects of a place are come by. */
export interface Way {
  readonly path: readonly string[];
  readonly lists: readonly string[];
  /** The step that has to be done before they are there. */
  readonly arrival: Step | null;
  readonly root: number;
}

/** To the objects that a field holds, by the way to the field itself, or to its object and a `name` for the field. */
export function wayThrough({ access, type }: Read, { path, lists, arrival, root }: Way, name?: string): Way {
  const marked = name === undefined ? [...path] : [...path, name];
  const within = [...lists];
  for (let depth = depthOf(type); depth > 0; depth--) {
    within.push(textOf(marked));
    marked.push("[]");
  }
  return { path: marked, lists: within, arrival: access.kind === "step" ? access.step : arrival, root };
}

/** The places of a spot, each with its way. */
export function placesOf({ places, readType }: Spot, way: Way): (readonly [Place, Way])[] {
  return [...places.values()].map((place) => {
    const type = readType === null ? [] : [`<${place.type.name}>`];
    return [place, { ...way, path: [...way.path, ...type] }];
  });
}

/** Where the elements of a list stand that a connection makes. */
export function listedBelow(way: Way, path: readonly string[]): Way {
  return { ...way, path: [...path, "[]"], lists: [...way.lists, textOf(path)] };
}

/** `products.items[]<Book>.title` of its parts, of which marks stand by themselves. */
export function textOf(path: readonly string[]): string {
  let text = "";
  for (const part of path) text += text === "" || part === "[]" || part.startsWith("<") ? part : `.${part}`;
  return text;
}
