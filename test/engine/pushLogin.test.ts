import { test } from "vitest";
import { listenHostile } from "../attack/support/hostileServer.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { healthStack } from "../support/healthStack.ts";
import { LiveTab } from "../support/liveTab.ts";
import { type Phone, servePhone } from "../support/phoneServer.ts";

test("a login confirmed on a phone is requested once in an outage, not by failed dials; then the tab says that it needs the user", async ({
  expect,
}) => {
  const keys = await startSshd();
  const phone: Phone = { pushes: 0, approvesAfter: 3500 };
  const hostile = await listenHostile((peer) => servePhone(peer, phone));
  const proxy = await FaultProxy.start({ host: "127.0.0.1", port: hostile.port });
  const stack = await healthStack(
    sshConfigBlock("lab", keys.via(proxy), ["StrictHostKeyChecking no", "UserKnownHostsFile /dev/null"]),
    { interval: 5, countMax: 3 },
  );
  try {
    const tabs = [new LiveTab(stack), new LiveTab(stack)];
    await until(() => tabs.every(({ controller }) => controller.state.kind === "open"), "both tabs are open");
    expect(phone.pushes).toBe(1);
    phone.approvesAfter = undefined;
    await proxy.refuse();
    proxy.drop();
    // Dials fail and use up no attempt.
    await until(
      () => tabs.every(({ states }) => states.filter((kind) => kind === "waiting").length >= 3),
      "failed dials",
    );
    await proxy.accept();
    // As after a change of the network: the next attempts need no long delay.
    stack.service.environmentChanged();
    await until(() => phone.pushes === 2, "the one push");
    proxy.drop();
    await until(() => tabs.every(({ controller }) => controller.state.kind === "waiting"), "the try is over");
    stack.service.environmentChanged();
    for (const tab of tabs) {
      await tab.waitFor(/The login requires input: press Enter to reconnect/);
    }
    expect(phone.pushes).toBe(2);
    const [master] = stack.service.masters();
    expect(master?.state).toMatchObject({
      kind: "reconnecting",
      until: undefined,
      error: { reason: "needs-person" },
    });
    // The user is back.
    phone.approvesAfter = 0;
    tabs[0]?.type("\r");
    await until(() => tabs.every(({ controller }) => controller.state.kind === "open"), "both tabs are back");
    expect(phone.pushes).toBe(3);
    for (const tab of tabs) {
      tab.controller.dispose();
    }
  } finally {
    await stack[Symbol.asyncDispose]();
    await proxy.stop();
    hostile.close();
    await keys.stop();
  }
});
