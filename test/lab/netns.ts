import { execFile, execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { promisify } from "node:util";
import { type Watchdog, watchdog } from "./watchdog.ts";

const run = promisify(execFile);

/**
 * Why network namespaces can't be created here, and what to do about it; undefined if they can. They need root (with
 * CAP_NET_ADMIN and CAP_SYS_ADMIN), iproute2 and nftables.
 */
export function netnsUnavailable(): string | undefined {
  if (process.platform !== "linux") {
    return "network namespaces exist only on Linux";
  }
  if (process.getuid?.() !== 0) {
    return "network namespaces need root: run these tests as root";
  }
  const probe = uniqueName();
  try {
    execFileSync("ip", ["netns", "add", probe], { stdio: "pipe" });
    execFileSync("ip", ["netns", "exec", probe, "nft", "list", "tables"], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException & { stderr?: unknown };
    return failure.code === "ENOENT" || String(failure.stderr).includes('exec of "nft" failed')
      ? "iproute2 or nftables is missing: apt-get update && apt-get install -y iproute2 nftables"
      : `network namespaces can't be made here: ${String(failure.stderr ?? failure.message).trim()}`;
  } finally {
    try {
      execFileSync("ip", ["netns", "del", probe], { stdio: "pipe" });
    } catch {
      // It was never created.
    }
  }
}

/** Whether network namespaces can be created here. */
export function netnsAvailable(): boolean {
  return netnsUnavailable() === undefined;
}

/**
 * A separate network with one cable (a veth pair) to this machine: programs inside are on another host, and the cable
 * can be cut. Removed by `stop()`, or when this process dies.
 */
export class Netns {
  readonly name: string;
  /** Our end of the cable. */
  readonly link: string;
  /** Our address on the cable: the origin of our connections to the inside. */
  readonly outerAddress: string;
  /** The address of servers inside. */
  readonly innerAddress: string;
  readonly #network: string;
  readonly #guard: Watchdog;

  private constructor(name: string, link: string, network: string) {
    this.name = name;
    this.link = link;
    this.#network = network;
    this.outerAddress = `${network}.1`;
    this.innerAddress = `${network}.2`;
    this.#guard = watchdog("netnsWatchdog.sh", [name, link]);
  }

  static async start(): Promise<Netns> {
    const reason = netnsUnavailable();
    if (reason !== undefined) {
      throw new Error(reason);
    }
    for (;;) {
      const netns = await Netns.#make();
      // Others may have chosen the same at the same time: a process that finds two gives up its own, so that none is
      // shared.
      if ((await addressesOn(netns.#network)) === 1) {
        return netns;
      }
      await netns.stop();
    }
  }

  static async #make(): Promise<Netns> {
    const name = uniqueName();
    // RFC 2544 reserves 198.18.0.0/15 for network benchmarks: it is never routed.
    let network: string;
    do {
      network = `198.${randomInt(18, 20)}.${randomInt(0, 256)}`;
    } while ((await addressesOn(network)) > 0);
    const netns = new Netns(name, `${name}o`, network);
    try {
      await run("ip", ["netns", "add", name]);
      await run("ip", ["link", "add", netns.link, "type", "veth", "peer", "name", "inner", "netns", name]);
      await run("ip", ["address", "add", `${netns.outerAddress}/30`, "dev", netns.link]);
      await run("ip", ["-n", name, "address", "add", `${netns.innerAddress}/30`, "dev", "inner"]);
      await run("ip", ["-n", name, "link", "set", "lo", "up"]);
      await run("ip", ["-n", name, "link", "set", "inner", "up"]);
      await run("ip", ["link", "set", netns.link, "up"]);
      await netns.#nft("add table inet lab");
      await netns.#nft("add chain inet lab incoming { type filter hook input priority 0; policy accept; }");
      await netns.#nft("add chain inet lab outgoing { type filter hook output priority 0; policy accept; }");
      return netns;
    } catch (error) {
      await netns.stop();
      throw error;
    }
  }

  /** Prefix of a command that runs inside, in the same process. */
  get wrap(): readonly string[] {
    return ["ip", "netns", "exec", this.name];
  }

  /** Drops every packet silently in both directions: a broken path. Local sends still succeed. */
  async dropPackets(): Promise<void> {
    await this.#filter("drop");
  }

  /** Drops this many of 100 packets in each direction. */
  async losePackets(percent: number): Promise<void> {
    await this.#filter(`numgen random mod 100 < ${percent} drop`);
  }

  /** Replies to every incoming packet with a reset (TCP): a firewall that has lost its state. */
  async rejectPackets(): Promise<void> {
    await this.#nft("add rule inet lab incoming meta l4proto tcp reject with tcp reset");
  }

  /** Lets packets pass again, after `dropPackets`, `losePackets` or `rejectPackets`. */
  async passPackets(): Promise<void> {
    await this.#nft("flush table inet lab");
  }

  /** Our interface loses its carrier: there is no route, sends fail or wait. */
  async linkDown(): Promise<void> {
    await run("ip", ["link", "set", this.link, "down"]);
  }

  async linkUp(): Promise<void> {
    await run("ip", ["link", "set", this.link, "up"]);
  }

  /** Our address is removed, as when a laptop leaves a network. */
  async removeAddress(): Promise<void> {
    await run("ip", ["address", "del", `${this.outerAddress}/30`, "dev", this.link]);
  }

  /** The address is restored. Connections that survived continue. */
  async addAddress(): Promise<void> {
    await run("ip", ["address", "add", `${this.outerAddress}/30`, "dev", this.link]);
  }

  /** A slow cable towards us (a token bucket on the server's side); undefined: unlimited. */
  async limit(bytesPerSecond: number | undefined, { queue = 400 } = {}): Promise<void> {
    if (bytesPerSecond === undefined) {
      await run("tc", ["-n", this.name, "qdisc", "del", "dev", "inner", "root"]);
      return;
    }
    const shape = ["rate", `${bytesPerSecond * 8}bit`, "burst", "16kb", "latency", `${queue}ms`];
    await run("tc", ["-n", this.name, "qdisc", "replace", "dev", "inner", "root", "tbf", ...shape]);
  }

  /** Removes it. Programs inside lose their network; stop servers first. Idempotent. */
  async stop(): Promise<void> {
    await this.#guard.release();
  }

  async #filter(rule: string): Promise<void> {
    await this.#nft(`add rule inet lab incoming ${rule}`);
    await this.#nft(`add rule inet lab outgoing ${rule}`);
  }

  async #nft(command: string): Promise<void> {
    await run("ip", ["netns", "exec", this.name, "nft", command]);
  }
}

/** The number of this machine's addresses in `network`, the first three numbers of an address. */
async function addressesOn(network: string): Promise<number> {
  const { stdout } = await run("ip", ["-4", "-o", "address"]);
  return stdout.split(` ${network}.`).length - 1;
}

/** Interface names have at most 15 characters. */
function uniqueName(): string {
  return `lab${randomInt(2 ** 36).toString(36)}`;
}
