/**
 * Side bars with many and with long rows, at the narrowest widths in use: `npm run demo -- --screenshots DIR
 * --crowded`. The pictures are judged by eye.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { waitUntil } from "../vscode/harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../vscode/harness/workbench.ts";

/** Pixels. */
const widths = [200, 300];
const viewport = { width: 900, height: 1000 };

interface CrowdedStage {
  readonly workbench: Workbench;
  readonly server: SshdHost;
  /** One for each width. */
  picture(name: string): Promise<void>;
}

interface CrowdedScene {
  readonly name: string;
  /** The text of the ssh_config, and further files beside it. */
  readonly files: (server: SshdHost) => Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  play(stage: CrowdedStage): Promise<void>;
}

const numbered = (count: number, name: (n: string) => string): readonly string[] =>
  Array.from({ length: count }, (_, n) => name(String(n + 1).padStart(2, "0")));

const company = (role: string, count: number): readonly string[] =>
  numbered(count, (n) => `prod-eu-west-1-${role}-${n}.internal.example.com`);

/** Another known_hosts file makes another destination of the same server. */
const hostBlock = (server: SshdHost, alias: string): string =>
  server.sshConfigText(alias, [`GlobalKnownHostsFile /nonexistent/${alias}`]);

/** An address that leads to the server, whatever it is. */
const farBlock = (server: SshdHost, pattern: string, lines: readonly string[]): string =>
  server.sshConfigText(pattern, [
    ...lines,
    `HostKeyAlias [127.0.0.1]:${server.port}`,
    `ProxyCommand bash -c 'exec 3<>/dev/tcp/127.0.0.1/${server.port}; cat <&3 & exec cat >&3'`,
  ]);

const twelve = [...company("frontend-web", 4), ...company("database", 3), ...numbered(5, (n) => `build${n}`)];

const longHosts = [
  "customer-portal-production-europe-west-frontend-blue-0042-new",
  "customer-portal-production-europe-west-frontend-green-0042-new",
];
const typedHosts = [
  "root@customer-portal-staging.internal.example.com:2222",
  "root@customer-portal-testing.internal.example.com:2222",
  "root@[2001:db8:85a3:8d3:1319:8a2e:370:7348]:2222",
  "root@[2001:db8:85a3:8d3:1319:8a2e:370:7349]:2222",
  "root@192.168.178.201",
  "root@10.0.0.9:2222",
];

const crowdedScenes: readonly CrowdedScene[] = [
  {
    name: "two hundred hosts, twelve connections with 27 sessions, and a filter",
    files: (server) => ({
      ssh_config: [
        "Include config.d/*.conf",
        ...["gateway", "mail", ...numbered(38, (n) => `build${n}`)].map((alias) => hostBlock(server, alias)),
      ].join("\n"),
      "config.d/frontends.conf": company("frontend-web", 100)
        .map((alias) => hostBlock(server, alias))
        .join("\n"),
      "config.d/databases.conf": company("database", 60)
        .map((alias) => hostBlock(server, alias))
        .join("\n"),
    }),
    settings: {
      "sshSessions.groupHostsByFile": true,
      "sshSessions.hosts": [{ pattern: "build*", group: "Build farm" }],
    },
    async play({ workbench, picture }) {
      const hosts = workbench.tree("Hosts");
      await hosts.waitForRow("frontends");
      await picture("200-hosts");
      await hosts.click("frontends");
      await hosts.waitForRow("…web-01");
      await picture("200-hosts-expanded");
      const sessions = (at: number): number => (at < 3 ? 5 : at < 6 ? 2 : 1);
      await openTerminals(
        workbench,
        twelve.flatMap((host, at) => Array.from({ length: sessions(at) }, () => host)),
      );
      await picture("12-connections");
      await workbench.runCommand("SSH Sessions: Filter…");
      await workbench.quickInput.fill("web");
      await workbench.quickInput.accept();
      await workbench.tree("Live").waitForNoRow("build01");
      await picture("filter");
    },
  },
  {
    name: "fifty sessions on three hosts",
    files: (server) => ({ ssh_config: ["web1", "web2", "db1"].map((a) => hostBlock(server, a)).join("\n") }),
    async play({ workbench, picture }) {
      const sessions = { web1: 25, web2: 15, db1: 10 };
      await openTerminals(
        workbench,
        Object.entries(sessions).flatMap(([host, count]) => Array.from({ length: count }, () => host)),
      );
      await picture("50-sessions");
    },
  },
  {
    name: "long names and addresses",
    files: (server) => ({
      ssh_config: [
        ...longHosts.map((alias) => farBlock(server, alias, [`HostName ${alias}.internal.example.com`])),
        farBlock(server, "*", ["HostName %h", "ServerAliveInterval 5", "ServerAliveCountMax 3"]),
      ].join("\n"),
    }),
    async play({ workbench, server, picture }) {
      await openTerminals(workbench, [...longHosts, ...typedHosts, ...typedHosts.slice(0, 1)]);
      await picture("long-names");
      server.freeze();
      const live = workbench.tree("Live");
      await live.waitForRow(/./, ({ description }) => /^closing in/.test(description));
      await picture("long-names-silent");
      await server.down();
      await live.waitForRow(/./, ({ description }) => /^reconnecting in/.test(description));
      await picture("long-names-lost");
    },
  },
];

/** @param part of the names of the scenes to play; default: all. */
export async function takeCrowdedPictures(folder: string, part = ""): Promise<void> {
  for (const scene of crowdedScenes.filter(({ name }) => name.includes(part))) {
    console.log(scene.name);
    const files = await mkdtemp(join(tmpdir(), "ssh-sessions-demo-"));
    const server = await startSshd({ sshd: { MaxSessions: 100, MaxStartups: "100:30:200" } });
    try {
      await writeFile(join(server.home, ".bash_profile"), "PS1='$ '\ncd\n");
      const configFile = join(files, "ssh_config");
      await mkdir(join(files, "config.d"));
      for (const [name, text] of Object.entries(scene.files(server))) {
        await writeFile(join(files, name), text.replaceAll("config.d/", `${files}/config.d/`));
      }
      const workbench = await launchWorkbench({
        settings: { "sshSessions.configFile": configFile, ...scene.settings },
        screenshotFolder: folder,
        viewport,
      });
      try {
        await workbench.openSideBar("SSH Sessions");
        const picture = async (name: string): Promise<void> => {
          for (const width of widths) {
            await workbench.sizeSideBar(width);
            console.log(`  ${await workbench.screenshot(`crowded-${name}-${width}`, { width: width + 60 })}`);
          }
        };
        await scene.play({ workbench, server, picture });
      } finally {
        await workbench.close();
      }
    } finally {
      await server.stop();
      await rm(files, { recursive: true, force: true });
    }
  }
}

/** One for each element, one after the other. */
async function openTerminals(workbench: Workbench, hosts: readonly string[]): Promise<void> {
  for (const [at, host] of hosts.entries()) {
    await workbench.runCommand("SSH Sessions: Open Terminal");
    await workbench.quickInput.waitFor("Choose a host");
    await workbench.quickInput.fill(host);
    await workbench.quickInput.accept();
    await waitForSessions(workbench, at + 1);
  }
}

async function waitForSessions(workbench: Workbench, count: number): Promise<void> {
  await waitUntil(
    async () => (await sessionCount(workbench)) === count,
    async () => `${await sessionCount(workbench)} sessions instead of ${count}`,
  );
}

/** As the badge in the activity bar shows it. */
async function sessionCount(workbench: Workbench): Promise<number> {
  const badge = workbench.page.locator(
    '.activitybar .action-item:has([aria-label^="SSH Sessions"]) .badge-content',
  );
  return Number((await badge.textContent()) ?? "0") || 0;
}
