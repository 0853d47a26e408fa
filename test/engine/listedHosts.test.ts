import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configEnvironment } from "../../src/config/configEnvironment.ts";
import { ConfigFiles } from "../../src/config/configFiles.ts";
import { listHosts } from "../../src/config/hostList.ts";
import type { ListedValues } from "../../src/config/listedValues.ts";
import { parseSshOutput } from "../../src/config/sshG.ts";
import { ConfigHome } from "../support/configFixtures.ts";

let home: ConfigHome;

beforeAll(async () => {
  home = await ConfigHome.create();
});

afterAll(() => home.dispose());

/** What the list shows for each host, beside the answer of `ssh -G`. */
async function beside(
  text: string,
): Promise<readonly { listed: ListedValues; ssh: Required<ListedValues> }[]> {
  const file = await home.write("config", text);
  const environment = configEnvironment();
  const { hosts } = await listHosts(file, [], environment, new ConfigFiles(environment));
  return hosts.map(({ alias, hostName, user, port }) => {
    const out = parseSshOutput(
      execFileSync("ssh", ["-G", "-F", file, alias], { encoding: "utf8", stdio: "pipe" }),
    );
    const first = (keyword: string): string => out.get(keyword)?.[0] ?? "";
    return {
      listed: {
        ...(hostName !== undefined && { hostName }),
        ...(user !== undefined && { user }),
        ...(port !== undefined && { port }),
      },
      ssh: { hostName: first("hostname"), user: first("user"), port: Number(first("port")) },
    };
  });
}

/** @param claims the keywords that the list must show for the first host: nothing at all would agree, too. */
const cases: readonly (readonly [string, string, readonly (keyof ListedValues)[]])[] = [
  [
    "Host * above the host's own block",
    "Host *\n User one\nHost web\n User two\n Port 23\n",
    ["port", "user"],
  ],
  ["Host * below it", "Host web\n User two\nHost *\n User one\n Port 23\n", ["port", "user"]],
  ["lines above the first Host", "User one\nHost web\n User two\n", ["user"]],
  ["a second block of the host", "Host web\n Port 23\nHost web\n Port 24\n User two\n", ["port", "user"]],
  ["a pattern", "Host w?b\n User one\nHost web\n User two\n", ["user"]],
  ["a negated pattern", "Host * !web\n User one\nHost web\n User two\n", ["user"]],
  ["only a negated pattern", "Host !db\n User one\nHost web\n User two\n", ["user"]],
  ["a negated name beside it", "Host web !web\n User one\nHost web\n User two\n", ["user"]],
  ["Match all", "Match all\n User one\nHost web\n User two\n", ["user"]],
  ["Match originalhost", "Match originalhost WEB\n User one\nHost web\n User two\n", ["user"]],
  [
    "Match host of a HostName",
    "Host web\n HostName %h.lab\nMatch host *.lab\n User one\n",
    ["hostName", "user"],
  ],
  ["Match host that does not hold", "Match host *.lab\n User one\nHost web\n User two\n", ["user"]],
  ["Match user", "Host web\n User two\nMatch user two\n Port 23\n", ["port", "user"]],
  ["!user", "Host web\n User two\nMatch !user two\n Port 23\nMatch all\n Port 24\n", ["port", "user"]],
  ["Match exec that holds", "Match exec true\n User one\nHost web\n User two\n HostName srv\n", ["hostName"]],
  ["Match exec that does not", "Match exec false\n User one\nHost web\n User two\n Port 23\n", ["port"]],
  [
    "Match exec of another host",
    "Match originalhost db exec true\n User one\nHost web\n User two\n",
    ["user"],
  ],
  [
    "Match user after an exec",
    "Match exec true\n User one\nMatch user one\n Port 23\nHost web\n Port 24\n",
    [],
  ],
  ["tokens", "Host web\n HostName 10.%%h%h\n User two\n", ["hostName", "user"]],
  ["an Include for every host", "Include INCLUDED\nHost web\n User two\n Port 23\n", ["user", "port"]],
  ["an Include in the host's block", "Host web\n Include INCLUDED\n User two\n", ["user"]],
  ["an Include in another block", "Host db\n Include INCLUDED\nHost web\n User two\n", []],
  ["an Include of a name with a token", "Include %n.conf\nHost web\n User two\n", []],
  [
    "Match final",
    "Host web\n HostName srv\n User two\nHost srv\n Port 23\nMatch final\n",
    ["hostName", "user", "port"],
  ],
  ["Match !final", "Match !final\n Port 23\nHost web\n HostName srv\n", ["hostName", "port"]],
  ["canonicalization", "CanonicalizeHostname yes\nHost web\n User two\n HostName srv\n", ["user"]],
  ["names in capitals", "Host web\n HostName SRV.Example\nHost *\n Port 23\n", ["hostName", "port"]],
  ["short addresses", "Host web\n HostName 127.1\n", ["hostName"]],
  ["quoted values", 'Host "web"\n User "two words"\n', ["user"]],
];

test.each(cases)("%s: the list shows what ssh uses", async (_name, text, claims) => {
  const included = await home.write("included", "Host *\n User inner\nHost web\n Port 99\n");
  const all = await beside(text.replace("INCLUDED", included));
  expect(all.length).toBeGreaterThan(0);
  for (const { listed, ssh } of all) {
    expect(ssh).toMatchObject(listed);
  }
  for (const keyword of claims) {
    expect(all[0]?.listed).toHaveProperty(keyword);
  }
});

test("the list never contradicts ssh, whatever the order of the blocks is", async () => {
  const head = fc.constantFrom(
    ...[
      "Host web",
      "Host db web",
      "Host *",
      "Host w*",
      "Host * !web",
      "Host srv",
      "Match all",
      "Match final",
    ],
    ...[
      "Match host srv",
      "Match !host srv",
      "Match user two",
      "Match exec true",
      "Match originalhost db,web",
    ],
    ...["Match localuser *", "Match exec false user two", "Match canonical", "Match !user one host w*"],
  );
  const line = fc.constantFrom(
    ...["User one", "User two", "Port 23", "Port 24", "HostName srv", "HostName %h.lab", "HostName db"],
  );
  const block = fc
    .tuple(head, fc.array(line, { maxLength: 3 }))
    .map(([first, lines]) => [first, ...lines.map((each) => ` ${each}`)].join("\n"));
  await fc.assert(
    fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 7 }), async (blocks) => {
      for (const { listed, ssh } of await beside(`${blocks.join("\n")}\n`)) {
        expect(ssh).toMatchObject(listed);
      }
    }),
    { numRuns: 150, seed: 13 },
  );
});
