import { execFile, execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { promisify } from "node:util";
import { type Watchdog, watchdog } from "./watchdog.ts";

const run = promisify(execFile);

/**
 * Why network namespaces can't be made here, with what to do about it; undefined when they can. They need root (with
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
      // It was never made.
    }
  }
}

/** Whether network namespaces can be made here. */
export function netnsAvailable(): boolean {
  return netnsUnavailable() === undefined;
}

/**
 * A network of its own with one cable (a veth pair) to this machine: what runs inside is another host, and the cable can
 * be cut. Removed by `stop()`, or when this process dies.
 */
export class Netns {
  readonly name: string;
  /** Our end of the cable. */
  readonly link: string;
  /** Our address on the cable: where our connections to the inside come from. */
  readonly outerAddress: string;
  /** Where servers inside listen. */
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
      // Others may have chosen the same at the same time: whoever sees two gives way, so that none is shared.
      if ((await addressesOn(netns.#network)) === 1) {
        return netns;
      }
      await netns.stop();
    }
  }

  static async #make(): Promise<Netns> {
    const name = uniqueName();
    // RFC 2544 gives 198.18.0.0/15 to benchmarks of networks: nobody routes it.
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

  /** Put in front of a command to run it inside, in the same process. */
  get wrap(): readonly string[] {
    return ["ip", "netns", "exec", this.name];
  }

  /** From now on every packet is dropped in silence, both ways: a broken path. Local sends still succeed. */
  async dropPackets(): Promise<void> {
    await this.#filter("drop");
  }

  /** Drops so many of 100 packets, each way. */
  async losePackets(percent: number): Promise<void> {
    await this.#filter(`numgen random mod 100 < ${percent} drop`);
  }

  /** Every packet is answered with a reset (TCP) on its way in: a firewall that has forgotten us. */
  async rejectPackets(): Promise<void> {
    await this.#nft("add rule inet lab incoming meta l4proto tcp reject with tcp reset");
  }

  /** Packets pass again, after `dropPackets`, `losePackets` or `rejectPackets`. */
  async passPackets(): Promise<void> {
    await this.#nft("flush table inet lab");
  }

  /** Our interface loses its carrier: the route is gone, sends fail or wait. */
  async linkDown(): Promise<void> {
    await run("ip", ["link", "set", this.link, "down"]);
  }

  async linkUp(): Promise<void> {
    await run("ip", ["link", "set", this.link, "up"]);
  }

  /** Our address goes away, as when a laptop leaves a network. */
  async removeAddress(): Promise<void> {
    await run("ip", ["address", "del", `${this.outerAddress}/30`, "dev", this.link]);
  }

  /** It comes back. Connections that survived go on. */
  async addAddress(): Promise<void> {
    await run("ip", ["address", "add", `${this.outerAddress}/30`, "dev", this.link]);
  }

  /** A slow cable towards us (a token bucket on the server's side); undefined: as fast as it can. */
  async limit(bytesPerSecond: number | undefined, { queue = 400 } = {}): Promise<void> {
    if (bytesPerSecond === undefined) {
      await run("tc", ["-n", this.name, "qdisc", "del", "dev", "inner", "root"]);
      return;
    }
    const shape = ["rate", `${bytesPerSecond * 8}bit`, "burst", "16kb", "latency", `${queue}ms`];
    await run("tc", ["-n", this.name, "qdisc", "replace", "dev", "inner", "root", "tbf", ...shape]);
  }

  /** Removes it. What still runs inside loses its network; stop servers first. Idempotent. */
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

/** How many of this machine's addresses lie in `network`, the first three numbers of an address. */
async function addressesOn(network: string): Promise<number> {
  const { stdout } = await run("ip", ["-4", "-o", "address"]);
  return stdout.split(` ${network}.`).length - 1;
}

/** Interface names hold 15 characters. */
function uniqueName(): string {
  return `lab${randomInt(2 ** 36).toString(36)}`;
}
