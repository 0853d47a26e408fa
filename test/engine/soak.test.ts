import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FaultProxy } from "../lab/faultProxy.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { healthStack } from "../support/healthStack.ts";
import { activeResources, heldMemory, leftBehind } from "../support/heldMemory.ts";
import { LiveTab } from "../support/liveTab.ts";
import type { TestStack } from "../support/testStack.ts";

/** Enough for the history of ended sessions to be full and for the code to be compiled. */
const warmUp = 30;
const measured = 30;
/** Bytes: a small part of what each round sends, shows and pastes. */
const leastLeakOfARound = 60_000;

/**
 * A short version of long use: rounds of everything that users do in a terminal, on one connection after the other.
 */
describe("rounds of mixed traffic in a terminal", () => {
  let host: SshdHost;
  let proxy: FaultProxy;

  beforeAll(async () => {
    host = await startSshd();
    proxy = await FaultProxy.start(host);
  });

  afterAll(async () => {
    await proxy.stop();
    await host.stop();
  });

  it("use no more memory, timers and sockets after sixty rounds than after thirty", async () => {
    await using stack = await healthStack(sshConfigBlock("lab", host.via(proxy)), undefined);
    const tab = new LiveTab(stack);
    await tab.prompt();
    for (let round = 0; round < warmUp; round++) {
      await play(stack, tab, round);
    }
    const before = await settled(stack);
    for (let round = warmUp; round < warmUp + measured; round++) {
      await play(stack, tab, round);
    }
    const { memory } = await settled(stack);
    expect(await leftBehind(before.resources, activeResources)).toEqual([]);
    expect(memory - before.memory).toBeLessThan(measured * leastLeakOfARound);
    tab.controller.dispose();
  });

  async function play(stack: TestStack, tab: LiveTab, round: number): Promise<void> {
    await interruptedFlood(tab);
    await say(
      tab,
      "for i in {1..300}; do printf '\\e[3%dm\\e[4%dmcolour\\e[0m\\n' $((i%8)) $((i/8%8)); done",
      round,
    );
    await say(tab, "tput smcup; seq 20000; tput rmcup", round);
    await paste(tab, round);
    for (let step = 0; step < 20; step++) {
      tab.resize(60 + ((step * 7) % 60), 20 + (step % 9));
    }
    tab.resize(80, 24);
    await say(tab, "until [ \"$(stty size)\" = '24 80' ]; do :; done", round);
    await closedInAFlood(stack);
    await reconnect(tab);
    // Otherwise the test would keep everything that was written.
    tab.written = "";
  }

  async function interruptedFlood(tab: LiveTab): Promise<void> {
    tab.type("clear; yes\r");
    await tab.waitFor(/^y\ny\ny$/m);
    tab.type("\u0003");
    await tab.prompt();
  }

  /** Runs a line and waits for the output after it. */
  async function say(tab: LiveTab, line: string, round: number): Promise<void> {
    tab.type(`clear; ${line}; echo done-$((${round}+1000))\r`);
    await tab.waitFor(new RegExp(`^done-${round + 1000}\\n.*[#$] ?$`, "m"));
  }

  async function paste(tab: LiveTab, round: number): Promise<void> {
    const size = 300_000;
    tab.type(`clear; stty raw -echo; echo ready-$((${round}+1)); head -c ${size} | wc -c; stty sane\r`);
    await tab.waitFor(new RegExp(`^ready-${round + 1}$`, "m"));
    tab.controller.input("x".repeat(size));
    await tab.waitFor(new RegExp(`\\b${size}\\s`));
    await tab.prompt();
  }

  async function closedInAFlood(stack: TestStack): Promise<void> {
    const other = new LiveTab(stack);
    await other.prompt();
    other.type("yes\r");
    await other.waitFor(/^y\ny\ny$/m);
    other.controller.dispose();
    await until(() => stack.master().sessions.length === 1, "the end of the closed tab's session");
  }

  async function reconnect(tab: LiveTab): Promise<void> {
    const { length } = tab.states;
    proxy.drop();
    await until(() => tab.states.includes("waiting", length), "the loss");
    tab.controller.input("\r");
    await until(() => tab.states.includes("open", length), "the next session");
    await tab.prompt();
  }

  /** What is still in use when everything has ended. */
  async function settled(stack: TestStack): Promise<{ memory: number; resources: readonly string[] }> {
    await until(() => host.connections().length === 1, "the end of the lost logins");
    await until(() => {
      const [master, ...others] = stack.service.masters();
      return others.length === 0 && master?.sessions.length === 1;
    }, "the end of the other sessions");
    const { heap, external } = heldMemory();
    return { memory: heap + external, resources: activeResources() };
  }
});
