// biome-ignore-all lint/suspicious/noTemplateCurlyInString: how ssh_config writes a variable
import { chmod } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigFiles } from "../../../src/config/configFiles.ts";
import type { HostSettings } from "../../../src/config/configPorts.ts";
import { type HostList, listHosts } from "../../../src/config/hostList.ts";
import { ConfigHome } from "../../support/configFixtures.ts";

describe("the list of hosts", () => {
  let home: ConfigHome;
  beforeEach(async () => {
    home = await ConfigHome.create();
  });
  afterEach(() => home.dispose());

  const list = (settings: readonly HostSettings[] = [], configFile = ""): Promise<HostList> => {
    const environment = home.environment();
    return listHosts(configFile, settings, environment, new ConfigFiles(environment));
  };
  const aliases = async (settings?: readonly HostSettings[]): Promise<string[]> =>
    (await list(settings)).hosts.map(({ alias }) => alias);

  test("is empty without a file, which is no problem", async () => {
    const { hosts, problems } = await list();
    expect([hosts, problems]).toEqual([[], []]);
  });

  test("has the names of Host lines with file and line, in their order", async () => {
    const file = await home.write(
      ".ssh/config",
      "# x\nHost web db\n  HostName srv\n  Port 22\n\nhost=mail\n User joe\n",
    );
    expect((await list()).hosts).toEqual([
      { alias: "web", file, line: 2, source: "sshConfig", hostName: "srv", port: 22 },
      { alias: "db", file, line: 2, source: "sshConfig", hostName: "srv", port: 22 },
      { alias: "mail", file, line: 6, source: "sshConfig", user: "joe" },
    ]);
  });

  test("omits patterns, negations and excluded names, and lists each host once", async () => {
    await home.write(".ssh/config", "Host * !x\nHost web w? !web2 web2\nHost web\n User later\n");
    const { hosts } = await list();
    expect(hosts.map(({ alias, line, user }) => [alias, line, user])).toEqual([["web", 2, "later"]]);
  });

  test.each([
    ["an unknown keyword", "Prot 22"],
    ["a missing argument", "Port"],
    ["a value that is not allowed", "Port high"],
    ["an unclosed quote", 'User "x'],
    ["an unknown criterion", "Match moon full"],
    ["a criterion without its argument", "Match host"],
    ["a Match without criteria", 'Match ""'],
    ["Match all with others", "Match host x all"],
    ["a Host without a name", 'Host ""'],
    ["an Include of nothing", 'Include ""'],
    ["an Include of a variable that is not set", "Include ${NOT_SET}/x"],
    ["an Include with an unknown token", "Include %z"],
  ])("reports %s as a problem of its line", async (_name, line) => {
    const file = await home.write(".ssh/config", `Host web\n  ${line}\n`);
    expect((await list()).problems).toMatchObject([{ file, line: 2 }]);
  });

  test("reports the same problems for unchanged files, also where only another file has changed", async () => {
    const environment = home.environment();
    const files = new ConfigFiles(environment);
    const problems = async (): Promise<readonly unknown[]> =>
      (await listHosts("", [], environment, files)).problems.map(({ file, line }) => [file, line]);
    await home.write(".ssh/config", "Include ignored more bad\n");
    await home.write(".ssh/ignored", "IgnoreUnknown moon\n");
    const more = await home.write(".ssh/more", "Host web\n  Moon full\n  Port 22\n");
    const bad = await home.write(".ssh/bad", "Host db\n  Port high\n");
    for (const _ of [1, 2]) {
      expect(await problems()).toEqual([[bad, 2]]);
    }
    await home.write(".ssh/ignored", "IgnoreUnknown mars,venus\n");
    expect(await problems()).toEqual([
      [more, 2],
      [bad, 2],
    ]);
  });

  test("accepts lines that depend on the host", async () => {
    await home.write(
      ".ssh/config",
      'Include conf-%h-%n-%r-%p-%k-%j-%C\nMatch tagged "" !exec "x y"\nMatch final all\nMatch version OpenSSH_9*\n',
    );
    expect((await list()).problems).toEqual([]);
  });

  test("replaces %h in HostName", async () => {
    await home.write(".ssh/config", "Host web\n HostName %h.Example.org\n");
    expect((await list()).hosts[0]).toHaveProperty("hostName", "web.example.org");
  });

  test("does not apply values of a Match block to the host before it", async () => {
    await home.write(".ssh/config", "Host web\nMatch user x\n HostName other\n");
    expect((await list()).hosts[0]).not.toHaveProperty("hostName");
  });

  test("has the system's hosts after the user's", async () => {
    await home.write(".ssh/config", "Host web\n");
    await home.write("etc/ssh_config", "Host corp web\n");
    expect(await aliases()).toEqual(["web", "corp"]);
  });

  test("has only those of another file if the settings name one", async () => {
    await home.write(".ssh/config", "Host web\n");
    const other = await home.write("other", "Host lab\n");
    expect((await list([], other)).hosts.map(({ alias }) => alias)).toEqual(["lab"]);
    expect((await list([], "none")).hosts).toEqual([]);
    expect((await list([], home.path("missing"))).problems).toMatchObject([{ file: home.path("missing") }]);
  });

  test("follows Include: relative to ~/.ssh, by pattern, in place", async () => {
    await home.write(".ssh/config", "Host first\nHost *\nInclude conf.d/*.conf ~/more\nHost last\n");
    await home.write(".ssh/conf.d/b.conf", "Host b\n");
    await home.write(".ssh/conf.d/a.conf", "Host a\n");
    await home.write(".ssh/conf.d/c.txt", "Host c\n");
    await home.write("more", "Host m\n");
    expect(await aliases()).toEqual(["first", "a", "b", "m", "last"]);
  });

  test("follows an Include whose pattern has a hyphen beside its star", async () => {
    await home.write(".ssh/config", "Include conf.d/work-*\n");
    await home.write(".ssh/conf.d/work-1", "Host inside\n");
    expect(await aliases()).toEqual(["inside"]);
  });

  test("follows Include of the system's file relative to its folder", async () => {
    await home.write("etc/ssh_config", "Include ssh_config.d/*\n");
    await home.write("etc/ssh_config.d/x", "Host x\n");
    expect(await aliases()).toEqual(["x"]);
  });

  test("omits hosts that the block around an Include excludes", async () => {
    await home.write(".ssh/config", "Host web*\n Include more\n");
    await home.write(".ssh/more", "Host web1 db\n");
    expect(await aliases()).toEqual(["web1"]);
  });

  test("ends if files include each other", async () => {
    await home.write(".ssh/config", "Include more\nInclude more\nHost a\n");
    await home.write(".ssh/more", "Host b\nInclude config\n");
    const { hosts, problems } = await list();
    expect(hosts.map(({ alias }) => alias)).toEqual(["b", "a"]);
    expect(problems[0]).toMatchObject({ file: home.path(".ssh/more"), line: 2 });
  });

  test("continues after unreadable lines, and reports them", async () => {
    const file = await home.write(".ssh/config", 'Host a\n User "x\n Port abc\n Prot 1\nHost b\n');
    const { hosts, problems } = await list();
    expect(hosts.map(({ alias }) => alias)).toEqual(["a", "b"]);
    expect(problems.map((problem) => [problem.file, problem.line])).toEqual([
      [file, 2],
      [file, 3],
      [file, 4],
    ]);
  });

  test("honours IgnoreUnknown", async () => {
    await home.write(".ssh/config", "IgnoreUnknown Use*\nUseMagic yes\nHost a\n");
    expect((await list()).problems).toEqual([]);
  });

  test("ignores a file that others may write to, and reports it", async () => {
    await chmod(await home.write(".ssh/config", "Host a\n"), 0o666);
    const { hosts, problems } = await list();
    expect(hosts).toEqual([]);
    expect(problems).toMatchObject([{ file: home.path(".ssh/config") }]);
  });

  test("has the plain names of settings that no file has", async () => {
    await home.write(".ssh/config", "Host web\n HostName other\n User ann\nHost *\n User bob\n Port 23\n");
    const settings = [
      { pattern: "web, lab *.lab !x", user: "joe" },
      { pattern: "*", hostName: "srv", port: 2222 },
      { pattern: "-oProxyCommand=x" },
    ];
    // The settings override the files, for hosts of the files too.
    expect((await list(settings)).hosts).toMatchObject([
      { alias: "web", source: "sshConfig", user: "joe", hostName: "srv", port: 2222 },
      { alias: "lab", source: "setting", user: "joe", hostName: "srv", port: 2222 },
    ]);
  });

  test("omits names that could not be connected to", async () => {
    await home.write(".ssh/config", "Host a;b -x $y ok\n");
    expect(await aliases()).toEqual(["ok"]);
  });
});
