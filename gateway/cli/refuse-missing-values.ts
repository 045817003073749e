import type { Command } from "commander";
import { MisuseError } from "./read-document.ts";

/**
 * Raises MisuseError where an option that wants a value has none. Commander takes whatever stands behind such an option for
 * its value: the next option, or an empty text, which mostly is a variable of the shell that is not set. A value that begins
 * with a dash has to be written with `=`; a dash alone is one.
 */
export function refuseMissingValues({ commands }: Command, args: readonly string[]): void {
  const [name, ...given] = args;
  const options = commands.find((command) => command.name() === name)?.options ?? [];
  for (const [index, text] of given.entries()) {
    if (text === "--") return;
    const [flag = "", ...joined] = text.split("=");
    const option = options.find(({ long, short, required }) => required && (flag === long || flag === short));
    if (option === undefined) continue;
    const value = joined.length > 0 ? joined.join("=") : given[index + 1];
    const expected = `expected ${option.flags.replace(/^.* /, "")} as the value of ${flag}`;
    // What has a parser of its own may be nothing: no scopes, for example.
    if (value === "" && option.parseArg === undefined)
      throw new MisuseError(`${expected}, found an empty text`);
    if (joined.length === 0 && value !== undefined && /^-./.test(value))
      throw new MisuseError(
        `${expected}, found ${value.slice(0, 100)}; a value that begins with - is written ${flag}=${value.slice(0, 100)}`,
      );
  }
}
