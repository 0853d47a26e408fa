import type { LabHost } from "../lab/labHost.ts";
import { processTable } from "../lab/processTree.ts";
import { nextOutput, SshClient } from "../lab/sshClient.ts";
import { until } from "../lab/until.ts";
import type { Workbench } from "../vscode/harness/workbench.ts";
import type { DemoHosts } from "./demoHosts.ts";
import { forwardScenes } from "./forwardScenes.ts";
import { troubleScenes } from "./troubleScenes.ts";

/** The tools of a scene. */
export interface Stage {
  readonly workbench: Workbench;
  readonly hosts: DemoHosts;
  /** Writes `<name>.png` into the folder of the screenshots. */
  picture(name: string): Promise<void>;
}

/** A scene plays in the workbench in the state that the previous scenes left, and takes one or more screenshots. */
export interface Scene {
  readonly name: string;
  play(stage: Stage): Promise<void>;
}

/** In playing order: from the empty side bar to the last session's end. */
export const scenes: readonly Scene[] = [
  {
    name: "the side bar before anything is open",
    async play({ workbench, hosts, picture }) {
      await workbench.openSideBar("SSH Sessions");
      await workbench.tree("Hosts").waitForRow(hosts.names[0]);
      await picture("hosts");
    },
  },
  {
    name: "a click on a host opens a prompt; the second terminal shares its connection",
    async play({ workbench, hosts, picture }) {
      const [web] = hosts.names;
      await workbench.tree("Hosts").inlineAction(web, "Open Terminal");
      await workbench.terminals.waitForText(`${web}:`);
      await workbench.terminals.type("uptime\n");
      await workbench.terminals.waitForText("load average");
      await workbench.tree("Live").inlineAction(web, "Open Terminal");
      await workbench.tree("Live").waitForRow(`${web} (2)`);
      await workbench.terminals.waitForText(`${web}:`);
      await picture("two-terminals-one-connection");
    },
  },
  {
    name: "the server's own view: a hung login, the question before it is killed, what ends idle sessions",
    async play({ workbench, hosts, picture }) {
      const [web] = hosts.names;
      const login = await stoppedLogin(hosts.host(web));
      try {
        const live = workbench.tree("Live");
        await live.contextMenu(web, "Explain Timeouts");
        await workbench.page.locator("iframe.webview.ready").waitFor();
        await workbench.page
          .frameLocator("iframe.webview.ready")
          .frameLocator("iframe#active-frame")
          .getByText("What ends an idle session")
          .waitFor();
        await picture("timeouts");
        const preview = workbench.page.locator(".tab", { hasText: "Timeouts of" });
        await preview.click({ button: "middle" });
        await preview.waitFor({ state: "hidden" });
        await live.inlineAction(web, "Show Logins on the Server");
        const { label } = await live.waitForRow(/./, (row) => row.description.startsWith("stopped"));
        await live.hoverText(label);
        await until(
          async () =>
            await workbench.page.evaluate<boolean>(
              "document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getComputedTiming().endTime === Infinity)",
            ),
          "the hover has faded in",
        );
        await picture("on-the-server");
        await live.inlineAction(label, "Kill on the Server…");
        await workbench.dialogs.text();
        // The row's hover would cover the question.
        await workbench.page.mouse.move(700, 700);
        await workbench.page.locator(".workbench-hover").waitFor({ state: "hidden" });
        await picture("kill-on-the-server");
        await workbench.dialogs.press("Kill");
        await live.waitForNoRow(label);
      } finally {
        await login.stop();
      }
    },
  },
  ...forwardScenes,
  ...troubleScenes,
];

/** Another user's login on `host`, whose program has been stopped. */
async function stoppedLogin(host: LabHost): Promise<SshClient> {
  const client = await SshClient.for(host);
  const child = client.spawn("echo pid $$; exec less /etc/services", ["-tt"]);
  let said = "";
  while (!/pid \d+/.test(said)) {
    said += await nextOutput(child);
  }
  const pid = Number(/pid (\d+)/.exec(said)?.[1]);
  await until(
    () => processTable().some((each) => each.pid === pid && each.name === "less"),
    "the shell became less",
  );
  process.kill(pid, "SIGSTOP");
  return client;
}
