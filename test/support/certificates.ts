import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A certificate and its key, in PEM, and where they are. */
export interface IssuedCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority for one test, made by OpenSSL. */
export class CertificateAuthority {
  readonly folder = mkdtempSync(path.join(tmpdir(), "overlock-tls-"));
  readonly #self: IssuedCertificate;

  constructor() {
    this.#openssl("req", "-x509", ...newKey("ca"), "-subj", "/CN=Test CA", "-days", "2", "-out", "ca.pem");
    this.#self = this.#read("ca");
  }

  get certificateFile(): string {
    return this.#self.certificateFile;
  }

  get certificate(): string {
    return this.#self.certificate;
  }

  /** A certificate for a host name or an address. */
  issue(name: string, subject: string): IssuedCertificate {
    this.#openssl("req", ...newKey(name), "-subj", `/CN=${name}`, "-out", `${name}.csr`);
    writeFileSync(path.join(this.folder, `${name}.ext`), `subjectAltName=${subject}\n`);
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
    this.#openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signed,
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.pem`,
    );
    return this.#read(name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #openssl(...args: readonly string[]): void {
    execFileSync("openssl", args, { cwd: this.folder, stdio: "pipe" });
  }

  #read(name: string): IssuedCertificate {
    const [certificateFile, keyFile] = [
      path.join(this.folder, `${name}.pem`),
      path.join(this.folder, `${name}.key`),
    ];
    return {
      certificateFile,
      keyFile,
      certificate: readFileSync(certificateFile, "utf8"),
      key: readFileSync(keyFile, "utf8"),
    };
  }
}

function newKey(name: string): string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${name}.key`];
}
