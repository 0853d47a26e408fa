import type { Socket } from "node:net";
import { describe, test } from "vitest";
import { bool, msg, str } from "../attack/support/hostilePackets.ts";
import { type HostilePeer, listenHostile } from "../attack/support/hostileServer.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { signalAll } from "../lab/processTree.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { healthStack } from "../support/healthStack.ts";
import { LiveTab } from "../support/liveTab.ts";

/** The hostile server has its own host key, which is not under test. */
const hostKeyChecks = ["StrictHostKeyChecking no", "UserKnownHostsFile /dev/null"];

/** Ends the shells before the connection, as a machine that shuts down does. */
function hangUpShells(host: SshdHost, signal: NodeJS.Signals): void {
  const servers = new Set(
    host.connections().flatMap((connection) => connection.servers.map(({ pid }) => pid)),
  );
  signalAll(
    host.connections().flatMap(({ all }) => all.filter(({ pid }) => !servers.has(pid))),
    signal,
  );
}

describe.concurrent("a server that reboots", () => {
  test.for([0, 5, 500, 5000])(
    "ends the shells %d ms before the connection: all six tabs reconnect",
    async (gap, { expect }) => {
      const host = await startSshd();
      const stack = await healthStack(host.sshConfigText("lab"), { interval: 5, countMax: 3 });
      try {
        const tabs = Array.from({ length: 6 }, () => new LiveTab(stack));
        await Promise.all(tabs.map((tab) => tab.prompt()));
        hangUpShells(host, "SIGHUP");
        await new Promise((resolve) => setTimeout(resolve, gap));
        await host.down();
        await until(() => tabs.every(({ controller }) => controller.state.kind === "waiting"), "all wait");
        await host.up();
        await Promise.all(tabs.map((tab) => tab.waitFor(/── reconnected after/)));
        expect(stack.service.masters()).toMatchObject([
          { state: { kind: "ready" }, sessions: { length: 6 } },
        ]);
        for (const tab of tabs) {
          tab.controller.dispose();
        }
      } finally {
        await stack[Symbol.asyncDispose]();
        await host.stop();
      }
    },
  );
});

/** A tab whose first login works; after the cut, `turnsAway` decides how the server treats the next ones. */
async function cutAndTurnedAway(
  turnsAway: (peer: HostilePeer, contact: number) => Promise<void>,
): Promise<{ readonly tab: LiveTab; readonly contacts: () => number; dispose(): Promise<void> }> {
  const host = await startSshd();
  const proxy = await FaultProxy.start(host);
  let contacts = 0;
  const hostile = await listenHostile(async (peer) => turnsAway(peer, ++contacts));
  const stack = await healthStack(sshConfigBlock("lab", host.via(proxy), hostKeyChecks), {
    interval: 5,
    countMax: 3,
  });
  const tab = new LiveTab(stack);
  await tab.prompt();
  proxy.redirect(hostile);
  proxy.drop();
  return {
    tab,
    contacts: () => contacts,
    async dispose() {
      proxy.redirect(host);
      await tab.waitFor(/── reconnected after/);
      tab.controller.dispose();
      await stack[Symbol.asyncDispose]();
      hostile.close();
      await proxy.stop();
      await host.stop();
    },
  };
}

describe.concurrent("a server that temporarily refuses logins", () => {
  test("thirty destinations that were cut at MaxStartups 3:80:6 all reconnect", async ({ expect }) => {
    const host = await startSshd({ sshd: { MaxStartups: "3:80:6" } });
    const proxy = await FaultProxy.start(host);
    const names = Array.from({ length: 30 }, (_, index) => `lab${index}`);
    // Separate host key files make them separate destinations.
    const config = names.map((name) =>
      sshConfigBlock(name, host.via(proxy), [
        `UserKnownHostsFile "${host.knownHostsFile}" "${host.folder}/${name}"`,
      ]),
    );
    const stack = await healthStack(config.join("\n"), { interval: 5, countMax: 3 });
    try {
      const tabs: LiveTab[] = [];
      for (const name of names) {
        const tab = new LiveTab(stack, undefined, name);
        await tab.prompt();
        tabs.push(tab);
      }
      expect(proxy.contacts).toBe(30);
      proxy.drop();
      await Promise.all(tabs.map((tab) => tab.waitFor(/── reconnected after/)));
      expect(host.log()).toMatch(/MaxStartups/);
      for (const tab of tabs) {
        tab.controller.dispose();
      }
    } finally {
      await stack[Symbol.asyncDispose]();
      await proxy.stop();
      await host.stop();
    }
  });

  test.for(["Exceeded MaxStartups\r\n", "Not allowed at this time\r\n", "ssh: connect refused by tcpd\n"])(
    "is retried after it sent as plain text: %j",
    async (words, { expect }) => {
      const at = await cutAndTurnedAway(async (peer) => {
        peer.raw(words);
        peer.end();
      });
      await until(() => at.contacts() >= 2, "the second try");
      expect(at.tab.controller.state).not.toMatchObject({ until: undefined });
      await at.dispose();
    },
  );

  test.for(["FIN", "RST"] as const)(
    "is retried after a %s in the middle of the login",
    async (how, { expect }) => {
      const at = await cutAndTurnedAway(async (peer) => {
        await peer.startLogin();
        await peer.nextOf(50);
        // SSH_MSG_USERAUTH_FAILURE for `none`, as from every server.
        peer.send(msg(51, str("publickey,password"), bool(false)));
        await peer.nextOf(50);
        if (how === "FIN") {
          peer.end();
        } else {
          (peer.stream as Socket).resetAndDestroy();
        }
      });
      await until(() => at.contacts() >= 2, "the second try");
      expect(at.tab.controller.state).not.toMatchObject({ until: undefined });
      await at.dispose();
    },
  );
});
