// biome-ignore-all lint/suspicious/noTemplateCurlyInString: how ssh_config writes a variable
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSshAlgorithms } from "../../../src/config/algorithmLists.ts";
import { ConfigError } from "../../../src/config/configErrors.ts";
import { ConfigFiles } from "../../../src/config/configFiles.ts";
import { type EffectiveValues, effectiveValues, hostTokens } from "../../../src/config/effectiveValues.ts";
import { evaluateConfig } from "../../../src/config/evaluateConfig.ts";
import type { EvaluationRequest } from "../../../src/config/evaluationTypes.ts";
import { ConfigHome } from "../../support/configFixtures.ts";

let home: ConfigHome;
beforeEach(async () => {
  home = await ConfigHome.create();
});
afterEach(() => home.dispose());

/** The effective values of the host `web` with these lines in the user's file. */
async function valuesOf(
  lines: string,
  typed: Partial<EvaluationRequest> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<EffectiveValues> {
  const configFile = await home.write("config", lines);
  const environment = home.environment({ env });
  const request = { alias: "web", configFile, ...typed };
  const evaluation = await evaluateConfig(request, environment, new ConfigFiles(environment));
  return effectiveValues(evaluation, "web", environment, openSshAlgorithms);
}

test("without a line, each keyword has the default of ssh_config(5)", async () => {
  const values = await valuesOf("");
  expect(Object.fromEntries(values)).toEqual({
    addressfamily: ["any"],
    batchmode: ["no"],
    compression: ["no"],
    connectionattempts: ["1"],
    controlpersist: ["no"],
    escapechar: ["~"],
    forwardagent: ["no"],
    globalknownhostsfile: [home.path("etc/ssh_known_hosts"), home.path("etc/ssh_known_hosts2")],
    hashknownhosts: ["no"],
    hostname: ["web"],
    identitiesonly: ["no"],
    identityfile: [
      "~/.ssh/id_rsa",
      "~/.ssh/id_ecdsa",
      "~/.ssh/id_ecdsa_sk",
      "~/.ssh/id_ed25519",
      "~/.ssh/id_ed25519_sk",
    ],
    kbdinteractiveauthentication: ["yes"],
    loglevel: ["INFO"],
    nohostauthenticationforlocalhost: ["no"],
    numberofpasswordprompts: ["3"],
    passwordauthentication: ["yes"],
    port: ["22"],
    pubkeyauthentication: ["true"],
    requesttty: ["auto"],
    requiredrsasize: ["1024"],
    serveralivecountmax: ["3"],
    serveraliveinterval: ["0"],
    sessiontype: ["default"],
    stricthostkeychecking: ["ask"],
    tcpkeepalive: ["yes"],
    user: ["me"],
    userknownhostsfile: [home.path(".ssh/known_hosts"), home.path(".ssh/known_hosts2")],
  });
});

describe("expansion by ssh -G", () => {
  test.each([
    ["HostKeyAlias WEB.Example", "hostkeyalias", ["web.example"]],
    ["RemoteCommand echo %n %h %p %r", "remotecommand", ["echo web web 22 me"]],
    ["UserKnownHostsFile /k/%h /k/${NAME}", "userknownhostsfile", ["/k/web", "/k/other"]],
    ["GlobalKnownHostsFile /g/%h", "globalknownhostsfile", ["/g/%h"]],
    ["IdentityAgent /run/%r/agent", "identityagent", ["/run/me/agent"]],
    ["IdentityAgent ${NAME}", "identityagent", ["other"]],
    ["ForwardAgent yes", "forwardagent", ["yes"]],
    ["ForwardAgent no", "forwardagent", ["no"]],
    ["ForwardAgent /run/%r/agent", "forwardagent", ["/run/me/agent"]],
    ["SetEnv HOST=%h %h=1 ${NAME}=1", "setenv", ["HOST=web", "%h=1", "${NAME}=1"]],
    ["ControlPath /run/%h", "controlpath", ["/run/web"]],
    ["SetEnv NAME=${NAME}", "setenv", ["NAME=other"]],
    ["RevokedHostKeys /etc/revoked", "revokedhostkeys", ["/etc/revoked"]],
    ["ProxyJump jump", "proxyjump", ["jump"]],
    ["ChannelTimeout session=5m", "channeltimeout", ["session=5m"]],
  ] as const)("%s", async (line, keyword, expected) => {
    expect((await valuesOf(line, {}, { NAME: "other" })).get(keyword)).toEqual(expected);
  });

  test("a list of algorithms that extends OpenSSH's own", async () => {
    const [ciphers = ""] = (await valuesOf("Ciphers ^aes256-ctr")).get("ciphers") ?? [];
    expect(ciphers.split(",").slice(0, 2)).toEqual(["aes256-ctr", "chacha20-poly1305@openssh.com"]);
  });

  test.each([
    "RemoteCommand",
    "UserKnownHostsFile",
    "GlobalKnownHostsFile",
    "RevokedHostKeys",
    "ChannelTimeout",
    "ProxyCommand",
    "ProxyJump",
  ])("%s none leaves the keyword without a value", async (keyword) => {
    for (const none of ["none", "NONE"]) {
      expect((await valuesOf(`${keyword} ${none}`)).has(keyword.toLowerCase())).toBe(false);
    }
  });

  test("User is expanded in a line of a file, but not in a typed host", async () => {
    expect((await valuesOf("User %u-%n")).get("user")).toEqual(["me-web"]);
    expect((await valuesOf("User %u-%n", { user: "%u" })).get("user")).toEqual(["%u"]);
  });

  test.each([
    ["%C", /%C/],
    ["%r", /%r/],
    ["${MISSING}", /MISSING/],
  ])("User %s is refused, and the error names its line", async (user, message) => {
    const error: unknown = await valuesOf(`\nUser ${user}`).catch((thrown: unknown) => thrown);
    expect(ConfigError.is(error) && { ...error }).toMatchObject({
      reason: "malformed",
      file: home.path("config"),
      line: 2,
    });
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(`${home.path("config")}:2: user: `);
  });

  test("an error in a typed host names no line", async () => {
    const environment = home.environment();
    const evaluation = await evaluateConfig(
      { alias: "web", configFile: "none" },
      environment,
      new ConfigFiles(environment),
    );
    const settings = new Map([["identityagent", [{ values: ["%Z"] }]]]);
    let error: unknown;
    try {
      effectiveValues({ ...evaluation, settings }, "web", environment, openSshAlgorithms);
    } catch (thrown) {
      error = thrown;
    }
    expect(ConfigError.is(error) && [error.reason, error.file, error.line]).toEqual([
      "malformed",
      undefined,
      undefined,
    ]);
    expect(ConfigError.is(error) && "file" in error && error.message.startsWith("identityagent: ")).toBe(
      true,
    );
  });
});

describe("the tokens of a host", () => {
  const hash = (text: string): string => createHash("sha1").update(text).digest("hex");

  test("%C is the hash of our host, the host name, the port, the user and the last jump host", async () => {
    const values = await valuesOf("Port 2222\nUser joe\nHostName w.example.org\nProxyJump a,b\n");
    const tokens = hostTokens(values, "web", home.environment());
    expect(tokens).toMatchObject({ h: "w.example.org", n: "web", k: "web", p: "2222", r: "joe", j: "b" });
    expect(tokens.C).toBe(hash("desk.example.orgw.example.org2222joeb"));
  });

  test("without information about a host, its alias, port 22 and our own user are used", () => {
    const tokens = hostTokens(new Map(), "web", home.environment());
    expect(tokens).toMatchObject({ h: "web", n: "web", k: "web", p: "22", r: "me", j: "" });
    expect(tokens.C).toBe(hash("desk.example.orgweb22me"));
  });
});
