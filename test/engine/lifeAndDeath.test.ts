import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, test } from "vitest";
import { msg, readString, u32 } from "../attack/support/hostilePackets.ts";
import { type HostilePeer, listenHostile } from "../attack/support/hostileServer.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { SshClient } from "../lab/sshClient.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { healthStack, StateLog } from "../support/healthStack.ts";
import { deviceConfig } from "../support/hostConfigs.ts";
import type { TestStack } from "../support/testStack.ts";

const shell = {
  host: "lab",
  kind: "terminal",
  request: { type: "shell" },
  pty: { term: "xterm", dimensions: { columns: 80, rows: 24 } },
} as const;

/** A device that serves sessions and never replies to global requests. */
async function device(peer: HostilePeer): Promise<void> {
  await peer.letIn();
  for (let message = await peer.next(); message !== undefined; message = await peer.next()) {
    if (message[0] === 90) {
      const sender = message.readUInt32BE(readString(message, 1).next);
      peer.send(msg(91, u32(sender), u32(sender), u32(1_000_000), u32(32_768)));
    } else if (message[0] === 98) {
      const request = readString(message, 5);
      if (message[request.next] === 1) {
        peer.send(msg(99, message.subarray(1, 5)));
      }
    }
  }
}

function logins(stack: TestStack): number {
  return new Set(stack.service.masters().map(({ id }) => id)).size;
}

describe.concurrent("detection of live and dead peers", () => {
  test.for([0, 1])(
    "five terminals of a device that ignores global requests use one login, with an interval of %d s",
    async (interval, { expect }) => {
      const hostile = await listenHostile(device);
      const stack = await healthStack(deviceConfig(hostile.port), { interval, countMax: 2 });
      try {
        await stack.service.open(shell);
        const log = new StateLog(stack, "m1");
        for (let terminal = 2; terminal <= 5; terminal++) {
          // Longer than the silence after which a peer is probed before it gets a channel.
          await delay(2100);
          await stack.service.open(shell);
        }
        await delay(3000);
        expect(hostile.peers).toHaveLength(1);
        expect(log.states.map(({ kind }) => kind)).not.toContain("hung");
        expect(stack.master("m1")).toMatchObject({ state: { kind: "ready" }, sessions: { length: 5 } });
      } finally {
        await stack[Symbol.asyncDispose]();
        hostile.close();
      }
    },
  );

  test("the first session may take long to open: a server that sends nothing meanwhile is not given up", async ({
    expect,
  }) => {
    // As sshd does while PAM mounts a home folder: longer than the time limit of a probe, and than the wait for a
    // hung connection.
    const seconds = 9;
    const hostile = await listenHostile(async (peer) => {
      await peer.letIn();
      for (let message = await peer.next(); message !== undefined; message = await peer.next()) {
        if (message[0] === 90) {
          const sender = message.readUInt32BE(readString(message, 1).next);
          await delay(seconds * 1000);
          peer.send(msg(91, u32(sender), u32(sender), u32(1_000_000), u32(32_768)));
        } else if (message[0] === 98 && message[readString(message, 5).next] === 1) {
          peer.send(msg(99, message.subarray(1, 5)));
        } else if (message[0] === 80) {
          peer.send(msg(82));
        }
      }
    });
    const stack = await healthStack(deviceConfig(hostile.port), { interval: 15, countMax: 3 });
    try {
      const begun = Date.now();
      const opening = stack.service.open(shell);
      // Meanwhile another terminal is opened and the connections are probed.
      await stack.until(([master]) => master?.state.kind === "ready");
      stack.service.probe();
      await opening;
      expect(Date.now() - begun).toBeGreaterThan(seconds * 1000);
      expect(hostile.peers).toHaveLength(1);
    } finally {
      await stack[Symbol.asyncDispose]();
      hostile.close();
    }
  });

  test("a server that is stopped for less than the limit keeps its sessions, as in ssh; beyond it they are lost", async ({
    expect,
  }) => {
    const host = await startSshd();
    const stack = await healthStack(host.sshConfigText("lab"), { interval: 1, countMax: 4 });
    const client = await SshClient.for(host, ["ServerAliveInterval 1", "ServerAliveCountMax 4"]);
    try {
      const session = await stack.service.open(shell);
      session.resume();
      const log = new StateLog(stack, "m1");
      const ssh = client.spawn("sleep 60");
      const exit = once(ssh, "exit");
      await host.waitForSessions(2);
      host.freeze();
      await log.now("suspect");
      // Two and a half of four seconds.
      await delay(1500);
      host.thaw();
      await log.now("ready");
      expect(session.state.kind).toBe("open");
      expect(ssh.exitCode).toBeNull();
      host.freeze();
      expect(await session.ended).toMatchObject({ kind: "lost" });
      await exit;
    } finally {
      host.thaw();
      await client.stop();
      await stack[Symbol.asyncDispose]();
      await host.stop();
    }
  });

  test("such a device that freezes is detected, and a new terminal uses another connection", async ({
    expect,
  }) => {
    const hostile = await listenHostile(device);
    const stack = await healthStack(deviceConfig(hostile.port), { interval: 0, countMax: 3 });
    try {
      await stack.service.open(shell);
      await delay(100);
      const [first] = hostile.peers;
      if (first !== undefined) {
        first.onMessage = () => true;
      }
      const begun = Date.now();
      const second = await stack.service.open(shell);
      expect(Date.now() - begun).toBeLessThan(15_000);
      expect(second.snapshot().masterId).not.toBe("m1");
      expect(hostile.peers).toHaveLength(2);
    } finally {
      await stack[Symbol.asyncDispose]();
      hostile.close();
    }
  });

  test("a connection that dies right after its last byte delays a new terminal for seconds, not for half a minute", async ({
    expect,
  }) => {
    const host = await startSshd();
    const stack = await healthStack(host.sshConfigText("lab"), { interval: 0, countMax: 3 });
    try {
      await stack.service.open(shell);
      const [connection] = host.connections();
      host.freeze(connection);
      const begun = Date.now();
      const second = await stack.service.open(shell);
      expect(Date.now() - begun).toBeLessThan(15_000);
      expect(second.snapshot().masterId).not.toBe("m1");
      host.thaw(connection);
    } finally {
      await stack[Symbol.asyncDispose]();
      await host.stop();
    }
  });

  test("our own upload at 64 kbit/s before a probe does not count as the server's silence", async ({
    expect,
  }) => {
    const host = await startSshd();
    const proxy = await FaultProxy.start(host);
    const stack = await healthStack(sshConfigBlock("lab", host.via(proxy)), { interval: 1, countMax: 3 });
    try {
      const upload = await stack.service.open({
        host: "lab",
        kind: "command",
        request: { type: "exec", command: "cat > /dev/null" },
      });
      const log = new StateLog(stack, "m1");
      proxy.limit({ bytesPerSecond: 8 * 1024 }, "toServer");
      upload.write(Buffer.alloc(80 * 1024));
      await delay(2500);
      const second = await stack.service.open(shell);
      expect(second.snapshot().masterId).toBe("m1");
      expect(log.states.map(({ kind }) => kind)).toEqual(["ready"]);
      expect(logins(stack)).toBe(1);
      expect(proxy.contacts).toBe(1);
    } finally {
      await stack[Symbol.asyncDispose]();
      await proxy.stop();
      await host.stop();
    }
  });
});
