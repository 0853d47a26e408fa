import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { listenIn } from "../../src/share/socketFolder.ts";
import { everyTerminalLab } from "../support/everyTerminalLab.ts";
import type { Benchmark, Row } from "./benchmark.ts";
import { interleaved, timed } from "./measure.ts";

const size = 100_000_000;

/** Plain `ssh` and `scp` through our line of ssh_config, beside the same without it. */
export const gatewayBenchmark: Benchmark = {
  name: "gateway",
  about: "plain ssh and scp over our connection through the gateway, beside a login of their own",
  run: async (context) => {
    await using lab = await everyTerminalLab();
    await lab.stack.service.connect("lab");
    await lab.included(1);
    const file = join(lab.host.folder, "data");
    await writeFile(file, "");
    await truncate(file, size);
    /** Milliseconds. */
    const run = (program: string, ...args: readonly string[]): Promise<number> =>
      timed(async () => {
        const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
        const [code] = await once(child, "exit");
        if (code !== 0) {
          throw new Error(`${program} ${args.join(" ")} has ended with ${code}`);
        }
      });
    const rate = (milliseconds: number): number => size / 1000 / milliseconds;
    const rows: Row[] = [];
    const runs = context.runs ?? 20;
    context.note("a command");
    rows.push({
      ...{ name: "ssh host true, beside a fresh ssh", unit: "ms" },
      ...(await interleaved(
        () => run("ssh", "-F", lab.config, "lab", "true"),
        () => run("ssh", "-F", lab.plain, "lab", "true"),
        { runs },
      )),
      bar: { of: "ratio", value: 0.25 },
    });
    const copied = join(lab.host.folder, "copied");
    for (const [name, from, to] of [
      ["scp of 100 MB to the server, beside a fresh scp", file, `lab:${copied}`],
      ["scp of 100 MB from the server, beside a fresh scp", `lab:${file}`, copied],
    ] as const) {
      context.note(name);
      const found = await interleaved(
        async () => rate(await run("scp", "-q", "-F", lab.config, from, to)),
        async () => rate(await run("scp", "-q", "-F", lab.plain, from, to)),
        { runs: context.runs ?? 5, warmUp: 1 },
      );
      rows.push({ name, unit: "MB/s", ...found, bar: { of: "ratio", value: 0.4, least: true } });
    }
    context.note("files that a killed window has left behind");
    await leaveDead(lab.includes, lab.sockets);
    const found = await interleaved(
      () => run("ssh", "-G", "-F", lab.config, "lab"),
      () => run("ssh", "-G", "-F", lab.plain, "lab"),
      { runs },
    );
    rows.push({ name: "ssh -G with a dead socket, beside none of our files", unit: "ms", ...found });
    return rows;
  },
};

/** Makes every included file lead to a socket at which nobody listens. */
async function leaveDead(includes: string, sockets: string): Promise<void> {
  const server = createServer();
  const dead = join(sockets, await listenIn(sockets, server));
  server.close();
  for (const name of (await readdir(includes)).filter((each) => each.endsWith(".conf"))) {
    const path = join(includes, name);
    const text = await readFile(path, "utf8");
    await writeFile(`${path}.new`, text.replaceAll(/'[^']+\/sockets\/[0-9a-f]+'/g, `'${dead}'`), {
      mode: 0o600,
    });
    await rename(`${path}.new`, path);
  }
}
