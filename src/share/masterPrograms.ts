import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { asError } from "../base/errors.ts";
import { guarded } from "../base/guarded.ts";
import { isRunning } from "../base/isRunning.ts";
import { type Logger, printable } from "../base/log.ts";
import { runProgram } from "../base/runProgram.ts";
import type { SshMaster } from "../engine/sshMaster.ts";
import type { ProgramSnapshot } from "./programTypes.ts";
import { masterLinkName, programNotePattern } from "./socketFolder.ts";

/** There is no event for the end of a process that is not our child. Milliseconds. */
const lookEvery = 1_000;

/** For `ssh -O cancel` and for `ps`. Milliseconds. */
const programPatience = 10_000;

/** Bytes of a note: forwards that a program has asked for. */
const longestNote = 64 * 1024;

/** Characters of what a program was called with. */
const longestCall = 1_000;

/** The forwards that the wrapper notes: one option of `ssh` a line. */
const forwardOption = /^-(?:[LRD]|o(?:Local|Remote|Dynamic)Forward[= ])[^\0]+$/;

interface Noted {
  readonly file: string;
  readonly pid: number;
  readonly name: string;
  /** Wall-clock milliseconds. */
  readonly since: number;
}

export interface MasterProgramsInit {
  readonly masterId: string;
  readonly ssh: SshMaster;
  /** The folder of the sockets. */
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  changed(): void;
}

/**
 * Programs at the control socket of an `ssh` of ours, which does not say who they are: the wrapper makes a note of each.
 * A master keeps the forwards of a program that has ended (mux_master_process_open_fwd in mux.c), so they are cancelled
 * here, where the program would have ended them itself.
 */
export class MasterPrograms implements Disposable {
  readonly #init: MasterProgramsInit;
  readonly #store = new DisposableStore();
  #noted: readonly Noted[] = [];
  /** By process: what `ssh` was called with. */
  readonly #calls = new Map<number, string>();
  /** When those without a note were first seen. */
  #others: number[] = [];
  #timer: Disposable | undefined;
  #looking: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(init: MasterProgramsInit) {
    this.#init = init;
    this.#store.add(init.ssh.onDidChange(() => this.#look()));
    this.#look();
  }

  programs(): readonly ProgramSnapshot[] {
    const { masterId, ssh } = this.#init;
    const common = { masterId, channels: [], calledWith: "", outlivesWindow: ssh.isUsers };
    const noted = this.#noted.map(({ pid, name, since }) =>
      Object.freeze({
        ...common,
        ...{ id: `${masterId}.${pid}`, name, pid, since, calledWith: this.#calls.get(pid) ?? "" },
      }),
    );
    const others = this.#others.map((since, at) =>
      Object.freeze({
        ...common,
        id: `${masterId}.?${at}`,
        name: undefined,
        pid: undefined,
        since,
        canEnd: false,
      }),
    );
    return [...noted, ...others];
  }

  /** Ends the program that made the note, if it still is that one. */
  end(id: string): boolean {
    const program = this.#noted.find(({ pid }) => id === `${this.#init.masterId}.${pid}`);
    if (program !== undefined) {
      void this.#end(program.pid);
    }
    return program !== undefined;
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
    this.#store.dispose();
  }

  async #end(pid: number): Promise<void> {
    try {
      if ((await this.#callOf(pid)) !== undefined) {
        process.kill(pid, "SIGTERM");
      }
    } catch (error) {
      this.#init.logger.debug(`A program could not be ended: ${printable(asError(error).message)}`);
    }
    this.#look();
  }

  /** What the wrapper has called `ssh` with. Undefined: this process is another one, or has ended. */
  async #callOf(pid: number): Promise<string | undefined> {
    const { folder, ssh } = this.#init;
    const before = ` -S ${join(folder, masterLinkName(ssh.path))} -o ControlMaster=no `;
    const { stdout } = await runProgram("ps", ["-ww", "-o", "command=", "-p", String(pid)], {
      signal: AbortSignal.timeout(programPatience),
      ...{ longestOutput: longestNote, longestErrors: 1_000 },
    });
    const line = stdout.toString();
    const at = line.indexOf(before);
    return at < 0 ? undefined : line.slice(at + before.length, at + before.length + longestCall).trim();
  }

  /** Of those that are new. */
  async #readCalls(found: readonly Noted[]): Promise<void> {
    for (const pid of this.#calls.keys()) {
      if (!found.some((each) => each.pid === pid)) {
        this.#calls.delete(pid);
      }
    }
    for (const { pid } of found) {
      if (!this.#calls.has(pid)) {
        this.#calls.set(pid, (await this.#callOf(pid).catch(() => undefined)) ?? "");
      }
    }
  }

  #look(): void {
    this.#looking = this.#looking.then(() => this.#read()).catch(() => {});
  }

  async #read(): Promise<void> {
    const { folder, ssh, clock, changed } = this.#init;
    if (this.#disposed) {
      return;
    }
    const link = masterLinkName(ssh.path);
    const found: Noted[] = [];
    const ended: string[] = [];
    for (const name of await readdir(folder).catch(() => [])) {
      const [, of, pid, program] = programNotePattern.exec(name) ?? [];
      if (of !== link || program === undefined) {
        continue;
      }
      const file = join(folder, name);
      const facts = await stat(file).catch(() => undefined);
      if (!isRunning(Number(pid))) {
        ended.push(file);
      } else if (facts !== undefined) {
        found.push({ file, pid: Number(pid), name: program, since: facts.mtimeMs });
      }
    }
    // The kernel's clock of files ticks every few milliseconds.
    found.sort((one, other) => one.since - other.since || one.pid - other.pid);
    await this.#clear(ended, found);
    const before = this.#shape();
    // One that has made its note and does not use the master yet, or runs without it.
    const noted = found.slice(0, ssh.programs);
    await this.#readCalls(noted);
    this.#noted = noted;
    const left = Math.max(0, ssh.programs - found.length);
    this.#others = [...Array(left).keys()].map((at) => this.#others[at] ?? clock.now());
    if (this.#shape() !== before) {
      changed();
    }
    this.#timer?.dispose();
    this.#timer = undefined;
    if (found.length > 0 && !this.#disposed) {
      this.#timer = clock.setTimeout(() => this.#look(), lookEvery);
    }
  }

  #shape(): string {
    return [...this.#noted.map(({ pid }) => pid), "?", this.#others.length].join(" ");
  }

  async #clear(ended: readonly string[], running: readonly Noted[]): Promise<void> {
    if (ended.length === 0) {
      return;
    }
    const kept = new Set((await Promise.all(running.map(({ file }) => forwardsOf(file)))).flat());
    for (const file of ended) {
      for (const forward of await forwardsOf(file)) {
        if (!kept.has(forward)) {
          await this.#cancel(forward);
        }
      }
      await rm(file, { force: true });
    }
  }

  async #cancel(forward: string): Promise<void> {
    const { ssh, logger } = this.#init;
    const args = ["-F", "none", "-S", ssh.path, "-O", "cancel", forward, "--", "master"];
    await runProgram("ssh", args, {
      signal: AbortSignal.timeout(programPatience),
      ...{ longestOutput: 1_000, longestErrors: 1_000 },
    }).catch(
      guarded((error: unknown) => logger.debug(`A forward stays: ${printable(asError(error).message)}`)),
    );
  }
}

async function forwardsOf(file: string): Promise<readonly string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.length > longestNote ? [] : text.split("\n").filter((line) => forwardOption.test(line));
}
