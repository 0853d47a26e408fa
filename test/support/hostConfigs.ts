import type { HostConfig } from "../../src/config/hostConfig.ts";

/** OpenSSH's defaults for `web1`, which is `server.example.org`, with no file of this machine named. */
export function testHostConfig(changes: Partial<HostConfig> = {}): HostConfig {
  return {
    alias: "web1",
    hostName: "server.example.org",
    user: "alice",
    port: 22,
    addressFamily: "any",
    connectionAttempts: 1,
    proxyJump: [],
    strictHostKeyChecking: "ask",
    userKnownHostsFiles: [],
    globalKnownHostsFiles: [],
    hashKnownHosts: false,
    identityFilesAreDefault: true,
    identityFiles: [],
    certificateFiles: [],
    identitiesOnly: false,
    forwardAgent: false,
    pubkeyAuthentication: true,
    passwordAuthentication: true,
    kbdInteractiveAuthentication: true,
    batchMode: false,
    preferredAuthentications: [
      "gssapi-with-mic",
      "hostbased",
      "publickey",
      "keyboard-interactive",
      "password",
    ],
    numberOfPasswordPrompts: 3,
    compression: false,
    requestTty: "auto",
    sendEnv: [],
    setEnv: {},
    escapeChar: "~",
    channelTimeouts: [],
    sources: new Map(),
    warnings: [],
    ...changes,
  };
}
