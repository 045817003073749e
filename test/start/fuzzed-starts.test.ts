import { afterAll, expect, test } from "vitest";
import { type Problem, StartupError } from "../../gateway/core/problems.ts";
import { checkProject } from "../../gateway/server/check-project.ts";
import { SeededRandom } from "../backends/seeded-random.ts";
import { minimalProject, type ProjectFiles, ProjectFolders } from "./minimal-project.ts";

const folders = new ProjectFolders();
afterAll(() => folders.remove());

const files: ProjectFiles = minimalProject;
const fileNames = Object.keys(files);
/** Words, texts and signs of all files: what a mutation puts where it does not belong. */
const words = [
  ...new Set(Object.values(files).flatMap((text) => text.match(/\w+|"[^"\n]*"|[^\s\w]/g) ?? [])),
  ...'{ } ( ) [ ] ! = : | & $ . … " """ # 0 -1 1e999 null \\u0000 \u0000 \ufeff é 👍 @ @@ __proto__ constructor $args.first $parent.id {args.id} {?ids*} $key'.split(
    " ",
  ),
];

/** The project with one to three places of one file changed. */
function mutate(random: SeededRandom): ProjectFiles {
  const file = random.pick(fileNames);
  let text = files[file] ?? "";
  for (let count = random.integer(1, 3); count > 0; count--) text = mutateText(text, random);
  return { ...files, [file]: text };
}

function mutateText(text: string, random: SeededRandom): string {
  const tokens = text.split(/(\s+|\b)/);
  const at = random.integer(0, tokens.length - 1);
  const length = random.integer(1, 12);
  const word = random.pick(words);
  switch (random.integer(0, 7)) {
    case 0:
      return tokens.toSpliced(at, length).join("");
    case 1:
      return tokens.toSpliced(at, 0, ...tokens.slice(at, at + length)).join("");
    case 2:
      return tokens.toSpliced(at, 1, word).join("");
    case 3:
      return tokens.toSpliced(at, 0, word).join("");
    case 4:
      return tokens.toSpliced(at, 1, random.pick(tokens)).join("");
    case 5: {
      const character = random.integer(0, text.length);
      return text.slice(0, character) + text.slice(character + 1);
    }
    case 6:
      return tokens.slice(0, at).join("");
    default: {
      const lines = text.split("\n");
      const line = random.integer(0, lines.length - 1);
      return lines.toSpliced(random.integer(0, lines.length - 1), 0, lines[line] ?? "").join("\n");
    }
  }
}

/** The problems of a start; null where it is sound. Anything else that is thrown goes on. */
async function problemsOf(project: ProjectFiles): Promise<readonly Problem[] | null> {
  try {
    await checkProject(folders.write(project), {});
    return null;
  } catch (error) {
    if (error instanceof StartupError) return error.problems;
    throw new Error(`started with ${JSON.stringify(project)}`, { cause: error });
  }
}

/** A problem that a person can't use: without words, or at a place that is not there. */
function isUseless({ place, coordinate, expected, found }: Problem, project: ProjectFiles): boolean {
  if ([place.file, coordinate, expected, found].some((text) => text.trim() === "")) return true;
  if (found.length > 500 || /undefined|\[object|NaN/.test(`${coordinate} ${expected} ${found}`)) return true;
  if (place.line === 0) return false;
  const lines = project[place.file]?.split(/\r\n|\n|\r/);
  const line = lines?.[place.line - 1];
  return line === undefined || place.column < 1 || place.column > line.length + 1;
}

test("whatever is in the files, a start is sound or refused with problems that a person can use", async () => {
  const random = new SeededRandom(2);
  let refused = 0;
  for (let count = 0; count < 500; count++) {
    const project = mutate(random);
    const problems = await problemsOf(project);
    if (problems === null) continue;
    refused++;
    expect(problems.filter((problem) => isUseless(problem, project))).toEqual([]);
  }
  // Neither would mean anything alone.
  expect(refused).toBeGreaterThan(250);
  expect(refused).toBeLessThan(500);
});
