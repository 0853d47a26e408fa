import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, test } from "vitest";
import type { LoginNews } from "../../src/master/masterTypes.ts";
import { execute } from "../../src/session/run/execute.ts";
import { bool, msg, readString, str } from "../attack/support/hostilePackets.ts";
import { type HostilePeer, listenHostile } from "../attack/support/hostileServer.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { Netns } from "../lab/netns.ts";
import { SshClient } from "../lab/sshClient.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { healthStack, StateLog } from "../support/healthStack.ts";
import { LiveTab } from "../support/liveTab.ts";
import { type Phone, servePhone } from "../support/phoneServer.ts";

/** Both are longer than the 30 s that a connection may take by default. */
const proxySeconds = 33;
const phoneSeconds = 35;

/** How long both hosts of the outage are down. */
const outageSeconds = 40;

/** Accepts any key after the time that the user needs to confirm on the phone. */
async function phone(peer: HostilePeer): Promise<void> {
  await peer.startLogin();
  for (let request = await peer.nextOf(50); request !== undefined; request = await peer.nextOf(50)) {
    const method = readString(request, readString(request, readString(request, 1).next).next);
    if (method.value.toString() !== "publickey") {
      peer.send(msg(51, str("publickey"), bool(false)));
    } else if (request[method.next] === 0) {
      const algorithm = readString(request, method.next + 1);
      peer.send(msg(60, str(algorithm.value), str(readString(request, algorithm.next).value)));
    } else {
      await delay(phoneSeconds * 1000);
      peer.send(msg(52));
      return;
    }
  }
}

const run = promisify(execFile);

const unknownHost = ["StrictHostKeyChecking no", "UserKnownHostsFile /dev/null", "IdentityAgent none"];

/** Starts OpenSSH's `ssh` without a session. `said`: its output until it has logged in or ended. */
async function authenticates(
  lines: string,
  config: string,
): Promise<{ readonly said: Promise<string>; stop(): Promise<void> }> {
  await writeFile(config, lines);
  const ssh = spawn("ssh", ["-F", config, "-v", "-N", "lab"], { stdio: ["ignore", "ignore", "pipe"] });
  const exit = once(ssh, "exit");
  const said = (async () => {
    let text = "";
    for await (const data of ssh.stderr) {
      text += data;
      if (/Authenticated to /.test(text)) {
        break;
      }
    }
    return text;
  })();
  return {
    said,
    async stop() {
      ssh.kill();
      await exit;
    },
  };
}

describe.concurrent("long waits for live peers, compared with OpenSSH's ssh", () => {
  test(`a ProxyCommand that needs ${proxySeconds} s`, async ({ expect }) => {
    const host = await startSshd();
    const folder = host.folder;
    const carrier = join(folder, "carrier.mjs");
    await writeFile(
      carrier,
      `import { connect } from "node:net";
       setTimeout(() => {
         const socket = connect(${host.port}, "127.0.0.1");
         process.stdin.pipe(socket).pipe(process.stdout);
       }, ${proxySeconds * 1000});`,
    );
    const proxied = [`ProxyCommand "${process.execPath}" "${carrier}"`];
    const stack = await healthStack(host.sshConfigText("lab", proxied), undefined);
    const ssh = await SshClient.for(host.via(host), proxied);
    try {
      const begun = performance.now();
      const [theirs, ours] = await Promise.all([
        ssh.run("echo through"),
        execute(stack.service, "lab", "echo through"),
      ]);
      expect(ours.stdout.toString()).toBe("through\n");
      expect(theirs).toBe("through\n");
      expect(performance.now() - begun).toBeGreaterThan(proxySeconds * 1000);
    } finally {
      await stack[Symbol.asyncDispose]();
      await ssh.stop();
      await host.stop();
    }
  });

  test(`an outage of ${outageSeconds} s: every tab reconnects as \`ssh\` in a loop does, and the phone gets one request`, async ({
    expect,
  }) => {
    const host = await startSshd();
    const phone: Phone = { pushes: 0, approvesAfter: 3500 };
    const hostile = await listenHostile((peer) => servePhone(peer, phone));
    const [toHost, toPhone] = await Promise.all([
      FaultProxy.start(host),
      FaultProxy.start({ host: "127.0.0.1", port: hostile.port }),
    ]);
    const lines = [
      sshConfigBlock("lab", host.via(toHost)),
      sshConfigBlock("push", host.via(toPhone), unknownHost),
    ].join("\n");
    const stack = await healthStack(lines, { interval: 5, countMax: 3 });
    const ssh = await SshClient.for(host.via(toHost), ["ConnectTimeout 5"]);
    try {
      const tabs = ["lab", "lab", "lab", "push", "push", "push"].map(
        (name) => new LiveTab(stack, undefined, name),
      );
      await until(() => tabs.every(({ controller }) => controller.state.kind === "open"), "all are open");
      expect(phone.pushes).toBe(1);
      await Promise.all([toHost.refuse(), toPhone.refuse()]);
      toHost.drop();
      toPhone.drop();
      await until(() => tabs.every(({ controller }) => controller.state.kind === "waiting"), "all wait");
      const sshIsBack = (async () => {
        for (;;) {
          try {
            return await ssh.run("echo back");
          } catch {
            await delay(1000);
          }
        }
      })();
      await delay(outageSeconds * 1000);
      expect(phone.pushes).toBe(1);
      await Promise.all([toHost.accept(), toPhone.accept()]);
      expect(await sshIsBack).toBe("back\n");
      await until(
        () => tabs.every(({ controller }) => controller.state.kind === "open"),
        () => `all are back: ${tabs.map(({ controller }) => JSON.stringify(controller.state)).join(", ")}`,
        // After such a long outage the next attempt may be 60 s away.
        100_000,
      );
      expect(phone.pushes).toBe(2);
      for (const tab of tabs) {
        tab.controller.dispose();
      }
    } finally {
      await ssh.stop();
      await stack[Symbol.asyncDispose]();
      await Promise.all([toHost.stop(), toPhone.stop()]);
      hostile.close();
      await host.stop();
    }
  });

  test(`ConnectTimeout 0 and a server that takes ${proxySeconds} s for its version line`, async ({
    expect,
  }) => {
    const keys = await startSshd();
    const hostile = await listenHostile(async (peer) => {
      await delay(proxySeconds * 1000);
      await peer.letIn();
    });
    const lines = sshConfigBlock("lab", keys.via({ host: "127.0.0.1", port: hostile.port }), [
      "ConnectTimeout 0",
      ...unknownHost,
    ]);
    const stack = await healthStack(lines, undefined);
    const ssh = await authenticates(lines, join(keys.folder, "patient-config"));
    try {
      await stack.service.connect("lab", undefined);
      expect(await ssh.said).toMatch(/Authenticated to /);
    } finally {
      await ssh.stop();
      await stack[Symbol.asyncDispose]();
      hostile.close();
      await keys.stop();
    }
  });

  test(`a login that is confirmed on the phone after ${phoneSeconds} s, also with ConnectTimeout 20`, async ({
    expect,
  }) => {
    const keys = await startSshd();
    const hostile = await listenHostile(phone);
    const lines = sshConfigBlock("lab", keys.via({ host: "127.0.0.1", port: hostile.port }), [
      "ConnectTimeout 20",
      ...unknownHost,
    ]);
    const stack = await healthStack(lines, undefined);
    const ssh = await authenticates(lines, join(keys.folder, "phone-config"));
    try {
      const news: LoginNews[] = [];
      const begun = performance.now();
      await stack.service.connect("lab", undefined, (each) => news.push(each));
      expect(performance.now() - begun).toBeGreaterThan(phoneSeconds * 1000);
      expect(news).toContainEqual({ kind: "wait", alias: "lab", wait: { on: "server", judging: "key" } });
      expect(await ssh.said).toMatch(/Authenticated to /);
    } finally {
      await ssh.stop();
      await stack[Symbol.asyncDispose]();
      hostile.close();
      await keys.stop();
    }
  });

  // With the kernel's default buffers OpenSSH's `ssh -S` took 138 s.
  test("a second session on a flooded link of 64 kbit/s waits, and uses the same login", async ({
    expect,
  }) => {
    const netns = await Netns.start();
    // The data that the server's kernel queues before the second session fits into the link's queue: a lost packet
    // would add TCP's timeouts, which double (RFC 6298), and with them up to a minute.
    await run("ip", [...netns.wrap.slice(1), "sysctl", "-q", "-w", "net.ipv4.tcp_wmem=4096 16384 16384"]);
    const host = await startSshd({ address: netns.innerAddress, wrap: netns.wrap });
    const stack = await healthStack(host.sshConfigText("lab"), undefined);
    try {
      const flood = await stack.service.open({
        host: "lab",
        kind: "command",
        request: { type: "exec", command: "yes" },
      });
      const log = new StateLog(stack, "m1");
      await netns.limit(8 * 1024, { queue: 8000 });
      flood.resume();
      // Until the queues of the link and the server are full.
      await until(() => stack.master("m1").bytesIn > 32 * 1024, "the flood");
      const begun = performance.now();
      const second = await execute(stack.service, "lab", "echo second");
      // Longer than the time limit of a probe on a flooded link: the flood proves that the server is alive.
      expect(performance.now() - begun).toBeGreaterThan(15_000);
      expect(second.stdout.toString()).toBe("second\n");
      expect(stack.service.masters()).toHaveLength(1);
      expect(log.kinds.filter((kind) => kind !== "ready" && kind !== "suspect")).toEqual([]);
      flood.kill();
    } finally {
      await stack[Symbol.asyncDispose]();
      await host.stop();
      await netns.stop();
    }
  });
});
