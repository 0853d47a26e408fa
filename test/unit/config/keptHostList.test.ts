import { chmod } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigFiles } from "../../../src/config/configFiles.ts";
import type { HostSettings } from "../../../src/config/configPorts.ts";
import type { HostList } from "../../../src/config/hostList.ts";
import { KeptHostList } from "../../../src/config/keptHostList.ts";
import { ConfigHome } from "../../support/configFixtures.ts";

describe("the kept list of hosts", () => {
  let home: ConfigHome;
  beforeEach(async () => {
    home = await ConfigHome.create();
  });
  afterEach(() => home.dispose());

  test("is the same one until a file, a folder, the path or the settings change", async () => {
    const environment = home.environment();
    const kept = new KeptHostList(environment, new ConfigFiles(environment));
    const none: readonly HostSettings[] = [];
    const read = async (settings = none, configFile = ""): Promise<HostList> =>
      await kept.list(configFile, settings);
    const names = ({ hosts }: HostList): readonly string[] => hosts.map(({ alias }) => alias);
    const main = await home.write(".ssh/config", "Include conf.d/*\nInclude later\nHost web\n");
    const part = await home.write(".ssh/conf.d/one", "Host db\n");
    const first = await read();
    expect(names(first)).toEqual(["db", "web"]);
    expect(await read()).toBe(first);
    await home.write(".ssh/conf.d/two", "Host mail\n");
    expect(names(await read())).toEqual(["db", "mail", "web"]);
    await home.write(".ssh/later", "Host late\n");
    expect(names(await read())).toEqual(["db", "mail", "late", "web"]);
    await home.write(".ssh/conf.d/one", "Host dbs\n");
    const changed = await read();
    expect(names(changed)).toEqual(["dbs", "mail", "late", "web"]);
    await chmod(part, 0o622);
    const refused = await read();
    expect(names(refused)).toEqual(["mail", "late", "web"]);
    expect(refused.problems.map(({ file }) => file)).toEqual([part]);
    await chmod(part, 0o600);
    expect(names(await read())).toEqual(names(changed));
    expect(names(await read([{ pattern: "more" }]))).toEqual([...names(changed), "more"]);
    expect(names(await read(none, part))).toEqual(["dbs"]);
    expect(names(await read(none, main))).toEqual(names(changed));
  });
});
