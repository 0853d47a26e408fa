import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabHost, startLabHost } from "../lab/labHost.ts";

/** Two temporary SSH hosts and their ssh_config. */
export interface DemoHosts {
  readonly names: readonly [string, string];
  /** A name of the first host whose key is in no known_hosts file. */
  readonly unknown: string;
  readonly configFile: string;
  host(name: string): LabHost;
  stop(): Promise<void>;
}

const names = ["web1", "db1"] as const;
const unknown = "new1";

/** Gives the shells of `host` a prompt with its name, because all temporary hosts are the same machine. */
export async function namePrompt(host: LabHost, name: string): Promise<void> {
  await writeFile(join(host.home, ".bash_profile"), `PS1='\\[\\e[32m\\]${name}\\[\\e[0m\\]:\\w\\$ '\ncd\n`);
}

/** Starts the hosts; their keys are already in a known_hosts file, so that the first click opens a prompt, except under one name. */
export async function startDemoHosts(): Promise<DemoHosts> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-demo-"));
  const hosts = new Map<string, LabHost>();
  const stop = async (): Promise<void> => {
    await Promise.all([...hosts.values()].map(async (host) => await host.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const name of names) {
      const host = await startLabHost();
      hosts.set(name, host);
      await namePrompt(host, name);
    }
    const configFile = join(folder, "ssh_config");
    const blocks = [...hosts].map(([name, host]) => host.sshConfigText(name));
    const asked = [
      `HostKeyAlias ${unknown}`,
      `UserKnownHostsFile "${join(folder, "known_hosts")}"`,
      "StrictHostKeyChecking ask",
    ];
    blocks.push(...[...hosts.values()].slice(0, 1).map((host) => host.sshConfigText(unknown, asked)));
    await writeFile(configFile, blocks.join("\n"));
    return {
      names,
      unknown,
      configFile,
      host: (name) => {
        const host = hosts.get(name);
        if (host === undefined) {
          throw new Error(`Unknown demo host ${name}`);
        }
        return host;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
