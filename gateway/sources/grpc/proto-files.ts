import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { loadProtosWithOptionsSync } from "@grpc/proto-loader/build/src/util.js";
import protobuf from "protobufjs";
import { nearestNameHint } from "../../core/problems.ts";
import { decodeMessage } from "./decode-message.ts";
import { encodeMessage } from "./encode-message.ts";
import { ProtoCatalog, UnknownTypeError } from "./proto-catalog.ts";
import type { MessageValue, ProtoMethod, ProtoService } from "./proto-model.ts";

/** A proto that can't be used. `argument` of `@source` is to blame. */
export class ProtoError extends Error {
  readonly argument: "proto" | "service";
  readonly expected: string;
  readonly found: string;
  readonly hint: string | null;

  constructor(argument: "proto" | "service", expected: string, found: string, hint: string | null = null) {
    super(`expected ${expected}, found ${found}`);
    this.name = "ProtoError";
    this.argument = argument;
    this.expected = expected;
    this.found = found;
    this.hint = hint;
  }
}

/**
 * Loads a service from a .proto file below `folder`. Requests are {@link MessageValue}s; answers are raw values as
 * {@link decodeMessage} makes them. Raises {@link ProtoError}.
 */
export function loadProtoService(folder: string, file: string, serviceName: string): ProtoService {
  const root = loadRoot(folder, file);
  const services = servicesBelow(root);
  const service = services.get(serviceName);
  if (service === undefined) {
    const names = [...services.keys()];
    const expected = `a service of ${file}: ${names.join(", ") || "it has none"}`;
    throw new ProtoError("service", expected, serviceName, nearestNameHint(serviceName, names));
  }
  const catalog = new ProtoCatalog(root);
  const methods = new Map<string, ProtoMethod>();
  try {
    for (const method of service.methodsArray)
      methods.set(method.name, buildMethod(method, service, catalog));
  } catch (error) {
    if (!(error instanceof UnknownTypeError)) throw error;
    throw new ProtoError("proto", "messages that the file or its imports define", error.typeName);
  }
  return methods;
}

function buildMethod(method: protobuf.Method, service: protobuf.Service, catalog: ProtoCatalog): ProtoMethod {
  const scope = service.fullName.slice(1);
  const request = catalog.message(method.requestType, scope);
  const response = catalog.message(method.responseType, scope);
  return {
    name: method.name,
    path: `/${scope}/${method.name}`,
    serialize: (message) => encodeMessage(message as MessageValue),
    deserialize: (bytes) => decodeMessage(response, bytes),
    isStreaming: method.requestStream === true || method.responseStream === true,
    isSafe: method.options?.["idempotency_level"] === "NO_SIDE_EFFECTS",
    request,
    response,
  };
}

function servicesBelow(namespace: protobuf.NamespaceBase): Map<string, protobuf.Service> {
  const services = new Map<string, protobuf.Service>();
  for (const object of namespace.nestedArray) {
    if (object instanceof protobuf.Service) services.set(object.fullName.slice(1), object);
    else if (object instanceof protobuf.Namespace)
      for (const [name, service] of servicesBelow(object)) services.set(name, service);
  }
  return services;
}

function loadRoot(folder: string, file: string): protobuf.Root {
  if (path.isAbsolute(file) || file.split(/[\\/]/).includes("..")) {
    throw new ProtoError("proto", "a path below protos/", file);
  }
  if (!existsSync(path.join(folder, file)))
    throw new ProtoError("proto", "a file below protos/", `${file}, which is not there`);
  const missingImports: string[] = [];
  try {
    const options = { keepCase: true, includeDirs: [folder, libraryFolder] };
    return withoutWarnings(() => loadProtosWithOptionsSync(file, options), missingImports);
  } catch (error) {
    const [missing] = missingImports;
    const found =
      missing === undefined
        ? describeParseError(error, folder, file)
        : `an import of ${missing}, which is not there`;
    throw new ProtoError("proto", "a valid .proto file whose imports are below protos/", found);
  }
}

/** Where `google/protobuf/*.proto` and `google/api/*.proto` are, for files that are not below `protos/`. */
const libraryFolder = path.dirname(createRequire(import.meta.url).resolve("protobufjs/package.json"));

/** Not all of the parser's errors name the file; then it is this one or one of its imports. */
function describeParseError(error: unknown, folder: string, file: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replaceAll(`${folder}${path.sep}`, "")
    .replace(/\(line (\d+)\)$/, `(line $1 of ${file} or of one of its imports)`);
}

/**
 * proto-loader tells which import it can't find in a process warning only (its error names a file that nobody wrote):
 * the name goes to `missingImports`, and the warning nowhere.
 */
function withoutWarnings<Result>(load: () => Result, missingImports: string[]): Result {
  const emitWarning: unknown = Reflect.get(process, "emitWarning");
  process.emitWarning = (warning: string | Error) => {
    const [, name] = / ?(.+) not found in any of the include paths/.exec(String(warning)) ?? [];
    if (name !== undefined) missingImports.push(name);
  };
  try {
    return load();
  } finally {
    Reflect.set(process, "emitWarning", emitWarning);
  }
}
