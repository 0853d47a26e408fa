import type { MasterSnapshot } from "../../../../src/session/masterSnapshotTypes.ts";
import type { SessionSnapshot } from "../../../../src/session/sessionTypes.ts";

export const start = Date.UTC(2026, 0, 1, 12, 0, 0);

export function sessionSnapshot(over: Partial<SessionSnapshot> = {}): SessionSnapshot {
  return {
    id: "s1",
    masterId: "m1",
    alias: "web1",
    spec: "web1",
    folder: undefined,
    limits: [],
    kind: "terminal",
    title: "web1",
    state: { kind: "open", since: start },
    since: start,
    lastActivity: start,
    bytesIn: 0,
    bytesOut: 0,
    eofSent: false,
    outcome: undefined,
    ...over,
  };
}

export function masterSnapshot(over: Partial<MasterSnapshot> = {}): MasterSnapshot {
  return {
    id: "m1",
    alias: "web1",
    spec: "web1",
    destination: { user: "alice", hostName: "10.0.0.5", port: 22 },
    via: [],
    state: { kind: "ready", since: start },
    since: start,
    lingerUntil: undefined,
    keepalive: {
      serverAliveInterval: 15,
      serverAliveCountMax: 3,
      tcpKeepAlive: true,
      sources: {
        serverAliveInterval: { kind: "setting", setting: "x", layer: "workspace" },
        serverAliveCountMax: { kind: "default" },
        tcpKeepAlive: { kind: "sshConfig", file: "/home/a/.ssh/config", line: 12 },
      },
    },
    uses: [],
    warnings: [],
    linger: { seconds: 600, source: { kind: "hostSetting", pattern: "web*" } },
    roundTripMs: 12.4,
    roundTrips: [10, 12, 30, 12.4],
    probesIgnored: false,
    bytesIn: 2048,
    bytesOut: 10,
    heldBy: undefined,
    rides: undefined,
    engine: "ssh2",
    overflow: false,
    serverVersion: "OpenSSH_9.2p1",
    algorithms: {
      kex: "sntrup761x25519-sha512@openssh.com",
      hostKey: "ssh-ed25519",
      cipher: "chacha20-poly1305@openssh.com",
    },
    remoteAddress: "10.0.0.5",
    sessions: [sessionSnapshot()],
    ...over,
  };
}
