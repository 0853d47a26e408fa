import type { HostConfig } from "../../src/config/hostConfig.ts";

/** The ssh_config of `lab`, a device at a local port whose host key is accepted. @param more further lines */
export function deviceConfig(port: number, ...more: readonly string[]): string {
  return [
    "Host lab",
    "  HostName 127.0.0.1",
    `  Port ${port}`,
    "  User device",
    "  StrictHostKeyChecking no",
    "  UserKnownHostsFile /dev/null",
    "  GlobalKnownHostsFile /dev/null",
    ...more.map((line) => `  ${line}`),
    "",
  ].join("\n");
}

/** OpenSSH's defaults for `web1`, which is `server.example.org`, without a file of this machine. */
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
    revokedHostKeysFiles: [],
    noHostAuthenticationForLocalhost: false,
    requiredRsaSize: 1024,
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
    sessionType: "default",
    sendEnv: [],
    setEnv: {},
    escapeChar: "~",
    channelTimeouts: [],
    forwarding: {
      forwards: [],
      gatewayPorts: false,
      exitOnForwardFailure: false,
      escapeCommandLine: false,
      streamLocalBindMask: 0o177,
      streamLocalBindUnlink: false,
    },
    logLevel: "INFO",
    values: new Map(),
    sources: new Map(),
    warnings: [],
    ...changes,
  };
}
