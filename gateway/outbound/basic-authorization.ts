/**
 * How the gateway shows an authorization server who it is: client_secret_basic, both parts encoded as in a form before
 * they are joined (https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1).
 */
export function basicAuthorization(clientId: string, clientSecret: string): string {
  const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
  return `Basic ${Buffer.from(pair, "latin1").toString("base64")}`;
}

function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}
