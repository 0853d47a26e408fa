import type { AuthAttempt } from "../../../src/auth/authPorts.ts";
import type { ConnectRequest } from "../../../src/engine/connectionEngine.ts";
import { ScriptedAuthenticator, TrustingVerifier } from "../../engine/contract/logins.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

/** Requests a login at a hostile server by `none`, with a logger that keeps its lines. */
export function hostileRequest(
  where: { readonly port: number } | { readonly transport: NonNullable<ConnectRequest["transport"]> },
  changes: Partial<ConnectRequest> & { readonly attempts?: readonly AuthAttempt[] } = {},
): ConnectRequest & { readonly logger: RecordingLogger } {
  const { attempts = [{ method: "none" }], ...rest } = changes;
  return {
    config: testHostConfig({ hostName: "127.0.0.1", port: "port" in where ? where.port : 22 }),
    ...("transport" in where && { transport: where.transport }),
    tcpKeepAlive: false,
    verifier: new TrustingVerifier(),
    authenticator: new ScriptedAuthenticator(attempts),
    ...rest,
    logger: new RecordingLogger(),
  };
}
