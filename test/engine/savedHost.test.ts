import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { hostBlock } from "../../src/config/hostBlock.ts";
import { createHostResolver } from "../../src/config/hostResolver.ts";
import { saveHostBlock } from "../../src/config/saveHost.ts";
import { ConfigHome, FakeSettings } from "../support/configFixtures.ts";

describe("a typed host that was saved, as read by the real ssh", () => {
  let home: ConfigHome;
  beforeEach(async () => {
    home = await ConfigHome.create();
  });
  afterEach(() => home.dispose());

  const before = [
    "Host build1\r",
    "  HostName 10.0.0.5\r",
    "  ProxyJump j@gate:2200\r",
    '  IdentityFile "/keys/of me/100%%"\r',
    "  User nobody",
  ].join("\n");

  const farm = [
    "Host 10.*",
    '  UserKnownHostsFile "/keys/of me/known" ~/.ssh/farm%%',
    "  StrictHostKeyChecking yes",
    "  HostKeyAlgorithms ssh-ed25519",
    "  CertificateFile /keys/cert",
    "  SendEnv FARM_*",
    '  SetEnv FARM=1 "ROW=a b"',
    "  RekeyLimit 1M 1h",
    "  ForwardAgent yes",
    "  ServerAliveInterval 7",
    "  ConnectTimeout 5",
    "  PreferredAuthentications publickey",
    "  RequestTTY force",
    "  ControlPersist 10m",
    "Host *",
    "  Compression yes",
  ].join("\n");

  test.each([
    ["", "me@build1:2222"],
    [before, "build1"],
    [before, "me@build1:2222"],
    [before, "DOMAIN\\me@build1"],
    [before, "a#b@build1"],
    [before, "first last@build1"],
    ["Match all\n  Compression yes", "me@[fe80::1%lo]:2222"],
    [farm, "me@10.1.2.3:2222"],
  ])("in a file %#, as %s: reaches the same destination", async (text, typed) => {
    const settings = new FakeSettings();
    settings.configFile = await home.write("config", text);
    const resolver = createHostResolver({ settings, clock: systemClock, logger: silentLogger });
    try {
      const config = await resolver.resolve(typed);
      const block = hostBlock("saved", config, await resolver.resolve("saved"));
      expect(block.kind).toBe("block");
      await saveHostBlock(settings.configFile, block.kind === "block" ? block.lines : [], home.folder);
      const saved = await resolver.resolve("saved");
      const facts = ({ alias: _, values: __, sources: ___, ...others }: typeof config) => others;
      expect(facts(saved)).toEqual(facts(config));
      expect((await resolver.hosts()).problems).toEqual([]);
    } finally {
      resolver.dispose();
    }
  });
});
