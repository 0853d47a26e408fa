import { createAgentClient } from "../../src/auth/agent/agentClient.ts";
import { createAuthenticator } from "../../src/auth/authenticator.ts";
import { KeyRing } from "../../src/auth/keys/keyRing.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { createKeyReader } from "../../src/engine/ssh2/keyReader.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import type { SshdHost } from "../lab/sshdHost.ts";
import { FakePrompter, MemorySecrets } from "./authFakes.ts";
import { testHostConfig } from "./hostConfigs.ts";
import { RecordingLogger } from "./recordingLogger.ts";

/** A user in one window who logs in to a lab host with the real engine, real files and a real agent. */
export class LoginPerson {
  readonly prompter = new FakePrompter();
  readonly secrets = new MemorySecrets();
  readonly logger = new RecordingLogger();
  readonly reader = createKeyReader();
  readonly keyRing = new KeyRing(this.reader, this.secrets, this.logger);
  agentPath: string | undefined;
  /** What the last login offered, as text. */
  tried: readonly string[] = [];

  /** The caller ends the connection. */
  async connect(host: SshdHost, changes: Partial<HostConfig> = {}): Promise<EngineConnection> {
    const config = testHostConfig({
      ...{ hostName: host.host, port: host.port, user: host.user },
      identityFilesAreDefault: false,
      passwordAuthentication: false,
      kbdInteractiveAuthentication: false,
      ...changes,
    });
    const { signal } = new AbortController();
    const authenticator = createAuthenticator({
      config,
      signal,
      prompter: this.prompter,
      secrets: this.secrets,
      agent: createAgentClient(),
      reader: this.reader,
      keyRing: this.keyRing,
      logger: this.logger,
      pause: (work) => work(),
      env: { SSH_AUTH_SOCK: this.agentPath },
    });
    try {
      return await new Ssh2Engine().connect(
        {
          config,
          authenticator,
          tcpKeepAlive: true,
          verifier: { preferredAlgorithms: async () => [], verify: async () => {} },
          logger: this.logger,
        },
        signal,
      );
    } finally {
      this.tried = authenticator.tried();
    }
  }

  /** Logs in and disconnects. @returns the keys that were tried */
  async login(host: SshdHost, changes: Partial<HostConfig> = {}): Promise<readonly string[]> {
    (await this.connect(host, changes)).destroy();
    return this.tried;
  }
}
