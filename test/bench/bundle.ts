import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { buildExtension } from "../setup/buildExtension.ts";
import { repositoryRoot } from "../setup/repository.ts";
import { openDesktop } from "../vscode/harness/desktop.ts";
import { launchWorkbench } from "../vscode/harness/workbench.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";
import { median } from "./measure.ts";

/** The extension's cost before it is used. There is no peer. */
export const bundleBenchmark: Benchmark = {
  name: "bundle",
  about: "what installing and activating costs, without a connection (no peer)",
  run: async (context) => {
    context.note("building");
    await buildExtension();
    return [...(await activation(context)), ...(await sizes())];
  },
};

/**
 * First activation in a real extension host: loading the bundle and `activate()`, as the host does it. A new host
 * each time, because it happens once in its life.
 */
async function activation(context: BenchContext): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-bench-"));
  try {
    const probe = join(folder, "probe.cjs");
    await build({
      entryPoints: [join(repositoryRoot, "test", "bench", "activationProbe.ts")],
      outfile: probe,
      bundle: true,
      external: ["vscode"],
      platform: "node",
      format: "cjs",
      logLevel: "warning",
    });
    const times: { readonly entry: number; readonly first: number; readonly empty: number }[] = [];
    for (let run = 0; run < (context.runs ?? 5); run++) {
      context.note(`extension host ${run + 1}`);
      const resultFile = join(folder, `${run}.json`);
      await runProbe(probe, { SSH_SESSIONS_BENCH_RESULT: resultFile });
      times.push(JSON.parse(await readFile(resultFile, "utf8")));
    }
    const row = (name: string, milliseconds: readonly number[], most: number): Row => ({
      name,
      unit: "ms",
      ours: median(milliseconds),
      peer: undefined,
      bar: { of: "ours", value: most },
    });
    return [
      row(
        "start of a window, over an empty extension",
        times.map(({ entry, empty }) => entry - empty),
        10,
      ),
      row(
        "first use, over an empty extension",
        times.map(({ first, empty }) => first - empty),
        50,
      ),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runProbe(probe: string, env: Readonly<Record<string, string>>): Promise<void> {
  if (process.env["VSCODE_EXECUTABLE"]) {
    const desktop = await openDesktop({ testsPath: probe, env });
    try {
      if ((await desktop.closed) !== 0) {
        throw new Error("The probe failed: see above.");
      }
    } finally {
      await desktop.close();
    }
    return;
  }
  const workbench = await launchWorkbench({ testsPath: probe, env });
  try {
    if ((await workbench.testsExit) !== 0) {
      throw new Error(`The probe failed:\n${workbench.consoleText()}\n${workbench.server.output()}`);
    }
  } finally {
    await workbench.close();
  }
}

async function sizes(): Promise<Row[]> {
  const entry = await stat(join(repositoryRoot, "dist", "extension.cjs"));
  const bundle = await stat(join(repositoryRoot, "dist", "main.cjs"));
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-bench-"));
  try {
    const vsix = join(folder, "extension.vsix");
    const vsce = join(repositoryRoot, "node_modules", "@vscode", "vsce", "vsce");
    await promisify(execFile)(
      process.execPath,
      [vsce, "package", "--no-dependencies", "--no-rewrite-relative-links", "--out", vsix],
      {
        cwd: repositoryRoot,
      },
    );
    const kilobytes = (bytes: number): number => bytes / 1024;
    const { size } = await stat(vsix);
    return [
      {
        name: "entry",
        unit: "KB",
        ours: kilobytes(entry.size),
        peer: undefined,
        bar: { of: "ours", value: 20 },
      },
      { name: "bundle", unit: "KB", ours: kilobytes(bundle.size), peer: undefined },
      {
        name: "vsix",
        unit: "KB",
        ours: kilobytes(size),
        peer: undefined,
        bar: { of: "ours", value: 1024 },
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
