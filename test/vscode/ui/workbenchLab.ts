import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type SshdHost, type SshdHostOptions, startSshd } from "../../lab/sshdHost.ts";
import { launchWorkbench, type Workbench, type WorkbenchOptions } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

/** A host, whose prompt is `lab>`, and a window that shows the side bar of the extension. */
export interface WorkbenchLab {
  /** For files of the tests. */
  readonly folder: string;
  readonly configFile: string;
  readonly host: SshdHost;
  readonly workbench: Workbench;
}

type Prepared = Pick<WorkbenchLab, "folder" | "host">;

export interface WorkbenchLabOptions {
  /** Options of the server. */
  readonly sshd?: SshdHostOptions;
  /** The names of the host in ssh_config; default: `web1`. */
  readonly aliases?: readonly string[];
  /** The text of ssh_config instead of a block for each alias. */
  readonly sshConfig?: (lab: Prepared) => string | Promise<string>;
  /** In addition to the path of ssh_config. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** More options of the window. */
  readonly window?: (lab: Prepared) => WorkbenchOptions | Promise<WorkbenchOptions>;
}

/** Opens a lab before the tests of a `describe`, closes it after them, and takes a screenshot of each failure. */
export function useWorkbenchLab(options: WorkbenchLabOptions = {}): WorkbenchLab {
  let folder: string;
  let configFile: string;
  let host: SshdHost;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd(options.sshd);
    await writeFile(join(host.home, ".bash_profile"), "PS1='lab> '\ncd\n");
    const blocks = (options.aliases ?? ["web1"]).map((alias) => host.sshConfigText(alias));
    configFile = join(folder, "ssh_config");
    await writeFile(configFile, (await options.sshConfig?.({ folder, host })) ?? blocks.join("\n"));
    workbench = await launchWorkbench({
      ...(await options.window?.({ folder, host })),
      settings: { "sshSessions.configFile": configFile, ...options.settings },
    });
    await workbench.openSideBar("SSH Sessions");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  return {
    get folder() {
      return folder;
    },
    get configFile() {
      return configFile;
    },
    get host() {
      return host;
    },
    get workbench() {
      return workbench;
    },
  };
}
