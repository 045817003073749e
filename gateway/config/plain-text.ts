/** Whether what goes to a sound URL, or comes from there, can be read and changed on its way: no TLS, and not this machine. */
export function isReadableOnItsWay(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/** What a start says of an address by which callers are told. */
export const plainTextWarning = {
  expected: "https://, unless the address is of this machine",
  found: "http://",
  hint: "who is on the way can read tokens and secrets, or put other keys in place of the issuer's",
} as const;
