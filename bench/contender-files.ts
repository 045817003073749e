import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { JSONWebKeySet } from "jose";

/** Makes what a contender reads when it starts, in a folder of its own, and returns the path that it is told. */
export type ContenderFiles = (folder: string, variables: Readonly<Record<string, string>>) => string;

const project = path.join(import.meta.dirname, "project");

/** A copy of a file whose `$NAMES` are replaced by the variables of the contender's environment. */
export function fillInTemplate(file: string): ContenderFiles {
  return (folder, variables) => {
    const copy = path.join(folder, path.basename(file));
    const text = readFileSync(file, "utf8");
    writeFileSync(
      copy,
      text.replaceAll(/\$([A-Z_]+)/g, (name, key: string) => variables[key] ?? name),
    );
    return copy;
  };
}

/** A copy of `project/` whose sources share equal calls that are under way, or don't. */
export function copyProject(shareInFlight: boolean): ContenderFiles {
  return (folder) => {
    const copy = path.join(folder, "project");
    cpSync(project, copy, { recursive: true });
    for (const name of readdirSync(path.join(copy, "schemas"))) {
      const file = path.join(copy, "schemas", name);
      const sdl = readFileSync(file, "utf8");
      const changed = sdl.replace(/(@source\(\s*name: "[a-z]+")/, `$1, shareInFlight: ${shareInFlight}`);
      if (changed === sdl) throw new Error(`Expected @source(name: …) in ${file}.`);
      writeFileSync(file, changed);
    }
    return copy;
  };
}

/** The same with one more BFF, `callers`, which takes tokens that were signed by one of these keys. */
export function copyProjectWithCallers(keys: JSONWebKeySet): ContenderFiles {
  return (folder, variables) => {
    const copy = copyProject(true)(folder, variables);
    writeFileSync(path.join(addBff(copy, "callers"), "keys.json"), JSON.stringify(keys));
    return copy;
  };
}

/** The same with one more BFF, `budgets`, whose callers pay. */
export function copyProjectWithBudgets(): ContenderFiles {
  return (folder, variables) => {
    const copy = copyProject(true)(folder, variables);
    addBff(copy, "budgets");
    return copy;
  };
}

/** Adds the BFF of a folder beside this file to a copy, and returns its folder there. */
function addBff(copy: string, name: string): string {
  const bff = path.join(copy, `bff-${name}`);
  cpSync(path.join(import.meta.dirname, name), bff, { recursive: true });
  return bff;
}
