import type { Workbench } from "../vscode/harness/workbench.ts";
import type { DemoHosts } from "./demoHosts.ts";

/** What a scene can use. */
export interface Stage {
  readonly workbench: Workbench;
  readonly hosts: DemoHosts;
  /** Writes `<name>.png` into the folder of the pictures. */
  picture(name: string): Promise<void>;
}

/** A scene plays in the workbench as its predecessors left it, and takes one or more pictures. */
export interface Scene {
  readonly name: string;
  play(stage: Stage): Promise<void>;
}

/** In the order in which they are played: from the empty sidebar to the last session's end. */
export const scenes: readonly Scene[] = [
  {
    name: "the sidebar, nothing open yet",
    async play({ workbench, hosts, picture }) {
      await workbench.openSideBar("SSH Sessions");
      await workbench.tree("Hosts").waitForRow(hosts.names[0]);
      await picture("hosts");
    },
  },
  {
    name: "a click on a host leads to a prompt; the second terminal shares its connection",
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
];
