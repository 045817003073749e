/** The public entry of the package: what BFF folders and programs that embed the gateway may import. */
export { type AccessPolicy, type BffConfig, defineBff, type PolicyContext } from "./config/define-bff.ts";
export {
  type BffShaper,
  defineShaper,
  type ShaperConfig,
  type ShaperContext,
} from "./config/define-shaper.ts";
export type { BffBudget, BffLimits, BffPreparing, BffTier } from "./config/demand-control.ts";
export type { BffCors } from "./config/cors.ts";
export type {
  ApiKeyCredential,
  BffCredential,
  CertificateConsumer,
  CertificateCredential,
  IntrospectionCredential,
  JwtCredential,
} from "./config/credentials.ts";
export { env, type EnvironmentReference } from "./config/environment-reference.ts";
export { type Environment } from "./config/environment.ts";
export { formatProblem, type Problem, StartupError } from "./core/problems.ts";
export { checkProject } from "./server/check-project.ts";
export { type Gateway, type GatewayOptions, startGateway } from "./server/gateway.ts";
export { runUntilSignal } from "./server/run-until-signal.ts";
