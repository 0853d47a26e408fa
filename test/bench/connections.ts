import { spawn } from "node:child_process";
import { once } from "node:events";
import { execute } from "../../src/session/run/execute.ts";
import type { SessionService } from "../../src/session/sessionServiceTypes.ts";
import { SshClient } from "../lab/sshClient.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";
import { interleaved, timed } from "./measure.ts";
import { OwnStacks } from "./ownStack.ts";

/** What a user waits for: the first login, the next session, many at once. */
export const connectionsBenchmark: Benchmark = {
  name: "connections",
  about: "in process, beside the processes `ssh` (its defaults) and `ssh -S` on an open ControlMaster",
  run: async (context) => {
    const host = await startSshd();
    const client = await SshClient.for(host);
    const stacks = new OwnStacks(client.configFile);
    const master = client.spawn("", ["-N", "-M", "-S", client.controlPath]);
    try {
      await until(
        async () => (await run(client, ["-O", "check", "-S", client.controlPath])) === 0,
        "the master",
      );
      return [
        ...(await freshConnect(stacks, client, context)),
        ...(await onOpenMaster(stacks, client, context)),
      ];
    } finally {
      master.kill();
      stacks.dispose();
      await client.stop();
      await host.stop();
    }
  },
};

async function freshConnect(stacks: OwnStacks, client: SshClient, context: BenchContext): Promise<Row[]> {
  context.note("fresh connections");
  const runs = context.runs ?? 20;
  const connect = async (): Promise<number> => {
    const stack = stacks.create();
    try {
      return await timed(() => runTrue(stack.service));
    } finally {
      stack.dispose();
    }
  };
  const ssh = (): Promise<number> => timed(() => succeed(client, ["lab", "true"]));
  const known = await interleaved(connect, ssh, { runs });
  const first = await interleaved(
    () => {
      stacks.forgetHosts();
      return connect();
    },
    ssh,
    { runs },
  );
  return [
    { name: "fresh connect + true", unit: "ms", ...known, bar: { of: "ratio", value: 0.3 } },
    { name: "the same, with ssh_config read for the first time", unit: "ms", ...first },
  ];
}

async function onOpenMaster(stacks: OwnStacks, client: SshClient, context: BenchContext): Promise<Row[]> {
  const stack = stacks.create();
  const { service } = stack;
  const shared = ["-S", client.controlPath];
  try {
    await service.connect("lab");
    context.note("sessions on an open master");
    const command = await interleaved(
      () => timed(() => runTrue(service)),
      () => timed(() => succeed(client, [...shared, "lab", "true"])),
      { runs: context.runs ?? 40 },
    );
    context.note("subsystems on an open master");
    const subsystem = await interleaved(
      () => timed(() => openAndClose(service)),
      () => timed(() => succeed(client, [...shared, "-s", "lab", "sftp"])),
      { runs: context.runs ?? 40 },
    );
    context.note("fifty at once");
    const fifty = await interleaved(
      () => timed(() => times(50, () => runTrue(service))),
      () => timed(() => times(50, () => succeed(client, [...shared, "lab", "true"]))),
      { runs: context.runs ?? 7, warmUp: 1 },
    );
    const bar = { of: "ratio", value: 0.4 } as const;
    return [
      { name: "next session + true", unit: "ms", ...command, bar },
      { name: "next session, internal-sftp open + close", unit: "ms", ...subsystem, bar },
      { name: "50 sessions at once + true", unit: "ms", ...fifty },
    ];
  } finally {
    stack.dispose();
  }
}

async function runTrue(service: SessionService): Promise<void> {
  const { outcome } = await execute(service, "lab", "true");
  if (outcome.kind !== "exited" || outcome.code !== 0) {
    throw new Error(`ours ended with ${JSON.stringify(outcome)}`);
  }
}

/** Without a fork on the server: only our time and the network's remain. */
async function openAndClose(service: SessionService): Promise<void> {
  const session = await service.open({
    host: "lab",
    kind: "subsystem",
    request: { type: "subsystem", name: "sftp" },
  });
  session.resume();
  session.eof();
  await session.ended;
}

function times(count: number, work: () => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, work));
}

async function succeed(client: SshClient, args: readonly string[]): Promise<void> {
  const code = await run(client, args);
  if (code !== 0) {
    throw new Error(`ssh ${args.join(" ")} ended with ${code}`);
  }
}

/** Without pipes for its output, which would cost the peer more than the measured action. */
async function run(client: SshClient, args: readonly string[]): Promise<number> {
  const child = spawn("ssh", ["-F", client.configFile, ...args, ...(args.includes("-O") ? ["lab"] : [])], {
    stdio: "ignore",
  });
  const [code] = await once(child, "exit");
  return Number(code);
}
