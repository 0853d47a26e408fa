import { type ChildProcess, spawn } from "node:child_process";
import { get } from "node:http";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import type { Workbench } from "../vscode/harness/workbench.ts";
import type { Scene } from "./scenes.ts";

/** Forwards in the tree, one of them refused, and the box with its completion. */
export const forwardScenes: readonly Scene[] = [
  {
    name: "forwards: one with traffic, one as a SOCKS server, one whose port is taken, and the box for the next one",
    async play({ workbench, hosts, picture }) {
      const [web] = hosts.names;
      // Both addresses of loopback: if one of them is free, a forward listens there.
      const other = spawn("python3", ["-m", "http.server", "--bind", "::", "3000"], { stdio: "ignore" });
      try {
        await until(() => answers(3000), "a web server");
        const live = workbench.tree("Live");
        await forward(workbench, () => live.contextMenu(web, "Forward Port…"), "8080:localhost:3000");
        await until(() => answers(8080), "the forward");
        const again = (): Promise<void> => live.inlineAction("Forwards", "Forward Port…");
        await forward(workbench, again, "-D 1080");
        await forward(workbench, again, "3000:db:80");
        await live.waitForRow("3000 → db:80", ({ description }) => description.startsWith("port taken"));
        await again();
        await workbench.quickInput.waitFor("-R ");
        await workbench.quickInput.fill("-L 5432:");
        await workbench.quickInput.waitFor("-L 5432:localhost:5432");
        await picture("forwards");
        await workbench.quickInput.cancel();
        for (const label of ["8080 → localhost:3000", "1080 → SOCKS", "3000 → db:80"]) {
          const { description } = await live.waitForRow(label);
          if (description.startsWith("listening")) {
            await live.inlineAction(label, "Stop Forward");
            await live.waitForRow(label, (row) => row.description === "stopped");
          }
          await live.inlineAction(label, "Remove Forward");
          await live.waitForNoRow(label);
        }
      } finally {
        await stop(other);
      }
    },
  },
];

async function forward(workbench: Workbench, open: () => Promise<void>, text: string): Promise<void> {
  await open();
  await workbench.quickInput.waitFor("-R ");
  await workbench.quickInput.fill(text);
  await workbench.quickInput.waitFor("Listens here");
  await workbench.quickInput.accept();
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ port, host: "127.0.0.1", agent: false }, (response) => {
      response.resume();
      response.once("end", () => resolve(true));
    }).once("error", () => resolve(false));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill();
  await exited(child);
}
